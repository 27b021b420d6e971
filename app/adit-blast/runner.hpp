// SPDX-License-Identifier: Apache-2.0
// Carries out a plan, phase by phase, on the control thread: each phase is a function that turns the loop until what it
// waits for has come. Thread: control (the EAL main lcore). Owner: main().
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/signal_set.hpp>
#include <chrono>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/adit-blast/lines/fleet.hpp"
#include "app/adit-blast/results/progress.hpp"
#include "app/adit-blast/results/results.hpp"
#include "app/host/netlink/kernel_routes.hpp"

namespace adit::app::blast {

class Runner {
 public:
  /// All references outlive the runner. `lines`: clients at most.
  Runner(const Plan& plan, std::uint32_t lines, const ClientAddresses& addresses,
         const control::ClientSettings& settings, BlastRuntime& runtime);
  ~Runner();

  /// Mirrors the kernel's routes and waits until the way to the server (and to the core) is known.
  [[nodiscard]] std::expected<void, std::string> open();

  /// All phases. SIGINT and SIGTERM end the phase that runs and skip to the tear-down; a second one ends that.
  [[nodiscard]] RunResult run();

 private:
  using Clock = std::chrono::steady_clock;

  /// Offered load that is on its way, and what had been counted when it began.
  struct Traffic {
    std::string sizes;
    TrafficMode mode = TrafficMode::kCore;
    Clock::time_point began{};
  };

  // ---- phases
  [[nodiscard]] PhaseResult run_phase(const Phase& phase);
  void set_up(const Phase& phase, PhaseResult& result);
  void hold(const Phase& phase, PhaseResult& result);
  void churn(const Phase& phase, PhaseResult& result);
  void storm(const Phase& phase, PhaseResult& result);
  void throughput(const Phase& phase, PhaseResult& result);
  void tear_down(const Phase& phase, PhaseResult& result);

  // ---- dialling
  /// Dials idle lines while rate and concurrency allow and `budget` lasts; takes what it dialled off `budget`.
  void dial_due(const Phase& phase, std::uint64_t& budget);
  [[nodiscard]] SetUpResult set_up_result(const Phase& phase, std::uint64_t wanted) const;

  // ---- traffic
  [[nodiscard]] Traffic start_traffic(const Rate& up, const Rate& down, const SizeMix& sizes);
  [[nodiscard]] TrafficResult stop_traffic(const Traffic& traffic);
  void command(TrafficCommand::Kind kind, const OfferedLoad* load = nullptr);
  void synchronise();
  [[nodiscard]] DirectionResult direction(const DirectionTotals& totals, const CallsByOutcome& calls) const;
  [[nodiscard]] ThroughputTrial trial(const Phase& phase, const SizeMix& sizes, double pps);
  [[nodiscard]] ThroughputResult search(const Phase& phase, const SizeMix& sizes);

  // ---- the loop
  /// Turns it once: time, mail, sockets; sleeps at most `wait`.
  void turn(control::Duration wait);
  /// Until `done` or `deadline`, or a signal; true when done.
  bool turn_until(const std::function<bool()>& done, Clock::time_point deadline,
                  control::Duration wait = control::Duration{5});
  void tick();
  /// Into the results and the live line, if the last one is `least` ago.
  void sample(std::chrono::milliseconds least);
  void wait_for_workers();
  void wait_for_netlink();
  void wait_for_signals();
  [[nodiscard]] double since_start() const;
  [[nodiscard]] LinkResult link_result() const;

  const Plan& plan_;
  const std::uint16_t largest_packet_;
  BlastRuntime& runtime_;
  asio::io_context io_;
  control::TimerWheel wheel_;
  Fleet fleet_;
  std::unique_ptr<KernelRoutes> routes_;
  const dataplane::NextHops* hops_ = nullptr;
  asio::posix::stream_descriptor worker_wake_;
  asio::posix::stream_descriptor netlink_;
  asio::signal_set signals_;
  Progress progress_;
  PhaseProgress phase_progress_;
  RunResult result_;
  std::deque<OfferedLoad> loads_;  // the worker may look at any that it was given
  std::uint64_t syncs_ = 0;
  std::uint32_t next_line_ = 0;  // where dial_due() looks for an idle one
  Clock::time_point started_;
  Clock::time_point phase_began_{};
  Clock::time_point dialling_since_{};
  std::uint64_t dialled_in_phase_ = 0;
  Clock::time_point sampled_{};
  std::uint64_t sampled_dialled_ = 0, sampled_up_ = 0, sampled_down_ = 0;
  int interrupts_ = 0;
};

}  // namespace adit::app::blast
