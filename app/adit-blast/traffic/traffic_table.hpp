// SPDX-License-Identifier: Apache-2.0
// The traffic's view of the calls, of one family of packets: how many each call has sent, what arrived; and the totals of
// both directions. Thread: the worker writes; any thread reads totals; control
// reads flows while the worker writes none (see TrafficWorker). Owner: the worker.
#pragma once

#include <cstdint>
#include <vector>

#include "app/adit-blast/results/histogram.hpp"
#include "app/adit-blast/traffic/flow.hpp"
#include "app/adit-blast/traffic/probe.hpp"
#include "dataplane/base/counters.hpp"

namespace adit::app::blast {

/// Totals of one direction since the last reset.
struct DirectionTotals {
  dataplane::Counter sent, sent_octets;
  dataplane::Counter received, received_octets;
  dataplane::Counter duplicated, reordered, corrupted;
  dataplane::Counter skipped,
      filled;  // positions that later packets overtook, and those that were taken after all
  Histogram latency;

  /// As far as it shows while packets are on the way: what no later packet overtook is not known to be lost.
  [[nodiscard]] std::uint64_t missing() const noexcept {
    const std::uint64_t late = filled.read();
    const std::uint64_t early = skipped.read();
    return early > late ? early - late
                        : 0;  // while the worker counts or resets, they are of different instants
  }

  void reset() noexcept {
    for (dataplane::Counter* counter : {&sent, &sent_octets, &received, &received_octets, &duplicated,
                                        &reordered, &corrupted, &skipped, &filled}) {
      counter->reset();
    }
    latency.reset();
  }
};

/// The calls that sent in one direction.
struct CallsByOutcome {
  std::uint64_t sent = 0;    ///< sent something
  std::uint64_t silent = 0;  ///< ... but nothing arrived
  std::uint64_t lossy = 0;   ///< ... but something did not arrive
};

struct Flow {
  std::uint32_t incarnation = 0;
  bool joined = false;
  bool sending = false;
  std::uint32_t at = 0;  ///< while `sending`: index into TrafficTable::senders
  std::uint32_t up_sent = 0;
  std::uint32_t down_sent = 0;
  FlowReceiver up{};
  FlowReceiver down{};
};

struct TrafficTable {
  /// Where a probe arrived, if not in the tunnel of a call.
  static constexpr std::uint32_t kAtCore = UINT32_MAX;

  /// `slots`: 0 if nothing of this family is ever sent. Slots beyond are as those of calls that do not take part.
  explicit TrafficTable(std::uint32_t slots) : flows(slots) { senders.reserve(slots); }

  std::vector<Flow> flows;             ///< indexed by slot
  std::vector<std::uint32_t> senders;  ///< slots of the calls that take part, in no particular order
  DirectionTotals up, down;
  CallsByOutcome left_up, left_down;  ///< calls that have left since the last reset
  dataplane::Counter foreign;         ///< inner packets that are not probes of this run
  dataplane::Counter stale;           ///< probes of a call that has left

  void join(std::uint32_t slot, std::uint32_t incarnation) noexcept;
  /// The call stops sending; packets in flight still count.
  void quiet(std::uint32_t slot) noexcept;
  void leave(std::uint32_t slot) noexcept;
  /// Sequence numbers and counts restart at zero. Nothing may be in flight.
  void reset() noexcept;

  /// A probe arrived, `latency_ns` after it was sent, at the core or in the tunnel of the call in this slot. In that of
  /// another call than its own it counts as corrupted.
  void on_probe(DirectionTotals& direction, FlowReceiver Flow::* receiver, const Probe& probe,
                std::uint32_t arrived_at, std::uint16_t octets, std::uint64_t latency_ns) noexcept;

  /// Of calls that have left and of those that are still here. The worker must not be writing.
  [[nodiscard]] CallsByOutcome calls_up() const noexcept { return calls(left_up, &Flow::up_sent, &Flow::up); }
  [[nodiscard]] CallsByOutcome calls_down() const noexcept {
    return calls(left_down, &Flow::down_sent, &Flow::down);
  }

 private:
  [[nodiscard]] CallsByOutcome calls(CallsByOutcome sum, std::uint32_t Flow::* sent,
                                     FlowReceiver Flow::* receiver) const noexcept;
  static void count(CallsByOutcome& sum, std::uint32_t sent, const FlowReceiver& receiver) noexcept;
};

}  // namespace adit::app::blast
