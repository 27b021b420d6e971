// SPDX-License-Identifier: Apache-2.0
#include "dataplane/path/encapsulation.hpp"

#include <cstring>
#include <utility>

#include "dataplane/path/forward.hpp"
#include "dataplane/wire/ethernet.hpp"
#include "dataplane/wire/gre.hpp"
#include "dataplane/wire/ipv4.hpp"
#include "dataplane/wire/mppe.hpp"
#include "dataplane/wire/ppp.hpp"

namespace adit::dataplane {
namespace {

/// Downlink::fit_mtu checks the headroom once per packet, so no later stage can fail.
std::uint8_t* prepend(rte_mbuf* mbuf, std::size_t octets) noexcept {
  rte_pktmbuf_prepend(mbuf, static_cast<std::uint16_t>(octets));
  return data_of(mbuf);
}

// ---- what adit trace has of it

/// A whole frame that is about to be sent, without its link header.
PacketTrace::View sent_packet(const Call& call, rte_mbuf* mbuf) noexcept {
  return {.layer = contract::TraceLayer::kOuter,
          .direction = contract::Direction::kSend,
          .octets = octets_of(mbuf).subspan(call.downlink.hop->link.size())};
}

PacketTrace::View sent_frame(wire::Bytes frame) noexcept {
  return {.layer = contract::TraceLayer::kPpp, .direction = contract::Direction::kSend, .octets = frame};
}

}  // namespace

// ---- the next hop to the peer ----------------------------------------------------------------------------

bool Encapsulation::refresh_hop(Call& call, DropReason& why) noexcept {
  CallDownlink& down = call.downlink;
  if (down.hop_epoch == context_.next_hops_epoch) {
    return true;
  }
  const NextHop* hop = find_next_hop(context_, call.downlink_budget, Towards::kPeers, call.identity.peer,
                                     call.identity.local_id.value, why);
  if (hop == nullptr) {
    return false;
  }
  down.hop = hop;
  down.hop_epoch = context_.next_hops_epoch;
  down.port_mtu = hop->mtu;
  update_inner_mtu(call);
  return true;
}

// ---- compress: RFC 2118 §4, before encryption, after which nothing shrinks -------------------------------------------

void Encapsulation::compress() noexcept {
  if (!std::exchange(any_compressed_, false)) {
    return;
  }
  for (Packet& packet : burst_) {
    const CallIdentity& identity = packet.call->identity;
    if (identity.mppc_send != MppcUse::kNone && identity.mppe_send != MppeUse::kStateful) {
      compress(packet);
    }
  }
  context_.mark(Stage::kCompress);
}

/// The protocol inside has two octets, as every peer reads it. What does not shrink goes as it would without MPPC, so that
/// no packet is longer than that.
void Encapsulation::compress(Packet& packet) noexcept {
  Call& call = *packet.call;
  wire::write_ppp_protocol(prepend(packet.mbuf, 2), packet.protocol, false);
  const wire::MutableBytes octets = octets_of(packet.mbuf);
  packet.framed = true;
  packet.mppe.count = call.downlink.mppe.next();
  const crypto::MppcCompressed made = compress(call, packet.mppe.count, octets);
  packet.mppe.flushed = made.flags.flushed;
  packet.mppe.at_front = made.flags.at_front;
  packet.mppe.compressed = made.size != 0;
  if (made.size == 0) {
    context_.counters.mppc_expanded.add();
    rte_pktmbuf_adj(packet.mbuf, 2);
    push_inner_protocol(packet);
  } else {
    std::memcpy(octets.data(), compressed_.data(), made.size);
    call.downlink_saved.add(octets.size() - made.size);
    context_.counters.mppc_downlink_plain.add(octets.size());
    context_.counters.mppc_downlink_octets.add(made.size);
    rte_pktmbuf_trim(packet.mbuf, static_cast<std::uint16_t>(octets.size() - made.size));
  }
  if (call.identity.mppe_send == MppeUse::kNone) {
    wire::write_mppe(prepend(packet.mbuf, wire::kMppeHeaderSize), packet.mppe, false);
  }
}

/// Into compressed_. A restarts the key stream and the history alike, so either restarts the other.
crypto::MppcCompressed Encapsulation::compress(Call& call, wire::CoherencyCount count,
                                               wire::Bytes octets) noexcept {
  StatefulMppc* const history =
      call.identity.mppc_send == MppcUse::kStateful ? context_.calls.history_of(call) : nullptr;
  if (history == nullptr) {
    return {.size = crypto::mppc_compress(scratch_, octets, compressed_), .flags = {.flushed = true}};
  }
  StatefulSender* const stream =
      call.identity.mppe_send == MppeUse::kStateful ? &context_.calls.stateful_of(call)->sender : nullptr;
  if (stream != nullptr && stream->flushes(count)) {
    history->sent.flush();
  }
  const crypto::MppcCompressed made = crypto::mppc_compress(history->sent, octets, compressed_);
  if (stream != nullptr && made.flags.flushed && !stream->flushes(count)) {
    stream->flush(false, true);  // with the key that it has: no peer that knows MPPC changes it
  }
  return made;
}

// ---- encrypt: RFC 3078 §3 and §7.3; in stateless mode the key changes before every packet ----------------------------

void Encapsulation::encrypt() noexcept {
  if (!std::exchange(any_encrypted_, false)) {
    return;
  }
  job_count_ = 0;
  const Call* call = nullptr;
  std::uint32_t changes = 0;
  by_call_.visit(
      burst_, [](const Packet& packet) { return packet.call->identity.mppe_send == MppeUse::kStateless; },
      [](Call& one) -> BurstMark& { return one.downlink.mark; },
      [&](Packet& packet) {
        changes = packet.call == call ? changes + 1 : 1;
        call = packet.call;
        packet.encrypted = true;
        packet.job = job_count_;
        if (!packet.framed) {
          packet.mppe.count = packet.call->downlink.mppe.next();
          packet.mppe.flushed = true;
          push_inner_protocol(packet);
        }
        jobs_[job_count_++] = {.chain = &call->send_chain,
                               .changes = changes,
                               .size = packet.mbuf->data_len,
                               .data = data_of(packet.mbuf)};
      });
  if (job_count_ > 0) {
    crypto::mppe_crypt({jobs_.data(), job_count_});
  }
  for (Packet& packet : burst_) {
    if (packet.encrypted) {
      // Before the packet is the port's: whoever adopts the call after a crash goes on with the next key.
      packet.call->send_mark.begin();
      packet.call->send_chain.session_key = jobs_[packet.job].key;
      packet.call->send_mark.done(packet.mppe.count.value + 1U);
      wire::write_mppe(prepend(packet.mbuf, wire::kMppeHeaderSize), packet.mppe);
    } else if (packet.call->identity.mppe_send == MppeUse::kStateful) {
      encrypt_in_stream(packet);
    }
  }
  context_.mark(Stage::kEncrypt);
}

void Encapsulation::encrypt_in_stream(Packet& packet) noexcept {
  Call& call = *packet.call;
  packet.encrypted = true;
  if (call.identity.mppc_send != MppcUse::kNone) {
    compress(packet);  // here, as either of stream and history restarts the other: one packet after another
  } else {
    packet.mppe.count = call.downlink.mppe.next();
    push_inner_protocol(packet);
  }
  packet.mppe.flushed =
      context_.calls.stateful_of(call)->sender.encrypt(packet.mppe.count, octets_of(packet.mbuf));
  wire::write_mppe(prepend(packet.mbuf, wire::kMppeHeaderSize), packet.mppe);
}

void Encapsulation::push_inner_protocol(Packet& packet) noexcept {
  const bool compress = packet.call->identity.send_compression.protocol;
  wire::write_ppp_protocol(prepend(packet.mbuf, compress ? 1 : 2), packet.protocol, compress);
}

// ---- push_ppp, push_gre, push_outer, send --------------------------------------------------------------------------

void Encapsulation::push_ppp() noexcept {
  for (Packet& packet : burst_) {
    const wire::PppCompression compression = packet.call->identity.send_compression;
    const auto protocol = packet.encrypted || packet.framed ? wire::PppProtocol::kMppe : packet.protocol;
    wire::write_ppp(prepend(packet.mbuf, wire::ppp_header_size(protocol, compression)), protocol,
                    compression);
  }
  context_.mark(Stage::kPushPpp);
}

void Encapsulation::push_gre() noexcept {
  for (Packet& packet : burst_) {
    push_sequenced_gre(packet.mbuf, *packet.call);
  }
  context_.mark(Stage::kPushGre);
}

void Encapsulation::push_outer() noexcept {
  for (Packet& packet : burst_) {
    push_ip_and_link(packet.mbuf, *packet.call, packet.tos);
  }
  context_.mark(Stage::kPushOuter);
}

void Encapsulation::send() noexcept {
  for (Packet& packet : burst_) {
    Call& call = *packet.call;
    if (call.identity.trace != 0) [[unlikely]] {
      context_.trace.wrap(call, packet.mbuf, sent_packet(call, packet.mbuf));
    }
    call.downlink_traffic.count(packet.inner_octets, call.first_downlink, context_.now);
    context_.counters.downlink_packets.add();
    context_.counters.downlink_octets.add(packet.inner_octets);
    context_.transmit.send(packet.mbuf, call.downlink.hop->port);
  }
  context_.mark(Stage::kSend);
}

/// RFC 2637 §4.1: the peer's call ID in the key; §4.3: carries an acknowledgement if one is owed.
void Encapsulation::push_sequenced_gre(rte_mbuf* mbuf, Call& call) const noexcept {
  const auto payload = static_cast<std::uint16_t>(mbuf->pkt_len);
  std::optional<wire::GreSeq> ack;
  if (context_.ack_policy.acknowledges && call.window.unacknowledged() > 0) {
    ack = call.window.acknowledge();
  }
  wire::write_gre(prepend(mbuf, wire::gre_header_size(true, ack.has_value())), call.identity.peer_id, payload,
                  call.downlink.sender.next(), ack);
}

/// DF stays clear and packets have an IP ID, so that narrower paths (PPPoE, other tunnels) fragment rather
/// than drop them: a "fragmentation needed" would reach our kernel, which knows nothing of the tunnel. ECN is
/// never copied (RFC 6040 §4.1 compatibility mode), as PPTP peers do not pass on a congestion mark.
void Encapsulation::push_ip_and_link(rte_mbuf* mbuf, Call& call, std::uint8_t tos) noexcept {
  wire::Ipv4Header outer;
  outer.tos = tos;
  outer.source = call.identity.local;
  outer.destination = call.identity.peer;
  outer.total_length = static_cast<std::uint16_t>(mbuf->pkt_len + wire::kIpv4Size);
  outer.identification = call.downlink.ip_identification++;
  outer.ttl = kOriginTtl;
  outer.protocol = wire::kIpProtocolGre;
  wire::write_ipv4(prepend(mbuf, wire::kIpv4Size), outer);
  const wire::LinkHeader& link = call.downlink.hop->link;
  link.write_before(data_of(mbuf));
  prepend(mbuf, link.size());
}

// ---- packets that the call originates --------------------------------------------------------------------

void Encapsulation::send_ppp_frame(Call& call, wire::Bytes frame) noexcept {
  DropReason why{};
  if (!refresh_hop(call, why)) {
    return drop_frame(call, frame, why);
  }
  rte_mbuf* mbuf = rte_pktmbuf_alloc(context_.pool);
  if (mbuf == nullptr) {
    return drop_frame(call, frame, DropReason::kNoBuffer);
  }
  char* at = rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(frame.size()));
  if (at == nullptr || rte_pktmbuf_headroom(mbuf) < kMaxDownlinkHeaders) {
    rte_pktmbuf_free(mbuf);
    return drop_frame(call, frame, DropReason::kPppFrameTooLong);
  }
  std::memcpy(at, frame.data(), frame.size());
  push_sequenced_gre(mbuf, call);
  push_ip_and_link(mbuf, call);
  if (call.identity.trace != 0) [[unlikely]] {
    const auto number = context_.trace.add(call, sent_frame(frame), contract::TraceVerdict::kSent);
    context_.trace.add(call, sent_packet(call, mbuf), contract::TraceVerdict::kSent, {}, number);
  }
  context_.counters.ppp_frames_out.add();
  context_.transmit.send(mbuf, call.downlink.hop->port);
}

