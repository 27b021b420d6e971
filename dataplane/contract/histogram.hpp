// SPDX-License-Identifier: Apache-2.0
// A histogram in a fixed array: one writer, any reader, no lock. To observe is to find the bucket and two plain adds.
// Bounds are a type:
//   struct WaitBounds { static constexpr double kUnit = 1e-3;  // of a value, in the base unit of what is shown
//                       static constexpr std::array<std::uint64_t, 3> kUpper{1, 5, 10}; };  // ascending
// Thread: one writes, any reads: each count is whole, but they are not all of one instant. Owner: whoever embeds it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace adit::contract {

/// What a histogram had counted when it was read.
struct HistogramValues {
  std::span<const std::uint64_t> upper{};  ///< the largest value of each bucket but the last one
  double unit = 1;
  std::vector<std::uint64_t> counts{};  ///< by bucket; the last one has all larger values
  std::uint64_t sum = 0;

  [[nodiscard]] std::uint64_t count() const noexcept {
    std::uint64_t all = 0;
    for (const std::uint64_t one : counts) {
      all += one;
    }
    return all;
  }
  /// The bound that so many of a hundred values do not exceed; the last one, if they do; 0 without values.
  [[nodiscard]] std::uint64_t percentile(unsigned percent) const noexcept {
    const std::uint64_t all = count();
    if (all == 0 || upper.empty()) {
      return 0;
    }
    const std::uint64_t rank = (all * percent + 99) / 100;
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < upper.size(); ++i) {
      below += counts[i];
      if (below >= rank) {
        return upper[i];
      }
    }
    return upper.back();
  }
  /// Of the same bounds, or of none yet.
  HistogramValues& operator+=(const HistogramValues& other) {
    if (counts.empty()) {
      return *this = other;
    }
    for (std::size_t i = 0; i < other.counts.size(); ++i) {
      counts[i] += other.counts[i];
    }
    sum += other.sum;
    return *this;
  }
};

template <typename Bounds>
class Histogram {
 public:
  Histogram() = default;
  /// Only while nobody writes to the other.
  Histogram(const Histogram& other) noexcept { *this = other; }
  Histogram& operator=(const Histogram& other) noexcept {
    for (std::size_t i = 0; i < kBuckets; ++i) {
      counts_[i].store(other.counts_[i].load(std::memory_order_relaxed), std::memory_order_relaxed);
    }
    sum_.store(other.sum_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    return *this;
  }

  void observe(std::uint64_t value) noexcept {
    add(counts_[bucket_of(value)], 1);
    add(sum_, value);
  }
  [[nodiscard]] HistogramValues read() const {
    HistogramValues values{Bounds::kUpper, Bounds::kUnit, std::vector<std::uint64_t>(kBuckets),
                           sum_.load(std::memory_order_relaxed)};
    for (std::size_t i = 0; i < kBuckets; ++i) {
      values.counts[i] = counts_[i].load(std::memory_order_relaxed);
    }
    return values;
  }

  /// Without a branch: bounds are few.
  [[nodiscard]] static constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
    std::size_t bucket = 0;
    for (const std::uint64_t upper : Bounds::kUpper) {
      bucket += value > upper ? 1U : 0U;
    }
    return bucket;
  }

 private:
  static constexpr std::size_t kBuckets = Bounds::kUpper.size() + 1;
  static constexpr bool is_ascending() noexcept {
    for (std::size_t i = 1; i < Bounds::kUpper.size(); ++i) {
      if (Bounds::kUpper[i - 1] >= Bounds::kUpper[i]) {
        return false;
      }
    }
    return true;
  }
  static_assert(is_ascending());

  static void add(std::atomic<std::uint64_t>& to, std::uint64_t n) noexcept {
    to.store(to.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }

  std::array<std::atomic<std::uint64_t>, kBuckets> counts_{};
  std::atomic<std::uint64_t> sum_{0};
};

}  // namespace adit::contract
