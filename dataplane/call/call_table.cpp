// SPDX-License-Identifier: Apache-2.0
#include "dataplane/call/call_table.hpp"

#include <rte_malloc.h>

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

template <typename Element>
void release(std::span<Element> elements) noexcept {
  crypto::wipe(static_cast<void*>(elements.data()), elements.size_bytes());
  rte_free(elements.data());
}

}  // namespace

CallTable::CallTable(std::uint32_t slots, int socket, bool stateful_mppe,
                     std::uint32_t mppc_histories) noexcept {
  if (slots > kMaxCallsPerWorker) {
    return;
  }
  if (stateful_mppe) {
    stateful_ = allocate<StatefulMppe>("adit_stateful", slots, socket);
  }
  if (mppc_histories != 0) {
    histories_ = allocate<StatefulMppc>("adit_mppc", mppc_histories, socket);
  }
  drops_ = allocate<CallDrops>("adit_call_drops", slots, socket);
  if (!drops_.empty() && (!stateful_mppe || !stateful_.empty()) && histories_.size() == mppc_histories) {
    slots_ = allocate<Call>("adit_calls", slots, socket);
  }
}

CallTable::~CallTable() {
  release(slots_);
  release(drops_);
  release(stateful_);
  release(histories_);
}

Call* CallTable::install(const contract::InstallCall& message) noexcept {
  Call* call = at(message.call.slot);
  if (call == nullptr || message.call.generation == 0 || generation_of(*call) != 0) {
    return nullptr;
  }
  call->identity = {};
  call->identity.local = message.local;
  call->identity.peer = message.peer;
  call->identity.local_id = message.local_id;
  call->identity.peer_id = message.peer_id;
  call->window = {};
  call->link_prefix = 0;
  call->uplink = {};
  call->downlink = {};
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
