// SPDX-License-Identifier: Apache-2.0
// What a tunnel leaves of a packet's size: the worker refuses or cuts by it, and control by it knows whether a link is
// wide enough for IPv6. Pure; any thread.
#pragma once

#include <cstdint>

#include "dataplane/wire/ppp.hpp"

namespace adit::wire {

/// Octets in front of the inner IP packet within the outer one: IPv4 20, GRE with sequence and
/// acknowledgement 16, the PPP header, and with MPPE or MPPC its header (2) and the inner protocol: what does not shrink is
/// sent as it is.
[[nodiscard]] constexpr std::uint16_t tunnel_overhead(PppCompression compression, bool mppe) noexcept {
  constexpr std::uint16_t kIpAndGre = 20 + 16;
  const std::uint16_t address_and_control = compression.address_and_control ? 0 : 2;
  const std::uint16_t protocol = compression.protocol ? 1 : 2;
  const auto ppp = static_cast<std::uint16_t>(address_and_control + protocol);
  return static_cast<std::uint16_t>(kIpAndGre + ppp + (mppe ? 2 + protocol : 0));
}

/// The largest inner IP packet that the port carries and the peer's MRU allows. The MRU counts the PPP
/// Information field, which with MPPE also holds its header and the inner protocol (RFC 3078 §3): 4 less.
[[nodiscard]] constexpr std::uint16_t inner_mtu(std::uint16_t port_mtu, std::uint16_t peer_mru,
                                                PppCompression compression, bool mppe) noexcept {
  const int by_port = port_mtu - tunnel_overhead(compression, mppe);
  const int by_peer = peer_mru - (mppe ? 4 : 0);
  const int least = by_port < by_peer ? by_port : by_peer;
  return static_cast<std::uint16_t>(least < 68 ? 68 : least);  // RFC 791: every link can carry 68 octets
}

}  // namespace adit::wire
