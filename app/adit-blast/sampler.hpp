// SPDX-License-Identifier: Apache-2.0
// Samples the state of a run five times a second, for the results and for the progress line.
// Thread: control. Owner: the runner.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include "app/adit-blast/lines/fleet.hpp"
#include "app/adit-blast/results/loss_curve.hpp"
#include "app/adit-blast/results/progress.hpp"
#include "app/adit-blast/results/results.hpp"
#include "app/adit-blast/traffic/traffic_worker.hpp"

namespace adit::app::blast {

class Sampler {
 public:
  using Clock = std::chrono::steady_clock;

  /// The references must outlive the sampler.
  Sampler(const Fleet& fleet, const TrafficWorker& worker, bool quiet);

  void begin_run();
  void begin_phase(PhaseProgress progress);
  /// The worker's traffic counters start from zero.
  void begin_traffic() {
    up_before_ = down_before_ = 0;
    losses_.begin_load();
  }

  /// Samples if the last sample is old enough.
  void sample_if_due();
  void sample();
  void finish() { progress_.finish(); }

  [[nodiscard]] PhaseProgress& phase() { return phase_; }
  [[nodiscard]] double seconds_since_start() const;
  [[nodiscard]] std::vector<Sample> take_samples() { return std::exchange(samples_, {}); }

 private:
  void sample_at(Clock::time_point now);

  const Fleet& fleet_;
  const TrafficWorker& worker_;
  Progress progress_;
  PhaseProgress phase_;
  std::vector<Sample> samples_;
  Clock::time_point started_;
  Clock::time_point phase_began_{};
  Clock::time_point sampled_{};
  std::uint64_t came_up_before_ = 0, up_before_ = 0, down_before_ = 0;  // at the last sample
  LossCurve losses_;
};

}  // namespace adit::app::blast
