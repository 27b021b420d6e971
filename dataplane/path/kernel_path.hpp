// SPDX-License-Identifier: Apache-2.0
// The kernel's share of a device that DPDK owns: ARP, ICMP, TCP/1723, routing daemons. Workers put such frames into a
// ring that control empties into a TAP interface (app/host/kernel_ports.hpp); what the kernel sends on that interface
// comes back by another ring, to worker 0, which has a transmit queue of every port.
// Thread: Punt worker, KernelRings both ends. Owner: KernelRings belongs to the runtime, Punt to a worker.
#pragma once

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <array>
#include <cstdint>

#include "dataplane/base/clock.hpp"
#include "dataplane/base/control_sender.hpp"
#include "dataplane/base/counters.hpp"
#include "dataplane/base/limits.hpp"
#include "dataplane/path/next_hops.hpp"

namespace adit::dataplane {

/// Frames carry the DPDK port that they came by or leave by in their mbuf's `port`.
class KernelRings {
 public:
  /// valid() is false when there is no memory.
  KernelRings() noexcept;
  ~KernelRings();
  KernelRings(const KernelRings&) = delete;
  KernelRings& operator=(const KernelRings&) = delete;

  [[nodiscard]] bool valid() const noexcept { return to_kernel != nullptr && from_kernel != nullptr; }

  rte_ring* to_kernel;    ///< every worker to control
  rte_ring* from_kernel;  ///< control to worker 0
};

/// Each class has a limit of its own, so that a flood of one takes nothing from the others: control-plane policing, as in
/// RFC 6192 §3.2.
enum class PuntClass : std::uint8_t {
  kTransport,  ///< TCP and OSPF, unfragmented: control connections, BGP, management
  kArp,
  kOther,  ///< ICMP, UDP, IPv6, link-layer protocols
};
inline constexpr std::size_t kPuntClasses = 3;

/// A worker's end.
class Punt {
 public:
  /// `rings` nullptr: nothing is punted.
  Punt(KernelRings* rings, WorkerCounters& counters, ControlSender& control) noexcept
      : rings_(rings), counters_(counters), control_(control) {}
  ~Punt() { rte_pktmbuf_free_bulk(frames_.data(), count_); }
  Punt(const Punt&) = delete;
  Punt& operator=(const Punt&) = delete;

  /// Takes a whole frame that came by `device`. Unicast IPv4 for any address but the host's own is dropped as `otherwise`:
  /// scans of a pool's unused addresses must not use up the limit.
  void send(rte_mbuf* mbuf, std::uint16_t device, const NextHops& routes, DropReason otherwise,
            Milliseconds now) noexcept;

  /// Once per loop: passes the collected frames on, and notifies control.
  void flush() noexcept;

  /// Up to kBurst frames of the kernel's, to be sent by their mbuf's `port`. Worker 0 only.
  [[nodiscard]] std::size_t receive(std::span<rte_mbuf*, kBurst> into) noexcept;

 private:
  void hand_over() noexcept;

  KernelRings* rings_;
  WorkerCounters& counters_;
  ControlSender& control_;
  std::array<TokenBucket<kPuntsPerSecond, kPuntCapacity>, kPuntClasses> limits_{};
  std::uint16_t count_ = 0;
  bool notice_due_ = false;  // frames are in the ring, and control has not been notified
  std::array<rte_mbuf*, kBurst> frames_{};
};

}  // namespace adit::dataplane
