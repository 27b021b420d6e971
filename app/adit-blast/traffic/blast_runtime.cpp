// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/traffic/blast_runtime.hpp"

#include <rte_lcore.h>

#include <array>

#include "app/host/host_ports.hpp"

namespace adit::app::blast {

using dataplane::PortRole;

std::expected<std::unique_ptr<BlastRuntime>, std::string> BlastRuntime::start(const Plan& plan,
                                                                              std::uint32_t slots,
                                                                              unsigned id_host_bits,
                                                                              contract::AckPolicy acks,
                                                                              const EalInit& eal) {
  std::unique_ptr<BlastRuntime> runtime(new BlastRuntime());
  auto wake = WorkerWake::open();
  if (!wake) {
    return std::unexpected(std::move(wake.error()));
  }
  runtime->wake_ = std::move(*wake);
  if (auto opened = runtime->open_ports(plan); !opened) {
    return std::unexpected(std::move(opened.error()));
  }
  const unsigned lcore = eal.worker_lcores.front();
  const std::array lcores{lcore};
  runtime->commands_ = std::make_unique<TrafficCommands>();
  const TrafficSettings traffic{.impairment = plan.impairment,
                                .seed = plan.seed,
                                .payload = plan.payload,
                                .core = plan.core_address,
                                .core6 = plan.core_address6,
                                .has_ipv6 = plan.ipv6 != control::Ipv6Policy::kDeny};
  auto built = dataplane::DataPlane<TrafficWorker>::create(
      {.max_calls = slots, .acks = acks},
      {.sockets = {static_cast<int>(rte_lcore_to_socket_id(lcore))},
       .ports = dataplane::queues_of(runtime->ports_),
       .pool = runtime->ports_.front().pool,
       .id_host_bits = id_host_bits,
       .control_wake_fd = runtime->wake_.fd(),
       .paused_ports = &runtime->supervisor_->paused()},
      traffic, *runtime->commands_);
  if (!built) {
    return std::unexpected(std::move(built.error()));
  }
  runtime->data_plane_ = std::move(*built);
  if (auto launched = runtime->data_plane_->launch(lcores); !launched) {
    return std::unexpected(std::move(launched.error()));
  }
  return runtime;
}

std::expected<void, std::string> BlastRuntime::open_ports(const Plan& plan) {
  std::vector<dataplane::PortSettings> settings{plan.access};
  const bool one_port = !plan.core && !plan.core_address.is_none();
  settings.front().role = one_port ? PortRole::kBoth : PortRole::kAccess;
  if (plan.core) {
    settings.push_back(*plan.core);
    settings.back().role = PortRole::kCore;
  }
  auto opened = open_host_ports(settings, 1);
  if (!opened) {
    return std::unexpected(std::move(opened.error()));
  }
  ports_ = std::move(*opened);
  std::vector<std::string> devices;
  for (const dataplane::PortSettings& port : settings) {
    devices.push_back(port.device);
  }
  supervisor_.emplace(ports_, [this] { return data_plane_->iterations(); });
  reconnect_.emplace(*supervisor_, ports_, devices);
  const std::array clients{wire::Ipv4Prefix{.address = plan.clients.address, .length = plan.clients.length}};
  std::vector<wire::Ipv4Prefix> core;
  if (!plan.core_address.is_none()) {
    core.push_back({.address = plan.core_address, .length = 32});
  }
  std::vector<wire::Ipv6Prefix> core6;
  if (!plan.core_address6.is_none()) {
    core6.push_back({.address = plan.core_address6, .length = 128});
  }
  auto maps = XdpMaps::fill(ports_, clients, core, core6);
  if (!maps) {
    return std::unexpected(std::move(maps.error()));
  }
  xdp_ = std::move(*maps);
  return {};
}

std::uint64_t BlastRuntime::reconnects() const {
  std::uint64_t sum = 0;
  for (std::size_t port = 0; port < ports_.size(); ++port) {
    sum += supervisor_->state(port).restarts;
  }
  return sum;
}

BlastRuntime::~BlastRuntime() {
  data_plane_.reset();
  dataplane::close_ports(ports_);
}

}  // namespace adit::app::blast
