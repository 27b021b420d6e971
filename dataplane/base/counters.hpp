// SPDX-License-Identifier: Apache-2.0
// Counters of one worker: one writer, any reader, no lock. A reader sees each value whole and never going back, but
// not all of them at one instant. Thread: the worker writes, any reads. Owner: the worker.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "dataplane/base/drop_reason.hpp"
#include "dataplane/base/limits.hpp"
#include "dataplane/contract/spsc_ring.hpp"

namespace adit::dataplane {

/// A counter with a single writer: a plain add that other threads may read.
class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void reset() noexcept { value_.store(0, std::memory_order_relaxed); }
  /// Acquire: whoever then looks whether the counter still is whose it was (CallTable::totals) looks later.
  [[nodiscard]] std::uint64_t read() const noexcept { return value_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// What one worker received by one port.
struct PortArrivals {
  Counter packets;
  Counter steer_miss;     ///< of those, of calls that another worker owns
  Counter punted;         ///< of those, passed to the kernel
  Counter punts_refused;  ///< and those that were too many
};

struct alignas(contract::kFalseSharingBytes) WorkerCounters {
  Counter loops;             ///< turns of the poll loop
  Counter busy_loops;        ///< those that found work
  Counter busy_cycles;       ///< TSC cycles spent in them
  Counter sleeps;            ///< idle naps
  Counter rx_packets;        ///< frames from devices
  Counter tx_packets;        ///< frames to devices
  Counter uplink_packets;    ///< inner IP packets from subscribers, forwarded
  Counter uplink_octets;     ///< of those, inner IP octets
  Counter downlink_packets;  ///< inner IP packets to subscribers, sent
  Counter downlink_octets;   ///< of those, inner IP octets
  Counter hairpin_packets;   ///< from one subscriber to another
  Counter ppp_frames_in;     ///< PPP control frames to control
  Counter ppp_frames_out;    ///< PPP control frames from control
  Counter bare_acks;         ///< acknowledgements without data sent
  Counter acks_of_unsent;    ///< acknowledgements of what we never sent: a sign of spoofing
  Counter steer_miss;        ///< packets that arrived at another worker than their owner and were handed off
  Counter injected;          ///< the kernel's frames sent for it
  Counter handed_in;         ///< packets taken from the hand-off ring
  Counter reassembled;       ///< GRE packets put together from IPv4 fragments
  Counter reorder_held;      ///< packets that waited for one before them
  Counter reordered;         ///< packets that came late and were waited for: put right
  Counter reorder_given_up;  ///< gaps that were waited for in vain
  Counter reorder_no_room;   ///< packets that could not be held: too many calls or packets wait
  Counter mppe_recoveries;   ///< packets that skipped keys of lost ones
  Counter icmp_sent;         ///< ICMP errors and echo replies sent
  Counter mss_clamped;       ///< TCP SYNs whose MSS was lowered
  Counter fragmented;        ///< inner packets cut into fragments
  Counter messages;          ///< messages from control
  Counter stale_messages;    ///< those for a call that is gone
  Counter notices_lost;      ///< messages to control that found its ring full
  std::array<PortArrivals, kMaxPorts> arrivals;  ///< by DPDK port
  std::array<Counter, kDropReasons> drops;

  void drop(DropReason reason, std::uint64_t packets = 1) noexcept {
    drops[static_cast<std::size_t>(reason)].add(packets);
  }
  [[nodiscard]] std::uint64_t dropped(DropReason reason) const noexcept {
    return drops[static_cast<std::size_t>(reason)].read();
  }
};

}  // namespace adit::dataplane
