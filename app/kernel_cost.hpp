// SPDX-License-Identifier: Apache-2.0
// What an MPPE kernel costs, for people: `aditd --check` and `adit show stat` say it in the same words. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

namespace adit::app {

/// As crypto::MppeCandidate has it. Texts are printed as they are.
struct KernelCost {
  std::string work, kernel;
  std::uint64_t lanes = 1;
  std::uint64_t cycles = 0;             ///< of all lanes together
  std::uint64_t cycles_256_octets = 0;  ///< 0: it makes no key stream
  std::string takes;                    ///< "": it is not used
};

/// "rc4 by gather16: 460 cycles a key, 540 for 256 octets; used for 9-16 calls at once"
[[nodiscard]] std::string to_text(const KernelCost& cost);

}  // namespace adit::app
