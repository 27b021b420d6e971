// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/throughput_search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/adit-blast/results/limit.hpp"

namespace adit::app::blast {
namespace {

/// The fraction of a trial's rate that goes up; the rest goes down. A direction that is not wanted gets
/// nothing.
double share_up(const Phase& phase, TrafficMode mode) {
  if (mode == TrafficMode::kEcho || !has_rate(phase.down)) {
    return 1;
  }
  return has_rate(phase.up) ? 0.5 : 0;
}

}  // namespace

ThroughputTrial ThroughputSearch::attempt(const SizeMix& sizes, double pps) {
  const double up = share_up(phase_, plan_.traffic);
  const TrafficControl::Offered offered =
      traffic_.start({.per_second = pps * up}, {.per_second = pps * (1 - up)}, sizes, phase_.families);
  loop_.run_until([] { return false; }, RunLoop::Clock::now() + phase_.duration);
  const TrafficResult result = traffic_.stop(offered);
  const auto sent = static_cast<double>(result.up.sent + result.down.sent);
  ThroughputTrial trial;
  trial.offered_pps = pps;
  trial.achieved_pps = sent / result.seconds;
  trial.lost = result.up.lost + result.down.lost;
  trial.loss = sent > 0 ? static_cast<double>(trial.lost) / sent : 1;
  trial.generator = result.generator;
  trial.passed = trial.loss <= phase_.loss_limit && trial.achieved_pps >= pps * kOfferedShare;
  return trial;
}

ThroughputResult ThroughputSearch::run(const SizeMix& wanted) {
  constexpr double kFirst = 4000;
  constexpr double kLeast = 50;
  constexpr double kResolution = 1.05;
  const SizeMix sizes = traffic_.carried(wanted);
  ThroughputResult result;
  result.mode = plan_.traffic;
  result.impaired = plan_.impairment.any();
  result.most_pps = offered_pps(phase_.up, phase_.down, mean_size(sizes));
  const double most = result.most_pps > 0 ? result.most_pps : std::numeric_limits<double>::infinity();
  result.sizes = sizes.name;
  result.loss_limit = phase_.loss_limit;
  double low = 0, high = 0;
  const auto try_rate = [&](double pps) {
    sampler_.phase().note = sizes.name + ", trial " + std::to_string(result.trials.size() + 1) + " at " +
                            std::to_string(static_cast<std::uint64_t>(pps)) + " pps";
    result.trials.push_back(attempt(sizes, pps));
    (result.trials.back().passed ? low : high) = pps;
  };
  for (double pps = std::min(kFirst, most); high == 0 && low < most && loop_.interrupts() == 0;
       pps = std::min(pps * 2, most)) {
    try_rate(pps);
  }
  for (double pps = high / 2; low == 0 && pps > kLeast && loop_.interrupts() == 0; pps /= 2) {
    try_rate(pps);
  }
  while (low > 0 && high / low > kResolution && loop_.interrupts() == 0) {
    try_rate(std::sqrt(low * high));
  }
  result.pps = low;
  result.mbps = low * mean_size(sizes) * 8 / 1e6;
  return result;
}

}  // namespace adit::app::blast
