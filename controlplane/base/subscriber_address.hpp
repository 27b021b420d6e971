// SPDX-License-Identifier: Apache-2.0
// What a subscriber may be given, whoever says so: chap-secrets or a RADIUS server. Pure; any thread.
#pragma once

#include "dataplane/wire/ids.hpp"

namespace adit::control {

/// Neither "this" network, loopback, multicast nor reserved.
[[nodiscard]] constexpr bool can_be_a_subscriber(wire::Ipv4Address address) {
  const unsigned first = address.value >> 24;
  return first != 0 && first != 127 && first < 224;
}

/// A network behind a subscriber: a /16 at most, as the data plane's index has it (CallIndex::map_route).
[[nodiscard]] constexpr bool can_be_behind_a_subscriber(const wire::Ipv4Prefix& network) {
  constexpr std::uint8_t kShortest = 16;
  return network.length >= kShortest && can_be_a_subscriber(network.address);
}

}  // namespace adit::control
