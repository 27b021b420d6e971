// SPDX-License-Identifier: Apache-2.0
// Counters of one worker: one writer, any reader, no lock. A reader sees each value whole and never
// decreasing, but not all values at one instant. Each counter is one row below; readers (`adit show
// counters`, metrics) use the table and need no edit.
// Thread: the worker writes, any thread reads. Owner: the worker.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dataplane/base/drop_reason.hpp"
#include "dataplane/base/limits.hpp"
#include "dataplane/base/worker_histograms.hpp"
#include "dataplane/contract/spsc_ring.hpp"

namespace adit::dataplane {

/// A counter with a single writer: a plain add that other threads may read.
class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void reset() noexcept { value_.store(0, std::memory_order_relaxed); }
  /// Acquire: a reader that afterwards checks whether the counter still belongs to the same call
  /// (CallTable::totals) really does check afterwards.
  [[nodiscard]] std::uint64_t read() const noexcept { return value_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// X(enumerator, member, name, unit, what an operator should know)
// Members lie in memory in this order, so that what a worker counts for every packet shares the first cache
// lines. Names are what operators and metrics see; once released they do not change.
#define ADIT_WORKER_COUNTERS(X)                                                                            \
  X(kLoops, loops, "loops", "loops", "passes of the poll loop")                                            \
  X(kBusyLoops, busy_loops, "busy_loops", "loops", "passes that found work")                               \
  X(kBusyCycles, busy_cycles, "busy_cycles", "cycles", "TSC cycles spent in passes that found work")       \
  X(kSleeps, sleeps, "sleeps", "sleeps", "times that the worker slept for want of work")                   \
  X(kRxPackets, rx_packets, "rx_packets", "packets", "frames received from devices")                       \
  X(kTxPackets, tx_packets, "tx_packets", "packets", "frames sent to devices")                             \
  X(kUplinkPackets, uplink_packets, "uplink_packets", "packets",                                           \
    "inner IP packets forwarded from subscribers")                                                         \
  X(kUplinkOctets, uplink_octets, "uplink_bytes", "bytes", "their size, as IP packets")                    \
  X(kDownlinkPackets, downlink_packets, "downlink_packets", "packets",                                     \
    "inner IP packets sent to subscribers")                                                                \
  X(kDownlinkOctets, downlink_octets, "downlink_bytes", "bytes", "their size, as IP packets")              \
  X(kHairpinPackets, hairpin_packets, "hairpin_packets", "packets", "from one subscriber to another")      \
  X(kPppFramesIn, ppp_frames_in, "ppp_frames_in", "frames",                                                \
    "PPP control frames passed to the control thread")                                                     \
  X(kPppFramesOut, ppp_frames_out, "ppp_frames_out", "frames",                                             \
    "PPP control frames sent for the control thread")                                                      \
  X(kBareAcks, bare_acks, "bare_acks", "packets", "GRE acknowledgements sent without data")                \
  X(kAcksOfUnsent, acks_of_unsent, "acks_of_unsent", "packets",                                            \
    "GRE acknowledgements of packets that were never sent: a sign of spoofing")                            \
  X(kSteerMiss, steer_miss, "steer_miss", "packets",                                                       \
    "received here and handed to the worker that owns the call")                                           \
  X(kInjected, injected, "injected", "packets", "frames sent for the kernel")                              \
  X(kHandedIn, handed_in, "handed_in", "packets", "taken over from other workers")                         \
  X(kNoticesLost, notices_lost, "notices_lost", "messages",                                                \
    "messages to the control thread that found its ring full")                                             \
  X(kReassembled, reassembled, "reassembled", "packets", "GRE packets put together from IPv4 fragments")   \
  X(kReordered, reordered, "reordered", "packets",                                                         \
    "received late and put back in order, as others waited for them")                                      \
  X(kHeldForReorder, reorder_held, "reorder_held", "packets", "held back until an earlier packet arrives") \
  X(kReorderGivenUp, reorder_given_up, "reorder_given_up", "gaps", "gaps that no packet filled in time")   \
  X(kReorderNoRoom, reorder_no_room, "reorder_no_room", "packets",                                         \
    "not held back, because too many calls or packets are waiting")                                        \
  X(kMppeRecoveries, mppe_recoveries, "mppe_recoveries", "packets",                                        \
    "decrypted after skipping the keys of lost ones")                                                      \
  X(kMppeResetsAsked, mppe_resets_asked, "mppe_resets_asked", "requests",                                  \
    "stateful streams that lost their place, for which a CCP reset was asked")                             \
  X(kMppeResetsAnswered, mppe_resets_answered, "mppe_resets_answered", "requests",                         \
    "stateful streams that began anew because the subscriber asked")                                       \
  X(kMppcUplinkOctets, mppc_uplink_octets, "mppc_up_bytes", "bytes",                                       \
    "compressed packets from subscribers, as they came")                                                   \
  X(kMppcUplinkPlain, mppc_uplink_plain, "mppc_up_plain_bytes", "bytes", "the same packets, decompressed") \
  X(kMppcDownlinkOctets, mppc_downlink_octets, "mppc_down_bytes", "bytes",                                 \
    "compressed packets to subscribers, as they were sent")                                                \
  X(kMppcDownlinkPlain, mppc_downlink_plain, "mppc_down_plain_bytes", "bytes",                             \
    "the same packets, before compression")                                                                \
  X(kMppcExpanded, mppc_expanded, "mppc_expanded", "packets",                                              \
    "that did not shrink, and were sent uncompressed")                                                     \
  X(kPolicedUplinkOctets, policed_uplink_octets, "policed_uplink_bytes", "bytes",                          \
    "IP packets from subscribers above their rate, dropped")                                               \
  X(kPolicedDownlinkOctets, policed_downlink_octets, "policed_downlink_bytes", "bytes",                    \
    "IP packets to subscribers above their rate, dropped")                                                 \
  X(kIcmpSent, icmp_sent, "icmp_sent", "packets", "ICMP errors and echo replies sent")                     \
  X(kMssClamped, mss_clamped, "mss_clamped", "packets", "TCP SYNs whose MSS was lowered")                  \
  X(kFragmented, fragmented, "fragmented", "packets", "inner packets sent in fragments")                   \
  X(kMessages, messages, "messages", "messages", "messages from the control thread")                       \
  X(kStaleMessages, stale_messages, "stale_messages", "messages", "messages for a call that is gone")

// Per port. `adit show ports` also shows what the kernel gets there and what its rate limits drop.
#define ADIT_PORT_COUNTERS(X)                                                                             \
  X(kReceived, packets, "received", "packets", "frames that workers received by this port")               \
  X(kSteerMiss, steer_miss, "steer_miss", "packets", "of those, handed to the worker that owns the call") \
  X(kPunted, punted, "punted", "packets", "of those, passed to the kernel")                               \
  X(kPuntsRefused, punts_refused, "punts_refused", "packets", "of those, for the kernel but too many")

struct CounterText {
  std::string_view name;
  std::string_view unit;
  std::string_view text;
};

#define X(enumerator, member, name, unit, text) enumerator,
enum class WorkerCounter : std::uint8_t { ADIT_WORKER_COUNTERS(X) };
enum class PortCounter : std::uint8_t { ADIT_PORT_COUNTERS(X) };
#undef X

#define X(enumerator, member, name, unit, text) CounterText{name, unit, text},
inline constexpr std::array kWorkerCounterTexts{ADIT_WORKER_COUNTERS(X)};
inline constexpr std::array kPortCounterTexts{ADIT_PORT_COUNTERS(X)};
#undef X

/// Values read at roughly one instant, indexed by enumerator.
template <typename Enumerator, std::size_t kSize>
struct CounterValues {
  std::array<std::uint64_t, kSize> values{};

  [[nodiscard]] constexpr std::uint64_t& operator[](Enumerator which) noexcept {
    return values[static_cast<std::size_t>(which)];
  }
  [[nodiscard]] constexpr std::uint64_t operator[](Enumerator which) const noexcept {
    return values[static_cast<std::size_t>(which)];
  }
  CounterValues& operator+=(const CounterValues& other) noexcept {
    for (std::size_t i = 0; i < kSize; ++i) {
      values[i] += other.values[i];
    }
    return *this;
  }
};
using WorkerCounterValues = CounterValues<WorkerCounter, kWorkerCounterTexts.size()>;
using PortCounterValues = CounterValues<PortCounter, kPortCounterTexts.size()>;

#define X(enumerator, member, name, unit, text) Counter member;

/// What one worker has received from one port.
struct PortArrivals {
  ADIT_PORT_COUNTERS(X)

  [[nodiscard]] PortCounterValues read() const noexcept;
};

struct alignas(contract::kFalseSharingBytes) WorkerCounters {
  ADIT_WORKER_COUNTERS(X)
  std::array<PortArrivals, kMaxPorts> arrivals;  ///< indexed by DPDK port
  std::array<Counter, kDropReasons> drops;
  WorkerHistograms histograms;

  void drop(DropReason reason, std::uint64_t packets = 1) noexcept {
    drops[static_cast<std::size_t>(reason)].add(packets);
  }
  [[nodiscard]] std::uint64_t dropped(DropReason reason) const noexcept {
    return drops[static_cast<std::size_t>(reason)].read();
  }
  [[nodiscard]] WorkerCounterValues read() const noexcept;
};
#undef X

#define X(enumerator, member, name, unit, text) member.read(),
inline PortCounterValues PortArrivals::read() const noexcept {
  return {{ADIT_PORT_COUNTERS(X)}};
}
inline WorkerCounterValues WorkerCounters::read() const noexcept {
  return {{ADIT_WORKER_COUNTERS(X)}};
}
#undef X
#undef ADIT_WORKER_COUNTERS
#undef ADIT_PORT_COUNTERS

}  // namespace adit::dataplane
