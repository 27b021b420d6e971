// SPDX-License-Identifier: Apache-2.0
// Says in the log that an address pool runs low, before a client is refused, and when it no longer does. O(pools).
// Thread: control. Owner: the control loop.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "controlplane/base/event_log.hpp"
#include "controlplane/concentrator/resources/address_pool.hpp"

namespace adit::app {

class PoolWatch {
 public:
  /// Low: fewer than this many of a hundred can be given out. Not low any more: twice as many.
  static constexpr std::uint64_t kLowPercent = 5;

  explicit PoolWatch(control::EventLog& log) : log_(log) {}

  /// Call about once a second.
  void look(const std::vector<control::PoolStatus>& pools) {
    for (const control::PoolStatus& pool : pools) {
      const std::uint64_t left =
          pool.available + pool.quarantined;  // which is given out when nothing else is left
      const std::uint64_t most = (low_.contains(pool.name) ? 2 : 1) * kLowPercent * pool.total;
      if (const bool low = left * 100 < most; low != low_.contains(pool.name)) {
        low ? (void)low_.insert(pool.name) : (void)low_.erase(pool.name);
        say(pool, left, low);
      }
    }
  }

 private:
  void say(const control::PoolStatus& pool, std::uint64_t left, bool low) {
    log_.event(low ? control::Severity::kWarning : control::Severity::kInfo,
               low ? "pool_low" : "pool_recovered",
               {{"pool", pool.name},
                {"available", std::to_string(left)},
                {"used", std::to_string(pool.used)},
                {"total", std::to_string(pool.total)},
                {"remedy", low ? "add ranges to its [[ip-pool]]" : ""}});
  }

  control::EventLog& log_;
  std::set<std::string, std::less<>> low_;
};

}  // namespace adit::app
