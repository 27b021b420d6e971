// SPDX-License-Identifier: Apache-2.0
// Where GRE packets wait that came ahead of others (RFC 2637 §4.3), still sealed: a window of kReorderWindow packets for
// each call that has a gap just now, from a pool of the worker's. What a call must remember while it has none is
// CallOrder, in the call. MPPE behind it sees sequence numbers that only grow.
// Thread: worker. Owner: the worker.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "dataplane/base/limits.hpp"
#include "dataplane/call/call.hpp"
#include "dataplane/call/due_calls.hpp"
#include "dataplane/contract/reorder_policy.hpp"

namespace adit::dataplane {

struct ReorderWindow {
  std::array<rte_mbuf*, kReorderWindow>
      packets{};         ///< by sequence number modulo kReorderWindow; none: nullptr
  Milliseconds since{};  ///< when the first of them came
  std::uint16_t held = 0;
  bool give_up = false;  ///< what is missing is lost: deliver what there is
  bool listed = false;   ///< to be looked at after the burst under way
};

class Reorder {
 public:
  explicit Reorder(contract::ReorderPolicy policy)
      : policy_(policy),
        windows_(policy.mode == contract::ReorderMode::kOff ? 0 : kReorderWindows),
        flushes_(policy.mode == contract::ReorderMode::kOff ? 0 : 2 * kReorderWindows) {
    for (std::size_t number = windows_.size(); number > 0; --number) {
      free_.push_back(static_cast<std::uint16_t>(number));
    }
  }
  ~Reorder() {
    for (ReorderWindow& window : windows_) {
      drop_all(window);
    }
  }
  Reorder(const Reorder&) = delete;
  Reorder& operator=(const Reorder&) = delete;

  [[nodiscard]] bool on() const noexcept { return policy_.mode != contract::ReorderMode::kOff; }
  [[nodiscard]] bool always() const noexcept { return policy_.mode == contract::ReorderMode::kFixed; }
  [[nodiscard]] std::size_t octets() const noexcept {
    return windows_.size() * sizeof(ReorderWindow) + flushes_.octets();
  }

  /// Packets in all windows.
  [[nodiscard]] std::uint32_t held() const noexcept { return held_; }

  /// The call's window, nullptr: it has none. One stays with its call until its time is over, empty or not.
  [[nodiscard]] ReorderWindow* of(const Call& call) noexcept {
    return call.uplink.order.window == 0 ? nullptr : &windows_[call.uplink.order.window - 1U];
  }
  /// One of its own, which stands in the queue for `now` and the timeout; nullptr when all are in use.
  [[nodiscard]] ReorderWindow* open(Call& call, const contract::CallRef& ref, Milliseconds now) noexcept {
    if (call.uplink.order.window == 0 && !free_.empty() && wait(ref, now)) {
      call.uplink.order.window = free_.back();
      free_.pop_back();
    }
    return of(call);
  }
  /// Gives it back; what is held in it is lost.
  void close(Call& call) noexcept {
    if (ReorderWindow* window = of(call); window != nullptr) {
      drop_all(*window);
      *window = {};
      free_.push_back(call.uplink.order.window);
      call.uplink.order.window = 0;
    }
  }

  /// `place` is one of the window's, and empty.
  void put(ReorderWindow& window, rte_mbuf*& place, rte_mbuf* mbuf, Milliseconds now) noexcept {
    window.since = window.held == 0 ? now : window.since;
    place = mbuf;
    ++window.held;
    ++held_;
  }
  /// What stands for `sequence`, or nullptr.
  [[nodiscard]] rte_mbuf* take(ReorderWindow& window, std::uint32_t sequence) noexcept {
    rte_mbuf* mbuf = std::exchange(window.packets[sequence % kReorderWindow], nullptr);
    const unsigned one = mbuf == nullptr ? 0 : 1;
    window.held = static_cast<std::uint16_t>(window.held - one);
    held_ -= one;
    return mbuf;
  }

  /// A call whose window's time is over; its next look is due by wait() again.
  [[nodiscard]] std::optional<DueCalls::Entry> pop_due(Milliseconds now) noexcept {
    return flushes_.pop_due(now);
  }
  bool wait(const contract::CallRef& ref, Milliseconds since) noexcept {
    return flushes_.push({ref, since + policy_.timeout_ms});
  }
  [[nodiscard]] bool is_over(const ReorderWindow& window, Milliseconds now) const noexcept {
    return now.reached(window.since + policy_.timeout_ms);
  }

 private:
  void drop_all(ReorderWindow& window) noexcept {
    held_ -= window.held;
    for (rte_mbuf* mbuf : window.packets) {
      rte_pktmbuf_free(mbuf);  // nullptr is well
    }
  }

  const contract::ReorderPolicy policy_;
  std::vector<ReorderWindow> windows_;
  std::vector<std::uint16_t> free_;  // numbers from 1
  DueCalls flushes_;
  std::uint32_t held_ = 0;
};

}  // namespace adit::dataplane
