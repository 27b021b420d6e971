// SPDX-License-Identifier: Apache-2.0
// Packets whose next hop the kernel is resolving (ARP, neighbour discovery): the first few to each destination are
// held for up to a second, so that the first packet of a conversation is not lost (RFC 1122 §2.3.2.2, RFC 4861 §7.2.2).
// Room is shared fairly: each side of a call, told by its CallBudget, has a few destinations of either family, and where
// there is no room the one that has most gives up its oldest.
// Thread: worker. Owner: the worker.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <utility>
#include <variant>

#include "dataplane/base/clock.hpp"
#include "dataplane/base/limits.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::dataplane {

struct CallBudget;  // call/call.hpp

class NeighbourWait {
 public:
  using Destination = std::variant<wire::Ipv4Address, wire::Ipv6Address>;

  NeighbourWait() = default;
  ~NeighbourWait() {
    for (const Slot& slot : slots_) {
      rte_pktmbuf_free_bulk(const_cast<rte_mbuf**>(slot.packets.data()), slot.count);
    }
  }
  NeighbourWait(const NeighbourWait&) = delete;
  NeighbourWait& operator=(const NeighbourWait&) = delete;

  /// Takes the packet. False: `owner` has its share waiting, or the destination has; the packet remains the
  /// caller's. Calls give_up(packets) for another's that have to make room: the callee takes them.
  template <typename GiveUp>
  [[nodiscard]] bool add(rte_mbuf* mbuf, Destination destination, CallBudget& owner, Milliseconds now,
                         GiveUp&& give_up) noexcept {
    Slot* chosen = nullptr;
    Slot* most = nullptr;
    std::uint8_t held = 0;
    for (Slot& slot : slots_) {
      if (slot.count == 0) {
        chosen = &slot;
        continue;
      }
      if (slot.owner == &owner && slot.destination == destination) {
        return slot.append(mbuf);
      }
      held = static_cast<std::uint8_t>(held + (slot.owner == &owner ? 1 : 0));
      most = most == nullptr || slot.yields_before(*most) ? &slot : most;
    }
    if (held == kNeighbourWaitShare || (chosen == nullptr && most->rank <= held)) {
      return false;
    }
    if (chosen == nullptr) {
      chosen = most;
      give_up(std::span(chosen->packets.data(), chosen->count));
    }
    *chosen = {.destination = destination,
               .until = now + kNeighbourWaitMs,
               .owner = &owner,
               .rank = static_cast<std::uint8_t>(held + 1)};
    waiting_ |= std::uint64_t{1} << (chosen - slots_.data());
    return chosen->append(mbuf);
  }

  [[nodiscard]] bool any() const noexcept { return waiting_ != 0; }

  /// For each destination with waiting packets: asks find(destination), of either family, for its next hop, and if there is
  /// one, or the time is over, calls release(next hop or nullptr, owner, packets), which takes the packets. It may add() others.
  template <typename Find, typename Release>
  void visit(Milliseconds now, Find&& find, Release&& release) noexcept {
    for (std::uint64_t left = waiting_; left != 0; left &= left - 1) {
      const auto at = static_cast<std::size_t>(std::countr_zero(left));
      const auto* hop = std::visit(find, slots_[at].destination);
      if (hop == nullptr && !now.reached(slots_[at].until)) {
        continue;
      }
      // Out of the table first: what release() adds may need this very slot.
      const Slot slot = std::exchange(slots_[at], {});
      waiting_ &= ~(std::uint64_t{1} << at);
      release(hop, *slot.owner, std::span(slot.packets.data(), slot.count));
    }
  }

 private:
  struct Slot {
    Destination destination{};
    Milliseconds until{};
    CallBudget* owner = nullptr;
    std::uint8_t rank = 0;  ///< how many slots its owner had when it took this one, with it
    std::uint16_t count = 0;
    std::array<rte_mbuf*, kNeighbourWaitPackets> packets{};

    [[nodiscard]] bool append(rte_mbuf* mbuf) noexcept {
      if (count == packets.size()) {
        return false;
      }
      packets[count++] = mbuf;
      return true;
    }
    [[nodiscard]] bool yields_before(const Slot& other) const noexcept {
      return rank != other.rank ? rank > other.rank : !until.reached(other.until);
    }
  };
  static_assert(kNeighbourWaits == 64);
  std::array<Slot, kNeighbourWaits> slots_{};
  std::uint64_t waiting_ = 0;  // one bit per slot
};

}  // namespace adit::dataplane
