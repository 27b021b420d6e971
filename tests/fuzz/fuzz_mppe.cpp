// SPDX-License-Identifier: Apache-2.0
// The MPPE engine: every implementation that this CPU can run gives the same octets and keys for any batch,
// and no chain moves. The input determines the batch: chains, runs of jobs, lengths; packets lie at the end
// of exact allocations, so that AddressSanitizer sees accesses beyond them by C++ code.
#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "crypto/library.hpp"
#include "crypto/mppe_implementations.hpp"
#include "tests/fuzz/targets.hpp"

namespace adit::fuzz {
namespace {

using crypto::MppeChain;
using crypto::MppeJob;
using crypto::MppeKeyLength;

constexpr std::size_t kMaxJobs = 150;  // more than two of the engine's chunks

MppeChain make_chain(Input& input) {
  MppeChain chain;
  chain.length = std::array{MppeKeyLength::k128, MppeKeyLength::k40, MppeKeyLength::k56}[input.u8() % 3];
  const std::size_t octets = chain.length == MppeKeyLength::k128 ? 16 : 8;
  std::uint32_t seed = input.u32();
  for (std::size_t i = 0; i < octets; ++i) {
    seed = seed * 1664525 + 1013904223;
    chain.start_key[i] = static_cast<std::uint8_t>(seed >> 24);
    chain.session_key[i] = static_cast<std::uint8_t>(seed >> 16);
  }
  return chain;
}

/// Two octets per job: whether to continue and by how much; the length.
std::vector<MppeJob> make_jobs(Input& input, const std::vector<MppeChain>& chains) {
  std::vector<MppeJob> jobs;
  std::size_t chain = 0;
  std::uint32_t changes = 1;
  while (!input.empty() && jobs.size() < kMaxJobs) {
    const std::uint8_t what = input.u8();
    const std::uint8_t length = input.u8();
    if ((what & 0x80) != 0) {
      chain = what % chains.size();
      changes = 1 + (what >> 4 & 7);
    } else {
      changes = (what & 0x40) != 0 ? 1 + what % 8 : changes + what % 4;
    }
    const std::uint32_t size = (what & 0x08) != 0 ? length * 8U + 1 : length;
    jobs.push_back({.chain = &chains[chain], .changes = changes, .size = static_cast<std::uint16_t>(size)});
  }
  return jobs;
}

struct Result {
  std::vector<std::vector<std::uint8_t>> packets;
  std::vector<MppeJob> jobs;
};

Result run(std::vector<MppeJob> jobs) {
  Result result;
  for (const MppeJob& job : jobs) {
    std::vector<std::uint8_t> packet(job.size);
    for (std::size_t i = 0; i < packet.size(); ++i) {
      packet[i] = static_cast<std::uint8_t>(i * 7 + result.packets.size());
    }
    result.packets.push_back(std::move(packet));
  }
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    jobs[i].data = result.packets[i].data();
  }
  crypto::mppe_crypt(jobs);
  result.jobs = std::move(jobs);
  return result;
}

}  // namespace

void fuzz_mppe_crypt(wire::Bytes octets) {
  static const std::vector<std::string_view> implementations = crypto::mppe_implementations();
  Input input(octets);
  std::vector<MppeChain> chains;
  for (int count = 1 + input.u8() % 20; count > 0; --count) {
    chains.push_back(make_chain(input));
  }
  const std::vector<MppeChain> before = chains;
  const std::vector<MppeJob> jobs = make_jobs(input, chains);
  require(crypto::mppe_select("plain").has_value());
  const Result plain = run(jobs);
  for (const std::string_view name : implementations) {
    require(crypto::mppe_select(name).has_value());
    const Result other = run(jobs);
    require(other.packets == plain.packets);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      require(other.jobs[i].key == plain.jobs[i].key);
    }
  }
  for (std::size_t i = 0; i < chains.size(); ++i) {
    require(chains[i].session_key == before[i].session_key && chains[i].start_key == before[i].start_key);
  }
}

}  // namespace adit::fuzz
