// SPDX-License-Identifier: Apache-2.0
#include "dataplane/path/uplink.hpp"

#include "dataplane/path/forward.hpp"
#include "dataplane/wire/ipv4.hpp"
#include "dataplane/wire/ppp.hpp"
#include "dataplane/wire/tcp_mss.hpp"

namespace adit::dataplane {
namespace {

/// PPTP to ourselves from inside a tunnel: a tunnel within itself, or a way around the access side's rules. A
/// TCP fragment may hide its port, so it counts as PPTP.
bool is_pptp(wire::Ipv4View header, wire::Bytes payload) noexcept {
  if (header.protocol() == wire::kIpProtocolGre) {
    return true;
  }
  return header.protocol() == wire::kIpProtocolTcp &&
         (header.is_fragment() || payload.size() < 4 ||
          wire::load_be<std::uint16_t>(payload.data() + 2) == wire::kPptpPort);
}

}  // namespace

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
  burst_.filter([this](Packet& packet) { return check_inner(packet); });
  context_.mark(Stage::kUplinkCheckInner);
}

bool Uplink::check_inner(Packet& packet) noexcept {
  const CallIdentity& identity = packet.call->identity;
  if (!identity.ip_up) {
    return drop(packet, DropReason::kIpNotUp);
  }
  any_rate_limited_ |= identity.rate_limited;
  if (packet.protocol == wire::PppProtocol::kIpv6) {
    return drop(packet, DropReason::kIpv6NotUp);
  }
  // RFC 1812 §5.2.2; for an encrypted packet this was already the test of its plaintext.
  if (packet.content == Content::kClear &&
      wire::check_ipv4({packet.at, packet.size}) != wire::Ipv4Error::kNone) {
    return drop(packet, DropReason::kInnerHeader);
  }
  // RFC 3704 §2.1 (strict): the source must be the subscriber's address, or one routed to the subscriber.
  const wire::Ipv4View inner(packet.at);
  if (inner.source() != identity.subscriber && !is_routed_to(*packet.call, inner.source())) {
    return drop(packet, DropReason::kSpoofedSource);
  }
  // RFC 7126 §4.3, §4.4.
  if (inner.header_length() > wire::kIpv4Size && !wire::are_harmless_options({packet.at, packet.size})) {
    return drop(packet, DropReason::kIpOptions);
  }
  packet.inner_destination = inner.destination();
  // RFC 1812 §5.3.7.
  if (is_martian(packet.inner_destination)) {
    return drop(packet, DropReason::kMartian);
  }
  const wire::MutableBytes payload(packet.at + inner.header_length(), inner.payload_length());
  if (context_.index.is_local(packet.inner_destination) && is_pptp(inner, payload)) {
    return drop(packet, DropReason::kToConcentrator);
  }
  if (packet.inner_destination == context_.gateway) {
    return answer_for_gateway(packet);
  }
  // RFC 1812 §5.3.1.
  if (inner.ttl() <= 1) {
    send_icmp_error(context_, packet.call->uplink_budget, wire::kTimeExceeded, inner.header(),
                    {packet.at, inner.total_length()});
    return drop(packet, DropReason::kTtlExpired);
  }
  wire::decrement_ttl(packet.at);
  if (context_.policy.copy_dscp.up) {
    wire::set_dscp(packet.at, packet.outer_tos);
  }
  if (context_.policy.clamp_mss && inner.protocol() == wire::kIpProtocolTcp && inner.fragment_offset() == 0 &&
      wire::clamp_tcp_mss(
          payload, static_cast<std::uint16_t>(packet.call->downlink.inner_mtu - wire::kIpv4TcpOverhead))) {
    context_.counters.mss_clamped.add();
  }
  return true;
}

bool Uplink::is_routed_to(const Call& call, wire::Ipv4Address source) const noexcept {
  if (!call.identity.has_routes) {
    return false;
  }
  const CallOwner owner = CallIndex::read(context_.index.locate_subscriber(source));
  return owner.known && owner.worker == context_.id && context_.calls.at(owner.slot) == &call;
}

/// The gateway address is only ours to use, and only answers pings.
bool Uplink::answer_for_gateway(Packet& packet) noexcept {
  const std::uint16_t size = wire::Ipv4View(packet.at).total_length();
  if (!wire::turn_into_echo_reply({packet.at, size}) ||
      !may_send_icmp(context_, packet.call->uplink_budget)) {
    return drop(packet, DropReason::kToGateway);
  }
  context_.counters.icmp_sent.add();
  packet.inner_destination = wire::Ipv4View(packet.at).destination();
  return true;
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
    const std::uint16_t octets = wire::Ipv4View(packet.at).total_length();
    if (call.uplink_rate.pass(context_.tsc, octets)) {
      return true;
    }
    context_.counters.policed_uplink_octets.add(octets);
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
  const std::uint16_t octets = wire::Ipv4View(packet.at).total_length();
  rte_pktmbuf_adj(mbuf, static_cast<std::uint16_t>(packet.at - data_of(mbuf)));
  rte_pktmbuf_trim(mbuf, static_cast<std::uint16_t>(mbuf->pkt_len - octets));
  const std::optional<DropReason> why = forward_inner(
      context_, call.uplink_budget, mbuf, packet.inner_destination, context_.policy.between_subscribers);
  if (call.identity.trace != 0) [[unlikely]] {
    context_.trace.settle(mbuf, why ? contract::TraceVerdict::kDropped : contract::TraceVerdict::kForwarded,
                          why.value_or(DropReason{}));
  }
  if (why) {
    context_.calls.count_drop(call, *why);
    return;
  }
  call.uplink_traffic.count(octets, call.first_uplink, context_.now);
  context_.counters.uplink_packets.add();
  context_.counters.uplink_octets.add(octets);
}

}  // namespace adit::dataplane
