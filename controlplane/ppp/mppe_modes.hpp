// SPDX-License-Identifier: Apache-2.0
// Converts the 32 bits of an MPPE option (RFC 3078 §2.1) to a mode. Pure; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/contract/messages.hpp"
#include "dataplane/wire/ccp.hpp"

namespace adit::control {

struct MppeStrengthBit {
  std::uint32_t bit;
  contract::MppeStrength strength;
};
/// Strongest first.
inline constexpr MppeStrengthBit kMppeStrengthBits[] = {{wire::mppe_bits::k128, contract::MppeStrength::k128},
                                                        {wire::mppe_bits::k56, contract::MppeStrength::k56},
                                                        {wire::mppe_bits::k40, contract::MppeStrength::k40}};

/// The strongest strength bit of `offer`; 0 when it has none.
[[nodiscard]] constexpr std::uint32_t strongest_mppe(std::uint32_t offer) {
  for (const MppeStrengthBit& row : kMppeStrengthBits) {
    if ((offer & row.bit) != 0) {
      return row.bit;
    }
  }
  return 0;
}

/// The responder chooses one of several strengths requested (RFC 3078 §2.1): the strongest. Without one, `request` is for
/// MPPC alone, or for nothing.
[[nodiscard]] constexpr contract::MppeMode mppe_mode(std::uint32_t request) {
  contract::MppeMode mode{.strength = contract::MppeStrength::kNone,
                          .stateful = (request & wire::mppe_bits::kStateless) == 0,
                          .compressed = (request & wire::mppe_bits::kMppc) != 0};
  for (const MppeStrengthBit& row : kMppeStrengthBits) {
    if (strongest_mppe(request) == row.bit) {
      mode.strength = row.strength;
    }
  }
  return mode;
}

/// The bits of `allowed`.
[[nodiscard]] constexpr std::uint32_t mppe_strengths(const std::vector<contract::MppeStrength>& allowed) {
  std::uint32_t bits = 0;
  for (const contract::MppeStrength strength : allowed) {
    for (const MppeStrengthBit& row : kMppeStrengthBits) {
      bits |= strength == row.strength ? row.bit : 0;
    }
  }
  return bits;
}

}  // namespace adit::control
