// SPDX-License-Identifier: Apache-2.0
// The running data plane: ports, their kernel interfaces, and the workers on their lcores.
// All threads but control start and end here. Thread: control. Owner: main().
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/aditd/config/config.hpp"
#include "app/aditd/operator/backend.hpp"
#include "app/host/eal.hpp"
#include "app/host/kernel_ports.hpp"
#include "app/host/mailboxes.hpp"
#include "app/host/netlink/subscriber_routes.hpp"
#include "app/host/port_steering.hpp"
#include "app/host/port_supervisor.hpp"
#include "app/host/shared_memory.hpp"
#include "app/host/xdp_maps.hpp"
#include "dataplane/call/call_memory.hpp"
#include "dataplane/ports/ports.hpp"
#include "dataplane/worker/data_plane.hpp"
#include "dataplane/worker/worker.hpp"

namespace adit::app {

class Runtime {
 public:
  /// Opens the ports, builds one worker per lcore of `eal` and launches them. The error says what failed and
  /// what to do.
  [[nodiscard]] static std::expected<std::unique_ptr<Runtime>, std::string> start(const Config& config,
                                                                                  const EalInit& eal);
  /// Stops the workers, then closes the ports. EAL is left to its owner.
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  [[nodiscard]] dataplane::DataPlane<dataplane::Worker>& data_plane() { return *data_plane_; }
  [[nodiscard]] std::uint16_t worker_count() const { return data_plane_->worker_count(); }
  [[nodiscard]] const dataplane::Worker& worker(contract::WorkerId worker) const {
    return std::as_const(*data_plane_).worker(worker);
  }
  [[nodiscard]] unsigned lcore(contract::WorkerId worker) const { return lcores_[worker.value]; }
  [[nodiscard]] const std::vector<dataplane::OpenPort>& ports() const { return ports_; }
  /// Link state and restarts of the ports.
  [[nodiscard]] PortSupervisor& port_supervisor() { return *port_supervisor_; }
  [[nodiscard]] const PortSupervisor& port_supervisor() const { return *port_supervisor_; }
  /// Kernel interfaces of ports that DPDK owns; nullptr: there are none.
  [[nodiscard]] KernelPorts* kernel_ports() { return kernel_ports_ ? &*kernel_ports_ : nullptr; }
  /// Where a prospective call's packets would arrive.
  [[nodiscard]] const control::Steering& steering() const { return *steering_; }

  /// The tables that grow with calls; the call table comes first.
  [[nodiscard]] std::vector<MemoryRow> memory() const;

  /// How many messages, frames and packets wait for a worker, and from it for control.
  [[nodiscard]] std::vector<RingDepth> rings(contract::WorkerId worker) const;

  /// Live counters of a call; nothing when its worker does not have it.
  [[nodiscard]] std::optional<contract::CallTotals> totals(const contract::CallRef& call) const;
  [[nodiscard]] std::optional<std::uint64_t> uplink_ipv6_packets(const contract::CallRef& call) const {
    return worker(call.worker).calls().uplink_ipv6_packets(call);
  }
  [[nodiscard]] contract::FirstPackets first_packets(const contract::CallRef& call) const;

  /// Workers use `hops` from their next iteration on.
  void publish(std::unique_ptr<const dataplane::NextHops> hops) {
    route_count_ = hops->route_count();
    route_octets_ = hops->octets();
    data_plane_->publish(std::move(hops));
  }

  /// Writes some of the pending routes to the kernel; true when there are more.
  bool write_subscriber_routes() { return subscriber_routes_ != nullptr && subscriber_routes_->write_some(); }
  /// nullptr: nothing is announced.
  [[nodiscard]] SubscriberRoutes* subscriber_routes() { return subscriber_routes_.get(); }
  [[nodiscard]] XdpMaps& xdp_maps() { return *xdp_; }

  /// Workers write to it to wake the control thread.
  [[nodiscard]] WorkerWake& wake() { return wake_; }

 private:
  Runtime() = default;
  [[nodiscard]] std::expected<void, std::string> open(const Config& config);
  [[nodiscard]] std::expected<void, std::string> share_with_kernel();
  [[nodiscard]] std::expected<void, std::string> announce_from(const Config& config);
  [[nodiscard]] std::expected<void, std::string> place_calls(const dataplane::Settings& settings,
                                                             std::span<const int> sockets);
  [[nodiscard]] std::expected<void, std::string> build(const Config& config);

  std::vector<unsigned> lcores_;
  bool stateful_mppe_ = false;
  WorkerWake wake_;
  std::vector<dataplane::OpenPort> ports_;
  std::unique_ptr<dataplane::KernelRings> kernel_rings_;  // none: no port punts
  std::optional<KernelPorts> kernel_ports_;
  std::optional<PortSupervisor> port_supervisor_;
  std::optional<PortSteeringView> steering_;
  std::optional<XdpMaps> xdp_;
  std::unique_ptr<SubscriberRoutes> subscriber_routes_;  // none: nothing is announced
  std::size_t route_count_ = 0;
  std::size_t route_octets_ = 0;
  std::optional<SharedMemory> call_octets_;
  std::optional<dataplane::CallMemory> call_memory_;  // a view of them
  std::unique_ptr<dataplane::DataPlane<dataplane::Worker>> data_plane_;
};

}  // namespace adit::app
