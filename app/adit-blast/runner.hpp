// SPDX-License-Identifier: Apache-2.0
// Carries out a plan, phase by phase: each phase is a function that runs the loop until its condition is met.
// Thread: control (the EAL main lcore). Owner: main().
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "app/adit-blast/dialler.hpp"
#include "app/adit-blast/results/results.hpp"
#include "app/adit-blast/run_loop.hpp"
#include "app/adit-blast/sampler.hpp"
#include "app/adit-blast/traffic_control.hpp"

namespace adit::app::blast {

class Runner {
 public:
  /// All references must outlive the runner. `lines`: clients at most.
  Runner(const Plan& plan, std::uint32_t lines, const ClientAddresses& addresses,
         const control::ClientSettings& settings, BlastRuntime& runtime);

  /// Mirrors the kernel's routes and waits until the route to the server is known.
  [[nodiscard]] std::expected<void, std::string> open() { return loop_.open(); }

  /// Runs all phases; may be called again. SIGINT or SIGTERM ends the current phase and skips to the tear-down; a second
  /// one ends that.
  [[nodiscard]] RunResult run();
  [[nodiscard]] bool interrupted() const { return loop_.interrupts() > 0; }

 private:
  using Clock = RunLoop::Clock;

  [[nodiscard]] PhaseResult run_phase(const Phase& phase);
  void set_up(const Phase& phase, PhaseResult& result);
  void hold(const Phase& phase, PhaseResult& result);
  void churn(const Phase& phase, PhaseResult& result);
  void storm(const Phase& phase, PhaseResult& result);
  void throughput(const Phase& phase, PhaseResult& result);
  void tear_down(const Phase& phase);

  [[nodiscard]] LinkResult link_result() const;

  const Plan& plan_;
  BlastRuntime& runtime_;
  RunLoop loop_;
  Fleet& fleet_;
  Sampler sampler_;
  Dialler dialler_;
  TrafficControl traffic_;
};

}  // namespace adit::app::blast
