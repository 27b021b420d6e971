// SPDX-License-Identifier: Apache-2.0
#include "dataplane/path/downlink.hpp"

#include <rte_prefetch.h>

#include <type_traits>

#include "dataplane/path/forward.hpp"
#include "dataplane/path/fragment.hpp"
#include "dataplane/wire/ipv4.hpp"
#include "dataplane/wire/tcp_mss.hpp"

namespace adit::dataplane {

void Downlink::run(std::span<rte_mbuf* const> packets, Arrival arrival) noexcept {
  find_subscribers(packets, arrival);
  check_inner(arrival);
  police();
  clamp_mss(arrival);
  compress();
  encrypt();
  push_ppp();
  push_gre();
  push_outer();
  send();
}

// ---- find_subscribers: whose packet is it, and is the call ours ------------------------------------------

void Downlink::find_subscribers(std::span<rte_mbuf* const> packets, Arrival arrival) noexcept {
  arrived_.fill(packets, [this](Arrived& packet) { return parse_inner(packet); });
  arrived_.filter([&](Arrived& packet) { return find_owner(packet, arrival); });
  context_.mark(Stage::kFindSubscribers);
}

bool Downlink::parse_inner(Arrived& packet) noexcept {
  packet.ipv6 = is_ipv6(octets_of(packet.mbuf));
  return packet.ipv6 ? parse_inner<InnerIpv6>(packet) : parse_inner<InnerIpv4>(packet);
}

template <typename Inner>
bool Downlink::parse_inner(Arrived& packet) noexcept {
  // RFC 1812 §5.2.2, RFC 8200 §3
  const wire::Bytes octets = octets_of(packet.mbuf);
  if (!Inner::is_valid(octets)) {
    return drop(packet, DropReason::kInnerHeader);
  }
  const typename Inner::View inner(octets.data());
  packet.inner_octets = static_cast<std::uint16_t>(inner.total_length());
  rte_pktmbuf_trim(packet.mbuf, static_cast<std::uint16_t>(octets.size() - packet.inner_octets));
  packet.entry = context_.index.locate_subscriber(inner.destination());
  rte_prefetch0(packet.entry);
  return true;
}

bool Downlink::find_owner(Arrived& packet, Arrival arrival) noexcept {
  CallOwner owner = CallIndex::read(packet.entry);
  if (packet.ipv6 && !owner.known) {
    owner = context_.index.find_subscriber(wire::Ipv6View(data_of(packet.mbuf)).destination());
  }
  if (!owner.known) {
    return punt_or_drop(packet, arrival);
  }
  if (owner.worker != context_.id) {
    if (arrival == Arrival::kHandedInCore || arrival == Arrival::kHandedInTunnel) {
      return drop(packet, DropReason::kHandoffStale);
    }
    if (arrival == Arrival::kFromCore) {
      context_.count_steer_miss();
      context_.handoff.send(packet.mbuf, owner.worker, HandoffKind::kCorePacket);
    } else {
      context_.handoff.send(packet.mbuf, owner.worker, HandoffKind::kTunnelPacket);
    }
    return false;
  }
  packet.call = context_.calls.at(owner.slot);
  if (packet.call == nullptr) {
    return drop(packet, DropReason::kUnknownSubscriber);
  }
  rte_prefetch0(packet.call);
  rte_prefetch0(&packet.call->downlink);
  return true;
}

/// Not for a subscriber. On a device that DPDK owns it may be for the kernel: classify() stripped its
/// Ethernet header, which is still in the headroom.
bool Downlink::punt_or_drop(Arrived& packet, Arrival arrival) noexcept {
  if (arrival != Arrival::kFromCore || !context_.arrival_punts) {
    return drop(packet, DropReason::kUnknownSubscriber);
  }
  rte_pktmbuf_prepend(packet.mbuf, static_cast<std::uint16_t>(packet.mbuf->hash.usr));
  context_.punt.send(packet.mbuf, context_.arrival_port, *context_.next_hops, DropReason::kUnknownSubscriber,
                     context_.now);
  return false;
}

// ---- check_inner: may it be forwarded, and is there a route to the peer ----------------------------------

void Downlink::check_inner(Arrival arrival) noexcept {
  any_rate_limited_ = false;
  arrived_.filter([&](Arrived& packet) {
    return packet.ipv6 ? check_inner<InnerIpv6>(packet, arrival) : check_inner<InnerIpv4>(packet, arrival);
  });
  context_.mark(Stage::kDownlinkCheckInner);
}

template <typename Inner>
bool Downlink::check_inner(Arrived& packet, Arrival arrival) noexcept {
  Call& call = *packet.call;
  const CallIdentity& identity = call.identity;
  if (identity.mppe_send == MppeUse::kStateless) {
    rte_prefetch0(&call.send_chain);
  }
  if (identity.trace != 0) [[unlikely]] {
    trace_inner(call, packet.mbuf);
  }
  // The index may be briefly out of date: the call must really have this address, or prefixes.
  const typename Inner::View inner(data_of(packet.mbuf));
  if (!Inner::may_have(call, inner.destination()) || !Inner::is_up(identity)) {
    return drop(packet, DropReason::kUnknownSubscriber);
  }
  // RFC 1812 §5.3.7; and nobody else may use the subscriber's addresses as a source.
  const bool from_core = arrival == Arrival::kFromCore || arrival == Arrival::kHandedInCore;
  const typename Inner::Address source = inner.source();
  const bool ours = !from_core && is_our_end(context_, call, source);
  if (!ours && (is_martian(source) || is_subscribers<Inner>(context_, call, source))) {
    return drop(packet, DropReason::kMartian);
  }
  if constexpr (std::is_same_v<Inner, InnerIpv6>) {
    if (is_our_end(context_, call, inner.destination())) {
      return drop(packet, DropReason::kToGateway);  // the subscriber's router would send it back
    }
  }
  if (!Inner::find_upper_layer(octets_of(packet.mbuf), packet.upper)) {
    return drop(packet, DropReason::kIpOptions);
  }
  if (identity.require_mppe && identity.mppe_send == MppeUse::kNone) {
    return drop(packet, DropReason::kNoClearSent);
  }
  if (from_core) {
    // RFC 1812 §5.3.1, RFC 8200 §3
    if (Inner::hops_left(inner) <= 1) {
      send_icmp_error(context_, call.downlink_budget, Inner::kTimeExceeded, octets_of(packet.mbuf), &call);
      return drop(packet, DropReason::kTtlExpired);
    }
    Inner::decrement_hops(data_of(packet.mbuf));
  }
  DropReason why{};
  if (!refresh_hop(call, why)) {
    return drop(packet, why);
  }
  any_rate_limited_ |= identity.rate_limited;
  return true;
}

// ---- police: the call's rate limit -----------------------------------------------------------------------

void Downlink::police() noexcept {
  if (!any_rate_limited_) {
    return;
  }
  arrived_.filter([this](Arrived& packet) {
    Call& call = *packet.call;
    if (!call.identity.rate_limited || call.downlink_rate.pass(context_.tsc, packet.inner_octets)) {
      return true;
    }
    context_.counters.policed_downlink_octets.add(packet.inner_octets);
    return drop(packet, DropReason::kRateDown);
  });
}

// ---- clamp_mss: what is sent must fit the tunnel ----------------------------------------------------------

/// One loop does both, the size check and the clamp: each further loop over a burst costs some 4 cycles a packet.
void Downlink::clamp_mss(Arrival arrival) noexcept {
  burst_.clear();
  for (Arrived& packet : arrived_) {
    packet.ipv6 ? fit_mtu<InnerIpv6>(packet, arrival) : fit_mtu<InnerIpv4>(packet, arrival);
  }
  context_.mark(Stage::kClampMss);
}

/// RFC 1191 §4, RFC 791 §3.2, RFC 8200 §5: a packet too large for the tunnel is refused (DF, IPv6) or fragmented (no DF).
template <typename Inner>
void Downlink::fit_mtu(Arrived& packet, Arrival arrival) noexcept {
  const std::uint16_t mtu = packet.call->downlink.inner_mtu;
  if (packet.inner_octets > mtu) {
    if (Inner::may_be_cut(typename Inner::View(data_of(packet.mbuf)))) {
      return cut(packet);
    }
    send_icmp_error(context_, budget_of_sender<Inner>(packet, arrival), Inner::too_big(mtu),
                    octets_of(packet.mbuf), packet.call);
    drop(packet, DropReason::kTooBig);
    return;
  }
  if (rte_pktmbuf_headroom(packet.mbuf) < kMaxDownlinkHeaders) {
    drop(packet, DropReason::kNoHeadroom);
    return;
  }
  clamp<Inner>(packet.mbuf, packet.upper, mtu);
  take({.mbuf = packet.mbuf,
        .call = packet.call,
        .inner_octets = packet.inner_octets,
        .tos = outer_tos<Inner>(packet.mbuf),
        .protocol = Inner::kProtocol});
}

/// The core has one for each call that it sends to, so that what comes for one call harms no other.
template <typename Inner>
CallBudget& Downlink::budget_of_sender(const Arrived& packet, Arrival arrival) noexcept {
  if (arrival == Arrival::kFromCore || arrival == Arrival::kHandedInCore) {
    return packet.call->downlink_budget;
  }
  Call* sender = own_call_of(context_, typename Inner::View(data_of(packet.mbuf)).source());
  return sender != nullptr ? sender->uplink_budget : context_.others;
}

template <typename Inner>
void Downlink::clamp(rte_mbuf* mbuf, const UpperLayer& upper, std::uint16_t mtu) noexcept {
  if (!context_.policy.clamp_mss || upper.protocol != wire::kIpProtocolTcp || upper.later_fragment) {
    return;
  }
  const auto limit = static_cast<std::uint16_t>(mtu - Inner::kTcpOverhead);
  if (wire::clamp_tcp_mss(octets_of(mbuf).subspan(upper.offset), limit)) {
    context_.counters.mss_clamped.add();
  }
}

template <typename Inner>
std::uint8_t Downlink::outer_tos(rte_mbuf* mbuf) const noexcept {
  return context_.policy.copy_dscp.down
             ? static_cast<std::uint8_t>(Inner::tos(typename Inner::View(data_of(mbuf))) & 0xfc)
             : 0;
}

void Downlink::cut(Arrived& packet) noexcept {
  Fragments pieces;
  const auto made = fragment_ipv4(packet.mbuf, packet.call->downlink.inner_mtu, context_.pool, pieces);
  if (!made) {
    drop(packet, made.error());
    return;
  }
  context_.counters.fragmented.add();
  const bool traced = packet.call->identity.trace != 0;
  if (traced) [[unlikely]] {
    context_.trace.settle(packet.mbuf, contract::TraceVerdict::kFragmented);
  }
  for (rte_mbuf* piece : *made) {
    if (traced) [[unlikely]] {
      trace_inner(*packet.call, piece);
    }
    if (UpperLayer upper; InnerIpv4::find_upper_layer(octets_of(piece), upper)) {
      clamp<InnerIpv4>(piece, upper, packet.call->downlink.inner_mtu);
    }
    take({.mbuf = piece,
          .call = packet.call,
          .inner_octets = static_cast<std::uint16_t>(piece->pkt_len),
          .tos = outer_tos<InnerIpv4>(piece)});
  }
}

void Downlink::trace_inner(const Call& call, rte_mbuf* mbuf) noexcept {
  context_.trace.open(call, mbuf,
                      {.layer = contract::TraceLayer::kInner,
                       .direction = contract::Direction::kSend,
                       .octets = octets_of(mbuf)});
}

bool Downlink::drop(Arrived& packet, DropReason reason) noexcept {
  if (packet.call != nullptr) {
    context_.calls.count_drop(*packet.call, reason);
    if (packet.call->identity.trace != 0) [[unlikely]] {
      context_.trace.settle(packet.mbuf, contract::TraceVerdict::kDropped, reason);
    }
  }
  context_.drop(packet.mbuf, reason);
  return false;
}

}  // namespace adit::dataplane
