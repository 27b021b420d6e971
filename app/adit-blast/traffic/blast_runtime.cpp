// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/traffic/blast_runtime.hpp"

#include <rte_launch.h>
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
  const std::array sockets{static_cast<int>(rte_lcore_to_socket_id(lcore))};
  runtime->index_ = std::make_unique<dataplane::CallIndex>(id_host_bits);
  runtime->handoff_ = std::make_unique<dataplane::HandoffRings>(sockets);
  runtime->mailbox_ = make_mailbox(sockets[0]);
  runtime->commands_ = std::make_unique<TrafficCommands>();
  if (runtime->mailbox_ == nullptr) {
    return std::unexpected("no DPDK memory for a mailbox; give more with `-- -m MEGABYTES`");
  }
  TrafficWorkerSettings settings;
  settings.slots = slots;
  for (const dataplane::OpenPort& open : runtime->ports_) {
    dataplane::WorkerPort port{.port = open.port, .rx_queues = {}, .tx_queue = 0, .transmitter = {}};
    for (std::uint16_t queue = 0; queue < open.rx_queues; ++queue) {
      port.rx_queues.push_back(queue);
    }
    settings.ports.push_back(std::move(port));
  }
  settings.pool = runtime->ports_.front().pool;
  settings.acks = acks;
  settings.impairment = plan.impairment;
  settings.seed = plan.seed;
  settings.core = plan.core_address;
  settings.control_wake_fd = runtime->wake_.fd();
  auto worker = TrafficWorker::create(std::move(settings), *runtime->index_, *runtime->mailbox_,
                                      *runtime->commands_, runtime->routes_.cell(), *runtime->handoff_);
  if (!worker) {
    return std::unexpected(std::move(worker.error()));
  }
  runtime->worker_ = std::move(*worker);
  if (rte_eal_remote_launch(&TrafficWorker::launch, runtime->worker_.get(), lcore) != 0) {
    return std::unexpected("cannot launch the worker on lcore " + std::to_string(lcore));
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
  const std::array clients{wire::Ipv4Prefix{.address = plan.clients.address, .length = plan.clients.length}};
  std::vector<wire::Ipv4Prefix> core;
  if (!plan.core_address.is_none()) {
    core.push_back({.address = plan.core_address, .length = 32});
  }
  auto maps = XdpMaps::fill(ports_, clients, core);
  if (!maps) {
    return std::unexpected(std::move(maps.error()));
  }
  xdp_ = std::move(*maps);
  return {};
}

BlastRuntime::~BlastRuntime() {
  if (worker_ != nullptr) {
    worker_->stop();
    rte_eal_mp_wait_lcore();
    worker_.reset();
  }
  handoff_.reset();
  dataplane::close_ports(ports_);
}

}  // namespace adit::app::blast
