// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "app/aditd/operator/handlers.hpp"

namespace adit::app {
namespace {

/// A counter's values by worker or port, as a list or an object, and their sum.
struct CounterValues {
  Json each;
  std::uint64_t sum = 0;
};

/// One row for each counter; `values_of` takes the counter's index.
Json counter_rows(std::span<const dataplane::CounterText> texts, const char* by,
                  const std::function<CounterValues(std::size_t)>& values_of) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    CounterValues values = values_of(i);
    rows.push_back({{"name", texts[i].name},
                    {"unit", texts[i].unit},
                    {"sum", values.sum},
                    {"text", texts[i].text},
                    {by, std::move(values.each)}});
  }
  return rows;
}

}  // namespace

Json show_drops(const OperatorBackend& backend) {
  Json drops = Json::object();
  Json texts = Json::object();
  for (const DropRow& row : backend.drops()) {
    drops[std::string(row.name)] = row.packets;
    texts[std::string(row.name)] = row.text;
  }
  return {{"drops", std::move(drops)}, {"texts", std::move(texts)}};
}

Json show_workers(const OperatorBackend& backend) {
  Json workers = Json::array();
  for (const WorkerRow& row : backend.workers()) {
    Json worker = {{"worker", row.worker}, {"lcore", row.lcore}, {"busy", row.busy}};
    for (std::size_t i = 0; i < row.counters.values.size(); ++i) {
      worker[std::string(dataplane::kWorkerCounterTexts[i].name)] = row.counters.values[i];
    }
    worker["drops"] = row.drops;
    workers.push_back(std::move(worker));
  }
  return {{"workers", std::move(workers)}};
}

Json show_counters(const OperatorBackend& backend) {
  const std::vector<WorkerRow> workers = backend.workers();
  const std::vector<PortRow> ports = backend.ports();
  const auto by_worker = [&](std::size_t counter) {
    CounterValues values{Json::array()};
    for (const WorkerRow& row : workers) {
      values.each.push_back(row.counters.values[counter]);
      values.sum += row.counters.values[counter];
    }
    return values;
  };
  // All VLANs of a device show what the device received; it counts once.
  const auto by_port = [&](std::size_t counter) {
    CounterValues values{Json::object()};
    std::set<std::uint16_t> devices;
    for (const PortRow& row : ports) {
      values.each[row.name] = row.arrivals.values[counter];
      values.sum += devices.insert(row.device).second ? row.arrivals.values[counter] : 0;
    }
    return values;
  };
  return {{"workers", counter_rows(dataplane::kWorkerCounterTexts, "by_worker", by_worker)},
          {"ports", counter_rows(dataplane::kPortCounterTexts, "by_port", by_port)}};
}

Json show_steering(const OperatorBackend& backend) {
  Json ports = Json::array();
  for (const SteeringRow& row : backend.steering()) {
    ports.push_back({{"port", row.port},
                     {"role", row.role},
                     {"queues", row.queues},
                     {"by", row.by},
                     {"table_entries", row.table},
                     {"rules", row.rules},
                     {"packets", row.packets},
                     {"missed", row.missed}});
  }
  Json workers = Json::array();
  for (const control::WorkerSeats& seats : backend.seats()) {
    workers.push_back({{"worker", workers.size()},
                       {"calls", seats.calls},
                       {"in_use", seats.in_use},
                       {"pressed", seats.pressed}});
  }
  return {{"ports", std::move(ports)}, {"workers", std::move(workers)}};
}

}  // namespace adit::app
