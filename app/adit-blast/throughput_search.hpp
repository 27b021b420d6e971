// SPDX-License-Identifier: Apache-2.0
// Throughput, RFC 2544 §26.1: the highest rate whose loss is within the limit, found by trials.
// Thread: control. Owner: a phase of the runner.
#pragma once

#include "app/adit-blast/traffic_control.hpp"

namespace adit::app::blast {

class ThroughputSearch {
 public:
  /// The references must outlive the search.
  ThroughputSearch(const Plan& plan, const Phase& phase, RunLoop& loop, TrafficControl& traffic,
                   Sampler& sampler)
      : plan_(plan), phase_(phase), loop_(loop), traffic_(traffic), sampler_(sampler) {}

  /// Ends early on a signal.
  [[nodiscard]] ThroughputResult run(const SizeMix& sizes);

 private:
  [[nodiscard]] ThroughputTrial attempt(const SizeMix& sizes, double pps);

  const Plan& plan_;
  const Phase& phase_;
  RunLoop& loop_;
  TrafficControl& traffic_;
  Sampler& sampler_;
};

}  // namespace adit::app::blast
