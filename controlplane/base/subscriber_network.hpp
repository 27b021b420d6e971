// SPDX-License-Identifier: Apache-2.0
// Which networks may be routed to a subscriber, whether they come from chap-secrets or RADIUS. Pure; any
// thread.
#pragma once

#include <cstdint>

#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::control {

/// A network behind a subscriber is a /16 or longer: a page of the data plane's index spans a /16
/// (CallIndex::map_route). In IPv6 nobody has been given a shorter one.
inline constexpr std::uint8_t kShortestBehindSubscriber = 16;

[[nodiscard]] constexpr bool can_be_behind_a_subscriber(const wire::Ipv4Prefix& network) {
  return network.length >= kShortestBehindSubscriber && wire::is_host(network.address);
}
[[nodiscard]] constexpr bool can_be_behind_a_subscriber(const wire::Ipv6Prefix& network) {
  return network.length >= kShortestBehindSubscriber && wire::is_host(network.address);
}

/// The prefix of this length, not greater than its own, in which `prefix` lies.
[[nodiscard]] constexpr wire::Ipv4Prefix shortened(wire::Ipv4Prefix prefix, std::uint8_t length) {
  prefix.length = length;
  prefix.address = wire::Ipv4Address(prefix.address.value & prefix.mask());
  return prefix;
}
[[nodiscard]] constexpr wire::Ipv6Prefix shortened(const wire::Ipv6Prefix& prefix, std::uint8_t length) {
  return {.address = wire::Ipv6Prefix::cut(prefix.address, length), .length = length};
}

}  // namespace adit::control
