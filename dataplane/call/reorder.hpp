// SPDX-License-Identifier: Apache-2.0
// Restores the order of GRE packets that overtook others, RFC 2637 §4.3: holds what follows a gap, releases
// it behind the missing packet, and gives up on a gap when the timeout, the window or the call's limit is
// reached. It works on sequence numbers alone, before decryption, so MPPE only sees increasing numbers.
// Thread: worker. Owner: Decapsulation.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "dataplane/base/counters.hpp"
#include "dataplane/call/call_table.hpp"
#include "dataplane/call/reorder_windows.hpp"

namespace adit::dataplane {

class Reorder {
 public:
  /// Everything passed by reference must outlive it.
  Reorder(ReorderWindows& windows, CallTable& calls, contract::WorkerId self,
          WorkerCounters& counters) noexcept
      : windows_(windows), calls_(calls), self_(self), counters_(counters) {}

  enum class Verdict : std::uint8_t {
    kProceed,    ///< next in sequence, or the call does not wait for what is missing
    kHeld,       ///< Reorder has taken the packet and will release it later
    kDuplicate,  ///< a duplicate of a held one
  };

  /// Call before the packets of each burst.
  void begin_burst() noexcept { ++burst_; }

  /// Decides about a packet that may be ahead of everything its call has committed.
  [[nodiscard]] Verdict evaluate(Call& call, wire::GreSeq sequence, rte_mbuf* mbuf,
                                 Milliseconds now) noexcept {
    if (!windows_.on()) {
      return Verdict::kProceed;
    }
    CallOrder& order = call.uplink.order;
    if (order.burst != burst_) {
      order.burst = burst_;
      order.next = call.window.started() ? call.window.expected() : sequence;
    }
    if (sequence == order.next && order.window == 0) {
      order.next = order.next.next();
      return Verdict::kProceed;
    }
    return evaluate_out_of_order(call, sequence, mbuf, now);
  }

  /// A packet came too late to be used.
  void on_late(Call& call, wire::GreSeq sequence) noexcept;

  // ---- release: after each burst is committed, until neither call returns any packets
  void begin_release() noexcept {
    beyond_before_ = 0;
    beyond_is_stalled_ = false;
  }
  [[nodiscard]] bool any_ready() const noexcept { return ready_count_ > 0; }
  [[nodiscard]] bool any_beyond() const noexcept { return beyond_count_ > 0; }

  struct Released {
    Call* call;
    std::span<rte_mbuf* const> packets;  ///< in order; valid until the next release
  };
  /// Held packets of one call that may proceed now; empty when there are none.
  [[nodiscard]] Released release_ready() noexcept;
  /// Packets that were too far ahead for their call's window: evaluate them again. Those before them have
  /// been released; if none could be, evaluating them gives up the gap.
  [[nodiscard]] std::span<rte_mbuf* const> release_beyond() noexcept;

  /// Marks the windows whose timeout has passed for release. Returns how many were examined.
  std::size_t expire_gaps(Milliseconds now) noexcept;

 private:
  [[nodiscard]] Verdict evaluate_out_of_order(Call& call, wire::GreSeq sequence, rte_mbuf* mbuf,
                                              Milliseconds now) noexcept;
  [[nodiscard, gnu::cold, gnu::noinline]] Verdict hold(Call& call, wire::GreSeq sequence, rte_mbuf* mbuf,
                                                       Milliseconds now) noexcept;
  [[nodiscard]] std::uint32_t hold_limit(const Call& call) const noexcept;
  void make_ready(Call& call, ReorderWindow& window, Milliseconds now) noexcept;
  [[nodiscard]] std::size_t take_held(Call& call, ReorderWindow& window) noexcept;

  ReorderWindows& windows_;
  CallTable& calls_;
  const contract::WorkerId self_;
  WorkerCounters& counters_;
  std::uint32_t burst_ = 0;
  std::array<Call*, kBurst> ready_{};  // each call at most once, so a burst of them always fits
  std::size_t ready_count_ = 0;
  std::array<rte_mbuf*, kReorderWindow> released_{};
  std::array<rte_mbuf*, kBurst> beyond_{};  // wait until their call's window is empty
  std::size_t beyond_count_ = 0;
  std::size_t beyond_before_ = 0;
  bool beyond_is_stalled_ = false;
};

}  // namespace adit::dataplane
