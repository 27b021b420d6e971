// SPDX-License-Identifier: Apache-2.0
#include "crypto/mppe_calibration.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace adit::crypto {

#if defined(__x86_64__)
namespace {

// The least of 8 runs, each of 16 or 32 keys: how well the core foresees loads and stores depends on the keys, for
// some kernels by a quarter, and the luckiest few alone would flatter those. All kernels together take some 0.5 ms.
constexpr int kRuns = 8;
constexpr std::size_t kBatches = 2;
constexpr std::size_t kKeys = 16;  // of a batch
constexpr std::size_t kKey = 16;   // octets of a new key
constexpr std::size_t kOctets = 256;

std::uint64_t now() noexcept {
  return __builtin_ia32_rdtsc();
}

template <typename Work>
void least(std::uint32_t& cycles, std::uint64_t times, Work work) noexcept {
  const std::uint64_t from = now();
  work();
  cycles = static_cast<std::uint32_t>(std::min<std::uint64_t>(cycles, (now() - from) / times));
}

/// Other keys in each batch: with the same ones, branches and loads would be foreseen.
struct Bench {
  using Key = std::array<std::uint8_t, 16>;
  std::array<Key, kKeys> start{};
  std::array<std::array<Key, kKeys>, kBatches> keys{};
  std::array<std::array<std::uint8_t, kKey + kOctets>, kKeys> octets{};
  std::uint64_t state = 1;
  Rc4Scratch scratch;

  void refill() noexcept {
    for (auto& batch : keys) {
      for (Key& key : batch) {
        for (std::size_t at = 0; at < key.size(); at += sizeof state) {
          state = state * 6364136223846793005U + 1442695040888963407U;
          const std::uint64_t octets_of_key = state ^ state >> 32;
          std::memcpy(&key[at], &octets_of_key, sizeof octets_of_key);
        }
      }
    }
  }

  void measure(Sha1Way& way) noexcept {
    std::array<RekeyLane, kKeys> lanes;
    for (std::size_t lane = 0; lane < way.lanes(); ++lane) {
      lanes[lane] = {start[lane].data(), keys[0][lane].data()};
    }
    least(way.cycles, kBatches,
          [&] {  // again and again from the last digests: what a chain waits for is the latency
            for (std::size_t batch = 0; batch < kBatches; ++batch) {
              way.rekey(lanes.data(), way.lanes(), true);
            }
          });
  }

  /// As the engine uses it, key changes and packets, each schedule with its stream: schedules alone, or streams alone,
  /// can be a third quicker than by turns (rc4_four.cpp), which is of no use.
  void measure(Rc4Way& way) noexcept {
    std::uint32_t key = way.cost(kKey);
    std::uint32_t packet = way.cost(kKey + kOctets);
    const std::size_t most = rc4_most(*way.kernel);
    const std::size_t count = most == kKeys ? kBatches * kKeys : kKeys;
    std::array<Rc4Packet, kBatches * kKeys> packets;
    for (std::size_t i = 0; i < count; ++i) {
      packets[i] = {keys[i / kKeys][i % kKeys].data(), octets[i % kKeys].data(), kKey, true};
    }
    const auto crypt_all = [&] {
      for (std::size_t at = 0; at < count; at += most) {
        rc4_crypt(*way.kernel, scratch, &packets[at], most);
      }
    };
    least(key, count / way.lanes(), crypt_all);
    for (std::size_t i = 0; i < count; ++i) {
      packets[i].size = kKey + kOctets;
    }
    least(packet, count / way.lanes(), crypt_all);
    way.cycles_256_octets = packet - std::min(packet, key);
    way.cycles = key - std::min(key, way.cycles_256_octets / std::uint32_t{kOctets / kKey});
  }
};

}  // namespace

void mppe_calibrate(std::span<Sha1Way> sha1, std::span<Rc4Way> rc4) noexcept {
  Bench bench;
  for (int run = 0; run < kRuns; ++run) {
    for (Sha1Way& way : sha1) {
      bench.refill();
      bench.measure(way);
    }
    for (Rc4Way& way : rc4) {
      bench.refill();
      bench.measure(way);
    }
  }
}
#else
void mppe_calibrate(std::span<Sha1Way>, std::span<Rc4Way>) noexcept {}
#endif

}  // namespace adit::crypto
