// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/results/histogram.hpp"

#include <algorithm>
#include <cmath>

namespace adit::app::blast {
namespace {

constexpr double kNanosecondsPerMs = 1e6;

double upper_ms(std::size_t index) {
  return static_cast<double>(Histogram::upper_of(index)) / kNanosecondsPerMs;
}

template <typename CountAt>
Percentiles summary(const CountAt& count_at) {
  Percentiles result;
  // Read once: counts recorded meanwhile must not shift the ranks.
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
    if (const std::uint64_t count = count_at(i); count != 0) {
      result.buckets.emplace_back(upper_ms(i), count);
      result.count += count;
    }
  }
  const auto at_rank = [&](double share) {
    const auto rank = std::max(1.0, std::ceil(share * static_cast<double>(result.count)));
    std::uint64_t below = 0;
    for (const auto& [upper, count] : result.buckets) {
      below += count;
      if (static_cast<double>(below) >= rank) {
        return upper;
      }
    }
    return 0.0;
  };
  result.p50_ms = at_rank(0.5);
  result.p90_ms = at_rank(0.9);
  result.p99_ms = at_rank(0.99);
  result.p999_ms = at_rank(0.999);
  result.max_ms = result.buckets.empty() ? 0 : result.buckets.back().first;
  return result;
}

}  // namespace

Percentiles percentiles_of(const Histogram& histogram) {
  return summary([&](std::size_t index) { return histogram.at(index); });
}

Percentiles percentiles_of(const Histogram& one, const Histogram& other) {
  return summary([&](std::size_t index) { return one.at(index) + other.at(index); });
}

}  // namespace adit::app::blast
