// SPDX-License-Identifier: Apache-2.0
// Which networks may be routed to a subscriber, whether chap-secrets or a RADIUS server says so. Pure; any thread.
#pragma once

#include "dataplane/wire/ids.hpp"

namespace adit::control {

/// A network behind a subscriber: a /16 at most, which is what a page of the data plane's index spans
/// (CallIndex::map_route).
[[nodiscard]] constexpr bool can_be_behind_a_subscriber(const wire::Ipv4Prefix& network) {
  constexpr std::uint8_t kShortest = 16;
  return network.length >= kShortest && wire::is_host(network.address);
}

}  // namespace adit::control
