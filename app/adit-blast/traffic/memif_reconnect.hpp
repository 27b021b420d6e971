// SPDX-License-Identifier: Apache-2.0
// net_memif's client connects when its device is started, and never again: after its server's port has restarted the link
// stays down until somebody stops and starts the device, which this does, as PortSupervisor restarts any: the worker lets
// go of it first. Calls stay up; what is sent meanwhile is dropped as port_restarts.
// Thread: control. Owner: the run's loop.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "app/host/port_supervisor.hpp"
#include "dataplane/ports/ports.hpp"

namespace adit::app::blast {

class MemifReconnect {
 public:
  using Clock = std::chrono::steady_clock;

  /// The supervisor and `ports`, which are its ports, must outlive it. `devices`: what each port was opened with.
  MemifReconnect(PortSupervisor& supervisor, std::span<const dataplane::OpenPort> ports,
                 std::span<const std::string> devices);

  /// Once an iteration. Looks at the links once a second, and tries until the server is back.
  void turn(Clock::time_point now);

 private:
  PortSupervisor& supervisor_;
  std::span<const dataplane::OpenPort> ports_;
  std::vector<std::size_t> clients_;  // among the ports
  Clock::time_point next_{};
};

}  // namespace adit::app::blast
