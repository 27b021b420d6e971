// SPDX-License-Identifier: Apache-2.0
#include "dataplane/call/call_table.hpp"

#include <rte_malloc.h>

#include <algorithm>
#include <memory>

#include "crypto/secret.hpp"

namespace adit::dataplane {
namespace {

contract::CallTotals read_totals(const Call& call) noexcept {
  return {.uplink_packets = call.uplink_traffic.packets.read(),
          .uplink_octets = call.uplink_traffic.octets.read(),
          .downlink_packets = call.downlink_traffic.packets.read(),
          .downlink_octets = call.downlink_traffic.octets.read(),
          .drops = call.drops.read()};
}

/// The count first: where it is not 0, the time is there.
std::optional<std::uint32_t> since_first(const CallTraffic& traffic, const FirstPacket& first,
                                         Milliseconds now) noexcept {
  return traffic.packets.read() == 0 ? std::nullopt
                                     : std::optional(now.since({first.load(std::memory_order_relaxed)}));
}

bool keeps_history(const Call& call) noexcept {
  return std::max(call.identity.mppc_receive, call.identity.mppc_send) == MppcUse::kStateful;
}

template <typename Element>
std::span<Element> allocate(const char* name, std::uint32_t count, int socket) noexcept {
  void* memory = rte_zmalloc_socket(name, count * sizeof(Element), kCacheLine, socket);
  if (memory == nullptr) {
    return {};
  }
  Element* first = static_cast<Element*>(memory);
  std::uninitialized_default_construct_n(first, count);
  return {first, count};
}

/// `is_placed`: the memory stays its owner's.
template <typename Element>
void release(std::span<Element> elements, bool is_placed) noexcept {
  crypto::wipe(static_cast<void*>(elements.data()), elements.size_bytes());
  if (!is_placed) {
    rte_free(elements.data());
  }
}

}  // namespace

CallTable::CallTable(std::uint32_t slots, int socket, bool stateful_mppe, std::uint32_t mppc_histories,
                     const CallTableMemory* place) noexcept
    : is_placed_(place != nullptr) {
  if (slots > kMaxCallsPerWorker) {
    return;
  }
  if (mppc_histories != 0) {
    histories_ = allocate<StatefulMppc>("adit_mppc", mppc_histories, socket);
  }
  if (place != nullptr) {
    if (histories_.size() == mppc_histories && place->calls.size() == slots &&
        place->stateful.empty() != (stateful_mppe && slots != 0)) {
      stand_in(*place);
    }
    return;
  }
  if (stateful_mppe) {
    stateful_ = allocate<StatefulMppe>("adit_stateful", slots, socket);
  }
  drops_ = allocate<CallDrops>("adit_call_drops", slots, socket);
  if (!drops_.empty() && (!stateful_mppe || !stateful_.empty()) && histories_.size() == mppc_histories) {
    slots_ = allocate<Call>("adit_calls", slots, socket);
  }
}

void CallTable::stand_in(const CallTableMemory& place) noexcept {
  slots_ = place.calls;
  drops_ = place.drops;
  stateful_ = place.stateful;
  has_inherited_ = place.left_by_another;
  if (!has_inherited_) {
    std::uninitialized_default_construct(slots_.begin(), slots_.end());
    std::uninitialized_default_construct(drops_.begin(), drops_.end());
    std::uninitialized_default_construct(stateful_.begin(), stateful_.end());
  }
}

/// What another process has left and nobody has judged stays for the next one that tries.
CallTable::~CallTable() {
  if (!has_inherited_) {
    release(slots_, is_placed_);
    release(drops_, is_placed_);
    release(stateful_, is_placed_);
  }
  release(histories_, false);
}

Call* CallTable::install(const contract::InstallCall& message) noexcept {
  Call* call = at(message.call.slot);
  if (call == nullptr || message.call.generation == 0 || generation_of(*call) != 0) {
    return nullptr;
  }
  const SealedChange change(*call);
  call->identity = {};
  call->identity.local = message.local;
  call->identity.peer = message.peer;
  call->identity.local_id = message.local_id;
  call->identity.peer_id = message.peer_id;
  call->window = {};
  call->link_prefix = 0;
  call->uplink = {};
  call->downlink = {};
  call->receive_mark = call->send_mark = {};
  call->uplink_budget = {};
  call->downlink_budget = {};
  call->uplink_rate = {};
  call->downlink_rate = {};
  call->ipv6 = {};
  for (Counter* counter : {&call->uplink_traffic.packets, &call->uplink_traffic.octets,
                           &call->downlink_traffic.packets, &call->downlink_traffic.octets, &call->drops,
                           &call->uplink_ipv6_packets, &call->uplink_saved, &call->downlink_saved}) {
    counter->reset();
  }
  drops_[message.call.slot].reset();
  call->generation.store(message.call.generation, std::memory_order_release);
  return call;
}

std::expected<std::uint32_t, AdoptionFault> CallTable::inspect(const contract::CallRef& ref) noexcept {
  Call* const call = at(ref.slot);
  if (call == nullptr) {
    return std::unexpected(AdoptionFault::kNoSlot);
  }
  if (ref.generation == 0 || generation_of(*call) != ref.generation) {
    return std::unexpected(AdoptionFault::kNotThere);
  }
  if (const auto fault = fault_of(*call, stateful_of(*call))) {
    return std::unexpected(*fault);
  }
  if (!keeps_history(*call)) {
    return 0;
  }
  if (history_of(*call) == nullptr) {
    return std::unexpected(AdoptionFault::kHistory);
  }
  return call->downlink.mppc_history;
}

Call& CallTable::adopt(const contract::CallRef& ref, const Resumption& how) noexcept {
  Call& call = slots_[ref.slot];
  resume(call, stateful_of(call), keeps_history(call) ? history_of(call) : nullptr, how);
  if (CallDrops& drops = drops_[ref.slot]; !drops.is_sound()) {
    drops.reset();  // how many there were is in the call
  }
  return call;
}

void CallTable::clear(std::uint32_t slot) noexcept {
  crypto::wipe(static_cast<void*>(&slots_[slot]), sizeof(Call));
  std::construct_at(&slots_[slot]);
  drops_[slot].reset();
  if (!stateful_.empty()) {
    crypto::wipe(static_cast<void*>(&stateful_[slot]), sizeof(StatefulMppe));
    std::construct_at(&stateful_[slot]);
  }
}

void CallTable::remove(Call& call) noexcept {
  call.generation.store(0, std::memory_order_release);
  forget_mppe(call);
  call.downlink.mppc_history = 0;
  call.identity = {};
}

void CallTable::forget_mppe(Call& call) noexcept {
  call.identity.mppe_receive = MppeUse::kNone;
  call.window.expect_no_proof();
  call.identity.mppe_send = MppeUse::kNone;
  call.identity.mppc_receive = call.identity.mppc_send = MppcUse::kNone;
  crypto::wipe(&call.receive_chain, sizeof call.receive_chain);
  crypto::wipe(&call.send_chain, sizeof call.send_chain);
  if (StatefulMppe* stateful = stateful_of(call); stateful != nullptr) {
    crypto::wipe(stateful, sizeof *stateful);
  }
  if (StatefulMppc* history = history_of(call); history != nullptr) {
    crypto::wipe(history, sizeof *history);  // plaintext
  }
}

const CallDrops& CallTable::drops_of(const contract::CallRef& ref) const noexcept {
  static const CallDrops kNone;
  return ref.slot < drops_.size() ? drops_[ref.slot] : kNone;
}

std::optional<contract::CallTotals> CallTable::totals(const contract::CallRef& ref) const noexcept {
  return read(ref, read_totals);
}

contract::FirstPackets CallTable::first_packets(const contract::CallRef& ref,
                                                Milliseconds now) const noexcept {
  const auto read_first = [now](const Call& call) {
    return contract::FirstPackets{
        .uplink_ms = since_first(call.uplink_traffic, call.first_uplink, now),
        .downlink_ms = since_first(call.downlink_traffic, call.first_downlink, now)};
  };
  return read(ref, read_first).value_or(contract::FirstPackets{});
}

}  // namespace adit::dataplane
