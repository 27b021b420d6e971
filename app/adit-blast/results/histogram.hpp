// SPDX-License-Identifier: Apache-2.0
// Counts of durations in buckets of constant relative width (as HdrHistogram has them): 64 per power of two, so a
// percentile is at most 1.6 % too high; 1 ns to 36 minutes in 18 KiB. Recording is two shifts and an add.
// Thread: one writer; another may read what it has counted so far (each bucket whole, not all at one instant).
// Owner: whoever embeds it.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <vector>

namespace adit::app::blast {

class Histogram {
 public:
  static constexpr unsigned kSubBits = 6;
  static constexpr unsigned kOctaves = 35;  // of 64 buckets, above the linear first 64
  static constexpr std::size_t kBuckets = (std::size_t{kOctaves} + 1) << kSubBits;

  void record(std::uint64_t nanoseconds) noexcept {
    std::atomic<std::uint64_t>& bucket = counts_[index_of(nanoseconds)];
    bucket.store(bucket.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  void reset() noexcept {
    for (auto& bucket : counts_) {
      bucket.store(0, std::memory_order_relaxed);
    }
  }

  [[nodiscard]] static constexpr std::size_t index_of(std::uint64_t value) noexcept {
    if (value < (1U << kSubBits)) {
      return static_cast<std::size_t>(value);
    }
    const auto octave = static_cast<unsigned>(std::bit_width(value)) - kSubBits;  // 1 and up
    if (octave > kOctaves) {
      return kBuckets - 1;
    }
    return (std::size_t{octave} << kSubBits) + static_cast<std::size_t>((value >> (octave - 1)) & 63);
  }
  /// The largest value that index_of() puts there.
  [[nodiscard]] static constexpr std::uint64_t upper_of(std::size_t index) noexcept {
    const auto octave = static_cast<unsigned>(index >> kSubBits);
    const std::uint64_t sub = index & 63;
    return octave == 0 ? sub : ((64 + sub + 1) << (octave - 1)) - 1;
  }
  [[nodiscard]] std::uint64_t at(std::size_t index) const noexcept {
    return counts_[index].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, kBuckets> counts_{};
};

/// What is told of a histogram.
struct Percentiles {
  std::uint64_t count = 0;
  double p50_ms = 0, p90_ms = 0, p99_ms = 0, p999_ms = 0, max_ms = 0;
  /// (upper bound in ms, count) of the buckets that are not empty: for plots.
  std::vector<std::pair<double, std::uint64_t>> buckets;
};
[[nodiscard]] Percentiles percentiles_of(const Histogram& histogram);

}  // namespace adit::app::blast
