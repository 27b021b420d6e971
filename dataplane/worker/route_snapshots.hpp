// SPDX-License-Identifier: Apache-2.0
// The route snapshots that workers forward by: the latest, and earlier ones until no worker can be using
// them. Thread: control writes, workers read the cell. Owner: the DataPlane; outlives its workers.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/path/next_hops.hpp"

namespace adit::dataplane {

class RouteSnapshots {
 public:
  /// Where workers find the latest snapshot in each iteration.
  [[nodiscard]] const NextHopsCell& cell() const { return cell_; }

  /// `iterations`: the current iteration count of each worker.
  void publish(std::unique_ptr<const NextHops> hops, std::vector<std::uint64_t> iterations) {
    cell_.store(hops.get(), std::memory_order_release);
    if (latest_ != nullptr) {
      retired_.push_back({std::move(latest_), std::move(iterations)});
    }
    latest_ = std::move(hops);
  }

  /// Frees the snapshots that no worker can be using: two iterations later, a worker has finished the one in
  /// which it may have loaded the old pointer (see NextHopsCell).
  void reclaim(std::span<const std::uint64_t> iterations) {
    std::erase_if(retired_, [&](const Retired& retired) {
      for (std::size_t w = 0; w < iterations.size(); ++w) {
        if (iterations[w] - retired.iterations[w] < 2) {
          return false;
        }
      }
      return true;
    });
  }

 private:
  struct Retired {
    std::unique_ptr<const NextHops> hops;
    std::vector<std::uint64_t> iterations;
  };
  NextHopsCell cell_{nullptr};
  std::unique_ptr<const NextHops> latest_;
  std::vector<Retired> retired_;
};

}  // namespace adit::dataplane
