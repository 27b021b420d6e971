// SPDX-License-Identifier: Apache-2.0
// Histogram of durations with 64 buckets per power of two, so that a percentile is at most 1.6 % too high; 1
// ns to 36 minutes in 18 KiB. Recording is two shifts and an add.
// Thread: one writer; one reader at the same time (each count is whole, but they are not all of one instant).
// Owner: whoever embeds it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "app/adit-blast/results/log_buckets.hpp"

namespace adit::app::blast {

class Histogram : public LogBuckets<6, 35> {
 public:
  static constexpr std::size_t kBuckets = kCount;

  void record(std::uint64_t nanoseconds) noexcept {
    std::atomic<std::uint64_t>& bucket = counts_[index_of(nanoseconds)];
    bucket.store(bucket.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  void reset() noexcept {
    for (auto& bucket : counts_) {
      bucket.store(0, std::memory_order_relaxed);
    }
  }

  [[nodiscard]] std::uint64_t at(std::size_t index) const noexcept {
    return counts_[index].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, kBuckets> counts_{};
};

/// A histogram's summary.
struct Percentiles {
  std::uint64_t count = 0;
  double p50_ms = 0, p90_ms = 0, p99_ms = 0, p999_ms = 0, max_ms = 0;
  /// (upper bound in ms, count) of the buckets that are not empty: for plots.
  std::vector<std::pair<double, std::uint64_t>> buckets;
};
[[nodiscard]] Percentiles percentiles_of(const Histogram& histogram);
/// Of both together.
[[nodiscard]] Percentiles percentiles_of(const Histogram& one, const Histogram& other);

}  // namespace adit::app::blast
