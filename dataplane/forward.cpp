// SPDX-License-Identifier: Apache-2.0
#include "dataplane/forward.hpp"

#include "dataplane/fragment.hpp"
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

/// RFC 2992: a hash of what all packets of a flow share: addresses, protocol, and ports where every fragment shows them.
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

/// RFC 1191 §4, RFC 791 §3.2: larger than the port. Refused with the port's MTU (DF) or cut (no DF).
std::optional<DropReason> send_in_pieces(WorkerContext& context, rte_mbuf* mbuf,
                                         const NextHop& hop) noexcept {
  const std::uint16_t mtu = hop.mtu;
  const auto header = wire::parse_ipv4(octets_of(mbuf));
  if (!header || header->dont_fragment) {
    if (header) {
      send_icmp_error(context, wire::fragmentation_needed(mtu), *header, octets_of(mbuf));
    }
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

}  // namespace

const NextHop* find_next_hop(WorkerContext& context, Towards side, wire::Ipv4Address destination,
                             std::uint32_t flow, DropReason& why) noexcept {
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
  if (context.resolves.take(1, context.now) &&
      !context.control.post(contract::ResolveNextHop{destination, to_peer})) {
    context.counters.notices_lost.add();
  }
  return nullptr;
}

std::optional<DropReason> forward_inner(WorkerContext& context, rte_mbuf* mbuf,
                                        wire::Ipv4Address destination) noexcept {
  if (const auto owner = CallIndex::read(context.index.locate_subscriber(destination)); owner.known) {
    return send_to_subscriber(context, mbuf, owner);
  }
  DropReason why{};
  const NextHop* hop = find_next_hop(context, Towards::kCore, destination,
                                     context.next_hops->has_choices() ? flow_of(mbuf) : 0, why);
  if (hop == nullptr) {
    context.drop(mbuf, why);
    return why;
  }
  if (mbuf->pkt_len > hop->mtu) {
    return send_in_pieces(context, mbuf, *hop);
  }
  return send_frame(context, mbuf, *hop);
}

void send_icmp_error(WorkerContext& context, wire::IcmpError error, const wire::Ipv4Header& header,
                     wire::Bytes packet) noexcept {
  if (context.gateway.is_none() || !wire::deserves_icmp_error(header, packet) ||
      !context.icmp.take(1, context.now)) {
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
  forward_inner(context, mbuf, header.source);
}

}  // namespace adit::dataplane
