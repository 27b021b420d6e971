// SPDX-License-Identifier: Apache-2.0
// The route snapshots that workers forward by: the latest, and earlier ones until no worker can be using
// them. Thread: control writes, workers read the cell. Owner: the DataPlane; outlives its workers.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

#include "dataplane/path/next_hops.hpp"
#include "dataplane/worker/grace_period.hpp"

namespace adit::dataplane {

class RouteSnapshots {
 public:
  /// Where workers find the latest snapshot in each turn.
  [[nodiscard]] const NextHopsCell& cell() const { return cell_; }

  void publish(std::unique_ptr<const NextHops> hops, const ReadTurns& read_turns) {
    auto grace = GracePeriod::after([&] { cell_.store(hops.get(), std::memory_order_release); }, read_turns);
    if (latest_ != nullptr) {
      retired_.push_back({std::move(latest_), std::move(grace)});
    }
    latest_ = std::move(hops);
  }

  /// Frees the snapshots that no worker can be using.
  void reclaim(const ReadTurns& read_turns) {
    if (retired_.empty()) {
      return;
    }
    const auto turns = read_turns();
    while (!retired_.empty() && retired_.front().grace.over(turns)) {
      retired_.pop_front();
    }
  }

  [[nodiscard]] const NextHops* latest() const { return latest_.get(); }
  /// Snapshots that wait to be freed.
  [[nodiscard]] std::size_t retired() const { return retired_.size(); }

 private:
  struct Retired {
    std::unique_ptr<const NextHops> hops;
    GracePeriod grace;
  };
  NextHopsCell cell_{nullptr};
  std::unique_ptr<const NextHops> latest_;
  std::deque<Retired> retired_;  // oldest first
};

}  // namespace adit::dataplane
