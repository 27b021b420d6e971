// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "app/aditd/operator/metrics/sources.hpp"
#include "dataplane/base/drop_reason.hpp"
#include "dataplane/base/worker_histograms.hpp"

namespace adit::app {
namespace {

using dataplane::WorkerCounter;
using enum MetricType;

/// A sample takes some 200 ns.
constexpr std::size_t kSamplesPerTurn = 1'000;

std::size_t rows_per_turn(std::size_t samples_of_row) {
  return std::max<std::size_t>(1, kSamplesPerTurn / std::max<std::size_t>(1, samples_of_row));
}

/// Counters are metrics by the name that the table has, "adit_" before it, but for those that say more than that.
struct Renamed {
  WorkerCounter counter;
  std::string_view name;
};
constexpr Renamed kRenamed[] = {
    {WorkerCounter::kLoops, "adit_worker_loops"},
    {WorkerCounter::kBusyLoops, "adit_worker_busy_loops"},
    {WorkerCounter::kBusyCycles, "adit_worker_busy_seconds"},
    {WorkerCounter::kSleeps, "adit_worker_sleeps"},
    {WorkerCounter::kRxPackets, "adit_worker_rx_packets"},
    {WorkerCounter::kTxPackets, "adit_worker_tx_packets"},
    {WorkerCounter::kReassembled, "adit_reassembled_packets"},
    {WorkerCounter::kReordered, "adit_reordered_packets"},
    {WorkerCounter::kFragmented, "adit_fragmented_packets"},
    {WorkerCounter::kMessages, "adit_control_messages"},
};

std::string name_of(WorkerCounter counter) {
  const auto found = std::ranges::find(kRenamed, counter, &Renamed::counter);
  return std::string(
      found != std::end(kRenamed)
          ? found->name
          : "adit_" + std::string(dataplane::kWorkerCounterTexts[static_cast<std::size_t>(counter)].name));
}

std::string sentence(std::string_view text) {
  std::string made(text);
  made.front() =
      static_cast<char>(made.front() >= 'a' && made.front() <= 'z' ? made.front() - 'a' + 'A' : made.front());
  return made + '.';
}

void counter_family(Scrape& scrape, WorkerCounter counter) {
  const bool is_time = counter == WorkerCounter::kBusyCycles;
  const auto& text = dataplane::kWorkerCounterTexts[static_cast<std::size_t>(counter)].text;
  scrape.out.begin(name_of(counter), kCounter,
                   is_time ? "Time spent in passes that found work." : sentence(text));
  for (const WorkerRow& row : scrape.workers) {
    const std::string worker = std::to_string(row.worker);
    if (is_time) {
      scrape.out.sample({{"worker", worker}}, row.busy_seconds);
    } else {
      scrape.out.sample({{"worker", worker}}, row.counters[counter]);
    }
  }
}

}  // namespace

bool read_workers(Scrape& scrape) {
  scrape.workers = scrape.backend.workers();
  return false;
}

bool worker_metrics(Scrape& scrape) {
  const std::size_t counters = dataplane::kWorkerCounterTexts.size();
  const std::size_t many = rows_per_turn(scrape.workers.size());
  const std::size_t end = std::min(counters, (scrape.turn + 1) * many);
  for (std::size_t i = scrape.turn * many; i < end; ++i) {
    counter_family(scrape, static_cast<WorkerCounter>(i));
  }
  return end < counters;
}

bool worker_histogram_metrics(Scrape& scrape) {
  const dataplane::WorkerHistogramText& text = dataplane::kWorkerHistogramTexts[scrape.turn];
  scrape.out.begin("adit_" + std::string(text.name), kHistogram, sentence(text.text));
  for (const WorkerRow& row : scrape.workers) {
    scrape.out.sample({{"worker", std::to_string(row.worker)}}, row.histograms[scrape.turn]);
  }
  return scrape.turn + 1 < dataplane::kWorkerHistogramTexts.size();
}

bool ring_metrics(Scrape& scrape) {
  FamilyWriter& out = scrape.out;
  const std::vector<control::WorkerSeats> seats = scrape.backend.seats();
  out.begin("adit_worker_calls", kGauge, "Calls of a worker.");
  for (std::size_t worker = 0; worker < seats.size(); ++worker) {
    out.sample({{"worker", std::to_string(worker)}}, std::uint64_t{seats[worker].calls});
  }
  out.begin("adit_worker_pressed", kGauge,
            "Whether a worker is busier than the others and gets no new calls meanwhile.");
  for (std::size_t worker = 0; worker < seats.size(); ++worker) {
    out.sample({{"worker", std::to_string(worker)}}, std::uint64_t{seats[worker].pressed ? 1U : 0U});
  }
  out.begin("adit_worker_in_use", kGauge, "Whether a worker gets new calls at all (adit worker idle).");
  for (std::size_t worker = 0; worker < seats.size(); ++worker) {
    out.sample({{"worker", std::to_string(worker)}}, std::uint64_t{seats[worker].in_use ? 1U : 0U});
  }
  out.begin("adit_ring_depth", kGauge, "What waits in a worker's ring, at the moment of the scrape.");
  for (const WorkerRow& row : scrape.workers) {
    for (const RingDepth& ring : row.rings) {
      out.sample({{"ring", ring.ring}, {"worker", std::to_string(row.worker)}}, std::uint64_t{ring.depth});
    }
  }
  out.begin("adit_ring_entries", kGauge, "How much has room in a ring.");
  if (!scrape.workers.empty()) {
    for (const RingDepth& ring : scrape.workers.front().rings) {
      out.sample({{"ring", ring.ring}}, std::uint64_t{ring.entries});
    }
  }
  return false;
}

/// Reasons without a packet are left out: 16 workers have a thousand of them.
bool drop_metrics(Scrape& scrape) {
  if (scrape.turn == 0) {
    scrape.out.begin("adit_drops", kCounter,
                     "Packets that were dropped, by reason (adit show drops has what each means).");
  }
  const std::size_t many = rows_per_turn(dataplane::kDropReasons);
  const std::size_t end = std::min(scrape.workers.size(), (scrape.turn + 1) * many);
  for (std::size_t w = scrape.turn * many; w < end; ++w) {
    const WorkerRow& row = scrape.workers[w];
    for (std::size_t i = 0; i < dataplane::kDropReasons; ++i) {
      if (row.drops_by[i] != 0) {
        scrape.out.sample(
            {{"reason", dataplane::kDropReasonTexts[i].name}, {"worker", std::to_string(row.worker)}},
            row.drops_by[i]);
      }
    }
  }
  return end < scrape.workers.size();
}

}  // namespace adit::app
