// SPDX-License-Identifier: Apache-2.0
// Packets whose next hop the kernel is resolving (ARP): the first few to each destination are held for up to
// a second, so that the first packet of a conversation is not lost (RFC 1122 §2.3.2.2). Thread: worker.
// Owner: the worker.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <bit>
#include <cstdint>
#include <span>

#include "dataplane/base/clock.hpp"
#include "dataplane/base/limits.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::dataplane {

class NeighbourWait {
 public:
  NeighbourWait() = default;
  ~NeighbourWait() {
    for (const Slot& slot : slots_) {
      rte_pktmbuf_free_bulk(const_cast<rte_mbuf**>(slot.packets.data()), slot.count);
    }
  }
  NeighbourWait(const NeighbourWait&) = delete;
  NeighbourWait& operator=(const NeighbourWait&) = delete;

  /// Takes the packet. False: there is no room, and the packet remains the caller's.
  [[nodiscard]] bool add(rte_mbuf* mbuf, wire::Ipv4Address destination, Milliseconds now) noexcept {
    const std::size_t at = destination.value * 0x9e3779b1U >> 26;
    static_assert(kNeighbourWaits == 64);
    Slot& slot = slots_[at];
    if (slot.count == 0) {
      slot.destination = destination;
      slot.until = now + kNeighbourWaitMs;
      waiting_ |= std::uint64_t{1} << at;
    }
    if (slot.destination != destination || slot.count == slot.packets.size()) {
      return false;
    }
    slot.packets[slot.count++] = mbuf;
    return true;
  }

  [[nodiscard]] bool any() const noexcept { return waiting_ != 0; }

  /// Calls visitor(destination, expired, packets) for each destination with waiting packets. The visitor
  /// returns true when it has taken the packets.
  template <typename Visitor>
  void visit(Milliseconds now, Visitor&& visitor) noexcept {
    for (std::uint64_t left = waiting_; left != 0; left &= left - 1) {
      const auto at = static_cast<std::size_t>(std::countr_zero(left));
      Slot& slot = slots_[at];
      if (visitor(slot.destination, now.reached(slot.until), std::span(slot.packets.data(), slot.count))) {
        slot.count = 0;
        waiting_ &= ~(std::uint64_t{1} << at);
      }
    }
  }

 private:
  struct Slot {
    wire::Ipv4Address destination{};
    Milliseconds until{};
    std::uint16_t count = 0;
    std::array<rte_mbuf*, kNeighbourWaitPackets> packets{};
  };
  std::array<Slot, kNeighbourWaits> slots_{};
  std::uint64_t waiting_ = 0;  // one bit per slot
};

}  // namespace adit::dataplane
