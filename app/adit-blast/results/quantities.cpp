// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/results/quantities.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "app/adit-blast/results/numbers.hpp"
#include "app/table.hpp"

namespace adit::app::blast {
namespace {

/// Collects values by phase and name.
class Collector {
 public:
  void begin_phase(std::string phase) { phase_ = std::move(phase); }

  void add(std::string name, std::string_view unit, Better better, double value) {
    const auto known = std::ranges::find_if(
        quantities_, [&](const Quantity& one) { return one.phase == phase_ && one.name == name; });
    if (known != quantities_.end()) {
      known->values.push_back(value);
    } else {
      quantities_.push_back({phase_, std::move(name), std::string(unit), better, {value}});
    }
  }

  [[nodiscard]] std::vector<Quantity> take() { return std::move(quantities_); }

 private:
  std::string phase_;
  std::vector<Quantity> quantities_;
};

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole > 0 ? 100 * static_cast<double>(part) / static_cast<double>(whole) : 0;
}

void add_times(const Percentiles& times, const std::string& what, Collector& all) {
  if (times.count > 0) {
    all.add(what + " p50", "ms", Better::kLower, times.p50_ms);
    all.add(what + " p99", "ms", Better::kLower, times.p99_ms);
  }
}

void add_dials(const SetUpResult& dials, Collector& all) {
  all.add("calls up", "calls/s", Better::kHigher, dials.rate);
  add_times(dials.time, "set-up time", all);
  all.add("dials failed", "%", Better::kLower, percent(sum_of(dials.failures), dials.dialled));
}

void add_flow(const DirectionResult& flow, double seconds, const std::string& way, Collector& all) {
  if (flow.sent == 0) {
    return;
  }
  all.add(way + " received", "pps", Better::kHigher,
          seconds > 0 ? static_cast<double>(flow.received) / seconds : 0);
  all.add(way + " lost", "%", Better::kLower, percent(flow.lost, flow.sent));
  add_times(flow.latency, way + " latency", all);
}

/// What each call has cost the watched server since the run began.
void add_memory(const RunResult& run, const PhaseResult& phase, Collector& all) {
  if (phase.kind != PhaseKind::kSetUp || !phase.footprint || !run.footprint_before) {
    return;
  }
  const double calls =
      static_cast<double>(phase.footprint->calls) - static_cast<double>(run.footprint_before->calls);
  const double grown = static_cast<double>(phase.footprint->rss_octets) -
                       static_cast<double>(run.footprint_before->rss_octets);
  if (calls > 0) {
    all.add("server's memory a call", "bytes", Better::kLower, std::max(grown / calls, 0.0));
  }
}

void add_phase(const RunResult& run, const PhaseResult& phase, Collector& all) {
  if (phase.set_up) {
    add_dials(*phase.set_up, all);
  }
  if (phase.traffic) {
    const TrafficResult& traffic = *phase.traffic;
    add_flow(traffic.up, traffic.seconds, traffic.mode == TrafficMode::kEcho ? "echo" : "up", all);
    add_flow(traffic.down, traffic.seconds, "down", all);
    for (const FamilyResult& family : traffic.families) {
      const std::string of = " " + family.name();
      add_flow(family.up, traffic.seconds, (traffic.mode == TrafficMode::kEcho ? "echo" : "up") + of, all);
      add_flow(family.down, traffic.seconds, "down" + of, all);
    }
  }
  for (const ThroughputResult& search : phase.throughput) {
    all.add("throughput " + search.sizes, "pps", Better::kHigher, search.pps);
  }
  if (phase.kind != PhaseKind::kTearDown) {
    all.add("calls lost", "calls", Better::kLower, static_cast<double>(sum_of(phase.lost_calls)));
  }
  add_memory(run, phase, all);
}

}  // namespace

double Quantity::median() const {
  std::vector<double> sorted = values;
  std::ranges::sort(sorted);
  const std::size_t middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

double Quantity::least() const {
  return *std::ranges::min_element(values);
}

double Quantity::most() const {
  return *std::ranges::max_element(values);
}

double Quantity::spread_percent() const {
  const double middle = median();
  return middle > 0 ? 100 * (most() - least()) / middle : 0;
}

std::vector<Quantity> quantities_of(std::span<const RunResult> runs) {
  const bool any_whole = !std::ranges::all_of(runs, &RunResult::interrupted);
  Collector all;
  for (const RunResult& run : runs) {
    if (run.interrupted && any_whole) {
      continue;
    }
    for (std::size_t i = 0; i < run.phases.size(); ++i) {
      all.begin_phase(phase_label(run, i));
      add_phase(run, run.phases[i], all);
    }
  }
  return all.take();
}

std::vector<std::string> remarks_on_spread(std::span<const Quantity> quantities) {
  std::vector<std::string> remarks;
  for (const Quantity& one : quantities) {
    if (one.better == Better::kHigher && one.spread_percent() > kRemarkableSpread) {
      remarks.push_back(fmt::format(
          "{}, {}: the {} runs differ by {} ({} to {}); a smaller difference to another result says nothing",
          one.phase, one.name, one.values.size(), percentage(one.spread_percent(), 100),
          shown(one.least(), one.unit), shown(one.most(), one.unit)));
    }
  }
  return remarks;
}

std::string shown(double value, std::string_view unit) {
  if (unit == "ms") {
    return milliseconds(value);
  }
  if (unit == "%") {
    return percentage(value, 100);
  }
  if (unit == "bytes") {
    return human_bytes(static_cast<std::uint64_t>(std::max(value, 0.0)));
  }
  return (unit == "calls" ? with_commas(value) : decimal(value)) + ' ' + std::string(unit);
}

std::string phase_label(const RunResult& run, std::size_t index) {
  return fmt::format("{} {}", index + 1, to_text(run.phases[index].kind));
}

}  // namespace adit::app::blast
