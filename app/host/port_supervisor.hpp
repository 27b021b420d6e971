// SPDX-License-Identifier: Apache-2.0
// Watches running ports: links that go down and come up, and restarts, which a driver (after a hardware
// reset) or the operator asks for. A restart first takes the port from the workers: they find its bit in their
// next turn, and after a grace period none can still be using it. Calls stay up.
// Thread: control. Owner: the runtime.
#pragma once

#include <atomic>
#include <cstdint>
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

  /// Once a second: reports links that changed, and begins a restart if a driver asks for one.
  [[nodiscard]] std::vector<Event> check();

  /// False: no such port, or another is being restarted.
  [[nodiscard]] bool begin_restart(std::string_view name);
  [[nodiscard]] bool restarting() const { return restart_.has_value(); }
  /// Restarts once the workers have let go of the port; empty until then.
  [[nodiscard]] std::optional<Event> finish_restart();

  /// For WorkerSettings::paused_ports.
  [[nodiscard]] const std::atomic<std::uint32_t>& paused() const { return paused_; }

 private:
  struct Restart {
    std::size_t port = 0;
    dataplane::GracePeriod grace;
  };
  void pause(std::size_t port);

  std::span<dataplane::OpenPort> ports_;
  dataplane::ReadTurns read_turns_;
  std::vector<State> states_;
  std::atomic<std::uint32_t> paused_{0};
  std::optional<Restart> restart_;
};

}  // namespace adit::app
