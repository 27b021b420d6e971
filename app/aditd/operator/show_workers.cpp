// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "app/aditd/operator/handlers.hpp"

namespace adit::app {
namespace {

Json described(const dataplane::CounterText& counter, std::uint64_t sum) {
  return {{"name", counter.name}, {"unit", counter.unit}, {"sum", sum}, {"text", counter.text}};
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
  Json worker_counters = Json::array();
  for (std::size_t i = 0; i < dataplane::kWorkerCounterTexts.size(); ++i) {
    std::uint64_t sum = 0;
    Json by_worker = Json::array();
    for (const WorkerRow& row : workers) {
      sum += row.counters.values[i];
      by_worker.push_back(row.counters.values[i]);
    }
    Json counter = described(dataplane::kWorkerCounterTexts[i], sum);
    counter["by_worker"] = std::move(by_worker);
    worker_counters.push_back(std::move(counter));
  }
  Json port_counters = Json::array();
  for (std::size_t i = 0; i < dataplane::kPortCounterTexts.size(); ++i) {
    std::uint64_t sum = 0;
    Json by_port = Json::object();
    for (const PortRow& row : ports) {
      sum += row.arrivals.values[i];
      by_port[row.name] = row.arrivals.values[i];
    }
    Json counter = described(dataplane::kPortCounterTexts[i], sum);
    counter["by_port"] = std::move(by_port);
    port_counters.push_back(std::move(counter));
  }
  return {{"workers", std::move(worker_counters)}, {"ports", std::move(port_counters)}};
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
