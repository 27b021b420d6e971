// SPDX-License-Identifier: Apache-2.0
// The kernel's share of a device that DPDK owns: ARP, ICMP, TCP/1723, routing daemons. Workers put such
// frames into a ring, and control writes them to a TAP interface (app/host/kernel_ports.hpp). What the kernel
// sends on that interface comes back through another ring to worker 0, which has a transmit queue on every
// port.
// Thread: Punt in a worker, KernelRings at both ends. Owner: KernelRings belongs to the runtime, Punt to a
// worker.
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

/// The `port` field of each mbuf is the DPDK port that the frame came from or goes to.
class KernelRings {
 public:
  /// valid() is false when out of memory.
  KernelRings() noexcept;
  ~KernelRings();
  KernelRings(const KernelRings&) = delete;
  KernelRings& operator=(const KernelRings&) = delete;

  [[nodiscard]] bool valid() const noexcept { return to_kernel != nullptr && from_kernel != nullptr; }

  rte_ring* to_kernel;    ///< every worker to control
  rte_ring* from_kernel;  ///< control to worker 0
};

/// Each class has its own rate limit, so that a flood of one leaves the others alone: control-plane policing,
/// as in RFC 6192 §3.2.
enum class PuntClass : std::uint8_t {
  kTransport,  ///< TCP and OSPF, unfragmented: control connections, BGP, management
  kArp,
  kOther,  ///< ICMP, UDP, IPv6, link-layer protocols
};
inline constexpr std::size_t kPuntClasses = 3;

/// A worker's end.
class Punt {
 public:
  /// With `rings` nullptr nothing is punted.
  Punt(KernelRings* rings, WorkerCounters& counters, ControlSender& control) noexcept
      : rings_(rings), counters_(counters), control_(control) {}
  ~Punt() { rte_pktmbuf_free_bulk(frames_.data(), count_); }
  Punt(const Punt&) = delete;
  Punt& operator=(const Punt&) = delete;

  /// Takes a whole frame that came from `device`. Unicast IPv4 for an address that is not the host's is
  /// dropped as `otherwise`: scans of a pool's unused addresses must not use up the rate.
  void send(rte_mbuf* mbuf, std::uint16_t device, const NextHops& routes, DropReason otherwise,
            Milliseconds now) noexcept;

  /// Once per loop: passes on the collected frames, and notifies control.
  void flush() noexcept;

  /// Up to kBurst frames from the kernel, to be sent on their mbuf's `port`. Worker 0 only.
  [[nodiscard]] std::size_t receive(std::span<rte_mbuf*, kBurst> into) noexcept;

 private:
  void hand_over() noexcept;

  KernelRings* rings_;
  WorkerCounters& counters_;
  ControlSender& control_;
  std::array<TokenBucket<kPuntsPerSecond, kPuntCapacity>, kPuntClasses> limits_{};
  std::uint16_t count_ = 0;
  bool notice_due_ = false;  // frames are in the ring, but control has not been notified
  std::array<rte_mbuf*, kBurst> frames_{};
};

}  // namespace adit::dataplane
