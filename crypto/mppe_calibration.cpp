// SPDX-License-Identifier: Apache-2.0
#include "crypto/mppe_calibration.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace adit::crypto {

#if defined(__x86_64__)
namespace {

// The least of 8 runs, each of 4 batches of keys: how well the core foresees loads and stores depends on the keys, for
// some kernels by a quarter, and the luckiest batch alone would flatter those. All kernels together take some 0.2 ms.
constexpr int kRuns = 8;
constexpr std::size_t kBatches = 4;
constexpr std::size_t kMostLanes = 16;
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
  std::array<Key, kMostLanes> start{};
  std::array<std::array<Key, kMostLanes>, kBatches> keys{};
  std::array<std::array<std::uint8_t, kOctets>, kMostLanes> octets{};
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
    std::array<RekeyLane, kMostLanes> lanes;
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

  void measure(Rc4Way& way) noexcept {
    const std::size_t lanes = way.lanes();
    std::array<std::array<Rc4Packet, kMostLanes>, kBatches> packets;
    for (std::size_t batch = 0; batch < kBatches; ++batch) {
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        packets[batch][lane] = {keys[batch][lane].data(), octets[lane].data(), kOctets, true};
      }
    }
    least(way.cycles, kBatches, [&] {
      for (const auto& batch : packets) {
        way.kernel->schedule(scratch, batch.data(), lanes);
      }
    });
    least(way.cycles_256_octets, 1, [&] { way.kernel->apply(scratch, packets.back().data(), lanes); });
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
