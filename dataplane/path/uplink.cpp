// SPDX-License-Identifier: Apache-2.0
#include "dataplane/path/uplink.hpp"

#include <type_traits>

#include "dataplane/path/forward.hpp"
#include "dataplane/wire/dhcpv6.hpp"
#include "dataplane/wire/ipv4.hpp"
#include "dataplane/wire/neighbour.hpp"
#include "dataplane/wire/ppp.hpp"
#include "dataplane/wire/tcp_mss.hpp"

namespace adit::dataplane {

void Uplink::run(std::span<rte_mbuf* const> packets, Arrival arrival) noexcept {
  parse_outer(packets);
  find_calls(arrival);
  accept_sequence();
  run_from_ppp();
  while (release_held()) {
    run_from_ppp();
  }
}

void Uplink::run_from_ppp() noexcept {
  strip_ppp();
  decrypt();
  decompress();
  commit();
  check_inner();
  police();
  forward();
}

std::size_t Uplink::flush_reordered() noexcept {
  const std::size_t looked_at = expire_gaps();
  while (release_held()) {
    run_from_ppp();
  }
  return looked_at;
}

// ---- check_inner: what a subscriber may send ----------------------------------------------------------------------

void Uplink::check_inner() noexcept {
  any_rate_limited_ = false;
  burst_.filter([this](Packet& packet) {
    any_rate_limited_ |= packet.call->identity.rate_limited;
    return packet.protocol == wire::PppProtocol::kIpv6 ? check_inner<InnerIpv6>(packet)
                                                       : check_inner<InnerIpv4>(packet);
  });
  context_.mark(Stage::kUplinkCheckInner);
}

template <typename Inner>
bool Uplink::check_inner(Packet& packet) noexcept {
  Call& call = *packet.call;
  if (!Inner::is_up(call.identity)) {
    return drop(packet, Inner::kNotUp);
  }
  // RFC 1812 §5.2.2, RFC 8200 §3; for an encrypted packet this was already the test of its plaintext.
  if (packet.content == Content::kClear && !Inner::is_valid({packet.at, packet.size})) {
    return drop(packet, DropReason::kInnerHeader);
  }
  const typename Inner::View inner(packet.at);
  packet.size = static_cast<std::uint16_t>(inner.total_length());
  UpperLayer upper;
  const bool harmless = Inner::find_upper_layer({packet.at, packet.size}, upper);
  const typename Inner::Address destination = inner.destination();
  if constexpr (std::is_same_v<Inner, InnerIpv6>) {
    if (harmless && (wire::is_link_local(destination) || wire::is_multicast(destination))) {
      return take_from_link(packet, upper);
    }
  }
  if (!may_send_from<Inner>(call, inner.source())) {
    return drop(packet, DropReason::kSpoofedSource);
  }
  if (!harmless) {
    return drop(packet, DropReason::kIpOptions);
  }
  // RFC 1812 §5.3.7.
  if (is_martian(destination)) {
    return drop(packet, DropReason::kMartian);
  }
  if constexpr (std::is_same_v<Inner, InnerIpv4>) {
    if (context_.index.is_local(destination) && is_pptp(packet, upper)) {
      return drop(packet, DropReason::kToConcentrator);
    }
    if (destination == context_.gateway) {
      return answer_for_gateway(packet);
    }
  } else if (destination == gateway_of(context_, call)) {
    return answer_for_link(packet, upper);
  } else if (Inner::has(call, destination)) {
    // RFC 4443 §3.1: not back onto the link that it came from, whose router would return it until its hops end.
    send_icmp_error(context_, call.uplink_budget, Inner::kUnreachable, {packet.at, packet.size}, &call);
    return drop(packet, DropReason::kMartian);
  }
  // RFC 1812 §5.3.1, RFC 8200 §3.
  if (Inner::hops_left(inner) <= 1) {
    send_icmp_error(context_, call.uplink_budget, Inner::kTimeExceeded, {packet.at, packet.size}, &call);
    return drop(packet, DropReason::kTtlExpired);
  }
  Inner::decrement_hops(packet.at);
  if (context_.policy.copy_dscp.up) {
    Inner::set_dscp(packet.at, packet.outer_tos);
  }
  if (context_.policy.clamp_mss && upper.protocol == wire::kIpProtocolTcp && !upper.later_fragment &&
      wire::clamp_tcp_mss(wire::MutableBytes(packet.at, packet.size).subspan(upper.offset),
                          static_cast<std::uint16_t>(call.downlink.inner_mtu - Inner::kTcpOverhead))) {
    context_.counters.mss_clamped.add();
  }
  return true;
}

/// RFC 3704 §2.1 (strict): the source must be the subscriber's own, or in what is routed to the subscriber.
template <typename Inner>
bool Uplink::may_send_from(const Call& call, const typename Inner::Address& source) const noexcept {
  if (Inner::has(call, source)) {
    return !is_our_end(context_, call, source);  // in its /64 one address is ours
  }
  return Inner::has_routes(call) && own_call_of(context_, source) == &call;
}

/// PPTP to ourselves from inside a tunnel: a tunnel within itself, or a way around the access side's rules. A
/// TCP fragment may hide its port, so it counts as PPTP.
bool Uplink::is_pptp(const Packet& packet, const UpperLayer& upper) const noexcept {
  if (upper.protocol == wire::kIpProtocolGre) {
    return true;
  }
  const wire::Bytes payload = wire::Bytes(packet.at, packet.size).subspan(upper.offset);
  return upper.protocol == wire::kIpProtocolTcp &&
         (wire::Ipv4View(packet.at).is_fragment() || payload.size() < 4 ||
          wire::load_be<std::uint16_t>(payload.data() + 2) == wire::kPptpPort);
}

/// The gateway address is only ours to use, and only answers pings.
bool Uplink::answer_for_gateway(Packet& packet) noexcept {
  if (!wire::turn_into_echo_reply({packet.at, packet.size}) ||
      !may_send_icmp(context_, packet.call->uplink_budget)) {
    return drop(packet, DropReason::kToGateway);
  }
  context_.counters.icmp_sent.add();
  return true;
}

/// What stays on the link, RFC 4291 §2.5.6: from the subscriber's link-local address, or from none yet (RFC 4862 §5.4).
bool Uplink::take_from_link(Packet& packet, const UpperLayer& upper) noexcept {
  const wire::Ipv6View inner(packet.at);
  const wire::Ipv6Address source = inner.source();
  const wire::Ipv6Address destination = inner.destination();
  if (source != wire::link_local(packet.call->ipv6.interface_id) && !source.is_none()) {
    // Hosts choose the source by scope (RFC 6724 §5), but may use another address of theirs.
    if (!may_send_from<InnerIpv6>(*packet.call, source)) {
      return drop(packet, DropReason::kSpoofedSource);
    }
  }
  const bool solicits_router =
      upper.protocol == wire::kIpProtocolIcmpv6 && !upper.later_fragment && upper.offset < packet.size &&
      packet.at[upper.offset] == static_cast<std::uint8_t>(wire::Icmpv6Type::kRouterSolicitation);
  const bool asks_dhcp =
      upper.protocol == wire::kIpProtocolUdp && upper.offset + 4U <= packet.size &&
      wire::load_be<std::uint16_t>(packet.at + upper.offset + 2) == wire::kDhcpv6ServerPort;
  if (solicits_router || asks_dhcp) {
    if (!packet.call->ipv6.messages.take(1, context_.now)) {
      return drop(packet, DropReason::kPppFlood);
    }
    to_control(packet);
    return false;
  }
  const bool ours = destination == wire::link_local(context_.gateway_id) ||
                    destination == wire::solicited_node(wire::link_local(context_.gateway_id));
  return ours || destination == wire::kAllRouters || destination == wire::kAllNodes
             ? answer_for_link(packet, upper)
             : drop(packet, DropReason::kLinkMulticast);
}

/// Our end of the link answers pings and neighbour solicitations, RFC 4861 §7.2.4, and nothing else.
bool Uplink::answer_for_link(Packet& packet, const UpperLayer& upper) noexcept {
  const wire::MutableBytes octets(packet.at, packet.size);
  if (upper.protocol != wire::kIpProtocolIcmpv6 || upper.offset != wire::kIpv6Size) {
    return drop(packet, DropReason::kToGateway);
  }
  const auto target = wire::parse_neighbour_solicitation(octets);
  if (target && is_our_end(context_, *packet.call, *target)) {
    wire::turn_into_neighbour_advertisement(octets);
    packet.size = wire::kNeighbourAdvertisementPacketSize;
  } else if (target || !wire::turn_into_icmpv6_echo_reply(octets)) {
    return drop(packet, DropReason::kToGateway);
  }
  if (!may_send_icmp(context_, packet.call->uplink_budget)) {
    return drop(packet, DropReason::kToGateway);
  }
  context_.counters.icmp_sent.add();
  if (packet.call->identity.trace != 0) [[unlikely]] {
    context_.trace.settle(packet.mbuf, contract::TraceVerdict::kForwarded);
  }
  // Not through the call index: link-local addresses are every call's.
  encapsulation_.send_ipv6(*packet.call, octets.first(packet.size));
  rte_pktmbuf_free(packet.mbuf);
  return false;
}

// ---- police: the call's rate limit ------------------------------------------------------------------------

void Uplink::police() noexcept {
  if (!any_rate_limited_) {
    return;
  }
  burst_.filter([this](Packet& packet) {
    Call& call = *packet.call;
    if (!call.identity.rate_limited) {
      return true;
    }
    if (call.uplink_rate.pass(context_.tsc, packet.size)) {
      return true;
    }
    context_.counters.policed_uplink_octets.add(packet.size);
    return drop(packet, DropReason::kRateUp);
  });
}

// ---- forward ------------------------------------------------------------------------------------------------------

void Uplink::forward() noexcept {
  for (Packet& packet : burst_) {
    forward(packet);
  }
  context_.mark(Stage::kForward);
}

void Uplink::forward(Packet& packet) noexcept {
  Call& call = *packet.call;
  rte_mbuf* mbuf = packet.mbuf;
  const std::uint16_t octets = packet.size;
  rte_pktmbuf_adj(mbuf, static_cast<std::uint16_t>(packet.at - data_of(mbuf)));
  rte_pktmbuf_trim(mbuf, static_cast<std::uint16_t>(mbuf->pkt_len - octets));
  const bool to_subscribers = context_.policy.between_subscribers;
  const std::optional<DropReason> why =
      packet.protocol == wire::PppProtocol::kIpv6
          ? forward_inner<InnerIpv6>(context_, call.uplink_budget, mbuf, to_subscribers)
          : forward_inner<InnerIpv4>(context_, call.uplink_budget, mbuf, to_subscribers);
  if (call.identity.trace != 0) [[unlikely]] {
    context_.trace.settle(mbuf, why ? contract::TraceVerdict::kDropped : contract::TraceVerdict::kForwarded,
                          why.value_or(DropReason{}));
  }
  if (why) {
    context_.calls.count_drop(call, *why);
    return;
  }
  call.uplink_traffic.count(octets, call.first_uplink, context_.now);
  if (packet.protocol == wire::PppProtocol::kIpv6) {
    call.uplink_ipv6_packets.add();
  }
  context_.counters.uplink_packets.add();
  context_.counters.uplink_octets.add(octets);
}

}  // namespace adit::dataplane
