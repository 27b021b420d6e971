// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/telemetry.hpp"

#include <rte_telemetry.h>
#include <rte_version.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace adit::app {
namespace {

using Snapshot = std::shared_ptr<const TelemetrySnapshot>;

struct Published {
  std::mutex mutex;
  Snapshot snapshot = std::make_shared<const TelemetrySnapshot>();
};

/// Never destroyed: DPDK's thread may ask while the process exits.
Published& published() {
  static auto& one = *new Published();
  return one;
}

Snapshot latest() {
  const std::scoped_lock lock(published().mutex);
  return published().snapshot;
}

void add(rte_tel_data* to, std::string_view name, std::uint64_t value) {
#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
  rte_tel_data_add_dict_uint(to, std::string(name).c_str(), value);
#else
  rte_tel_data_add_dict_u64(to, std::string(name).c_str(), value);
#endif
}

void add(rte_tel_data* to, std::string_view name, std::string_view value) {
  rte_tel_data_add_dict_string(to, std::string(name).c_str(), std::string(value).c_str());
}

int on_sessions(const char* /*command*/, const char* /*params*/, rte_tel_data* to) {
  const Snapshot now = latest();
  rte_tel_data_start_dict(to);
  add(to, "starting", now->stats.calls_starting);
  add(to, "active", now->stats.calls_active);
  add(to, "finishing", now->stats.calls_finishing);
  add(to, "calls_total", now->stats.calls_total);
  add(to, "connections", now->stats.connections);
  add(to, "connections_total", now->stats.connections_total);
  add(to, "auth_accepted", now->stats.auth_accepted);
  add(to, "auth_rejected", now->stats.auth_rejected);
  return 0;
}

int on_drops(const char* /*command*/, const char* /*params*/, rte_tel_data* to) {
  rte_tel_data_start_dict(to);
  const Snapshot now = latest();
  for (std::size_t i = 0; i < dataplane::kDropReasons; ++i) {
    std::uint64_t packets = 0;
    for (const WorkerRow& row : now->workers) {
      packets += row.drops_by[i];
    }
    add(to, dataplane::kDropReasonTexts[i].name, packets);
  }
  return 0;
}

/// Without a number: the numbers there are.
int on_workers(const char* /*command*/, const char* params, rte_tel_data* to) {
  const Snapshot now = latest();
  const std::string_view which = params == nullptr ? "" : params;
  if (which.empty()) {
    rte_tel_data_start_array(to, RTE_TEL_INT_VAL);
    for (const WorkerRow& row : now->workers) {
      rte_tel_data_add_array_int(to, row.worker);
    }
    return 0;
  }
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(which.data(), which.data() + which.size(), number);
  if (error != std::errc{} || end != which.data() + which.size() || number >= now->workers.size()) {
    return -EINVAL;
  }
  const WorkerRow& row = now->workers[number];
  rte_tel_data_start_dict(to);
  add(to, "worker", row.worker);
  add(to, "lcore", row.lcore);
  add(to, "calls", number < now->seats.size() ? now->seats[number].calls : 0);
  for (std::size_t i = 0; i < row.counters.values.size(); ++i) {
    add(to, dataplane::kWorkerCounterTexts[i].name, row.counters.values[i]);
  }
  add(to, "drops", row.drops);
  return 0;
}

/// Without a name: the names there are.
int on_ports(const char* /*command*/, const char* params, rte_tel_data* to) {
  const Snapshot now = latest();
  const std::string_view which = params == nullptr ? "" : params;
  if (which.empty()) {
    rte_tel_data_start_array(to, RTE_TEL_STRING_VAL);
    for (const PortRow& row : now->ports) {
      rte_tel_data_add_array_string(to, row.name.c_str());
    }
    return 0;
  }
  const auto found = std::ranges::find(now->ports, which, &PortRow::name);
  if (found == now->ports.end()) {
    return -EINVAL;
  }
  rte_tel_data_start_dict(to);
  add(to, "name", found->name);
  add(to, "device", found->device);
  add(to, "driver", found->driver);
  add(to, "role", found->role);
  add(to, "vlan", found->vlan);
  add(to, "link_up", found->link_up ? 1U : 0U);
  add(to, "rx_packets", found->rx_packets);
  add(to, "tx_packets", found->tx_packets);
  add(to, "rx_bytes", found->rx_bytes);
  add(to, "tx_bytes", found->tx_bytes);
  add(to, "rx_missed", found->rx_missed);
  for (std::size_t i = 0; i < found->arrivals.values.size(); ++i) {
    add(to, dataplane::kPortCounterTexts[i].name, found->arrivals.values[i]);
  }
  add(to, "flaps", found->flaps);
  add(to, "restarts", found->restarts);
  return 0;
}

struct Command {
  const char* name;
  telemetry_cb answer;
  const char* help;
};
constexpr Command kCommands[] = {
    {"/adit/sessions", &on_sessions, "Calls by state, connections, logins. Takes no parameters"},
    {"/adit/drops", &on_drops, "Dropped packets by reason, of all workers. Takes no parameters"},
    {"/adit/workers", &on_workers, "Workers; with a number, that one's counters"},
    {"/adit/ports", &on_ports, "Ports; with a name, that one's counters"},
};

}  // namespace

bool register_telemetry() {
  return std::ranges::all_of(kCommands, [](const Command& command) {
    return rte_telemetry_register_cmd(command.name, command.answer, command.help) == 0;
  });
}

void publish_telemetry(const OperatorBackend& backend) {
  Snapshot next = std::make_shared<const TelemetrySnapshot>(TelemetrySnapshot{.stats = backend.stats(),
                                                                              .workers = backend.workers(),
                                                                              .seats = backend.seats(),
                                                                              .ports = backend.ports()});
  Published& shared = published();
  if (const std::unique_lock lock(shared.mutex, std::try_to_lock); lock) {
    shared.snapshot.swap(next);  // the old one goes when the lock is free again
  }
}

}  // namespace adit::app
