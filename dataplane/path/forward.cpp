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
std::uint32_t flow_of(rte_mbuf* mbuf) noexcept {
  const wire::Ipv4View header(data_of(mbuf));
  std::uint64_t key = std::uint64_t{header.source().value} << 32 | header.destination().value;
  key ^= std::uint64_t{header.protocol()} << 24;
  const bool ports = header.protocol() == wire::kIpProtocolTcp || header.protocol() == wire::kIpProtocolUdp;
  if (ports && !header.is_fragment() && mbuf->data_len >= header.header_length() + 4) {
    key ^= std::uint64_t{wire::load_be<std::uint32_t>(data_of(mbuf) + header.header_length())} << 8;
  }
  return static_cast<std::uint32_t>((key * 0x9e3779b97f4a7c15) >> 40);
}

void tell_source(WorkerContext& context, CallBudget& budget, rte_mbuf* mbuf, wire::IcmpError error) noexcept {
  if (const auto header = wire::parse_ipv4(octets_of(mbuf))) {
    send_icmp_error(context, budget, error, *header, octets_of(mbuf));
  }
}

/// RFC 1191 §4, RFC 791 §3.2: larger than the port's MTU. Refused with that MTU (DF) or fragmented (no DF).
std::optional<DropReason> send_in_pieces(WorkerContext& context, CallBudget& budget, rte_mbuf* mbuf,
                                         const NextHop& hop) noexcept {
  const std::uint16_t mtu = hop.mtu;
  if (wire::Ipv4View(data_of(mbuf)).dont_fragment()) {
    tell_source(context, budget, mbuf, wire::fragmentation_needed(mtu));
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

std::optional<DropReason> send_by(WorkerContext& context, CallBudget& budget, rte_mbuf* mbuf,
                                  const NextHop& hop) noexcept {
  return mbuf->pkt_len > hop.mtu ? send_in_pieces(context, budget, mbuf, hop)
                                 : send_frame(context, mbuf, hop);
}

/// False: there is no room.
bool wait_for_neighbour(WorkerContext& context, CallBudget& budget, rte_mbuf* mbuf,
                        wire::Ipv4Address destination) noexcept {
  return context.waiting.add(mbuf, destination, budget, context.now, [&](std::span<rte_mbuf*> given_up) {
    for (rte_mbuf* each : given_up) {
      context.drop(each, DropReason::kUnresolved);
    }
  });
}

}  // namespace

const NextHop* find_next_hop(WorkerContext& context, CallBudget& budget, Towards side,
                             wire::Ipv4Address destination, std::uint32_t flow, DropReason& why) noexcept {
  const bool to_peer = side == Towards::kPeers;
  const NextHops& routes = to_peer ? context.next_hops->towards_peers() : *context.next_hops;
  const NextHop* hop = routes.find(destination, flow);
  if (hop != nullptr) {
    return hop;
  }
  if (!routes.needs_resolving(destination)) {
    why = routes.is_blackhole(destination) ? DropReason::kBlackhole : DropReason::kNoRoute;
    return nullptr;
  }
  why = DropReason::kUnresolved;
  if (budget.resolves.take(1, context.now) && context.resolves.take(1, context.now) &&
      !context.control.post(contract::ResolveNextHop{destination, to_peer})) {
    context.counters.notices_lost.add();
  }
  return nullptr;
}

std::optional<DropReason> forward_inner(WorkerContext& context, CallBudget& budget, rte_mbuf* mbuf,
                                        wire::Ipv4Address destination, bool to_subscribers) noexcept {
  if (const auto owner = CallIndex::read(context.index.locate_subscriber(destination)); owner.known) {
    if (!to_subscribers) {
      context.drop(mbuf, DropReason::kBetweenSubscribers);
      return DropReason::kBetweenSubscribers;
    }
    return send_to_subscriber(context, mbuf, owner);
  }
  DropReason why{};
  const NextHop* hop = find_next_hop(context, budget, Towards::kCore, destination,
                                     context.next_hops->has_choices() ? flow_of(mbuf) : 0, why);
  if (hop != nullptr) {
    return send_by(context, budget, mbuf, *hop);
  }
  if (why == DropReason::kUnresolved && wait_for_neighbour(context, budget, mbuf, destination)) {
    return std::nullopt;
  }
  if (why == DropReason::kNoRoute) {
    tell_source(context, budget, mbuf, wire::kNetUnreachable);
  }
  context.drop(mbuf, why);
  return why;
}

void forward_waiting(WorkerContext& context) noexcept {
  const bool news = context.waiting_epoch != context.next_hops_epoch;
  if (!context.waiting.any() || (!news && context.now.since(context.waiting_tried) == 0)) {
    return;
  }
  context.waiting_epoch = context.next_hops_epoch;
  context.waiting_tried = context.now;
  context.waiting.visit(
      context.now, [&](wire::Ipv4Address destination) { return context.next_hops->find(destination); },
      [&](const NextHop* hop, CallBudget& budget, std::span<rte_mbuf* const> packets) {
        for (rte_mbuf* mbuf : packets) {
          if (hop != nullptr) {
            send_by(context, budget, mbuf, *hop);
          } else {
            tell_source(context, budget, mbuf, wire::kHostUnreachable);
            context.drop(mbuf, DropReason::kUnresolved);
          }
        }
      });
}

bool may_send_icmp(WorkerContext& context, CallBudget& budget) noexcept {
  return budget.icmp.take(1, context.now) && context.icmp.take(1, context.now);
}

void send_icmp_error(WorkerContext& context, CallBudget& budget, wire::IcmpError error,
                     const wire::Ipv4Header& header, wire::Bytes packet) noexcept {
  if (context.gateway.is_none() || !wire::deserves_icmp_error(header, packet) ||
      !may_send_icmp(context, budget)) {
    return;
  }
  rte_mbuf* mbuf = rte_pktmbuf_alloc(context.pool);
  if (mbuf == nullptr) {
    context.counters.drop(DropReason::kNoBuffer);
    return;
  }
  if (rte_pktmbuf_tailroom(mbuf) < wire::kIcmpErrorMaxSize) {
    context.drop(mbuf, DropReason::kNoBuffer);
    return;
  }
  const std::size_t size = wire::write_icmp_error(data_of(mbuf), error, context.gateway, header, packet);
  rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(size));
  context.counters.icmp_sent.add();
  forward_inner(context, budget, mbuf, header.source);
}

}  // namespace adit::dataplane
