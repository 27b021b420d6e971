// SPDX-License-Identifier: Apache-2.0
// A worker's calls: an array of slots on its NUMA node, addressed by slot and generation, an array with why packets of
// each were dropped, and, when the configuration allows stateful MPPE, one with each call's streams; for stateful MPPC,
// histories for some of them. All but the histories may stand in memory that outlives the process (CallMemory), and hold
// calls then that an earlier process has left.
// Thread: the worker; totals() any thread. Owner: the worker.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <utility>

#include "dataplane/call/call.hpp"
#include "dataplane/call/call_drops.hpp"
#include "dataplane/call/call_memory.hpp"
#include "dataplane/call/inherited_call.hpp"
#include "dataplane/call/mppc_stateful.hpp"
#include "dataplane/call/mppe_stateful.hpp"
#include "dataplane/contract/call_ref.hpp"
#include "dataplane/contract/messages.hpp"

namespace adit::dataplane {

class CallTable {
 public:
  /// `socket`: NUMA node, or SOCKET_ID_ANY. When out of memory the table is empty (capacity 0). Needs EAL.
  /// `mppc_histories`: pairs of them, for all calls together. `place`: where the table stands, of as many slots; nullptr: in
  /// memory of its own.
  CallTable(std::uint32_t slots, int socket, bool stateful_mppe, std::uint32_t mppc_histories = 0,
            const CallTableMemory* place = nullptr) noexcept;
  ~CallTable();
  CallTable(const CallTable&) = delete;
  CallTable& operator=(const CallTable&) = delete;

  [[nodiscard]] std::uint32_t capacity() const noexcept { return static_cast<std::uint32_t>(slots_.size()); }

  /// nullptr when the slot is free or holds another generation.
  [[nodiscard]] Call* find(const contract::CallRef& ref) noexcept {
    Call* call = at(ref.slot);
    return call != nullptr && generation_of(*call) == ref.generation && ref.generation != 0 ? call : nullptr;
  }
  /// The slot, free or in use; nullptr beyond the table.
  [[nodiscard]] Call* at(std::uint32_t slot) noexcept {
    return slot < slots_.size() ? &slots_[slot] : nullptr;
  }

  /// Takes a free slot for a new call; nullptr when the slot is in use or out of range.
  Call* install(const contract::InstallCall& message) noexcept;

  // ---- before the worker runs, where the memory holds what an earlier process has left
  /// Calls of another process are in it, neither adopted nor freed. No other function may be used before.
  [[nodiscard]] bool has_inherited() const noexcept { return has_inherited_; }
  /// Why the call cannot be adopted, or the number of the MPPC history that it has, 0: none. The worker in `ref` is not
  /// looked at.
  [[nodiscard]] std::expected<std::uint32_t, AdoptionFault> inspect(const contract::CallRef& ref) noexcept;
  /// A call that inspect() believes becomes one of this process. Its history, if any, is emptied.
  Call& adopt(const contract::CallRef& ref, const Resumption& how) noexcept;
  /// Whatever is in the slot, it is free, and its keys are wiped.
  void clear(std::uint32_t slot) noexcept;
  /// All slots are adopted or cleared.
  void end_adoption() noexcept { has_inherited_ = false; }

  /// Frees the slot and wipes the keys.
  void remove(Call& call) noexcept;

  /// Returns both directions to clear, and uncompressed.
  void forget_mppe(Call& call) noexcept;

  /// nullptr when the table was made without stateful MPPE.
  [[nodiscard]] StatefulMppe* stateful_of(const Call& call) noexcept {
    return stateful_.empty() ? nullptr : &stateful_[static_cast<std::size_t>(&call - slots_.data())];
  }

  /// The history that control has given to the call; nullptr: none.
  [[nodiscard]] StatefulMppc* history_of(const Call& call) noexcept {
    return history(call.downlink.mppc_history);
  }
  /// By its number, from 1; nullptr: there is no such.
  [[nodiscard]] StatefulMppc* history(std::uint32_t number) noexcept {
    return number != 0 && number <= histories_.size() ? &histories_[number - 1] : nullptr;
  }
  [[nodiscard]] std::size_t history_octets() const noexcept { return histories_.size_bytes(); }

  /// Memory per call, in octets.
  [[nodiscard]] static constexpr std::size_t octets_per_call(bool stateful_mppe) noexcept {
    return sizeof(Call) + sizeof(CallDrops) + (stateful_mppe ? sizeof(StatefulMppe) : 0);
  }

  [[nodiscard]] std::uint32_t slot_of(const Call& call) const noexcept {
    return static_cast<std::uint32_t>(&call - slots_.data());
  }
  [[nodiscard]] contract::CallRef ref_of(const Call& call, contract::WorkerId worker) const noexcept {
    return {worker, slot_of(call), generation_of(call)};
  }

  /// Counts a dropped packet of the call; the worker's own counter is another.
  void count_drop(Call& call, DropReason reason) noexcept {
    call.drops.add();
    drops_[slot_of(call)].add(reason);
  }
  /// Any thread; empty beyond the table. What it says is the call's as long as totals() knows it afterwards.
  [[nodiscard]] const CallDrops& drops_of(const contract::CallRef& ref) const noexcept;

  /// The counters of a call, as long as it lives. Any thread.
  [[nodiscard]] std::optional<contract::CallTotals> totals(const contract::CallRef& ref) const noexcept;
  /// How many of its uplink packets were IPv6. Any thread.
  [[nodiscard]] std::optional<std::uint64_t> uplink_ipv6_packets(
      const contract::CallRef& ref) const noexcept {
    return read(ref, [](const Call& call) { return call.uplink_ipv6_packets.read(); });
  }
  /// Octets that MPPC kept off the line, up and down. Any thread.
  struct MppcSaved {
    std::uint64_t uplink = 0, downlink = 0;
  };
  [[nodiscard]] std::optional<MppcSaved> mppc_saved(const contract::CallRef& ref) const noexcept {
    return read(ref, [](const Call& call) {
      return MppcSaved{.uplink = call.uplink_saved.read(), .downlink = call.downlink_saved.read()};
    });
  }
  /// Nothing of one that does not live; `now` by the worker's clock. Any thread.
  [[nodiscard]] contract::FirstPackets first_packets(const contract::CallRef& ref,
                                                     Milliseconds now) const noexcept;

 private:
  void stand_in(const CallTableMemory& place) noexcept;
  static std::uint32_t generation_of(const Call& call) noexcept {
    return call.generation.load(std::memory_order_relaxed);
  }
  /// What `reader` finds in the call, if it is the same one before and after.
  template <typename Reader>
  [[nodiscard]] auto read(const contract::CallRef& ref, const Reader& reader) const noexcept
      -> std::optional<decltype(reader(std::declval<const Call&>()))> {
    if (ref.slot >= slots_.size() || ref.generation == 0) {
      return std::nullopt;
    }
    const Call& call = slots_[ref.slot];
    if (call.generation.load(std::memory_order_acquire) != ref.generation) {
      return std::nullopt;
    }
    const auto found = reader(call);
    return generation_of(call) == ref.generation ? std::optional(found) : std::nullopt;
  }
  std::span<Call> slots_;
  bool is_placed_ = false;  // in memory that is not the table's own
  bool has_inherited_ = false;
  std::span<CallDrops> drops_;         // indexed like the slots
  std::span<StatefulMppe> stateful_;   // indexed like the slots; empty without stateful MPPE
  std::span<StatefulMppc> histories_;  // by their numbers
};

}  // namespace adit::dataplane
