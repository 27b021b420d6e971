// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/call_control.hpp"

#include <utility>
#include <variant>

#include "crypto/secret.hpp"

namespace adit::dataplane {

std::size_t CallControl::read() noexcept {
  std::size_t count = 0;
  while (count < kMessagesPerLoop) {
    contract::ToWorker* message = mailbox_.to_worker.front();
    if (message == nullptr || !std::visit([this](const auto& each) { return on(each); }, *message)) {
      break;
    }
    if (std::holds_alternative<contract::EnableMppe>(*message)) {
      crypto::wipe(message, sizeof *message);
    }
    mailbox_.to_worker.release();
    ++count;
  }
  context_.counters.messages.add(count);
  return count;
}

Call* CallControl::find(const contract::CallRef& ref) noexcept {
  Call* call = context_.calls.find(ref);
  if (call == nullptr) {
    context_.counters.stale_messages.add();
  }
  return call;
}

bool CallControl::on(const contract::InstallCall& message) noexcept {
  if (context_.calls.install(message) == nullptr) {
    context_.counters.stale_messages.add();  // the slot is in use: control did not wait for CallRemoved
  }
  return true;
}

bool CallControl::on(const contract::SetPeerCallId& message) noexcept {
  if (Call* call = find(message.call); call != nullptr) {
    const SealedChange change(*call);
    call->identity.peer_id = message.peer_id;
  }
  return true;
}

bool CallControl::on(const contract::SetPppCompression& message) noexcept {
  if (Call* call = find(message.call); call != nullptr) {
    const SealedChange change(*call);
    call->identity.send_compression = {.address_and_control = message.send_acfc,
                                       .protocol = message.send_pfc};
    update_inner_mtu(*call);
  }
  return true;
}

bool CallControl::on(const contract::EnableMppe& message) noexcept {
  Call* call = find(message.call);
  if (call == nullptr) {
    return true;
  }
  const SealedChange change(*call);
  KeyMark& mark = message.direction == contract::Direction::kReceive ? call->receive_mark : call->send_mark;
  mark.begin();
  const MppeUse use = arm(*call, message);
  const MppcUse compression = arm_compression(*call, message);
  if (message.mode.encrypted()) {
    call->identity.require_mppe = true;  // until the call ends, whatever CCP does
  }
  if (message.direction == contract::Direction::kReceive) {
    context_.reorder.close(*call);
    call->uplink.mppe = {};
    if (message.mode.encrypted()) {
      call->window.await_proof();
    }
    call->identity.mppe_receive = use;
    call->identity.mppc_receive = compression;
  } else {
    call->downlink.mppe = {};
    call->identity.mppe_send = use;
    call->identity.mppc_send = compression;
  }
  mark.done(0);
  update_inner_mtu(*call);
  return true;
}

/// Stores the keys where the mode needs them.
MppeUse CallControl::arm(Call& call, const contract::EnableMppe& message) noexcept {
  if (!message.mode.encrypted()) {
    return MppeUse::kNone;
  }
  const bool receive = message.direction == contract::Direction::kReceive;
  crypto::MppeChain& chain = receive ? call.receive_chain : call.send_chain;
  chain = {.start_key = message.start_key,
           .session_key = message.session_key,
           .length = crypto::MppeKeyLength{std::to_underlying(message.mode.strength)}};
  if (!message.mode.stateful) {
    return MppeUse::kStateless;
  }
  StatefulMppe* stateful = context_.calls.stateful_of(call);
  if (stateful == nullptr) {
    return MppeUse::
        kNone;  // cannot happen: control negotiates within the settings that this worker was built with
  }
  if (receive) {
    stateful->receiver = StatefulReceiver(chain, context_.now);
  } else {
    stateful->sender = StatefulSender(chain);
  }
  crypto::wipe(&chain, sizeof chain);
  return MppeUse::kStateful;
}

/// Both directions of a call have one pair of histories; a direction begins with an empty one.
MppcUse CallControl::arm_compression(Call& call, const contract::EnableMppe& message) noexcept {
  if (!message.mode.compressed) {
    return MppcUse::kNone;
  }
  if (!message.mode.stateful) {
    return MppcUse::kStateless;
  }
  StatefulMppc* const history = context_.calls.history(message.history);
  if (history == nullptr) {
    return MppcUse::kNone;  // cannot happen: control gives out the pairs that this worker was built with
  }
  call.downlink.mppc_history = message.history;
  if (message.direction == contract::Direction::kReceive) {
    history->received = {};
    history->resets = ResetRequests(context_.now);
  } else {
    history->sent = {};
  }
  return MppcUse::kStateful;
}

bool CallControl::on(const contract::FlushMppe& message) noexcept {
  Call* call = find(message.call);
  if (call == nullptr) {
    return true;
  }
  const bool compresses = call->identity.mppc_send == MppcUse::kStateful;
  const bool encrypts = call->identity.mppe_send == MppeUse::kStateful;
  if (compresses) {
    context_.calls.history_of(*call)->sent.flush();
  }
  if (encrypts) {
    // Who knows MPPC keeps the key (RFC 3078 §8.2); the one that changes it is Linux, which does not.
    StatefulMppe& stateful = *context_.calls.stateful_of(*call);
    stateful.sender.flush(message.repeated, compresses || stateful.receiver.peer_keeps_key());
  }
  if (compresses || encrypts) {
    context_.counters.mppe_resets_answered.add();
  }
  return true;
}

bool CallControl::on(const contract::DisableMppe& message) noexcept {
  if (Call* call = find(message.call); call != nullptr) {
    const SealedChange change(*call);
    context_.calls.forget_mppe(*call);
    update_inner_mtu(*call);
  }
  return true;
}

bool CallControl::on(const contract::EnableIp& message) noexcept {
  if (Call* call = find(message.call); call != nullptr) {
    const SealedChange change(*call);
    call->identity.subscriber = message.subscriber;
    call->identity.require_mppe |= message.require_mppe;
    call->identity.has_routes = message.has_routes;
    call->identity.ip_up = true;
    call->downlink.peer_mru = message.peer_mru;
    update_inner_mtu(*call);
  }
  return true;
}

bool CallControl::on(const contract::EnableIpv6& message) noexcept {
  if (Call* call = find(message.call); call != nullptr) {
    const SealedChange change(*call);
    CallIpv6& ipv6 = call->ipv6;
    call->link_prefix = message.link_prefix;
    ipv6.delegated_mask =
        message.delegated_length == 0 ? 0 : ~std::uint64_t{0} << (64 - message.delegated_length);
    ipv6.delegated = message.delegated & ipv6.delegated_mask;
    ipv6.interface_id = message.interface_id;
    ipv6.has_routes = message.has_routes;
    call->identity.require_mppe |= message.require_mppe;
    call->identity.ipv6_beyond_link = message.has_routes || message.delegated_length != 0;
    call->identity.ipv6_up = true;
    call->downlink.peer_mru = message.peer_mru;
    update_inner_mtu(*call);
  }
  return true;
}

bool CallControl::on(const contract::DisableIpv6& message) noexcept {
  if (Call* call = find(message.call); call != nullptr) {
    const SealedChange change(*call);
    call->identity.ipv6_up = false;
  }
  return true;
}

bool CallControl::on(const contract::SendIpv6& message) noexcept {
  contract::FrameSlot* frame = mailbox_.frames_to_worker.front();
  if (frame == nullptr) {
    context_.counters.stale_messages.add();  // its frame is missing: post_with_frame() never does this
    return true;
  }
  if (Call* call = find(message.call); call != nullptr) {
    encapsulation_.send_ipv6(*call, {frame->octets.data(), frame->length});
  }
  mailbox_.frames_to_worker.release();
  return true;
}

bool CallControl::on(const contract::UpdateLimits& message) noexcept {
  if (Call* call = find(message.call); call != nullptr) {
    const SealedChange change(*call);
    call->uplink_rate.set(message.up, context_.policy.burst.up_ms);
    call->downlink_rate.set(message.down, context_.policy.burst.down_ms);
    call->identity.rate_limited = message.up != 0 || message.down != 0;
  }
  return true;
}

bool CallControl::on(const contract::DisableIp& message) noexcept {
  if (Call* call = find(message.call); call != nullptr) {
    const SealedChange change(*call);
    call->identity.ip_up = false;
  }
  return true;
}

bool CallControl::on(const contract::SendPppFrame& message) noexcept {
  contract::FrameSlot* frame = mailbox_.frames_to_worker.front();
  if (frame == nullptr) {
    context_.counters.stale_messages.add();  // its frame is missing: post_with_frame() never does this
    return true;
  }
  if (Call* call = find(message.call); call != nullptr) {
    encapsulation_.send_ppp_frame(*call, {frame->octets.data(), frame->length});
  }
  crypto::wipe(frame->octets.data(), frame->length);  // a caller's PAP frame contains a password
  mailbox_.frames_to_worker.release();
  return true;
}

bool CallControl::on(const contract::BeginTrace& message) noexcept {
  if (Call* call = find(message.call); call != nullptr) {
    context_.trace.begin(*call, message);
  } else {
    PacketTrace::refuse(message);
  }
  return true;
}

bool CallControl::on(const contract::EndTrace& message) noexcept {
  // Not there: the trace has ended with its call.
  if (Call* call = context_.calls.find(message.call);
      call != nullptr && context_.trace.is(*call, message.number)) {
    context_.trace.end(*call);
  }
  return true;
}

bool CallControl::on(const contract::RemoveCall& message) noexcept {
  Call* call = find(message.call);
  if (call == nullptr) {
    return true;
  }
  // The answer first, with the counters as they are: without it control would never get this slot back.
  const contract::CallTotals totals = *context_.calls.totals(message.call);
  if (!context_.control.post(contract::CallRemoved{message.call, totals})) {
    return false;
  }
  context_.reorder.close(*call);
  if (call->identity.trace != 0) {
    context_.trace.end(*call);
  }
  context_.calls.remove(*call);
  return true;
}

/// Where the ring is full, the answer is dropped: nothing waits for it.
bool CallControl::on(const contract::ReadCall& message) noexcept {
  Call* call = find(message.call);
  if (call == nullptr) {
    return true;
  }
  const GreReceiver& window = call->window;
  const GreSender& sender = call->downlink.sender;
  const ReorderWindow* held = context_.reorder.of(*call);
  const contract::CallState state{.call = message.call,
                                  .next_sequence = sender.upcoming().value,
                                  .in_flight = sender.in_flight(),
                                  .received = window.last().value,
                                  .acknowledged = window.acknowledged().value,
                                  .receive_key = call->uplink.mppe.key(),
                                  .inner_mtu = call->downlink.inner_mtu,
                                  .reorder_held = held != nullptr ? held->held : std::uint16_t{0},
                                  .reorder_depth = call->uplink.order.depth,
                                  .unacknowledged = window.unacknowledged(),
                                  .has_received = window.started(),
                                  .has_acknowledged = window.has_acknowledged()};
  if (!context_.control.post(state)) {
    context_.counters.notices_lost.add();
  }
  return true;
}

}  // namespace adit::dataplane
