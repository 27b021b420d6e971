// SPDX-License-Identifier: Apache-2.0
#include "dataplane/path/decapsulation.hpp"

#include <rte_prefetch.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "crypto/secret.hpp"
#include "dataplane/path/encapsulation.hpp"
#include "dataplane/wire/ipv4.hpp"
#include "dataplane/wire/ipv6.hpp"
#include "dataplane/wire/ppp.hpp"

namespace adit::dataplane {
namespace {

DropReason reason_of(wire::GreError error) noexcept {
  switch (error) {
    case wire::GreError::kTruncated:
      return DropReason::kGreTruncated;
    case wire::GreError::kNotEnhanced:
      return DropReason::kGreNotEnhanced;
    case wire::GreError::kBadFlags:
      return DropReason::kGreBadFlags;
    case wire::GreError::kPayloadLength:
      return DropReason::kGrePayloadLength;
    case wire::GreError::kNone:
      break;
  }
  return DropReason::kGreBadFlags;
}

DropReason reason_of(GreReceiver::Verdict verdict) noexcept {
  switch (verdict) {
    case GreReceiver::Verdict::kDuplicate:
      return DropReason::kGreDuplicate;
    case GreReceiver::Verdict::kJump:
      return DropReason::kGreJump;
    case GreReceiver::Verdict::kLate:
    case GreReceiver::Verdict::kAhead:
      break;
  }
  return DropReason::kGreLate;
}

crypto::MppcFlags flags_of(wire::MppeHeader header) noexcept {
  return {.flushed = header.flushed, .at_front = header.at_front};
}

}  // namespace

// ---- parse_outer: IPv4 and GRE headers ---------------------------------------------------------------------------

void Decapsulation::parse_outer(std::span<rte_mbuf* const> packets) noexcept {
  burst_.fill(packets, [this](Packet& packet) {
    packet.at = data_of(packet.mbuf);
    packet.size = packet.mbuf->data_len;
    return parse_outer(packet);
  });
  context_.mark(Stage::kParseOuter);
}

bool Decapsulation::parse_outer(Packet& packet) noexcept {
  // RFC 1812 §5.2.2, including the checksum: GRE has none of its own.
  if (wire::check_ipv4({packet.at, packet.size}) != wire::Ipv4Error::kNone) {
    return drop(packet, DropReason::kOuterHeader);
  }
  if (wire::Ipv4View(packet.at).is_fragment() && !reassemble(packet)) {
    return false;
  }
  const wire::Ipv4View outer(packet.at);
  packet.outer_source = outer.source();
  packet.outer_destination = outer.destination();
  packet.outer_tos = outer.tos();
  packet.at += outer.header_length();
  packet.size = outer.payload_length();
  // RFC 2637 §4.1: flags, version, protocol type, lengths.
  if (const auto error = wire::check_gre({packet.at, packet.size}); error != wire::GreError::kNone) {
    return drop(packet, reason_of(error));
  }
  const wire::GreView gre(packet.at);
  packet.call_id = gre.call_id();
  packet.has_sequence = gre.has_sequence();
  packet.has_ack = gre.has_ack();
  packet.sequence = packet.has_sequence ? gre.sequence() : wire::GreSeq();
  packet.ack = packet.has_ack ? gre.ack() : wire::GreSeq();
  packet.size = gre.payload_length();
  packet.at += gre.header_length();
  packet.entry = context_.index.locate_call(packet.outer_destination, packet.call_id);
  rte_prefetch0(packet.entry);
  return true;
}

/// False: the fragment waits for the rest.
bool Decapsulation::reassemble(Packet& packet) noexcept {
  const wire::Ipv4View outer(packet.at);
  if (!context_.index.is_local(outer.destination())) {
    return drop(packet, DropReason::kUnknownCall);
  }
  if (!context_.index.has_peer(outer.source())) {
    return drop(packet, DropReason::kFragmentStranger);
  }
  packet.mbuf = context_.reassembly.add(packet.mbuf, context_.now);
  if (packet.mbuf == nullptr) {
    return false;
  }
  packet.at = data_of(packet.mbuf);
  packet.size = packet.mbuf->data_len;
  return true;
}

// ---- find_calls: RFC 2637 §3.2.2, the session is (our address, peer's address, our call ID) ------------------------

void Decapsulation::find_calls(Arrival arrival) noexcept {
  burst_.filter([&](Packet& packet) {
    const auto owner = CallIndex::read(packet.entry);
    if (!owner.known) {
      return drop(packet, DropReason::kUnknownCall);
    }
    if (owner.worker != context_.id) {
      if (arrival == Arrival::kHandedIn) {
        return drop(packet, DropReason::kHandoffStale);
      }
      // Only the owner knows the call's peer, but strangers' packets must not fill its ring.
      if (!context_.index.has_peer(packet.outer_source)) {
        context_.wrong_peers.note(packet.outer_destination, packet.call_id, packet.outer_source);
        return drop(packet, DropReason::kWrongPeer);
      }
      context_.count_steer_miss();
      context_.handoff.send(packet.mbuf, owner.worker, HandoffKind::kAccessPacket);
      return false;
    }
    packet.call = context_.calls.at(owner.slot);
    rte_prefetch0(packet.call);
    if (packet.call != nullptr) {
      rte_prefetch0(&packet.call->uplink);
    }
    return true;
  });
  burst_.filter([this](Packet& packet) {
    Call* call = packet.call;
    if (call == nullptr || call->generation.load(std::memory_order_relaxed) == 0 ||
        call->identity.local_id != packet.call_id || call->identity.local != packet.outer_destination) {
      packet.call = nullptr;
      return drop(packet, DropReason::kUnknownCall);
    }
    if (call->identity.trace != 0) [[unlikely]] {
      trace_arrival(packet);
    }
    if (call->identity.peer != packet.outer_source) {
      context_.wrong_peers.note(packet.outer_destination, packet.call_id, packet.outer_source);
      return drop(packet, DropReason::kWrongPeer);
    }
    if (packet.has_ack) {
      rte_prefetch0(&call->downlink);
    }
    if (call->identity.mppe_receive == MppeUse::kStateless) {
      rte_prefetch0(&call->receive_chain);
    }
    return true;
  });
  context_.mark(Stage::kFindCalls);
}

// ---- accept_sequence: RFC 2637 §4.3 --------------------------------------------------------------------------------

void Decapsulation::accept_sequence() noexcept {
  reorder_.begin_burst();
  burst_.filter([this](Packet& packet) { return accept_sequence(packet); });
  context_.mark(Stage::kAcceptSequence);
}

bool Decapsulation::accept_sequence(Packet& packet) noexcept {
  Call& call = *packet.call;
  if (packet.has_ack && call.downlink.sender.on_ack(packet.ack) == GreSender::Ack::kUnsent) {
    context_.counters.acks_of_unsent.add();
  }
  if (!packet.has_sequence) {
    if (!packet.has_ack) {
      return drop(packet, DropReason::kGreNoOp);
    }
    if (call.identity.trace != 0) [[unlikely]] {
      context_.trace.settle(packet.mbuf, contract::TraceVerdict::kAcknowledged);
    }
    rte_pktmbuf_free(packet.mbuf);  // a bare acknowledgement: nothing more to do
    return false;
  }
  return put_in_order(packet);
}

/// RFC 2637 §4.3: out of sequence.
bool Decapsulation::discard(Packet& packet, GreReceiver::Verdict verdict) noexcept {
  if (verdict == GreReceiver::Verdict::kLate) {
    reorder_.on_late(*packet.call, packet.sequence);
  }
  return drop(packet, reason_of(verdict));
}

/// False: the packet is held, or was dropped.
bool Decapsulation::put_in_order(Packet& packet) noexcept {
  const auto verdict = reorder_.evaluate(*packet.call, packet.sequence, packet.mbuf, context_.now);
  if (verdict == Reorder::Verdict::kDuplicate) {
    return drop(packet, DropReason::kGreDuplicate);
  }
  if (verdict == Reorder::Verdict::kHeld && packet.call->identity.trace != 0) [[unlikely]] {
    context_.trace.settle(packet.mbuf, contract::TraceVerdict::kHeld);
  }
  return verdict == Reorder::Verdict::kProceed;
}

bool Decapsulation::release_held() noexcept {
  burst_.clear();
  releasing_ = true;
  reorder_.begin_release();
  while (burst_.size() == 0 && (reorder_.any_ready() || reorder_.any_beyond())) {
    if (reorder_.any_ready()) {
      append(reorder_.release_ready());
    } else {
      parse_outer(reorder_.release_beyond());
      find_calls(Arrival::kHandedIn);
      accept_sequence();
    }
  }
  releasing_ = false;
  return burst_.size() > 0;
}

void Decapsulation::append(const Reorder::Released& released) noexcept {
  for (rte_mbuf* mbuf : released.packets) {
    Packet& packet = burst_.append();
    packet.mbuf = mbuf;
    packet.call = nullptr;
    packet.at = data_of(mbuf);
    packet.size = mbuf->data_len;
    parse_outer(packet);  // succeeds, as it did on arrival
    packet.call = released.call;
    if (packet.call->identity.trace != 0) [[unlikely]] {
      trace_arrival(packet);
    }
  }
}

// ---- strip_ppp: RFC 1661 §2, and what the protocol field selects -----------------------------------------

void Decapsulation::strip_ppp() noexcept {
  burst_.filter([this](Packet& packet) { return strip_ppp(packet); });
  context_.mark(Stage::kStripPpp);
}

bool Decapsulation::strip_ppp(Packet& packet) noexcept {
  const CallIdentity& identity = packet.call->identity;
  if (packet.size == 0) {
    packet.content = Content::kNothing;  // uses up its sequence number but carries no frame
    return true;
  }
  const wire::PppHeader header = wire::peek_ppp({packet.at, packet.size});
  if (header.header_length == 0) {
    return drop(packet, DropReason::kPppHeader);
  }
  packet.protocol = header.protocol;
  packet.at += header.header_length;
  packet.size = static_cast<std::uint16_t>(packet.size - header.header_length);
  switch (header.protocol) {
    case wire::PppProtocol::kMppe: {
      const bool encrypted = identity.mppe_receive != MppeUse::kNone;
      if (!encrypted && identity.mppc_receive == MppcUse::kNone) {
        return drop(packet, DropReason::kMppeNotUp);
      }
      // RFC 3078 §3: with encryption D is set in every packet, and A in every packet of stateless mode.
      const auto mppe =
          wire::parse_mppe({packet.at, packet.size},
                           {.encrypted = encrypted, .compressed = identity.mppc_receive != MppcUse::kNone});
      const bool stateless = identity.mppe_receive == MppeUse::kStateless;
      if (!mppe) {
        return refuse_header(packet, mppe.error());
      }
      if (stateless && !mppe->flushed) {
        return refuse(packet, DropReason::kMppeHeader);
      }
      packet.mppe = *mppe;
      packet.decompressed = false;
      packet.content = stateless ? Content::kEncrypted : encrypted ? Content::kInStream : Content::kFramed;
      any_encrypted_ |= encrypted;
      any_compressed_ |= mppe->compressed;
      packet.at += wire::kMppeHeaderSize;
      packet.size = static_cast<std::uint16_t>(packet.size - wire::kMppeHeaderSize);
      return true;
    }
    case wire::PppProtocol::kIpv6:
      rte_prefetch0(&packet.call->ipv6);
      [[fallthrough]];
    case wire::PppProtocol::kIpv4:
      // RFC 3078 §3: once encryption is agreed, clear data cannot be the peer's.
      if (identity.mppe_receive != MppeUse::kNone || identity.require_mppe) {
        return drop(packet, DropReason::kClearRefused);
      }
      packet.content = Content::kClear;
      return true;
    default:
      packet.content =
          Content::kControl;  // LCP, authentication, NCPs, and anything that LCP answers with Protocol-Reject
      return true;
  }
}

/// Without encryption there are no keys that could have parted.
bool Decapsulation::refuse_header(Packet& packet, wire::MppeError error) noexcept {
  const DropReason reason =
      error == wire::MppeError::kCompressed ? DropReason::kMppcNotAgreed : DropReason::kMppeHeader;
  return packet.call->identity.mppe_receive == MppeUse::kNone ? drop(packet, reason) : refuse(packet, reason);
}

// ---- decrypt: RFC 3078 §8, on trial: nothing of the call changes --------------------------------------------

void Decapsulation::decrypt() noexcept {
  if (!std::exchange(any_encrypted_, false)) {
    return;  // the loop over the burst alone costs 3 cycles a packet
  }
  job_count_ = 0;
  rekeys_left_ = kRekeysPerBurst;
  run_ = {};
  by_call_.visit(
      burst_, [](const Packet& packet) { return packet.content == Content::kEncrypted; },
      [](Call& call) -> BurstMark& { return call.uplink.mark; },
      [this](Packet& packet) {
        if (!prepare_job(packet)) {
          packet.mbuf = nullptr;
        }
      });
  if (job_count_ > 0) {
    crypto::mppe_crypt({jobs_.data(), job_count_});
  }
  context_.mark(Stage::kDecrypt);
}

bool Decapsulation::prepare_job(Packet& packet) noexcept {
  Call& call = *packet.call;
  const std::uint32_t gap = call.window.gap(packet.sequence);
  const auto changes = call.uplink.mppe.evaluate(packet.mppe.count, gap);
  if (!changes) {
    return refuse_late(packet);
  }
  if (run_.call != &call) {
    run_ = {.call = &call, .first = job_count_};
  }
  // Keys up to the farthest one of this run are made anyway, whoever's packet that one is.
  const std::uint32_t skipped = *changes > run_.changes ? *changes - run_.changes - 1 : 0;
  if (!afford(call, skipped, MppeReceiver::agree(*changes, gap))) {
    return refuse(packet, DropReason::kMppeBudget);
  }
  run_.changes = std::max(run_.changes, *changes);
  packet.key = call.uplink.mppe.key() + *changes;
  add_job(packet, *changes);
  return true;
}

/// mppe_crypt() continues from the previous job if that is the same call's and has no more key changes: so a
/// call's jobs are kept in the order of their keys, and a forged packet does not make those after it start over.
void Decapsulation::add_job(Packet& packet, std::uint32_t changes) noexcept {
  std::uint16_t at = job_count_++;
  for (; at > run_.first && jobs_[at - 1U].changes > changes; --at) {
    jobs_[at] = jobs_[at - 1U];
    tried_[at] = tried_[at - 1U];
    tried_[at]->job = at;
  }
  jobs_[at] = {
      .chain = &packet.call->receive_chain, .changes = changes, .size = packet.size, .data = packet.at};
  tried_[at] = &packet;
  packet.job = at;
}

/// `agreed`: MppeReceiver::agree().
bool Decapsulation::afford(Call& call, std::uint32_t changes, bool agreed) noexcept {
  if (!agreed) {
    return doubtful_rekeys_.take(changes, context_.now);
  }
  if (changes > rekeys_left_ || !call.uplink.mppe.spend(changes, context_.now)) {
    return false;
  }
  rekeys_left_ -= changes;
  return true;
}

// ---- decompress: RFC 2118 §4, on trial as well. What refers to earlier packets has to wait for their commit ---------

void Decapsulation::decompress() noexcept {
  if (!std::exchange(any_compressed_, false)) {
    return;
  }
  for (Packet& packet : burst_) {
    const bool alone =
        packet.content == Content::kEncrypted ||
        (packet.content == Content::kFramed && packet.call->identity.mppc_receive == MppcUse::kStateless);
    if (alone && packet.mbuf != nullptr && packet.mppe.compressed && decompress(packet)) {
      put_plaintext(packet);
    }
  }
  context_.mark(Stage::kDecompress);
}

/// Into plaintext_. The packet stays as it is: other keys may have to be tried on it.
bool Decapsulation::decompress(Packet& packet) noexcept {
  return is_plausible(packet, crypto::mppc_decompress({packet.at, packet.size}, plaintext_));
}

bool Decapsulation::decompress_by_history(Packet& packet, const StatefulMppc& history) noexcept {
  return is_plausible(packet, crypto::mppc_decompress(history.received, flags_of(packet.mppe),
                                                      {packet.at, packet.size}, plaintext_));
}

/// Random octets often decompress to something: what they decompress to decides, as it does without MPPC.
bool Decapsulation::is_plausible(Packet& packet,
                                 const std::expected<std::size_t, crypto::MppcFault>& size) noexcept {
  if (!size) {
    packet.unreadable =
        size.error() == crypto::MppcFault::kTooLong ? DropReason::kMppcTooLong : DropReason::kMppcMalformed;
    return false;
  }
  if (read_mppe_plaintext({plaintext_.data(), *size}).header_length == 0) {
    packet.unreadable =
        packet.content == Content::kFramed ? DropReason::kMppcMalformed : DropReason::kMppeImplausible;
    return false;
  }
  const rte_mbuf& mbuf = *packet.mbuf;
  const std::size_t room = static_cast<std::uint8_t*>(mbuf.buf_addr) + mbuf.buf_len - packet.at;
  if (*size > room) {
    packet.unreadable = DropReason::kMppcTooLong;
    return false;
  }
  plaintext_size_ = *size;
  return true;
}

/// Over the compressed packet, which grows into the buffer's tailroom.
void Decapsulation::put_plaintext(Packet& packet) noexcept {
  std::memcpy(packet.at, plaintext_.data(), plaintext_size_);
  packet.line_size = packet.size;
  packet.size = packet.plain_size = static_cast<std::uint16_t>(plaintext_size_);
  packet.decompressed = true;
  rte_mbuf& mbuf = *packet.mbuf;
  mbuf.data_len = static_cast<std::uint16_t>(packet.at - data_of(packet.mbuf) + packet.size);
  mbuf.pkt_len = mbuf.data_len;
}

/// Once it is committed.
void Decapsulation::count_compressed(const Packet& packet) noexcept {
  if (packet.plain_size > packet.line_size) {
    packet.call->uplink_saved.add(static_cast<std::uint64_t>(packet.plain_size - packet.line_size));
  }
  context_.counters.mppc_uplink_octets.add(packet.line_size);
  context_.counters.mppc_uplink_plain.add(packet.plain_size);
}

/// A packet that is accepted; if it is compressed, decompress_by_history() was the last to write plaintext_.
void Decapsulation::enter(StatefulMppc& history, Packet& packet) noexcept {
  const bool compressed = packet.mppe.compressed;
  history.received.commit(flags_of(packet.mppe), {plaintext_.data(), compressed ? plaintext_size_ : 0});
  history.lost = history.lost && !packet.mppe.flushed;
  if (compressed) {
    put_plaintext(packet);
  }
}

// ---- commit: sequence numbers and keys move, packet by packet in the order of arrival ------------------------

void Decapsulation::commit() noexcept {
  committed_count_ = 0;
  burst_.filter([this](Packet& packet) { return commit(packet); });
  // After the whole burst, so that each call is acknowledged once.
  for (std::size_t i = 0; i < committed_count_; ++i) {
    encapsulation_.owe_ack(*committed_[i]);
  }
  context_.mark(Stage::kCommit);
}

bool Decapsulation::commit(Packet& packet) noexcept {
  Call& call = *packet.call;
  if (packet.content >= Content::kEncrypted) {
    if (packet.mbuf == nullptr || !commit_encrypted(packet)) {
      return false;
    }
  } else if (packet.content == Content::kFramed) {
    if (!commit_framed(packet)) {
      return false;
    }
  } else if (const auto verdict = call.window.take(packet.sequence);
             verdict != GreReceiver::Verdict::kAhead) {
    return discard(packet, verdict);
  }
  committed_[committed_count_++] = &call;
  if (call.identity.trace != 0) [[unlikely]] {
    trace_content(packet);
  }
  if (packet.content == Content::kControl) {
    to_control(packet);
  } else if (packet.content == Content::kNothing) {
    rte_pktmbuf_free(packet.mbuf);
  }
  return packet.content >= Content::kClear;
}

bool Decapsulation::commit_encrypted(Packet& packet) noexcept {
  Call& call = *packet.call;
  if (packet.content == Content::kInStream) {
    if (!decrypt_in_stream(packet)) {
      return false;
    }
  } else {
    MppeReceiver& mppe = call.uplink.mppe;
    const bool is_plain = !packet.mppe.compressed || packet.decompressed;
    const bool good = is_plain && mppe.is_ahead(packet.key) && read_plaintext(packet);
    if (!good && !try_other_keys(packet)) {
      return false;
    }
    if (packet.key != mppe.key() + 1) {
      on_recovery(packet);
    }
    mppe.commit(packet.key);
    call.receive_mark.begin();
    call.receive_chain.session_key = jobs_[packet.job].key;
    call.receive_mark.done(packet.key);
  }
  call.window.prove(packet.sequence);
  if (packet.decompressed) [[unlikely]] {
    count_compressed(packet);
  }
  return true;
}

/// MPPC without MPPE. As with any clear packet its GRE number says whether it is taken. Its count matters where packets
/// refer to each other: what nothing flushed continues only with the next one (RFC 2118 §4.1). Without history every packet
/// stands for itself, and a forged count costs those behind it nothing.
bool Decapsulation::commit_framed(Packet& packet) noexcept {
  Call& call = *packet.call;
  MppeReceiver& counts = call.uplink.mppe;
  StatefulMppc* const history =
      call.identity.mppc_receive == MppcUse::kStateful ? context_.calls.history_of(call) : nullptr;
  const std::uint32_t steps = counts.evaluate(packet.mppe.count, GreReceiver::kAnyGap).value_or(0);
  bool readable = packet.decompressed || !packet.mppe.compressed;
  if (history != nullptr && (steps != 1 || history->lost) && !packet.mppe.flushed) {
    // By its count it is late, or a copy, or the first after a very long loss.
    if (steps > MppeReceiver::kWrap / 2) {
      if (const auto verdict = call.window.take(packet.sequence); verdict != GreReceiver::Verdict::kAhead) {
        return discard(packet, verdict);
      }
    }
    packet.unreadable = DropReason::kMppcOutOfStep;
    readable = false;
  } else if (history != nullptr && packet.mppe.compressed) {
    readable = decompress_by_history(packet, *history);
  }
  if (readable && !packet.mppe.compressed &&
      read_mppe_plaintext({packet.at, packet.size}).header_length == 0) {
    packet.unreadable = DropReason::kInnerHeader;
    readable = false;
  }
  if (!readable) {
    if (history != nullptr && history->resets.due(context_.now)) {
      ask_for_reset(call, packet.sequence);
    }
    return drop(packet, packet.unreadable);
  }
  if (const auto verdict = call.window.take(packet.sequence); verdict != GreReceiver::Verdict::kAhead) {
    return discard(packet, verdict);
  }
  if (history != nullptr) {
    enter(*history, packet);
  }
  counts.commit(counts.key() + steps);
  if (packet.decompressed) {
    count_compressed(packet);
  }
  return read_plaintext(packet);
}

bool Decapsulation::read_plaintext(Packet& packet) noexcept {
  const wire::PppHeader header = read_mppe_plaintext({packet.at, packet.size});
  packet.protocol = header.protocol;
  if (header.protocol == wire::PppProtocol::kIpv6) {
    rte_prefetch0(&packet.call->ipv6);
  }
  packet.at += header.header_length;
  packet.size = static_cast<std::uint16_t>(packet.size - header.header_length);
  return header.header_length != 0;
}

/// The key that a packet was tried with was the nearest one to the key committed before this burst. Since then
/// the chain may have moved beyond it; and after a long loss the count may have wrapped (RFC 3078 §8.1), if the
/// GRE number has moved as far. Rare, so packet by packet.
bool Decapsulation::try_other_keys(Packet& packet) noexcept {
  Call& call = *packet.call;
  const std::uint32_t key = call.uplink.mppe.key();
  const std::uint32_t gap = call.window.gap(packet.sequence);
  const auto nearest = call.uplink.mppe.evaluate(packet.mppe.count, gap);
  if (!nearest || packet.decompressed) {  // it has decompressed, so its key was the right one, and has passed
    return refuse_late(packet);
  }
  const bool tried = packet.key == key + *nearest;
  const auto& job = jobs_[packet.job];
  std::array<std::uint8_t, 16> from = tried ? job.key : call.receive_chain.session_key;
  std::uint32_t made = tried ? *nearest : 0;
  for (std::uint32_t changes = *nearest + (tried ? MppeReceiver::kWrap : 0);
       changes <= std::max(gap, *nearest); changes += MppeReceiver::kWrap) {
    if (!afford(call, changes - made - 1, MppeReceiver::agree(changes, gap))) {
      return refuse(packet, DropReason::kMppeBudget);
    }
    crypt_again(packet, job.key, 0);  // RC4 is its own inverse: this is the ciphertext again
    crypt_again(packet, from, changes - made);
    if (reveal(packet)) {
      packet.key = key + changes;
      return true;
    }
    from = job.key;
    made = changes;
  }
  return refuse(packet, packet.mppe.compressed ? packet.unreadable : DropReason::kMppeImplausible);
}

bool Decapsulation::reveal(Packet& packet) noexcept {
  if (packet.mppe.compressed) {
    if (!decompress(packet)) {
      return false;
    }
    put_plaintext(packet);
  }
  return read_plaintext(packet);
}

/// Repeats the packet's job with the key that lies `changes` after `from`.
void Decapsulation::crypt_again(Packet& packet, const std::array<std::uint8_t, 16>& from,
                                std::uint32_t changes) noexcept {
  trial_ = packet.call->receive_chain;
  trial_.session_key = from;
  crypto::MppeJob& job = jobs_[packet.job];
  job.chain = &trial_;
  job.changes = changes;
  crypto::mppe_crypt({&job, 1});
}

/// Packets before it were lost, and their keys skipped.
void Decapsulation::on_recovery(const Packet& packet) noexcept {
  context_.counters.mppe_recoveries.add();
  if (packet.call->identity.trace != 0) [[unlikely]] {
    context_.trace.on_rekeyed(packet.mbuf);
  }
}

/// Stateful mode, RFC 3078 §8.2: the next packet of the burst continues where this one ends. A stream that
/// nothing flushed continues only with the next count; a flushed packet may follow any loss.
bool Decapsulation::decrypt_in_stream(Packet& packet) noexcept {
  Call& call = *packet.call;
  MppeReceiver& mppe = call.uplink.mppe;
  StatefulReceiver& receiver = context_.calls.stateful_of(call)->receiver;
  const std::uint32_t gap = call.window.gap(packet.sequence);
  const auto nearest = mppe.evaluate(packet.mppe.count, gap);
  if (!nearest) {
    const auto verdict = call.window.evaluate(packet.sequence);
    if (verdict != GreReceiver::Verdict::kAhead) {
      return discard(packet, verdict);
    }
    if (receiver.reset_is_due(context_.now)) {
      ask_for_reset(call, packet.sequence);
    }
    return drop(packet, DropReason::kMppeLate);
  }
  StatefulMppc* const history =
      call.identity.mppc_receive == MppcUse::kNone ? nullptr : context_.calls.history_of(call);
  std::optional<DropReason> unreadable;  // with the likeliest key
  const auto decompresses = [&] {
    const bool known = history != nullptr && (!history->lost || packet.mppe.flushed);
    const bool readable = known && decompress_by_history(packet, *history);
    unreadable = unreadable.value_or(packet.unreadable);
    return readable;
  };
  const std::uint32_t most = std::min(gap, *nearest + kMppeWraps * MppeReceiver::kWrap);
  DropReason why{};
  std::uint32_t steps = *nearest;
  do {
    const bool agreed = MppeReceiver::agree(steps, gap);
    const auto read = receiver.decrypt(
        packet.mppe, steps, {packet.at, packet.size},
        [&](std::uint32_t changes) { return afford(call, changes, agreed); }, decompresses);
    if (read) {
      if (steps != 1) {
        on_recovery(packet);
      }
      mppe.commit(mppe.key() + steps);
      receiver.settle(mppe.key());
      if (history != nullptr) {
        enter(*history, packet);
      }
      return read_plaintext(packet);
    }
    why = read.error();
    steps += MppeReceiver::kWrap;
  } while (why == DropReason::kMppeImplausible && packet.mppe.flushed && steps <= most);
  if (receiver.reset_is_due(context_.now)) {
    ask_for_reset(call, packet.sequence);
  }
  return drop(packet, why == DropReason::kMppeImplausible ? unreadable.value_or(why) : why);
}

void Decapsulation::ask_for_reset(Call& call, wire::GreSeq sequence) noexcept {
  if (call.identity.mppe_receive != MppeUse::kNone) {
    on_mppe_failure(call, sequence);  // once per request: packets still in flight after a loss prove nothing
  }
  context_.counters.mppe_resets_asked.add();
  if (!context_.control.post(contract::MppeOutOfStep{context_.calls.ref_of(call, context_.id)})) {
    context_.counters.notices_lost.add();
  }
}

/// False: dropped, and counted as one that cannot be decrypted.
bool Decapsulation::refuse(Packet& packet, DropReason reason) noexcept {
  on_mppe_failure(*packet.call, packet.sequence);
  return drop(packet, reason);
}

/// By its count. Only a GRE number that is not late as well makes it suspicious.
bool Decapsulation::refuse_late(Packet& packet) noexcept {
  const auto verdict = packet.call->window.evaluate(packet.sequence);
  return verdict == GreReceiver::Verdict::kAhead ? refuse(packet, DropReason::kMppeLate)
                                                 : discard(packet, verdict);
}

void Decapsulation::on_mppe_failure(Call& call, wire::GreSeq sequence) noexcept {
  if (!call.uplink.mppe.on_failure(context_.now, call.window.may_reach(sequence))) {
    return;
  }
  if (context_.control.post(contract::MppeDesynchronised{context_.calls.ref_of(call, context_.id)})) {
    call.uplink.mppe.on_told();
  } else {
    context_.counters.notices_lost.add();  // again with the next one
  }
}

/// A 2-octet protocol, then the packet. The protocol overwrites the header that it came from (and the last octets of GRE,
/// if it was compressed).
void Decapsulation::to_control(Packet& packet) noexcept {
  Call& call = *packet.call;
  constexpr std::size_t kProtocolSize = 2;
  const std::size_t size = packet.size + kProtocolSize;
  if (size > contract::kMaxPppFrame) {
    drop(packet, DropReason::kPppFrameTooLong);
    return;
  }
  const bool dials = call.dials();
  if (!call.uplink.ppp_frames.take(dials, context_.now)) {
    drop(packet, DropReason::kPppFlood);
    return;
  }
  std::uint8_t* frame = packet.at - kProtocolSize;
  wire::store_be(frame, static_cast<std::uint16_t>(packet.protocol));
  if (!context_.control.post_frame({context_.calls.ref_of(call, context_.id)}, {frame, size},
                                   dials ? contract::kDialFrames : contract::kFramesToControl)) {
    drop(packet, dials ? DropReason::kControlRingDials : DropReason::kControlRingFull);
    return;
  }
  context_.counters.ppp_frames_in.add();
  if (call.identity.trace != 0) [[unlikely]] {
    context_.trace.settle(packet.mbuf, contract::TraceVerdict::kToControl);
  }
  if (packet.protocol == wire::PppProtocol::kPap) {
    crypto::wipe(frame, size);  // a buffer keeps what it holds until it is used again
  }
  rte_pktmbuf_free(packet.mbuf);
}

bool Decapsulation::drop(Packet& packet, DropReason reason) noexcept {
  if (packet.call != nullptr) {
    context_.calls.count_drop(*packet.call, reason);
    if (packet.call->identity.trace != 0) [[unlikely]] {
      context_.trace.settle(packet.mbuf, contract::TraceVerdict::kDropped, reason);
    }
  }
  context_.drop(packet.mbuf, reason);
  return false;
}

// ---- adit trace --------------------------------------------------------------------------------------------------

/// The headers have been read; nothing has been decrypted.
void Decapsulation::trace_arrival(const Packet& packet) noexcept {
  const std::uint8_t* outer = data_of(packet.mbuf);
  context_.trace.open(*packet.call, packet.mbuf,
                      {.layer = contract::TraceLayer::kOuter,
                       .direction = contract::Direction::kReceive,
                       .octets = {outer, wire::Ipv4View(outer).total_length()}},
                      releasing_);
}

/// The packet has been accepted.
void Decapsulation::trace_content(const Packet& packet) noexcept {
  if (packet.content == Content::kNothing) {
    context_.trace.settle(packet.mbuf, contract::TraceVerdict::kEmpty);
    return;
  }
  PacketTrace::View view{.direction = contract::Direction::kReceive, .octets = {packet.at, packet.size}};
  if (packet.content == Content::kControl) {
    view.layer = contract::TraceLayer::kPpp;
    view.protocol = packet.protocol;
  } else {
    view.layer = contract::TraceLayer::kInner;
    if (packet.protocol == wire::PppProtocol::kIpv4 &&
        wire::check_ipv4(view.octets) == wire::Ipv4Error::kNone) {
      view.octets = view.octets.first(wire::Ipv4View(packet.at).total_length());  // without padding
    } else if (packet.protocol == wire::PppProtocol::kIpv6 &&
               wire::check_ipv6(view.octets) == wire::Ipv6Error::kNone) {
      view.octets = view.octets.first(wire::Ipv6View(packet.at).total_length());
    }
  }
  context_.trace.unwrap(*packet.call, packet.mbuf, view);
}

}  // namespace adit::dataplane
