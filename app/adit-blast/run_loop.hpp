// SPDX-License-Identifier: Apache-2.0
// A run's event loop: timers, the worker's messages, the fleet's sockets, the kernel's routes, signals. A
// phase runs it until its condition is met.
// Thread: control (the EAL main lcore). Owner: the runner.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>

#include "app/adit-blast/lines/fleet.hpp"
#include "app/host/background_threads.hpp"
#include "app/host/event_loop.hpp"

namespace adit::app::blast {

class RunLoop {
 public:
  using Clock = std::chrono::steady_clock;

  /// All references must outlive the loop. `lines`: clients at most. `settings`: without a background, which is the loop's.
  RunLoop(const Plan& plan, std::uint32_t lines, const ClientAddresses& addresses,
          control::ClientSettings settings, BlastRuntime& runtime);

  /// Mirrors the kernel's routes and waits until the route to the server is known.
  [[nodiscard]] std::expected<void, std::string> open();

  [[nodiscard]] Fleet& fleet() { return fleet_; }
  [[nodiscard]] const BackgroundThreads& background() const { return background_; }
  /// How many times SIGINT or SIGTERM has arrived.
  [[nodiscard]] int interrupts() const { return interrupts_; }

  /// One iteration; sleeps at most `wait`.
  void run_once(control::Duration wait);
  /// Until `done`, `deadline` or a signal; true if done.
  bool run_until(const std::function<bool()>& done, Clock::time_point deadline,
                 control::Duration wait = control::Duration{5});

  /// Called after each iteration, if set.
  std::function<void()> after_iteration;

 private:
  const Plan& plan_;
  BlastRuntime& runtime_;
  control::TimerWheel wheel_;
  EventLoop loop_;
  BackgroundThreads background_;
  control::ClientSettings settings_;
  Fleet fleet_;
  const dataplane::NextHops* hops_ = nullptr;
  int interrupts_ = 0;
};

}  // namespace adit::app::blast
