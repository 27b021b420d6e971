// SPDX-License-Identifier: Apache-2.0
// What operators can see and do: the concentrator's calls, and the workers' counters read in place.
// Thread: control; counters belong to the workers and are read without locks. Owner: the control loop.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "app/aditd/call_inquiries.hpp"
#include "app/aditd/log/log.hpp"
#include "app/aditd/operator/backend.hpp"
#include "app/aditd/operator/tracing.hpp"
#include "app/aditd/radius_service.hpp"
#include "app/aditd/runtime.hpp"
#include "app/chores.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/concentrator/concentrator.hpp"

namespace adit::app {

class OperatorView final : public OperatorBackend {
 public:
  /// What the control loop itself does for operators.
  struct Loop {
    std::function<void()>
        on_restart;  ///< a port has been taken from the workers: PortSupervisor::finish_restart()
    std::function<void(Reload, Reloaded)> reload;
    std::function<std::expected<void, std::string>(Shutdown)> shut_down;
    std::function<ControlMeasures()> measures;
  };
  /// All references outlive the view.
  OperatorView(control::Concentrator& concentrator, Runtime& runtime, control::TimerWheel& wheel,
               RadiusService& radius, Chores& chores, Loop loop, const RunningConfig& config, Log& log);

  [[nodiscard]] NextSessions sessions(control::CallPlace from) const override;
  void inspect(const control::SessionSelector& selector, Inspected done) override;
  /// A worker has answered an inspection.
  void on_call_state(const contract::CallState& state) { inquiries_.on_state(state); }
  [[nodiscard]] std::vector<control::StoryRow> stories(
      const control::StorySelector& selector) const override {
    return concentrator_.stories(selector);
  }
  [[nodiscard]] control::ConcentratorStats stats() const override;
  [[nodiscard]] const control::CallMeasures& call_measures() const override {
    return concentrator_.measures();
  }
  [[nodiscard]] ControlMeasures control_measures() const override { return loop_.measures(); }
  [[nodiscard]] std::vector<DropRow> drops() const override;
  [[nodiscard]] std::vector<WorkerRow> workers() const override;
  [[nodiscard]] std::vector<control::PoolStatus> pools() const override;
  [[nodiscard]] NextSources limited_sources() const override;
  [[nodiscard]] std::vector<BufferRow> buffers() const override;
  [[nodiscard]] std::vector<SteeringRow> steering() const override;
  [[nodiscard]] std::vector<PortRow> ports() const override;
  [[nodiscard]] RadiusStatus radius() const override { return radius_.status(); }
  void try_login(control::TrialLogin login, control::TrialLogins::Done done) override {
    radius_.try_login(std::move(login), std::move(done));
  }
  void reload(Reload how, Reloaded done) override { loop_.reload(how, std::move(done)); }
  [[nodiscard]] std::expected<void, std::string> shut_down(Shutdown how) override {
    return loop_.shut_down(how);
  }
  [[nodiscard]] const RunningConfig& config() const override { return config_; }
  [[nodiscard]] EventFeed& events() override { return log_.feed(); }
  void restart_port(const std::string& name, Restarted done) override;
  [[nodiscard]] std::vector<control::WorkerSeats> seats() const override { return concentrator_.seats(); }
  [[nodiscard]] std::vector<MemoryRow> memory() const override;
  bool use_worker(std::uint16_t worker, bool in_use) override;
  void set_rate(control::SessionSelector selector, std::optional<control::SubscriberRate> rate,
                Counted done) override;
  void terminate(control::SessionSelector selector, bool hard, const std::string& by, Counted done) override;
  [[nodiscard]] FoundCalls find_calls(const control::SessionSelector& selector) const override;
  [[nodiscard]] std::expected<std::unique_ptr<Subscription>, std::string> trace(
      const control::CallStatus& call, const TraceLimits& limits, const std::string& by,
      StreamSink& sink) override {
    return tracing_.begin(call, limits, by, sink);
  }
  void note(const Action& action) override;
  [[nodiscard]] Tracing& tracing() { return tracing_; }

 private:
  /// Goes on when the operator has gone: what was begun is done to all calls.
  void walk(control::SessionSelector selector, std::function<std::size_t(control::CallWalk&)> slice,
            Counted done);
  [[nodiscard]] Tracing::Host tracing_host();
  [[nodiscard]] SessionRow row_of(const control::CallStatus& call) const;
  [[nodiscard]] SessionInFull in_full(const control::CallDetails& details) const;
  [[nodiscard]] WorkerRow row_of(contract::WorkerId worker, std::uint64_t elapsed_cycles) const;

  control::Concentrator& concentrator_;
  Runtime& runtime_;
  const control::TimerWheel& wheel_;
  RadiusService& radius_;
  Chores& chores_;
  Loop loop_;
  const RunningConfig& config_;
  Log& log_;
  CallInquiries inquiries_;
  std::uint64_t began_;  // TSC
  Tracing tracing_;
};

}  // namespace adit::app
