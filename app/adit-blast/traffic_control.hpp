// SPDX-License-Identifier: Apache-2.0
// Starts and stops the load, and collects what arrived: a phase's interface to the traffic worker.
// Thread: control. Owner: the runner.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "app/adit-blast/generator_meter.hpp"
#include "app/adit-blast/results/results.hpp"
#include "app/adit-blast/run_loop.hpp"
#include "app/adit-blast/sampler.hpp"
#include "app/adit-blast/traffic/offered_load.hpp"

namespace adit::app::blast {

class TrafficControl {
 public:
  using Clock = std::chrono::steady_clock;

  /// The references must outlive it. `largest_packet`: the largest that the calls carry; sizes are cut to it.
  TrafficControl(const Plan& plan, std::uint16_t largest_packet, RunLoop& loop, BlastRuntime& runtime,
                 Sampler& sampler);

  /// A load being offered.
  struct Offered {
    std::string sizes;
    Families families = Families::kIpv4;
    TrafficMode mode = TrafficMode::kCore;
    double pps = 0;  ///< both directions together; 0: as many as can be sent
    Clock::time_point began{};
    CompressionResult compressed{};  ///< until then
  };
  /// Waits until every call that is up takes part.
  [[nodiscard]] Offered start(const Rate& up, const Rate& down, const SizeMix& sizes, Families families);
  /// Empty if the phase wants no traffic.
  [[nodiscard]] std::optional<Offered> start(const Phase& phase);
  /// Waits until everything that will arrive has arrived.
  [[nodiscard]] TrafficResult stop(const Offered& offered);

  /// As the calls can carry them.
  [[nodiscard]] SizeMix carried(const SizeMix& sizes) const { return cut(sizes, largest_packet_); }

 private:
  void command(TrafficCommand::Kind kind, const OfferedLoad* load = nullptr);
  void push(const TrafficCommand& command);
  void synchronise();
  void wait_for_silence();

  const Plan& plan_;
  const std::uint16_t largest_packet_;
  RunLoop& loop_;
  BlastRuntime& runtime_;
  Sampler& sampler_;
  GeneratorMeter meter_;
  std::deque<OfferedLoad> loads_;  // the worker may look at any that it was given
  std::uint64_t syncs_ = 0;
};

}  // namespace adit::app::blast
