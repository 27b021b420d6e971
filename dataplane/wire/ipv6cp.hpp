// SPDX-License-Identifier: Apache-2.0
// IPv6CP options: RFC 5072 §4. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ppp_packet.hpp"

namespace adit::wire {

enum class Ipv6cpOption : std::uint8_t {
  kInterfaceIdentifier = 1,
  kCompression = 2,  ///< always rejected
};

/// The 64-bit interface identifier; zero asks for one. None: the value is not eight octets.
[[nodiscard]] inline std::optional<std::uint64_t> ipv6cp_identifier(const PppOption& option) noexcept {
  return option.value.size() == 8 ? std::optional(load_be<std::uint64_t>(option.value.data())) : std::nullopt;
}

inline void write_ipv6cp_identifier(PppFrameWriter& to, std::uint64_t identifier) noexcept {
  std::uint8_t value[8];
  store_be(value, identifier);
  to.option(static_cast<std::uint8_t>(Ipv6cpOption::kInterfaceIdentifier), value);
}

}  // namespace adit::wire
