// SPDX-License-Identifier: Apache-2.0
// Flags in memory that another process has left. A bool that is neither 0 nor 1 must not be read as one. Pure.
#pragma once

#include <cstdint>
#include <cstring>

namespace adit::dataplane {

/// Whether every one of them is false or true. Looks at their octets.
template <typename... Flags>
[[nodiscard]] bool are_flags(const Flags&... flags) noexcept {
  const auto octet_of = [](const bool& flag) {
    std::uint8_t octet = 0;
    static_assert(sizeof flag == sizeof octet);
    std::memcpy(&octet, &flag, sizeof octet);
    return octet;
  };
  return ((octet_of(flags) <= 1) && ...);
}

}  // namespace adit::dataplane
