// SPDX-License-Identifier: Apache-2.0
// The MPPE engine in lanes. A batch takes two passes. Keys: all chains of the batch make their next key
// change together, SHA-1 and RC4 each in lanes, until every chain has reached its last job; the jobs of one
// chain cannot be spread over lanes, because each key is derived from the one before. Packets: sorted by
// length, four of similar length at a time, because four lanes run as long as the longest.
#include "crypto/mppe_batch.hpp"

#include <algorithm>
#include <cstring>

#include "crypto/mppe_implementations.hpp"
#include "crypto/mppe_rekey.hpp"

namespace adit::crypto {
namespace {

/// Jobs scheduled together: two bursts. More would hardly find closer lengths, and need more stack.
constexpr std::size_t kChunk = 64;

/// Jobs of one chain, each of which continues from the one before. The key reached so far is in the current
/// job's `key`.
struct Run {
  MppeJob* current;
  MppeJob* end;
  std::uint32_t changes;  ///< made so far

  /// Skips the jobs whose key is reached, and hands the key to the next one. False when no job is left.
  [[nodiscard]] bool settle() noexcept {
    while (changes >= current->changes) {
      MppeJob* const next = current + 1;
      if (next == end) {
        return false;
      }
      next->key = current->key;
      current = next;
    }
    return true;
  }
};

[[nodiscard]] bool continues_from(const MppeJob& before, const MppeJob& job) noexcept {
  return before.chain == job.chain && before.changes <= job.changes;
}

/// The runs of `jobs` that still need key changes. `before`: the job in front of them, or null.
std::size_t find_runs(const MppeJob* before, std::span<MppeJob> jobs, Run (&runs)[kChunk]) noexcept {
  std::size_t count = 0;
  MppeJob* const end = jobs.data() + jobs.size();
  for (MppeJob* first = jobs.data(); first != end;) {
    MppeJob* last = first + 1;
    while (last != end && continues_from(last[-1], *last)) {
      ++last;
    }
    const bool continues = before != nullptr && continues_from(*before, *first);
    first->key = continues ? before->key : first->chain->session_key;
    runs[count] = {first, last, continues ? before->changes : 0};
    count += runs[count].settle() ? 1 : 0;
    before = nullptr;
    first = last;
  }
  return count;
}

/// RFC 3078 §7.3: the interim keys, each encrypted with itself.
void encrypt_interim_keys(const Rc4Kernel& kernel, Rc4Lanes& lanes, std::span<const RekeyLane> chains,
                          bool wide) noexcept {
  while (!chains.empty()) {
    const std::size_t now = std::min(chains.size(), kRc4Lanes);
    Rc4Packet packets[kRc4Lanes];
    for (std::size_t lane = 0; lane < now; ++lane) {
      packets[lane] = {chains[lane].session, chains[lane].session, std::size_t{wide ? 16U : 8U}, wide};
    }
    rc4_crypt(kernel, lanes, {packets, now});
    chains = chains.subspan(now);
  }
}

/// Completes all runs of one key size, one change of each at a time.
void finish_runs(const MppeKernels& kernels, Rc4Lanes& scratch, std::span<Run> runs, bool wide) noexcept {
  RekeyLane lanes[kChunk];
  while (!runs.empty()) {
    for (std::size_t i = 0; i < runs.size(); ++i) {
      lanes[i] = {runs[i].current->chain->start_key.data(), runs[i].current->key.data()};
    }
    kernels.sha1(lanes, runs.size(), wide);
    encrypt_interim_keys(*kernels.rc4, scratch, {lanes, runs.size()}, wide);
    std::size_t left = 0;
    for (Run& run : runs) {
      if (!wide) {
        mppe_salt(run.current->chain->length, run.current->key);
      }
      ++run.changes;
      if (run.settle()) {
        runs[left++] = run;
      }
    }
    runs = runs.first(left);
  }
}

void derive_keys(const MppeKernels& kernels, Rc4Lanes& scratch, const MppeJob* before,
                 std::span<MppeJob> jobs) noexcept {
  Run runs[kChunk];
  const std::size_t count = find_runs(before, jobs, runs);
  Run* const narrow = std::partition(
      runs, runs + count, [](const Run& run) { return run.current->chain->length == MppeKeyLength::k128; });
  finish_runs(kernels, scratch, {runs, narrow}, true);
  finish_runs(kernels, scratch, {narrow, runs + count}, false);
}

/// The non-empty jobs, longest first, by a counting sort: a bucket for each number of key-stream blocks, the
/// last one for 2,032 octets and more. A group of fewer than four, if any, holds the shortest.
std::size_t sort_by_length(std::span<MppeJob> jobs, MppeJob* (&sorted)[kChunk]) noexcept {
  constexpr std::size_t kBuckets = 128;
  const auto bucket_of = [](const MppeJob& job) {
    return kBuckets - 1 - std::min<std::size_t>((job.size + kRc4Block - 1) / kRc4Block, kBuckets - 1);
  };
  std::uint8_t starts[kBuckets + 1] = {};
  for (const MppeJob& job : jobs) {
    ++starts[bucket_of(job) + 1];
  }
  const std::size_t count = jobs.size() - starts[kBuckets];  // without the empty ones
  for (std::size_t bucket = 1; bucket < kBuckets; ++bucket) {
    starts[bucket] = static_cast<std::uint8_t>(starts[bucket] + starts[bucket - 1]);
  }
  for (MppeJob& job : jobs) {
    sorted[starts[bucket_of(job)]++] = &job;
  }
  return count;
}

void crypt_packets(const Rc4Kernel& kernel, Rc4Lanes& scratch, std::span<MppeJob> jobs) noexcept {
  MppeJob* sorted[kChunk];
  const std::size_t count = sort_by_length(jobs, sorted);
  for (std::size_t at = 0; at < count;) {
    const std::size_t now = std::min(count - at, kRc4Lanes);
    Rc4Packet packets[kRc4Lanes];
    for (std::size_t lane = 0; lane < now; ++lane) {
      const MppeJob& job = *sorted[at + lane];
      packets[lane] = {job.key.data(), job.data, job.size, job.chain->length == MppeKeyLength::k128};
    }
    rc4_crypt(kernel, scratch, {packets, now});
    at += now;
  }
}

}  // namespace

void mppe_crypt_lanes(const MppeKernels& kernels, std::span<MppeJob> jobs) noexcept {
  Rc4Lanes scratch;
  const MppeJob* before = nullptr;
  while (!jobs.empty()) {
    const std::span<MppeJob> chunk = jobs.first(std::min(jobs.size(), kChunk));
    derive_keys(kernels, scratch, before, chunk);
    crypt_packets(*kernels.rc4, scratch, chunk);
    before = &chunk.back();
    jobs = jobs.subspan(chunk.size());
  }
}

}  // namespace adit::crypto
