// SPDX-License-Identifier: Apache-2.0
// Which kernel takes how many of the keys or packets that are waiting. A kernel of 16 lanes costs the same with 9
// of them as with 16, so what is cheapest depends on how many there are, and for packets on how long they are.
// Thread: any; pure.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "crypto/kernels/rc4_kernel.hpp"
#include "crypto/kernels/sha1_lanes.hpp"

namespace adit::crypto {

/// Jobs planned together: two bursts. More would hardly find closer lengths, and need more stack.
inline constexpr std::size_t kMppeChunk = 64;

/// A kernel that may be used, and what it costs in TSC cycles, which only matters beside the others.
struct Sha1Way {
  const char* name;
  std::size_t lane_count;
  RekeySha1 rekey;
  std::uint32_t cycles;  ///< all lanes together

  [[nodiscard]] std::size_t lanes() const noexcept { return lane_count; }
};

struct Rc4Way {
  const Rc4Kernel* kernel;
  std::uint32_t cycles;             ///< key schedules of all lanes, with what starting the streams costs
  std::uint32_t cycles_256_octets;  ///< of key stream in each lane, applied

  [[nodiscard]] std::size_t lanes() const noexcept { return kernel->lanes; }
  [[nodiscard]] std::uint32_t cost(std::size_t octets) const noexcept {
    return cycles + static_cast<std::uint32_t>(octets * cycles_256_octets / 256);
  }
};

/// For each number of equal pieces of work, 1 to kMppeChunk: the way that takes the first group of them.
using GroupPlan = std::array<std::uint8_t, kMppeChunk + 1>;

/// The plan with the least sum of `cost(way)`. `ways` is not empty; of two that cost the same the first is taken.
template <typename Way, typename Cost>
[[nodiscard]] GroupPlan plan_groups(const std::vector<Way>& ways, Cost cost) noexcept {
  GroupPlan plan{};
  std::array<std::uint64_t, kMppeChunk + 1> cheapest{};
  for (std::size_t count = 1; count <= kMppeChunk; ++count) {
    cheapest[count] = ~std::uint64_t{0};
    for (std::size_t way = 0; way < ways.size(); ++way) {
      const std::uint64_t cycles = cost(ways[way]) + cheapest[count - std::min(count, ways[way].lanes())];
      if (cycles < cheapest[count]) {
        cheapest[count] = cycles;
        plan[count] = static_cast<std::uint8_t>(way);
      }
    }
  }
  return plan;
}

}  // namespace adit::crypto
