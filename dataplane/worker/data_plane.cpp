// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/data_plane.hpp"

#include <rte_launch.h>
#include <rte_malloc.h>

#include <algorithm>
#include <new>

#include "crypto/secret.hpp"
#include "dataplane/ports/ports.hpp"

namespace adit::dataplane {

std::vector<PortQueues> queues_of(std::span<const OpenPort> ports) {
  std::vector<PortQueues> queues;
  for (const OpenPort& open : ports) {
    queues.push_back({.port = open.port, .rx_queues = open.rx_queues, .tx_queues = open.tx_queues});
  }
  return queues;
}

CallTablesShape call_tables_shape(const Settings& settings, std::uint16_t workers) noexcept {
  return {.workers = workers,
          .slots = (settings.max_calls + workers - 1) / workers,
          .stateful_mppe = settings.stateful_mppe};
}

DataPlaneCore::DataPlaneCore(const Settings& settings, DataPlaneResources resources)
    : settings_(settings),
      resources_(std::move(resources)),
      slots_per_worker_(call_tables_shape(settings_, worker_count()).slots),
      mppc_histories_per_worker_(std::min(settings_.mppc_histories / worker_count(), slots_per_worker_)),
      index_(resources_.id_host_bits, settings_.max_calls),
      rings_(resources_.sockets) {}

bool DataPlaneCore::fits_call_memory() const noexcept {
  return resources_.call_memory == nullptr ||
         resources_.call_memory->shape() == call_tables_shape(settings_, worker_count());
}

/// Messages that no worker has read may contain keys, and frames passwords.
void DataPlaneCore::ReleaseMailbox::operator()(contract::Mailbox* mailbox) const {
  crypto::wipe(static_cast<void*>(mailbox), sizeof *mailbox);
  rte_free(mailbox);
}

bool DataPlaneCore::add_mailbox() {
  const int socket = resources_.sockets[mailboxes_.size()];
  void* memory =
      rte_malloc_socket("adit_mailbox", sizeof(contract::Mailbox), alignof(contract::Mailbox), socket);
  if (memory == nullptr) {
    return false;
  }
  mailboxes_.emplace_back(new (memory) contract::Mailbox());
  mailbox_list_.push_back(mailboxes_.back().get());
  return true;
}

contract::TraceRing& DataPlaneCore::trace_ring(contract::WorkerId worker) {
  trace_rings_.resize(worker_count());
  std::unique_ptr<contract::TraceRing>& ring = trace_rings_[worker.value];
  if (ring == nullptr) {
    ring = contract::TraceRing::create();
  }
  return *ring;
}

WorkerSettings DataPlaneCore::settings_of(std::uint16_t worker) const {
  WorkerSettings settings;
  settings.id = contract::WorkerId{worker};
  settings.socket = resources_.sockets[worker];
  settings.slots = slots_per_worker_;
  settings.mppc_histories = mppc_histories_per_worker_;
  if (resources_.call_memory != nullptr) {
    settings.call_memory = resources_.call_memory->table(settings.id);
  }
  settings.pool = resources_.pool;
  settings.data_plane = settings_;
  settings.control_wake_fd = resources_.control_wake_fd;
  settings.kernel = resources_.kernel;
  settings.paused_ports = resources_.paused_ports;
  for (const PortQueues& queues : resources_.ports) {
    WorkerPort port;
    port.port = queues.port;
    for (std::uint16_t queue = worker; queue < queues.rx_queues;
         queue = static_cast<std::uint16_t>(queue + worker_count())) {
      port.rx_queues.push_back(queue);
    }
    port.transmitter = contract::WorkerId{static_cast<std::uint16_t>(worker % queues.tx_queues)};
    if (worker < queues.tx_queues) {
      port.tx_queue = worker;
    }
    settings.ports.push_back(std::move(port));
  }
  return settings;
}

std::expected<void, std::string> DataPlaneCore::launch(int (*run)(void*), void* worker, std::uint16_t number,
                                                       unsigned lcore) {
  if (rte_eal_remote_launch(run, worker, lcore) != 0) {
    return std::unexpected("cannot launch worker " + std::to_string(number) + " on lcore " +
                           std::to_string(lcore));
  }
  return {};
}

void DataPlaneCore::wait_for_lcores() {
  rte_eal_mp_wait_lcore();
}

}  // namespace adit::dataplane
