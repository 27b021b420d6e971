// SPDX-License-Identifier: Apache-2.0
// Says in the log that an address pool runs low, before a client is refused, and when it no longer does. O(pools).
// Thread: control. Owner: the control loop.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/base/event_log.hpp"
#include "controlplane/concentrator/resources/pool_status.hpp"

namespace adit::app {

class PoolWatch {
 public:
  /// Low: fewer than this many of a hundred can be given out. Not low any more: twice as many.
  static constexpr int kLowPercent = 5;

  explicit PoolWatch(control::EventLog& log) : log_(log) {}

  /// Call about once a second.
  void look(const std::vector<control::PoolStatus>& pools) {
    for (const control::PoolStatus& pool : pools) {
      const std::uint64_t left =
          pool.available + pool.quarantined;  // which is given out when nothing else is left
      const Which which(pool.use, pool.name);
      const int most = (low_.contains(which) ? 2 : 1) * kLowPercent;
      const bool low = static_cast<double>(left) * 100 < static_cast<double>(pool.total) * most;
      if (low != low_.contains(which)) {
        low ? (void)low_.insert(which) : (void)low_.erase(which);
        say(pool, left, low);
      }
    }
  }

 private:
  using Which = std::pair<std::optional<control::Ipv6Use>, std::string>;

  void say(const control::PoolStatus& pool, std::uint64_t left, bool low) {
    log_.event(low ? control::Severity::kWarning : control::Severity::kInfo,
               low ? "pool_low" : "pool_recovered",
               {{"pool", pool.name},
                {"use", pool.use ? std::string(to_text(*pool.use)) : ""},
                {"available", std::to_string(left)},
                {"used", std::to_string(pool.used)},
                {"total", std::to_string(pool.total)},
                {"remedy", !low       ? ""
                           : pool.use ? "give its [[ipv6-pool]] a shorter prefix"
                                      : "add ranges to its [[ip-pool]]"}});
  }

  control::EventLog& log_;
  std::set<Which> low_;
};

}  // namespace adit::app
