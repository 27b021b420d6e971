// SPDX-License-Identifier: Apache-2.0
#include "dataplane/call/inherited_call.hpp"

#include <algorithm>
#include <array>

#include "dataplane/call/call_seal.hpp"
#include "dataplane/call/stored_flag.hpp"

namespace adit::dataplane {
namespace {

constexpr std::array kFaultTexts{
#define X(enumerator, name, text) AdoptionFaultText{name, text},
    ADIT_ADOPTION_FAULTS(X)
#undef X
};

bool has_sound_flags(const Call& call) noexcept {
  const CallIdentity& identity = call.identity;
  return are_flags(identity.send_compression.address_and_control, identity.send_compression.protocol,
                   identity.ip_up, identity.ipv6_up, identity.require_mppe, identity.rate_limited,
                   call.ipv6.has_routes) &&
         std::max(identity.mppe_receive, identity.mppe_send) <= MppeUse::kStateful &&
         std::max(identity.mppc_receive, identity.mppc_send) <= MppcUse::kStateful;
}

/// Of one direction.
std::optional<AdoptionFault> fault_of_keys(MppeUse use, const crypto::MppeChain& chain, const KeyMark& mark,
                                           bool stateful_is_sound,
                                           std::optional<std::uint16_t> stateful_key) noexcept {
  if (use == MppeUse::kNone) {
    return std::nullopt;
  }
  const bool stateless = use == MppeUse::kStateless;
  if (stateless ? !crypto::is_sound(chain.length) : !stateful_is_sound) {
    return AdoptionFault::kKeyLength;
  }
  if (!mark.number() || (!stateless && !stateful_key)) {
    return AdoptionFault::kKeyHalfWritten;
  }
  return std::nullopt;
}

void resume_uplink(Call& call, StatefulMppe* stateful, const Resumption& how) noexcept {
  CallUplink& up = call.uplink;
  const std::uint32_t seems = up.mppe.key();
  switch (call.identity.mppe_receive) {
    case MppeUse::kNone:
      up.mppe = MppeReceiver(seems, static_cast<std::uint16_t>(seems % MppeReceiver::kWrap));
      break;
    case MppeUse::kStateless:
      up.mppe = MppeReceiver(seems, *call.receive_mark.number());
      break;
    case MppeUse::kStateful:
      up.mppe = MppeReceiver(seems, *stateful->receiver.key_number());
      if (how.end == PreviousEnd::kCrashed || call.identity.mppc_receive == MppcUse::kStateful) {
        stateful->receiver.lose_stream(how.now);
      }
      break;
  }
  up.ppp_frames = {};
  up.mark = {};
  CallOrder order;
  order.depth = std::min<std::uint8_t>(up.order.depth, kReorderWindow);
  order.credit = std::min(up.order.credit, kReorderCredit);
  up.order = order;
  up.ack_queued = false;
}

void resume_downlink(Call& call, StatefulMppe* stateful, const Resumption& how) noexcept {
  CallDownlink& down = call.downlink;
  switch (call.identity.mppe_send) {
    case MppeUse::kNone:
      break;
    case MppeUse::kStateless:
      // Counts that were given out for packets whose keys never were stored: those packets were not sent either.
      down.mppe = MppeSender(wire::CoherencyCount(*call.send_mark.number()));
      break;
    case MppeUse::kStateful:
      if (how.end == PreviousEnd::kCrashed || call.identity.mppc_send == MppcUse::kStateful) {
        down.mppe = MppeSender(stateful->sender.lose_stream(*stateful->sender.key_number()));
      }
      break;
  }
  down.mark = {};
  down.hop_epoch = 0;
  down.hop = nullptr;
}

}  // namespace

AdoptionFaultText describe(AdoptionFault fault) noexcept {
  return kFaultTexts[static_cast<std::size_t>(fault)];
}

std::optional<AdoptionFault> fault_of(const Call& call, const StatefulMppe* stateful) noexcept {
  if (!has_sound_flags(call)) {
    return AdoptionFault::kFlags;
  }
  if (call.seal != seal_of(call)) {
    return AdoptionFault::kSeal;
  }
  const CallIdentity& identity = call.identity;
  if (identity.local.is_none() || identity.peer.is_none() || identity.local_id.value == 0) {
    return AdoptionFault::kIdentity;
  }
  if (!call.window.is_sound()) {
    return AdoptionFault::kWindow;
  }
  const bool has_stateful = stateful != nullptr;
  if (const auto fault = fault_of_keys(identity.mppe_receive, call.receive_chain, call.receive_mark,
                                       has_stateful && stateful->receiver.is_sound(),
                                       has_stateful ? stateful->receiver.key_number() : std::nullopt)) {
    return fault;
  }
  return fault_of_keys(identity.mppe_send, call.send_chain, call.send_mark,
                       has_stateful && stateful->sender.is_sound(),
                       has_stateful ? stateful->sender.key_number() : std::nullopt);
}

void resume(Call& call, StatefulMppe* stateful, StatefulMppc* history, const Resumption& how) noexcept {
  resume_uplink(call, stateful, how);
  resume_downlink(call, stateful, how);
  if (history != nullptr) {
    *history = {};  // what we send begins with A, as every history does
    history->resets = ResetRequests(how.now);
    history->lost = call.identity.mppc_receive == MppcUse::kStateful;
  }
  call.identity.trace = 0;
  call.uplink_budget = call.downlink_budget = {};
  call.uplink_rate.set(call.uplink_rate.rate(), how.burst.up_ms);
  call.downlink_rate.set(call.downlink_rate.rate(), how.burst.down_ms);
  call.ipv6.messages = {};
  update_inner_mtu(call);
}

}  // namespace adit::dataplane
