// SPDX-License-Identifier: Apache-2.0
// The kernel's share of a device that DPDK owns: ARP, ICMP, TCP/1723, routing daemons. Workers put such
// frames into rings, one for each class, and control writes them to a TAP interface (app/host/kernel_ports.hpp). What the kernel
// sends on that interface comes back through another ring to worker 0, which has a transmit queue on every
// port.
// Thread: Punt in a worker, KernelRings at both ends. Owner: KernelRings belongs to the runtime, Punt to a
// worker.
#pragma once

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/base/clock.hpp"
#include "dataplane/base/control_sender.hpp"
#include "dataplane/base/counters.hpp"
#include "dataplane/base/limits.hpp"
#include "dataplane/path/next_hops.hpp"
#include "dataplane/path/punt_class.hpp"
#include "dataplane/path/source_buckets.hpp"

namespace adit::dataplane {

/// Frames of the kernel's that wait for worker 0.
inline constexpr std::uint32_t kFromKernelRing = 1024;

/// The `port` field of each mbuf is the DPDK port that the frame came from or goes to.
class KernelRings {
 public:
  /// valid() is false when out of memory.
  KernelRings() noexcept;
  ~KernelRings();
  KernelRings(const KernelRings&) = delete;
  KernelRings& operator=(const KernelRings&) = delete;

  [[nodiscard]] bool valid() const noexcept;

  std::array<rte_ring*, kPuntClasses> to_kernel{};  ///< every worker to control, by PuntClass
  rte_ring* from_kernel;                            ///< control to worker 0
};

/// A worker's end.
class Punt {
 public:
  /// With `rings` nullptr nothing is punted.
  Punt(KernelRings* rings, const CallIndex& index, WorkerCounters& counters, ControlSender& control);
  Punt(const Punt&) = delete;
  Punt& operator=(const Punt&) = delete;

  /// Takes a whole frame that came from `device`. Unicast IPv4 for an address that is not the host's is
  /// dropped as `otherwise`: scans of a pool's unused addresses must not use up the rate.
  void send(rte_mbuf* mbuf, std::uint16_t device, const NextHops& routes, DropReason otherwise,
            Milliseconds now) noexcept;

  /// Once per loop: notifies control of what was sent.
  void flush() noexcept;

  /// Up to kBurst frames from the kernel, to be sent on their mbuf's `port`. Worker 0 only.
  [[nodiscard]] std::size_t receive(std::span<rte_mbuf*, kBurst> into) noexcept;

 private:
  void refuse(rte_mbuf* mbuf, DropReason reason) noexcept;

  KernelRings* rings_;
  const CallIndex& index_;
  WorkerCounters& counters_;
  ControlSender& control_;
  /// By device and class: a flood on the access side leaves what the core's daemons and RADIUS servers send alone.
  std::vector<std::array<wire::TokenBucket, kPuntClasses>> buckets_;
  std::array<SourceBuckets, kPuntClasses> sources_;  ///< by class
  bool notice_due_ = false;  // frames are in the rings, but control has not been notified
};

}  // namespace adit::dataplane
