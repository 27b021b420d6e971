// SPDX-License-Identifier: Apache-2.0
// Watches running ports: links that go down and come up, and restarts, which a driver (after a hardware
// reset) or the operator asks for. A restart first takes the port from the workers: they find its bit in their
// next turn, and after a grace period none can still be using it. Calls stay up. A device that does not start is tried
// again once a second until it does; who asked for the restart is told after a few times how it ended.
// Thread: control. Owner: the runtime.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/ports/ports.hpp"
#include "dataplane/worker/grace_period.hpp"

namespace adit::app {

class PortSupervisor {
 public:
  /// `read_turns` is called for the first time when a restart begins.
  PortSupervisor(std::span<dataplane::OpenPort> ports, dataplane::ReadTurns read_turns)
      : ports_(ports), read_turns_(std::move(read_turns)), states_(ports.size()) {}

  struct State {
    bool known = false;
    dataplane::Device::Link link{};
    std::uint64_t flaps = 0;     ///< times that the link went down
    std::uint64_t restarts = 0;  ///< of the device
  };
  [[nodiscard]] const State& state(std::size_t port) const { return states_[port]; }

  struct Event {
    std::size_t port = 0;   ///< index among the ports
    std::string_view what;  ///< "link_up", "link_down", "port_restarted", "port_restart_failed"
    std::string error{};
  };

  /// Once a second: reports links that changed, and begins a restart if a driver asks for one or a restart left a device
  /// stopped.
  [[nodiscard]] std::vector<Event> check();

  /// How a restart ended.
  using Done = std::function<void(const std::expected<void, std::string>& result)>;
  /// `done` is called from finish_restart(), unless this fails: no such port, or a port is being restarted.
  [[nodiscard]] std::expected<void, std::string> begin_restart(std::string_view name, Done done = {});
  [[nodiscard]] bool restarting() const { return restart_.has_value(); }
  /// Restarts once the workers have let go of the port. Empty until it has ended, call it again after wait(), and for a
  /// failure that has been told before. If the device does not start, the port stays taken from the workers.
  [[nodiscard]] std::optional<Event> finish_restart();
  /// Until finish_restart() is worth calling: a grace period is microseconds, or 200 of them for each idle worker that
  /// sleeps; what a device holds on to (a peer, a driver's reset) takes longer.
  [[nodiscard]] std::chrono::milliseconds wait() const;

  /// For WorkerSettings::paused_ports.
  [[nodiscard]] const std::atomic<std::uint32_t>& paused() const { return paused_; }

 private:
  struct Restart {
    std::size_t port = 0;
    dataplane::GracePeriod grace;
    Done done{};
    bool again = false;  ///< the last one left the device stopped
    int failures = 0;
  };
  void pause(std::size_t port, Done done);
  /// By a restart that failed.
  [[nodiscard]] bool is_stopped(std::size_t port) const;

  std::span<dataplane::OpenPort> ports_;
  dataplane::ReadTurns read_turns_;
  std::vector<State> states_;
  std::atomic<std::uint32_t> paused_{0};
  std::optional<Restart> restart_;
  std::size_t turn_ = 0;  // whose restart check() would begin first
};

}  // namespace adit::app
