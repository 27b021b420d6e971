// SPDX-License-Identifier: Apache-2.0
// The load generator's data plane as a running thing: ports, the worker on its lcore, mailbox, commands, the call index.
// Thread: control. Owner: main().
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/adit-blast/plan/plan.hpp"
#include "app/adit-blast/traffic/traffic_worker.hpp"
#include "app/host/eal.hpp"
#include "app/host/route_snapshots.hpp"
#include "app/host/worker_mail.hpp"
#include "app/host/xdp_maps.hpp"
#include "dataplane/call/call_index.hpp"
#include "dataplane/ports/ports.hpp"

namespace adit::app::blast {

class BlastRuntime {
 public:
  /// `slots`: calls at most. `id_host_bits`: how many of a client address' last bits do not tell call ID spaces apart
  /// (ClientAddresses). The error says what failed and what to do.
  [[nodiscard]] static std::expected<std::unique_ptr<BlastRuntime>, std::string> start(
      const Plan& plan, std::uint32_t slots, unsigned id_host_bits, contract::AckPolicy acks,
      const EalInit& eal);
  /// Stops the worker, then closes the ports. EAL is left to its owner.
  ~BlastRuntime();
  BlastRuntime(const BlastRuntime&) = delete;
  BlastRuntime& operator=(const BlastRuntime&) = delete;

  [[nodiscard]] contract::Mailbox& mailbox() { return *mailbox_; }
  [[nodiscard]] TrafficCommands& commands() { return *commands_; }
  [[nodiscard]] dataplane::CallIndex& index() { return *index_; }
  [[nodiscard]] const TrafficWorker& worker() const { return *worker_; }
  [[nodiscard]] const std::vector<dataplane::OpenPort>& ports() const { return ports_; }
  [[nodiscard]] WorkerWake& wake() { return wake_; }

  void publish(std::unique_ptr<const dataplane::NextHops> hops) { routes_.publish(std::move(hops), turns()); }
  void reclaim() { routes_.reclaim(turns()); }

 private:
  BlastRuntime() = default;
  [[nodiscard]] std::expected<void, std::string> open_ports(const Plan& plan);
  [[nodiscard]] std::vector<std::uint64_t> turns() const {
    return worker_ == nullptr ? std::vector<std::uint64_t>{} : std::vector{worker_->turns()};
  }

  WorkerWake wake_;
  std::vector<dataplane::OpenPort> ports_;
  std::optional<XdpMaps> xdp_;
  std::unique_ptr<dataplane::CallIndex> index_;
  std::unique_ptr<dataplane::HandoffRings> handoff_;
  MailboxPtr mailbox_;
  std::unique_ptr<TrafficCommands> commands_;
  RouteSnapshots routes_;
  std::unique_ptr<TrafficWorker> worker_;
};

}  // namespace adit::app::blast
