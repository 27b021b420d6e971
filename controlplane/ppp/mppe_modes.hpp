// SPDX-License-Identifier: Apache-2.0
// What the 32 bits of an MPPE option (RFC 3078 §2.1) mean as a mode. Pure; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "crypto/mppe_batch.hpp"
#include "dataplane/contract/messages.hpp"
#include "dataplane/wire/ccp.hpp"

namespace adit::control {

/// The strongest strength bit of `offer`; 0 when it has none.
[[nodiscard]] constexpr std::uint32_t strongest_mppe(std::uint32_t offer) {
  for (const std::uint32_t bit : {wire::mppe_bits::k128, wire::mppe_bits::k56, wire::mppe_bits::k40}) {
    if ((offer & bit) != 0) {
      return bit;
    }
  }
  return 0;
}

/// Which strength a request of several means is the responder's choice (RFC 3078 §2.1): the strongest. `request` has at
/// least one.
[[nodiscard]] constexpr contract::MppeMode mppe_mode(std::uint32_t request) {
  const std::uint32_t bit = strongest_mppe(request);
  return {.strength = bit == wire::mppe_bits::k128  ? contract::MppeStrength::k128
                      : bit == wire::mppe_bits::k56 ? contract::MppeStrength::k56
                                                    : contract::MppeStrength::k40,
          .stateful = (request & wire::mppe_bits::kStateless) == 0};
}

[[nodiscard]] constexpr std::uint32_t mppe_strengths(const std::vector<contract::MppeStrength>& lengths) {
  std::uint32_t bits = 0;
  for (const contract::MppeStrength length : lengths) {
    bits |= length == contract::MppeStrength::k128  ? wire::mppe_bits::k128
            : length == contract::MppeStrength::k56 ? wire::mppe_bits::k56
                                                    : wire::mppe_bits::k40;
  }
  return bits;
}

[[nodiscard]] constexpr crypto::MppeKeyLength mppe_key_length(contract::MppeStrength strength) {
  return strength == contract::MppeStrength::k128  ? crypto::MppeKeyLength::k128
         : strength == contract::MppeStrength::k56 ? crypto::MppeKeyLength::k56
                                                   : crypto::MppeKeyLength::k40;
}

}  // namespace adit::control
