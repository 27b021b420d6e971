// SPDX-License-Identifier: Apache-2.0
#include "dataplane/call/reorder.hpp"

#include <algorithm>
#include <utility>

namespace adit::dataplane {

// ---- holding -------------------------------------------------------------------------------------------------------

Reorder::Verdict Reorder::evaluate_out_of_order(Call& call, wire::GreSeq sequence, rte_mbuf* mbuf,
                                                Milliseconds now) noexcept {
  CallOrder& order = call.uplink.order;
  const std::int32_t gap = sequence.distance_from(order.next);
  if (gap < 0 || gap >= static_cast<std::int32_t>(kGreReach)) {
    // Late, a duplicate within this burst, or forged: commit will tell. If forged, it must not end the waiting.
    return Verdict::kProceed;
  }
  ReorderWindow* window = windows_.of(call);
  if (gap == 0) {
    order.next = order.next.next();
    if (window != nullptr && window->held > 0) {
      counters_.reordered.add();
      order.credit = kReorderCredit;
      order.depth = std::max(order.depth, static_cast<std::uint8_t>(window->held));
      make_ready(call, *window, now);
    }
    return Verdict::kProceed;
  }
  if (gap < kReorderWindow && (windows_.always() || order.credit > 0)) {
    if (const Verdict verdict = hold(call, sequence, mbuf, now); verdict != Verdict::kProceed) {
      return verdict;
    }
  }
  if (window == nullptr || window->held == 0) {
    order.next = sequence.next();
    return Verdict::kProceed;
  }
  // Too far ahead for this window: the packets before it have to go first.
  window->give_up = window->give_up || beyond_is_stalled_;
  make_ready(call, *window, now);
  beyond_[beyond_count_++] = mbuf;
  return Verdict::kHeld;
}

/// kProceed: there is no room to hold it.
Reorder::Verdict Reorder::hold(Call& call, wire::GreSeq sequence, rte_mbuf* mbuf, Milliseconds now) noexcept {
  ReorderWindow* window =
      windows_.held() < kReorderHeld ? windows_.open(call, calls_.ref_of(call, self_), now) : nullptr;
  if (window == nullptr) {
    counters_.reorder_no_room.add();
    return Verdict::kProceed;
  }
  rte_mbuf*& place = window->packets[sequence.value % kReorderWindow];
  if (place != nullptr) {
    return Verdict::kDuplicate;
  }
  windows_.put(*window, place, mbuf, now);
  counters_.reorder_held.add();
  if (window->held >= hold_limit(call)) {
    make_ready(call, *window, now);
  }
  return Verdict::kHeld;
}

/// How many packets are held behind a gap before it is given up. Adaptive: twice what was ever needed; a
/// longer gap is a loss, which no waiting repairs.
std::uint32_t Reorder::hold_limit(const Call& call) const noexcept {
  return windows_.always() ? kReorderWindow - 1U : 2U * call.uplink.order.depth + 2;
}

/// Adaptive: had the call waited, this packet would have been in time, so it waits for the next gap. Not if it is late
/// at the window's other place: that may be anywhere, also ahead.
void Reorder::on_late(Call& call, wire::GreSeq sequence) noexcept {
  const std::int32_t behind = call.window.highest().distance_from(sequence);
  if (windows_.on() && behind > 0 && behind < kReorderWindow) {
    call.uplink.order.credit = kReorderCredit;
    call.uplink.order.depth = std::max(call.uplink.order.depth, static_cast<std::uint8_t>(behind));
  }
}

// ---- releasing -----------------------------------------------------------------------------------------------------

void Reorder::make_ready(Call& call, ReorderWindow& window, Milliseconds now) noexcept {
  if (!std::exchange(window.ready, true)) {
    counters_.histograms.reorder_wait.observe(now.since(window.since));
    ready_[ready_count_++] = &call;
  }
}

Reorder::Released Reorder::release_ready() noexcept {
  Call& call = *ready_[ready_count_ - 1];
  std::size_t count = 0;
  if (ReorderWindow* window = windows_.of(call); window != nullptr) {
    count = take_held(call, *window);
    window->ready = count > 0;  // to be examined again when these are committed
  }
  ready_count_ -= count == 0 ? 1 : 0;
  return {&call, {released_.data(), count}};
}

/// The packets that follow the last committed one without a gap; all of them once the gap is given up.
std::size_t Reorder::take_held(Call& call, ReorderWindow& window) noexcept {
  const std::uint32_t first = call.window.expected().value;
  const bool give_up = std::exchange(window.give_up, false);
  bool skipped = false;
  std::size_t count = 0;
  for (std::uint32_t at = first; at != first + kReorderWindow && window.held > 0; ++at) {
    rte_mbuf* mbuf = windows_.take(window, at);
    if (mbuf == nullptr && !give_up && !skipped && window.held < hold_limit(call)) {
      break;
    }
    if (mbuf == nullptr) {
      skipped = true;
    } else {
      released_[count++] = mbuf;
    }
  }
  if (skipped) {
    CallOrder& order = call.uplink.order;
    counters_.reorder_given_up.add();
    order.credit = static_cast<std::uint8_t>(order.credit - (order.credit > 0 ? 1 : 0));
  }
  return count;
}

std::span<rte_mbuf* const> Reorder::release_beyond() noexcept {
  const std::size_t count = std::exchange(beyond_count_, 0);
  beyond_is_stalled_ = std::exchange(beyond_before_, count) == count;
  return {beyond_.data(), count};
}

std::size_t Reorder::expire_gaps(Milliseconds now) noexcept {
  std::size_t looked_at = 0;
  while (windows_.on() && looked_at < kReorderFlushesPerLoop) {
    const auto due = windows_.pop_due(now);
    if (!due) {
      break;
    }
    ++looked_at;
    Call* call = calls_.find(due->call);
    ReorderWindow* window = call == nullptr ? nullptr : windows_.of(*call);
    if (window == nullptr) {
      continue;  // the call has ended, or has closed this window
    }
    if (window->held == 0) {
      windows_.close(*call);
    } else if (windows_.is_overdue(*window, now)) {
      window->give_up = true;
      make_ready(*call, *window, now);
      windows_.schedule(due->call, now);
    } else {
      windows_.schedule(due->call, window->since);  // a later gap than the one it was opened for
    }
  }
  return looked_at;
}

}  // namespace adit::dataplane
