// SPDX-License-Identifier: Apache-2.0
// What Router Advertisements and DHCPv6 count, over all links. Thread: control.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/wire/dhcpv6.hpp"

namespace adit::control {

struct Ipv6Counters {
  std::uint64_t router_advertisements = 0;   ///< sent
  std::uint64_t router_solicitations = 0;    ///< received, and valid
  std::uint64_t solicitations_limited = 0;   ///< of those: an advertisement was due already, it answers them
  std::uint64_t advertisements_put_off = 0;  ///< Ipv6LinkHost::may_advertise() said no
  std::array<std::uint64_t, wire::kDhcpv6Types> dhcpv6_received{};  ///< by Dhcpv6Type; [0]: of no known type
  std::uint64_t dhcpv6_advertises = 0;                              ///< sent
  std::uint64_t dhcpv6_replies = 0;                                 ///< sent
  std::uint64_t dhcpv6_limited = 0;                                 ///< too many on one link, not answered
  std::uint64_t dhcpv6_discarded = 0;  ///< well formed, and RFC 8415 §16 says not to answer
  std::uint64_t dhcpv6_oversized = 0;  ///< the answer would not fit into a packet
  std::uint64_t malformed = 0;         ///< a header, checksum, length or option is wrong
  std::uint64_t unexpected = 0;  ///< not for us to answer: neither a solicitation nor DHCPv6 to a server
};

}  // namespace adit::control