void Encapsulation::send_ipv6(Call& call, wire::Bytes packet) noexcept {
  DropReason why = DropReason::kNoClearSent;
  const bool must_encrypt = call.identity.require_mppe && call.identity.mppe_send == MppeUse::kNone;
  rte_mbuf* mbuf = nullptr;
  if (!must_encrypt && refresh_hop(call, why)) {
    const bool fits = packet.size() <= call.downlink.inner_mtu;
    why = fits ? DropReason::kNoBuffer : DropReason::kTooBig;
    mbuf = fits ? rte_pktmbuf_alloc(context_.pool) : nullptr;
  }
  char* at = mbuf != nullptr ? rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(packet.size())) : nullptr;
  if (at == nullptr || rte_pktmbuf_headroom(mbuf) < kMaxDownlinkHeaders) {
    rte_pktmbuf_free(mbuf);
    context_.calls.count_drop(call, why);
    context_.counters.drop(why);
    return;
  }
  std::memcpy(at, packet.data(), packet.size());
  if (call.identity.trace != 0) [[unlikely]] {
    context_.trace.open(call, mbuf,
                        {.layer = contract::TraceLayer::kInner,
                         .direction = contract::Direction::kSend,
                         .octets = octets_of(mbuf)});
  }
  burst_.clear();
  take({.mbuf = mbuf,
        .call = &call,
        .inner_octets = static_cast<std::uint16_t>(packet.size()),
        .protocol = wire::PppProtocol::kIpv6});
  compress();
  encrypt();
  push_ppp();
  push_gre();
  push_outer();
  send();
}

