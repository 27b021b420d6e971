// SPDX-License-Identifier: Apache-2.0
// The ICMPv6 messages that a router sends (RFC 4443): errors, and the reply to an echo request. Pure; any thread. The
// caller limits the rate (§2.4 (f)).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ipv6.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::wire {

/// RFC 4443 §2.4 (c): quote as much as fits into the smallest MTU.
inline constexpr std::size_t kIcmpv6ErrorMaxSize = kIpv6MinMtu;
inline constexpr std::size_t kIcmpv6Size = 8;

enum class Icmpv6Type : std::uint8_t {
  kUnreachable = 1,
  kTooBig = 2,
  kExceeded = 3,
  kEchoRequest = 128,  ///< the first that is no error
  kEchoReply = 129,
  kRouterSolicitation = 133,
  kRouterAdvertisement = 134,
  kNeighbourSolicitation = 135,
  kNeighbourAdvertisement = 136,
  kRedirect = 137,
};

struct Icmpv6Error {
  Icmpv6Type type{};
  std::uint8_t code = 0;
  std::uint32_t mtu = 0;  ///< for "packet too big" only
};
[[nodiscard]] constexpr Icmpv6Error packet_too_big(std::uint32_t next_hop_mtu) noexcept {
  return {Icmpv6Type::kTooBig, 0, next_hop_mtu};
}
inline constexpr Icmpv6Error kHopLimitExceeded{Icmpv6Type::kExceeded, 0};
/// RFC 4443 §3.1.
inline constexpr Icmpv6Error kNoRoute6{Icmpv6Type::kUnreachable, 0};
inline constexpr Icmpv6Error kProhibited6{Icmpv6Type::kUnreachable, 1};
inline constexpr Icmpv6Error kAddressUnreachable6{Icmpv6Type::kUnreachable, 3};
inline constexpr Icmpv6Error kSourceRefused6{Icmpv6Type::kUnreachable, 5};  ///< by ingress policy
inline constexpr Icmpv6Error kRouteRejected6{Icmpv6Type::kUnreachable, 6};

/// RFC 4443 §2.4 (e): no error about an ICMPv6 error or a redirect, a packet to a group (but that it is too big), or
/// from what is not a single host's address; nor about a later fragment or headers that cannot be followed, because
/// there may be an error behind them. `packet` has passed check_ipv6().
[[nodiscard]] inline bool deserves_icmpv6_error(Icmpv6Error error, Bytes packet) noexcept {
  const Ipv6View header(packet.data());
  if (!is_host(header.source()) ||
      (is_multicast(header.destination()) && error.type != Icmpv6Type::kTooBig)) {
    return false;
  }
  const Ipv6UpperLayer upper = find_upper_layer(packet);
  if (upper.error != Ipv6WalkError::kNone || upper.later_fragment) {
    return false;
  }
  if (upper.protocol != kIpProtocolIcmpv6) {
    return true;
  }
  return upper.offset < header.total_length() &&
         packet[upper.offset] >= static_cast<std::uint8_t>(Icmpv6Type::kEchoRequest) &&
         packet[upper.offset] != static_cast<std::uint8_t>(Icmpv6Type::kRedirect);
}

/// Writes an IPv6 packet from `from` to the source of `packet`, which it quotes, of at most kIcmpv6ErrorMaxSize octets,
/// which `at` must have room for. Returns its size. Ask deserves_icmpv6_error() first.
inline std::size_t write_icmpv6_error(std::uint8_t* at, Icmpv6Error error, const Ipv6Address& from,
                                      Bytes packet) noexcept {
  constexpr std::size_t kQuoteAt = kIpv6Size + kIcmpv6Size;
  const Ipv6View header(packet.data());
  const std::size_t quoted = std::min<std::size_t>(header.total_length(), kIcmpv6ErrorMaxSize - kQuoteAt);
  write_ipv6(at, {.source = from,
                  .destination = header.source(),
                  .payload_length = static_cast<std::uint16_t>(kIcmpv6Size + quoted),
                  .traffic_class = 0xC0,  // as its IPv4 counterpart: internetwork control
                  .next_header = kIpProtocolIcmpv6,
                  .hop_limit = 64});
  std::uint8_t* icmp = at + kIpv6Size;
  icmp[0] = static_cast<std::uint8_t>(error.type);
  icmp[1] = error.code;
  store_be<std::uint16_t>(icmp + 2, 0);
  store_be<std::uint32_t>(icmp + 4, error.mtu);
  std::memcpy(at + kQuoteAt, packet.data(), quoted);
  store_be<std::uint16_t>(icmp + 2,
                          upper_layer_checksum(at, Bytes(icmp, kIcmpv6Size + quoted), kIpProtocolIcmpv6));
  return kQuoteAt + quoted;
}

/// RFC 4443 §4.2: turns an echo request into its reply, in place. `packet` is a whole IPv6 packet that check_ipv6() has
/// accepted. False, with nothing changed, if it is anything else, has extension headers, a bad checksum, or addresses
/// of which one is not a single host's.
[[nodiscard]] inline bool turn_into_icmpv6_echo_reply(MutableBytes packet) noexcept {
  constexpr std::uint16_t kRequest = 128 << 8, kReply = 129 << 8;  // type, code
  std::uint8_t* at = packet.data();
  const Ipv6View header(at);
  std::uint8_t* icmp = at + kIpv6Size;
  const Ipv6Address asker = header.source();
  const Ipv6Address asked = header.destination();
  if (header.next_header() != kIpProtocolIcmpv6 || header.payload_length() < kIcmpv6Size ||
      load_be<std::uint16_t>(icmp) != kRequest || asker.is_none() || is_multicast(asker) ||
      is_multicast(asked) ||
      upper_layer_checksum(at, Bytes(icmp, header.payload_length()), kIpProtocolIcmpv6) != 0) {
    return false;
  }
  store_be(icmp, kReply);
  store_be(icmp + 2, update_checksum(load_be<std::uint16_t>(icmp + 2), kRequest, kReply));
  at[7] = 64;
  store_ipv6(at + 8, asked);
  store_ipv6(at + 24, asker);
  return true;
}

}  // namespace adit::wire
