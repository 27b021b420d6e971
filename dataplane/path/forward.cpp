// SPDX-License-Identifier: Apache-2.0
#include "dataplane/path/forward.hpp"

#include "dataplane/path/fragment.hpp"
#include "dataplane/wire/ethernet.hpp"

namespace adit::dataplane {
namespace {

std::optional<DropReason> send_to_subscriber(WorkerContext& context, rte_mbuf* mbuf,
                                             CallOwner owner) noexcept {
  context.counters.hairpin_packets.add();
  if (owner.worker != context.id) {
    context.counters.steer_miss.add();
    context.handoff.send(mbuf, owner.worker, HandoffKind::kTunnelPacket);
    return std::nullopt;
  }
  if (context.for_subscribers_count == context.for_subscribers.size()) {
    context.drop(mbuf, DropReason::kHandoffFull);
    return DropReason::kHandoffFull;
  }
  context.for_subscribers[context.for_subscribers_count++] = mbuf;
  return std::nullopt;
}

std::optional<DropReason> send_frame(WorkerContext& context, rte_mbuf* mbuf, const NextHop& hop) noexcept {
  if (rte_pktmbuf_headroom(mbuf) < wire::LinkHeader::kRoom) {
    context.drop(mbuf, DropReason::kNoHeadroom);
    return DropReason::kNoHeadroom;
  }
  hop.link.write_before(data_of(mbuf));
  rte_pktmbuf_prepend(mbuf, hop.link.size());
  context.transmit.send(mbuf, hop.port);
  return std::nullopt;
}

/// RFC 2992: a hash of what all packets of a flow share: addresses and protocol, and the ports if the packet
/// is not a fragment.
template <typename Inner>
std::uint32_t flow_of(rte_mbuf* mbuf) noexcept;

std::uint64_t mixed(std::uint64_t key) noexcept {
  return key * 0x9e3779b97f4a7c15;
}

template <>
std::uint32_t flow_of<InnerIpv4>(rte_mbuf* mbuf) noexcept {
  const wire::Ipv4View header(data_of(mbuf));
  std::uint64_t key = std::uint64_t{header.source().value} << 32 | header.destination().value;
  key ^= std::uint64_t{header.protocol()} << 24;
  const bool ports = header.protocol() == wire::kIpProtocolTcp || header.protocol() == wire::kIpProtocolUdp;
  if (ports && !header.is_fragment() && mbuf->data_len >= header.header_length() + 4) {
    key ^= std::uint64_t{wire::load_be<std::uint32_t>(data_of(mbuf) + header.header_length())} << 8;
  }
  return static_cast<std::uint32_t>(mixed(key) >> 40);
}

/// RFC 6438 §3: the flow label does for the ports, which extension headers and fragments hide; hosts that set none have
/// their ports right behind the header, mostly.
template <>
std::uint32_t flow_of<InnerIpv6>(rte_mbuf* mbuf) noexcept {
  const wire::Ipv6View header(data_of(mbuf));
  const wire::Ipv6Address source = header.source();
  const wire::Ipv6Address destination = header.destination();
  std::uint64_t key = mixed(source.high ^ destination.low) ^ mixed(source.low + destination.high);
  key ^= std::uint64_t{header.flow_label()} << 8 | header.next_header();
  const bool ports =
      header.next_header() == wire::kIpProtocolTcp || header.next_header() == wire::kIpProtocolUdp;
  if (ports && mbuf->data_len >= wire::kIpv6Size + 4) {
    key ^= std::uint64_t{wire::load_be<std::uint32_t>(data_of(mbuf) + wire::kIpv6Size)} << 32;
  }
  return static_cast<std::uint32_t>(mixed(key) >> 40);
}

/// RFC 1191 §4, RFC 791 §3.2, RFC 8200 §5: larger than the port's MTU. Refused with that MTU (DF, IPv6) or fragmented.
template <typename Inner>
std::optional<DropReason> send_in_pieces(WorkerContext& context, CallBudget& budget, rte_mbuf* mbuf,
                                         const NextHop& hop) noexcept {
  const std::uint16_t mtu = hop.mtu;
  if (!Inner::may_be_cut(typename Inner::View(data_of(mbuf)))) {
    send_icmp_error(context, budget, Inner::too_big(mtu), octets_of(mbuf));
    context.drop(mbuf, DropReason::kTooBig);
    return DropReason::kTooBig;
  }
  Fragments pieces;
  const auto made = fragment_ipv4(mbuf, mtu, context.pool, pieces);
  if (!made) {
    context.drop(mbuf, made.error());
    return made.error();
  }
  context.counters.fragmented.add();
  std::optional<DropReason> why;
  for (rte_mbuf* piece : *made) {
    why = send_frame(context, piece, hop);
  }
  return why;
}

template <typename Inner>
std::optional<DropReason> send_by(WorkerContext& context, CallBudget& budget, rte_mbuf* mbuf,
                                  const NextHop& hop) noexcept {
  return mbuf->pkt_len > hop.mtu ? send_in_pieces<Inner>(context, budget, mbuf, hop)
                                 : send_frame(context, mbuf, hop);
}

/// False: there is no room.
template <typename Address>
bool wait_for_neighbour(WorkerContext& context, CallBudget& budget, rte_mbuf* mbuf,
                        const Address& destination) noexcept {
  return context.waiting.add(mbuf, destination, budget, context.now, [&](std::span<rte_mbuf*> given_up) {
    for (rte_mbuf* each : given_up) {
      context.drop(each, DropReason::kUnresolved);
    }
  });
}

/// `hop`: nullptr if there is still none.
template <typename Inner>
void end_wait(WorkerContext& context, CallBudget& budget, rte_mbuf* mbuf, const NextHop* hop) noexcept {
  if (hop != nullptr) {
    send_by<Inner>(context, budget, mbuf, *hop);
    return;
  }
  send_icmp_error(context, budget, Inner::kUnreachable, octets_of(mbuf));
  context.drop(mbuf, DropReason::kUnresolved);
}

contract::ToControl resolve(wire::Ipv4Address destination, Towards side) noexcept {
  return contract::ResolveNextHop{destination, side == Towards::kPeers};
}
contract::ToControl resolve(const wire::Ipv6Address& destination, Towards) noexcept {
  return contract::ResolveNextHop6{destination};
}

bool may_resolve(WorkerContext& context, wire::Ipv4Address) noexcept {
  return context.resolves.take(1, context.now);
}
bool may_resolve(WorkerContext& context, const wire::Ipv6Address&) noexcept {
  return context.resolves6.take(1, context.now);
}

template <typename Address>
const NextHop* find_hop(WorkerContext& context, CallBudget& budget, Towards side, const Address& destination,
                        std::uint32_t flow, DropReason& why) noexcept {
  const NextHops& routes = side == Towards::kPeers ? context.next_hops->towards_peers() : *context.next_hops;
  const NextHop* hop = routes.find(destination, flow);
  if (hop != nullptr) {
    return hop;
  }
  if (!routes.needs_resolving(destination)) {
    why = routes.is_blackhole(destination) ? DropReason::kBlackhole : DropReason::kNoRoute;
    return nullptr;
  }
  why = DropReason::kUnresolved;
  if (budget.resolves.take(1, context.now) && may_resolve(context, destination) &&
      !context.control.post(resolve(destination, side))) {
    context.counters.notices_lost.add();
  }
  return nullptr;
}

/// Makes room for an error of at most `size` octets, if one may be sent; else nullptr.
rte_mbuf* make_icmp(WorkerContext& context, CallBudget& budget, std::size_t size) noexcept {
  if (!may_send_icmp(context, budget)) {
    return nullptr;
  }
  rte_mbuf* mbuf = rte_pktmbuf_alloc(context.pool);
  if (mbuf == nullptr) {
    context.counters.drop(DropReason::kNoBuffer);
    return nullptr;
  }
  if (rte_pktmbuf_tailroom(mbuf) < size) {
    context.drop(mbuf, DropReason::kNoBuffer);
    return nullptr;
  }
  return mbuf;
}

}  // namespace

const NextHop* find_next_hop(WorkerContext& context, CallBudget& budget, Towards side,
                             wire::Ipv4Address destination, std::uint32_t flow, DropReason& why) noexcept {
  return find_hop(context, budget, side, destination, flow, why);
}

const NextHop* find_next_hop(WorkerContext& context, CallBudget& budget, Towards side,
                             const wire::Ipv6Address& destination, std::uint32_t flow,
                             DropReason& why) noexcept {
  return find_hop(context, budget, side, destination, flow, why);
}

template <typename Inner>
std::optional<DropReason> forward_inner(WorkerContext& context, CallBudget& budget, rte_mbuf* mbuf,
                                        bool to_subscribers) noexcept {
  const auto destination = typename Inner::View(data_of(mbuf)).destination();
  if (const CallOwner owner = context.index.find_subscriber(destination); owner.known) {
    if (!to_subscribers) {
      context.drop(mbuf, DropReason::kBetweenSubscribers);
      return DropReason::kBetweenSubscribers;
    }
    return send_to_subscriber(context, mbuf, owner);
  }
  DropReason why{};
  const NextHop* hop =
      find_hop(context, budget, Towards::kCore, destination,
               context.next_hops->has_choices<typename Inner::Address>() ? flow_of<Inner>(mbuf) : 0, why);
  if (hop != nullptr) {
    return send_by<Inner>(context, budget, mbuf, *hop);
  }
  if (why == DropReason::kUnresolved && wait_for_neighbour(context, budget, mbuf, destination)) {
    return std::nullopt;
  }
  if (why == DropReason::kNoRoute) {
    send_icmp_error(context, budget, Inner::kNoRoute, octets_of(mbuf));
  }
  context.drop(mbuf, why);
  return why;
}

template std::optional<DropReason> forward_inner<InnerIpv4>(WorkerContext&, CallBudget&, rte_mbuf*,
                                                            bool) noexcept;
template std::optional<DropReason> forward_inner<InnerIpv6>(WorkerContext&, CallBudget&, rte_mbuf*,
                                                            bool) noexcept;

void forward_waiting(WorkerContext& context) noexcept {
  const bool news = context.waiting_epoch != context.next_hops_epoch;
  if (!context.waiting.any() || (!news && context.now.since(context.waiting_tried) == 0)) {
    return;
  }
  context.waiting_epoch = context.next_hops_epoch;
  context.waiting_tried = context.now;
  context.waiting.visit(
      context.now, [&](const auto& destination) { return context.next_hops->find(destination); },
      [&](const NextHop* hop, CallBudget& budget, std::span<rte_mbuf* const> packets) {
        for (rte_mbuf* mbuf : packets) {
          is_ipv6(octets_of(mbuf)) ? end_wait<InnerIpv6>(context, budget, mbuf, hop)
                                   : end_wait<InnerIpv4>(context, budget, mbuf, hop);
        }
      });
}

bool may_send_icmp(WorkerContext& context, CallBudget& budget) noexcept {
  return budget.icmp.take(1, context.now) && context.icmp.take(1, context.now);
}

void send_icmp_error(WorkerContext& context, CallBudget& budget, wire::IcmpError error, wire::Bytes packet,
                     const Call*) noexcept {
  const wire::Ipv4Header header = wire::Ipv4View(packet.data()).header();
  if (context.gateway.is_none() || !wire::deserves_icmp_error(header, packet)) {
    return;
  }
  rte_mbuf* mbuf = make_icmp(context, budget, wire::kIcmpErrorMaxSize);
  if (mbuf == nullptr) {
    return;
  }
  const std::size_t size = wire::write_icmp_error(data_of(mbuf), error, context.gateway, header, packet);
  rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(size));
  context.counters.icmp_sent.add();
  forward_inner<InnerIpv4>(context, budget, mbuf);
}

void send_icmp_error(WorkerContext& context, CallBudget& budget, wire::Icmpv6Error error, wire::Bytes packet,
                     const Call* call) noexcept {
  const wire::Ipv6Address source = wire::Ipv6View(packet.data()).source();
  call = call != nullptr ? call : own_call_of(context, source);
  // Nobody beyond the link can be told by an address of the link.
  if (!wire::deserves_icmpv6_error(error, packet) || call == nullptr ||
      (call->link_prefix == 0 && own_call_of(context, source) != call)) {
    return;
  }
  rte_mbuf* mbuf = make_icmp(context, budget, wire::kIcmpv6ErrorMaxSize);
  if (mbuf == nullptr) {
    return;
  }
  const std::size_t size = wire::write_icmpv6_error(data_of(mbuf), error, gateway_of(context, *call), packet);
  rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(size));
  context.counters.icmp_sent.add();
  forward_inner<InnerIpv6>(context, budget, mbuf);
}

}  // namespace adit::dataplane