void Encapsulation::drop_frame(Call& call, wire::Bytes frame, DropReason why) noexcept {
  context_.calls.count_drop(call, why);
  context_.counters.drop(why);
  if (call.identity.trace != 0) {
    context_.trace.add(call, sent_frame(frame), contract::TraceVerdict::kDropped, why);
  }
}

void Encapsulation::owe_ack(Call& call) noexcept {
  if (!context_.ack_policy.acknowledges) {
    return;
  }
  if (!call.uplink.ack_queued && call.window.unacknowledged() > 0) {
    call.uplink.ack_queued = context_.acks.push(
        {context_.calls.ref_of(call, context_.id), context_.now + context_.ack_policy.bare_after_ms});
    if (!call.uplink.ack_queued) {
      send_bare_ack(call);
    }
  }
  if (call.window.unacknowledged() >= context_.ack_policy.bare_after_packets) {
    send_bare_ack(call);
  }
}

std::size_t Encapsulation::pay_acks() noexcept {
  std::size_t looked_at = 0;
  while (looked_at < kBareAcksPerLoop) {
    const auto debt = context_.acks.pop_due(context_.now);
    if (!debt) {
      break;
    }
    ++looked_at;
    Call* call = context_.calls.find(debt->call);
    if (call == nullptr) {
      continue;
    }
    call->uplink.ack_queued = false;
    if (call->window.unacknowledged() > 0) {
      send_bare_ack(*call);
    }
  }
  return looked_at;
}

/// RFC 2637 §4.1: S clear, A set, no payload; uses no sequence number.
void Encapsulation::send_bare_ack(Call& call) noexcept {
  DropReason why{};
  rte_mbuf* mbuf = refresh_hop(call, why) ? rte_pktmbuf_alloc(context_.pool) : nullptr;
  if (mbuf == nullptr) {
    return;  // still owed: the next packet triggers it again
  }
  if (rte_pktmbuf_headroom(mbuf) < kMaxDownlinkHeaders) {
    context_.drop(mbuf, call, DropReason::kNoHeadroom);
    return;
  }
  wire::write_gre(prepend(mbuf, wire::gre_header_size(false, true)), call.identity.peer_id, 0, std::nullopt,
                  call.window.acknowledge());
  push_ip_and_link(mbuf, call);
  if (call.identity.trace != 0) [[unlikely]] {
    context_.trace.add(call, sent_packet(call, mbuf), contract::TraceVerdict::kAcknowledged);
  }
  context_.counters.bare_acks.add();
  context_.transmit.send(mbuf, call.downlink.hop->port);
}

}  // namespace adit::dataplane
