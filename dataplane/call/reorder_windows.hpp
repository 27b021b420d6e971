// SPDX-License-Identifier: Apache-2.0
// Where GRE packets that arrived early are held, still encrypted: a window of kReorderWindow packets, from
// the worker's pool, for each call that has a gap at the moment. What a call remembers between gaps is
// CallOrder, in the call. Reorder decides which packets are held and when they are released.
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
  std::array<rte_mbuf*, kReorderWindow> packets{};  ///< by sequence number modulo kReorderWindow, or nullptr
  Milliseconds since{};                             ///< when the first of them arrived
  std::uint16_t held = 0;
  bool give_up = false;  ///< treat what is missing as lost: release what there is
  bool ready = false;    ///< is in Reorder's list of windows to release from
};

class ReorderWindows {
 public:
  explicit ReorderWindows(contract::ReorderPolicy policy)
      : policy_(policy),
        windows_(policy.mode == contract::ReorderMode::kOff ? 0 : kReorderWindows),
        due_(policy.mode == contract::ReorderMode::kOff ? 0 : 2 * kReorderWindows) {
    for (std::size_t number = windows_.size(); number > 0; --number) {
      free_.push_back(static_cast<std::uint16_t>(number));
    }
  }
  ~ReorderWindows() {
    for (ReorderWindow& window : windows_) {
      drop_all(window);
    }
  }
  ReorderWindows(const ReorderWindows&) = delete;
  ReorderWindows& operator=(const ReorderWindows&) = delete;

  [[nodiscard]] bool on() const noexcept { return policy_.mode != contract::ReorderMode::kOff; }
  [[nodiscard]] bool always() const noexcept { return policy_.mode == contract::ReorderMode::kFixed; }
  [[nodiscard]] std::size_t octets() const noexcept {
    return windows_.size() * sizeof(ReorderWindow) + due_.octets();
  }

  /// Packets in all windows.
  [[nodiscard]] std::uint32_t held() const noexcept { return held_; }

  /// The call's window, or nullptr. A call keeps its window, even an empty one, until the timeout.
  [[nodiscard]] ReorderWindow* of(const Call& call) noexcept {
    return call.uplink.order.window == 0 ? nullptr : &windows_[call.uplink.order.window - 1U];
  }
  /// The call's window; a new one expires a timeout after `now`. nullptr when all are in use.
  [[nodiscard]] ReorderWindow* open(Call& call, const contract::CallRef& ref, Milliseconds now) noexcept {
    if (call.uplink.order.window == 0 && !free_.empty() && schedule(ref, now)) {
      call.uplink.order.window = free_.back();
      free_.pop_back();
    }
    return of(call);
  }
  /// Returns the call's window, if any, to the pool. Packets still held in it are dropped.
  void close(Call& call) noexcept {
    if (ReorderWindow* window = of(call); window != nullptr) {
      drop_all(*window);
      *window = {};
      free_.push_back(call.uplink.order.window);
      call.uplink.order.window = 0;
    }
  }

  /// `place` must be an empty one of this window.
  void put(ReorderWindow& window, rte_mbuf*& place, rte_mbuf* mbuf, Milliseconds now) noexcept {
    window.since = window.held == 0 ? now : window.since;
    place = mbuf;
    ++window.held;
    ++held_;
  }
  /// The packet with this sequence number, or nullptr.
  [[nodiscard]] rte_mbuf* take(ReorderWindow& window, std::uint32_t sequence) noexcept {
    rte_mbuf* mbuf = std::exchange(window.packets[sequence % kReorderWindow], nullptr);
    const unsigned one = mbuf == nullptr ? 0 : 1;
    window.held = static_cast<std::uint16_t>(window.held - one);
    held_ -= one;
    return mbuf;
  }

  /// A call whose window has expired; schedule() it again unless its window is closed.
  [[nodiscard]] std::optional<DueCalls::Entry> pop_due(Milliseconds now) noexcept {
    return due_.pop_due(now);
  }
  bool schedule(const contract::CallRef& ref, Milliseconds since) noexcept {
    return due_.push({ref, since + policy_.timeout_ms});
  }
  [[nodiscard]] bool is_overdue(const ReorderWindow& window, Milliseconds now) const noexcept {
    return now.reached(window.since + policy_.timeout_ms);
  }

 private:
  void drop_all(ReorderWindow& window) noexcept {
    held_ -= window.held;
    for (rte_mbuf* mbuf : window.packets) {
      rte_pktmbuf_free(mbuf);  // nullptr is allowed
    }
  }

  const contract::ReorderPolicy policy_;
  std::vector<ReorderWindow> windows_;
  std::vector<std::uint16_t> free_;  // window numbers, from 1
  DueCalls due_;
  std::uint32_t held_ = 0;
};

}  // namespace adit::dataplane
