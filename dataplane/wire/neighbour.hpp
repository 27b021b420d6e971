// SPDX-License-Identifier: Apache-2.0
// Neighbour Discovery (RFC 4861): what all its messages have in common, and the Neighbour Advertisement that answers a
// solicitation. On PPP there are no link-layer addresses to tell (RFC 5072 §5); a peer asks to learn that we are still
// there. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/icmpv6.hpp"
#include "dataplane/wire/ipv6.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::wire {

inline constexpr std::uint8_t kNeighbourHopLimit = 255;  ///< RFC 4861 §11.2: it has passed no router
inline constexpr std::uint8_t kSourceLinkLayerAddress = 1;

/// RFC 4861 §6.1.1, §7.1.1: Hop Limit, checksum, code, length, and options that are not empty. `packet` has passed
/// check_ipv6(); extension headers make it no Neighbour Discovery (RFC 6980 forbids the Fragment header). `options_at`:
/// where its options begin, counted from the ICMPv6 header; that much there must be.
[[nodiscard]] inline bool is_neighbour_discovery(Bytes packet, Icmpv6Type type,
                                                 std::size_t options_at) noexcept {
  const Ipv6View header(packet.data());
  const Bytes icmp = packet.subspan(kIpv6Size, header.payload_length());
  if (header.next_header() != kIpProtocolIcmpv6 || header.hop_limit() != kNeighbourHopLimit ||
      icmp.size() < options_at || icmp[0] != static_cast<std::uint8_t>(type) || icmp[1] != 0 ||
      upper_layer_checksum(packet.data(), icmp, kIpProtocolIcmpv6) != 0) {
    return false;
  }
  // RFC 4861 §4.6: a length is in units of 8 octets.
  std::size_t at = options_at;
  while (at + 2 <= icmp.size() && icmp[at + 1] != 0 && icmp[at + 1] * 8U <= icmp.size() - at) {
    at += icmp[at + 1] * 8U;
  }
  return at == icmp.size();
}

/// Whether a message that is_neighbour_discovery() has accepted has an option of this kind.
[[nodiscard]] inline bool has_neighbour_option(Bytes packet, std::size_t options_at,
                                               std::uint8_t kind) noexcept {
  const Bytes icmp = packet.subspan(kIpv6Size, Ipv6View(packet.data()).payload_length());
  for (std::size_t at = options_at; at < icmp.size(); at += icmp[at + 1] * 8U) {
    if (icmp[at] == kind) {
      return true;
    }
  }
  return false;
}

inline constexpr std::size_t kNeighbourSolicitationSize = 24;  ///< without options
/// Of a packet with a Neighbour Advertisement that has no options.
inline constexpr std::size_t kNeighbourAdvertisementPacketSize = kIpv6Size + 24;

/// RFC 4861 §7.1.1. The address that is asked for; none: it is no valid solicitation. `packet` has passed check_ipv6().
[[nodiscard]] inline std::optional<Ipv6Address> parse_neighbour_solicitation(Bytes packet) noexcept {
  if (!is_neighbour_discovery(packet, Icmpv6Type::kNeighbourSolicitation, kNeighbourSolicitationSize)) {
    return std::nullopt;
  }
  const Ipv6View header(packet.data());
  const Ipv6Address target = load_ipv6(packet.data() + kIpv6Size + 8);
  if (is_multicast(target) || is_multicast(header.source())) {
    return std::nullopt;
  }
  // Who has no address yet asks whether it is free (RFC 4862 §5.4.2).
  if (header.source().is_none() &&
      (header.destination() != solicited_node(target) ||
       has_neighbour_option(packet, kNeighbourSolicitationSize, kSourceLinkLayerAddress))) {
    return std::nullopt;
  }
  return target;
}

/// RFC 4861 §7.2.4: turns a solicitation that parse_neighbour_solicitation() has accepted, for an address of ours, into
/// our advertisement, in place. Whoever wanted to use our address is told along with all nodes. The packet then has
/// kNeighbourAdvertisementPacketSize octets, never more than before.
inline void turn_into_neighbour_advertisement(MutableBytes packet) noexcept {
  constexpr std::uint32_t kRouter = 1U << 31, kSolicited = 1U << 30, kOverride = 1U << 29;
  std::uint8_t* at = packet.data();
  const Ipv6Address asker = Ipv6View(at).source();
  std::uint8_t* icmp = at + kIpv6Size;
  write_ipv6(at, {.source = load_ipv6(icmp + 8),
                  .destination = asker.is_none() ? kAllNodes : asker,
                  .payload_length = kNeighbourSolicitationSize,
                  .traffic_class = 0xC0,
                  .next_header = kIpProtocolIcmpv6,
                  .hop_limit = kNeighbourHopLimit});
  icmp[0] = static_cast<std::uint8_t>(Icmpv6Type::kNeighbourAdvertisement);
  store_be<std::uint16_t>(icmp + 2, 0);
  store_be(icmp + 4, kRouter | (asker.is_none() ? 0 : kSolicited) | kOverride);
  store_be(icmp + 2, upper_layer_checksum(at, Bytes(icmp, kNeighbourSolicitationSize), kIpProtocolIcmpv6));
}

}  // namespace adit::wire
