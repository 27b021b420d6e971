// SPDX-License-Identifier: Apache-2.0
// IPCP options: RFC 1332 §3, and the name servers of RFC 1877 §1. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ppp_packet.hpp"

namespace adit::wire {

enum class IpcpOption : std::uint8_t {
  kAddresses = 1,    ///< RFC 1332 §3.1, deprecated: always rejected
  kCompression = 2,  ///< Van Jacobson: always rejected
  kAddress = 3,
  kMobileIpv4 = 4,  ///< RFC 2290: always rejected, so that its owner falls back to an address of ours
  kPrimaryDns = 129,
  kPrimaryNbns = 130,
  kSecondaryDns = 131,
  kSecondaryNbns = 132,
};

/// The address in kAddress or a name-server option. None: the value is not four octets.
[[nodiscard]] inline std::optional<Ipv4Address> ipcp_address(const PppOption& option) noexcept {
  const auto value = option.u32();
  return value ? std::optional(Ipv4Address(*value)) : std::nullopt;
}

}  // namespace adit::wire
