// SPDX-License-Identifier: Apache-2.0
// Where the families of `show.metrics` come from: one function for each subject. Each is called in a turn of its own
// until it says that it is done, so none takes long. Thread: control.
#pragma once

#include <cstddef>
#include <vector>

#include "app/aditd/operator/backend.hpp"
#include "app/aditd/operator/metrics/family_writer.hpp"

namespace adit::app {

/// What one reply is made of.
struct Scrape {
  const OperatorBackend& backend;
  FamilyWriter out{};
  std::size_t turn = 0;              ///< of the source, from 0
  std::vector<WorkerRow> workers{};  ///< once read_workers() has had its turn
};

/// True: it needs another turn.
using MetricSource = bool (*)(Scrape& scrape);

// source_process.cpp
[[nodiscard]] bool process_metrics(Scrape& scrape);
[[nodiscard]] bool control_metrics(Scrape& scrape);
[[nodiscard]] bool memory_metrics(Scrape& scrape);
// source_calls.cpp
[[nodiscard]] bool call_metrics(Scrape& scrape);
[[nodiscard]] bool setup_metrics(Scrape& scrape);
[[nodiscard]] bool pool_metrics(Scrape& scrape);
[[nodiscard]] bool ipv6_metrics(Scrape& scrape);
// source_workers.cpp
[[nodiscard]] bool read_workers(Scrape& scrape);
[[nodiscard]] bool worker_metrics(Scrape& scrape);
[[nodiscard]] bool worker_histogram_metrics(Scrape& scrape);
[[nodiscard]] bool ring_metrics(Scrape& scrape);
[[nodiscard]] bool drop_metrics(Scrape& scrape);
// source_services.cpp
[[nodiscard]] bool port_metrics(Scrape& scrape);
[[nodiscard]] bool radius_metrics(Scrape& scrape);
[[nodiscard]] bool accounting_metrics(Scrape& scrape);

}  // namespace adit::app
