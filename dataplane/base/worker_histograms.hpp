// SPDX-License-Identifier: Apache-2.0
// Histograms of one worker, beside its counters: each is one row below; metrics read the table and need no edit.
// Thread: the worker writes, any thread reads. Owner: the worker's counters.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "dataplane/contract/histogram.hpp"

namespace adit::dataplane {

struct BurstBounds {
  static constexpr double kUnit = 1;
  static constexpr std::array<std::uint64_t, 6> kUpper{1, 2, 4, 8, 16, 32};  // kBurst
};
struct ReorderWaitBounds {
  static constexpr double kUnit = 1e-3;
  static constexpr std::array<std::uint64_t, 8> kUpper{0, 1, 2, 5, 10, 20, 50, 100};
};

// X(member, bounds, name, what an operator should know). Names are metrics', with their unit.
#define ADIT_WORKER_HISTOGRAMS(X)                                                                \
  X(rx_burst, BurstBounds, "rx_burst_packets", "frames that a queue had at once, if it had any") \
  X(reorder_wait, ReorderWaitBounds, "reorder_wait_seconds",                                     \
    "how long the first of the packets behind a gap was held back")

struct WorkerHistogramText {
  std::string_view name, text;
};
#define X(member, bounds, name, text) WorkerHistogramText{name, text},
inline constexpr std::array kWorkerHistogramTexts{ADIT_WORKER_HISTOGRAMS(X)};
#undef X

struct WorkerHistograms {
#define X(member, bounds, name, text) contract::Histogram<bounds> member;
  ADIT_WORKER_HISTOGRAMS(X)
#undef X

  /// As kWorkerHistogramTexts has them.
  [[nodiscard]] std::vector<contract::HistogramValues> read() const {
#define X(member, bounds, name, text) member.read(),
    return {ADIT_WORKER_HISTOGRAMS(X)};
#undef X
  }
};
#undef ADIT_WORKER_HISTOGRAMS

}  // namespace adit::dataplane
