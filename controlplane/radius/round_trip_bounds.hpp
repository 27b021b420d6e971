// SPDX-License-Identifier: Apache-2.0
// The bounds of RADIUS round trips: percentiles are at most a half too high. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>

namespace adit::control::radius {

struct RoundTripBounds {
  static constexpr double kUnit = 1e-3;
  static constexpr std::array<std::uint64_t, 24> kUpper{1,   2,    3,    5,    7,    10,   15,   20,
                                                        30,  50,   70,   100,  150,  200,  300,  500,
                                                        700, 1000, 1500, 2000, 3000, 5000, 7000, 10'000};
};

}  // namespace adit::control::radius
