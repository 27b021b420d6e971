// SPDX-License-Identifier: Apache-2.0
#include "crypto/mppe_calibration.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <limits>

namespace adit::crypto {

#if defined(__x86_64__)
namespace {

// The least of 12 runs; all kernels together take some 0.2 ms.
constexpr int kRuns = 12;
constexpr std::size_t kMostLanes = 16;
constexpr std::size_t kOctets = 256;

std::uint64_t now() noexcept {
  return __builtin_ia32_rdtsc();
}

template <typename Work>
void least(std::uint32_t& cycles, Work work) noexcept {
  const std::uint64_t from = now();
  work();
  cycles = static_cast<std::uint32_t>(std::min<std::uint64_t>(cycles, now() - from));
}

/// Other keys in each run: with the same ones, branches and loads would be foreseen.
struct Bench {
  std::array<std::array<std::uint8_t, 16>, kMostLanes> start{};
  std::array<std::array<std::uint8_t, 16>, kMostLanes> session{};
  std::array<std::array<std::uint8_t, kOctets>, kMostLanes> octets{};
  std::uint64_t state = 1;
  Rc4Scratch scratch;

  void refill() noexcept {
    for (auto& key : session) {
      for (std::uint8_t& octet : key) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        octet = static_cast<std::uint8_t>(state >> 56);
      }
    }
  }

  void measure(Sha1Way& way) noexcept {
    std::array<RekeyLane, kMostLanes> lanes;
    for (std::size_t lane = 0; lane < way.lanes; ++lane) {
      lanes[lane] = {start[lane].data(), session[lane].data()};
    }
    least(way.cycles, [&] { way.rekey(lanes.data(), way.lanes, true); });
  }

  void measure(Rc4Way& way) noexcept {
    const std::size_t lanes = way.kernel->lanes;
    std::array<Rc4Packet, kMostLanes> packets;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      packets[lane] = {session[lane].data(), octets[lane].data(), kOctets, true};
    }
    least(way.cycles, [&] { way.kernel->schedule(scratch, packets.data(), lanes); });
    least(way.cycles_256_octets, [&] { way.kernel->apply(scratch, packets.data(), lanes); });
  }
};

}  // namespace

void mppe_calibrate(std::span<Sha1Way> sha1, std::span<Rc4Way> rc4) noexcept {
  for (Sha1Way& way : sha1) {
    way.cycles = std::numeric_limits<std::uint32_t>::max();
  }
  for (Rc4Way& way : rc4) {
    way.cycles = way.cycles_256_octets = std::numeric_limits<std::uint32_t>::max();
  }
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
