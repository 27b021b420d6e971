// SPDX-License-Identifier: Apache-2.0
// Inner IPv4 and IPv6 packets under the same names. The packet's path is one: where a stage reads an inner header, it is a
// template over these two, and whatever differs between them is here. Thread: worker.
#pragma once

#include <cstdint>

#include "dataplane/base/drop_reason.hpp"
#include "dataplane/call/call.hpp"
#include "dataplane/wire/icmp.hpp"
#include "dataplane/wire/icmpv6.hpp"
#include "dataplane/wire/ipv4.hpp"
#include "dataplane/wire/ipv6.hpp"
#include "dataplane/wire/tcp_mss.hpp"

namespace adit::dataplane {

/// RFC 1812 §5.3.7, RFC 3927 §7, RFC 1122 §3.2.1.3: addresses that no router forwards from or to: "this" network,
/// loopback, link-local, multicast, reserved, limited broadcast.
[[nodiscard]] constexpr bool is_martian(wire::Ipv4Address address) noexcept {
  return !wire::is_host(address) || (address.value >> 16) == 0xa9fe;
}

/// RFC 4291 §2.5.2, §2.5.3, §2.5.6, RFC 4007 §9: the same, and multicast, which we do not route.
[[nodiscard]] constexpr bool is_martian(const wire::Ipv6Address& address) noexcept {
  return !wire::is_host(address);
}

/// Of a packet that is IP.
[[nodiscard]] inline bool is_ipv6(wire::Bytes packet) noexcept {
  return !packet.empty() && packet[0] >> 4 == 6;
}

/// What a packet carries behind its IP header and options: `protocol` begins at `offset`, unless this is a later fragment.
struct UpperLayer {
  std::uint16_t offset = 0;
  std::uint8_t protocol = 0;
  bool later_fragment = false;
};

struct InnerIpv4 {
  using Address = wire::Ipv4Address;
  using View = wire::Ipv4View;
  using Error = wire::IcmpError;
  static constexpr auto kProtocol = wire::PppProtocol::kIpv4;
  static constexpr DropReason kNotUp = DropReason::kIpNotUp;
  static constexpr std::uint16_t kTcpOverhead = wire::kIpv4TcpOverhead;
  static constexpr Error kTimeExceeded = wire::kTimeExceeded;
  static constexpr Error kNoRoute = wire::kNetUnreachable;
  static constexpr Error kUnreachable = wire::kHostUnreachable;
  static constexpr auto too_big = wire::fragmentation_needed;

  [[nodiscard]] static bool is_up(const CallIdentity& identity) noexcept { return identity.ip_up; }
  /// RFC 1812 §5.2.2
  [[nodiscard]] static bool is_valid(wire::Bytes packet) noexcept {
    return wire::check_ipv4(packet) == wire::Ipv4Error::kNone;
  }
  /// The subscriber's own; the call index knows those that are routed to it.
  [[nodiscard]] static bool has(const Call& call, Address address) noexcept {
    return call.identity.subscriber == address;
  }
  [[nodiscard]] static bool has_routes(const Call& call) noexcept { return call.identity.has_routes; }
  /// has(), or the call index may lead it here; as far as the call's first cache line tells.
  [[nodiscard]] static bool may_have(const Call& call, Address address) noexcept {
    return has(call, address) || has_routes(call);
  }
  /// RFC 791 §3.2
  [[nodiscard]] static bool may_be_cut(View header) noexcept { return !header.dont_fragment(); }
  [[nodiscard]] static std::uint8_t hops_left(View header) noexcept { return header.ttl(); }
  static void decrement_hops(std::uint8_t* at) noexcept { wire::decrement_ttl(at); }
  [[nodiscard]] static std::uint8_t tos(View header) noexcept { return header.tos(); }
  static void set_dscp(std::uint8_t* at, std::uint8_t tos) noexcept { wire::set_dscp(at, tos); }
  /// RFC 7126 §4.3, §4.4. False: options that nobody may have.
  [[nodiscard]] static bool find_upper_layer(wire::Bytes packet, UpperLayer& found) noexcept {
    const View header(packet.data());
    found = {.offset = header.header_length(),
             .protocol = header.protocol(),
             .later_fragment = header.fragment_offset() != 0};
    return found.offset == wire::kIpv4Size || wire::are_harmless_options(packet);
  }
};

struct InnerIpv6 {
  using Address = wire::Ipv6Address;
  using View = wire::Ipv6View;
  using Error = wire::Icmpv6Error;
  static constexpr auto kProtocol = wire::PppProtocol::kIpv6;
  static constexpr DropReason kNotUp = DropReason::kIpv6NotUp;
  static constexpr std::uint16_t kTcpOverhead = wire::kIpv6TcpOverhead;
  static constexpr Error kTimeExceeded = wire::kHopLimitExceeded;
  static constexpr Error kNoRoute = wire::kNoRoute6;
  static constexpr Error kUnreachable = wire::kAddressUnreachable6;
  static constexpr auto too_big = wire::packet_too_big;

  [[nodiscard]] static bool is_up(const CallIdentity& identity) noexcept { return identity.ipv6_up; }
  [[nodiscard]] static bool is_valid(wire::Bytes packet) noexcept {
    return wire::check_ipv6(packet) == wire::Ipv6Error::kNone;
  }
  [[nodiscard]] static bool has(const Call& call, const Address& address) noexcept {
    return call.is_on_link(address) || call.ipv6.is_delegated(address);
  }
  [[nodiscard]] static bool has_routes(const Call& call) noexcept { return call.ipv6.has_routes; }
  [[nodiscard]] static bool may_have(const Call& call, const Address& address) noexcept {
    return call.is_on_link(address) || call.identity.ipv6_beyond_link;
  }
  /// RFC 8200 §4.5: only the source cuts.
  [[nodiscard]] static bool may_be_cut(View) noexcept { return false; }
  [[nodiscard]] static std::uint8_t hops_left(View header) noexcept { return header.hop_limit(); }
  static void decrement_hops(std::uint8_t* at) noexcept { wire::decrement_hop_limit(at); }
  [[nodiscard]] static std::uint8_t tos(View header) noexcept { return header.traffic_class(); }
  static void set_dscp(std::uint8_t* at, std::uint8_t tos) noexcept { wire::set_ipv6_dscp(at, tos); }
  /// RFC 5095 §3, RFC 8504 §5.3. False: extension headers that nobody may have, or too many.
  [[nodiscard]] static bool find_upper_layer(wire::Bytes packet, UpperLayer& found) noexcept {
    const wire::Ipv6UpperLayer upper = wire::find_upper_layer(packet);
    found = {.offset = upper.offset, .protocol = upper.protocol, .later_fragment = upper.later_fragment};
    return upper.error == wire::Ipv6WalkError::kNone;
  }
};

}  // namespace adit::dataplane
