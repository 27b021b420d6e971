// SPDX-License-Identifier: Apache-2.0
// Domain names as RFC 1035 §3.1 encodes them, uncompressed: in DHCPv6 (RFC 8415 §10) and in Router Advertisements
// (RFC 8106 §5.2). Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "dataplane/wire/bytes.hpp"

namespace adit::wire {

inline constexpr std::size_t kMaxDomainName = 255;  ///< RFC 1035 §2.3.4: encoded
inline constexpr std::size_t kMaxDomainLabel = 63;

/// Writes "example.net", with or without a dot at its end, to `at` and returns its size; 0: it is no domain name, or does
/// not fit. Labels may have any octets but dots.
[[nodiscard]] inline std::size_t write_domain_name(MutableBytes at, std::string_view name) noexcept {
  if (name.ends_with('.')) {
    name.remove_suffix(1);
  }
  // Every dot becomes a length; one more stands before, and the root's, zero, after.
  const std::size_t size = name.size() + 2;
  if (name.empty() || size > kMaxDomainName || size > at.size()) {
    return 0;
  }
  std::size_t length_at = 0;
  for (std::size_t i = 0; i <= name.size(); ++i) {
    if (i < name.size() && name[i] != '.') {
      at[i + 1] = static_cast<std::uint8_t>(name[i]);
      continue;
    }
    const std::size_t label = i - length_at;
    if (label == 0 || label > kMaxDomainLabel) {
      return 0;
    }
    at[length_at] = static_cast<std::uint8_t>(label);
    length_at = i + 1;
  }
  at[size - 1] = 0;
  return size;
}

}  // namespace adit::wire
