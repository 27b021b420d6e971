// SPDX-License-Identifier: Apache-2.0
// The load generator's running data plane: ports, the worker on its lcore, the commands to it.
// Thread: control. Owner: main().
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/adit-blast/plan/plan.hpp"
#include "app/adit-blast/traffic/memif_reconnect.hpp"
#include "app/adit-blast/traffic/traffic_worker.hpp"
#include "app/host/eal.hpp"
#include "app/host/mailboxes.hpp"
#include "app/host/port_supervisor.hpp"
#include "app/host/xdp_maps.hpp"
#include "dataplane/ports/ports.hpp"
#include "dataplane/worker/data_plane.hpp"

namespace adit::app::blast {

class BlastRuntime {
 public:
  /// `slots`: calls at most. `id_host_bits`: how many of a client address's last bits do not distinguish call
  /// ID spaces (ClientAddresses). The error says what failed and what to do.
  [[nodiscard]] static std::expected<std::unique_ptr<BlastRuntime>, std::string> start(
      const Plan& plan, std::uint32_t slots, unsigned id_host_bits, contract::AckPolicy acks,
      const EalInit& eal);
  /// Stops the worker, then closes the ports. EAL is left to its owner.
  ~BlastRuntime();
  BlastRuntime(const BlastRuntime&) = delete;
  BlastRuntime& operator=(const BlastRuntime&) = delete;

  /// With a single worker.
  [[nodiscard]] dataplane::DataPlane<TrafficWorker>& data_plane() { return *data_plane_; }
  [[nodiscard]] contract::Mailbox& mailbox() { return data_plane_->mailbox({0}); }
  [[nodiscard]] TrafficCommands& commands() { return *commands_; }
  [[nodiscard]] const TrafficWorker& worker() const { return data_plane_->worker({0}); }
  [[nodiscard]] const std::vector<dataplane::OpenPort>& ports() const { return ports_; }
  [[nodiscard]] WorkerWake& wake() { return wake_; }

  /// Once an iteration of the control loop.
  void tend_ports() { reconnect_->turn(MemifReconnect::Clock::now()); }
  /// Times that a port was connected to its memif server again.
  [[nodiscard]] std::uint64_t reconnects() const;

 private:
  BlastRuntime() = default;
  [[nodiscard]] std::expected<void, std::string> open_ports(const Plan& plan);

  WorkerWake wake_;
  std::vector<dataplane::OpenPort> ports_;
  std::optional<PortSupervisor> supervisor_;
  std::optional<MemifReconnect> reconnect_;
  std::optional<XdpMaps> xdp_;
  std::unique_ptr<TrafficCommands> commands_;
  std::unique_ptr<dataplane::DataPlane<TrafficWorker>> data_plane_;
};

}  // namespace adit::app::blast
