// SPDX-License-Identifier: Apache-2.0
// How a packet that arrived elsewhere reaches the worker that owns its call (or the transmit queue it must
// leave by): one ring per receiving worker, many producers, one consumer. FIFO, so a call's packets stay in
// order.
// Thread: any worker sends, the ring's worker receives. Owner: HandoffRings belongs to aditd, Handoff to a worker.
#pragma once

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/base/counters.hpp"
#include "dataplane/base/limits.hpp"
#include "dataplane/contract/call_ref.hpp"

namespace adit::dataplane {

/// What the mbuf holds; carried in its `hash.usr`.
enum class HandoffKind : std::uint32_t {
  kAccessPacket,  ///< IPv4 packet with GRE for the receiver's call
  kCorePacket,    ///< IPv4 packet from the core for the receiver's subscriber
  kTunnelPacket,  ///< IPv4 packet from a tunnel (checked, TTL lowered), or our ICMP, for the receiver's subscriber
  kTransmitFrame,  ///< whole Ethernet frame for `port`, whose transmit queue the receiver owns
};

class HandoffRings {
 public:
  /// One ring per worker, on its NUMA node. valid() is false when out of memory.
  explicit HandoffRings(std::span<const int> sockets) noexcept;
  ~HandoffRings();
  HandoffRings(const HandoffRings&) = delete;
  HandoffRings& operator=(const HandoffRings&) = delete;

  [[nodiscard]] bool valid() const noexcept;
  [[nodiscard]] std::size_t workers() const noexcept { return rings_.size(); }
  [[nodiscard]] rte_ring* of(contract::WorkerId worker) const noexcept { return rings_[worker.value]; }

 private:
  std::vector<rte_ring*> rings_;
};

/// A worker's end: collects packets per receiver and sends them in bursts.
class Handoff {
 public:
  Handoff(const HandoffRings& rings, contract::WorkerId self, WorkerCounters& counters) noexcept;
  ~Handoff();
  Handoff(const Handoff&) = delete;
  Handoff& operator=(const Handoff&) = delete;

  /// Takes `mbuf`. Packets that do not fit the receiver's ring are dropped at flush, and counted.
  void send(rte_mbuf* mbuf, contract::WorkerId to, HandoffKind kind) noexcept;
  void flush() noexcept;

  /// Takes up to kBurst packets sent to us.
  [[nodiscard]] std::size_t receive(std::span<rte_mbuf*, kBurst> into) noexcept;
  static HandoffKind kind_of(const rte_mbuf& mbuf) noexcept {
    return static_cast<HandoffKind>(mbuf.hash.usr);
  }

 private:
  struct Outbox {
    std::uint16_t count = 0;
    std::array<rte_mbuf*, kBurst> packets;
  };
  void flush(std::size_t to) noexcept;

  const HandoffRings& rings_;
  contract::WorkerId self_;
  WorkerCounters& counters_;
  std::vector<Outbox> outboxes_;
  bool pending_ = false;
};

}  // namespace adit::dataplane
