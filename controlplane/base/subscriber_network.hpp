// SPDX-License-Identifier: Apache-2.0
// Which networks may be routed to a subscriber, whether they come from chap-secrets or RADIUS. Pure; any
// thread.
#pragma once

#include "dataplane/wire/ids.hpp"

namespace adit::control {

/// A network behind a subscriber is a /16 or longer: a page of the data plane's index spans a /16
/// (CallIndex::map_route).
[[nodiscard]] constexpr bool can_be_behind_a_subscriber(const wire::Ipv4Prefix& network) {
  constexpr std::uint8_t kShortest = 16;
  return network.length >= kShortest && wire::is_host(network.address);
}

}  // namespace adit::control
