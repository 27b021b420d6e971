// SPDX-License-Identifier: Apache-2.0
// The histogram's buckets at every boundary, and the percentiles that come out of them.
#include "app/adit-blast/results/histogram.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>

namespace adit::app::blast {
namespace {

constexpr std::uint64_t kLargest = Histogram::upper_of(Histogram::kBuckets - 1);

TEST(Histogram, CoversOneNanosecondToThirtySixMinutes) {
  EXPECT_EQ(Histogram::index_of(0), 0U);
  EXPECT_EQ(Histogram::index_of(63), 63U);
  EXPECT_EQ(Histogram::index_of(64), 64U);
  EXPECT_GT(kLargest, 36ULL * 60 * 1'000'000'000);
  EXPECT_EQ(Histogram::index_of(kLargest), Histogram::kBuckets - 1);
}

TEST(Histogram, BucketsMeetWithoutGapOrOverlap) {
  for (std::size_t index = 0; index < Histogram::kBuckets; ++index) {
    const std::uint64_t upper = Histogram::upper_of(index);
    ASSERT_EQ(Histogram::index_of(upper), index);
    if (index + 1 < Histogram::kBuckets) {
      ASSERT_EQ(Histogram::index_of(upper + 1), index + 1);
      ASSERT_LT(upper, Histogram::upper_of(index + 1));
    }
  }
}

TEST(Histogram, IsAtMostOnePointSixPercentTooHigh) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 200'000; ++i) {
    const std::uint64_t value = random() >> (random() % 64);
    if (value > kLargest) {
      ASSERT_EQ(Histogram::index_of(value),
                Histogram::kBuckets - 1);  // and counted as the largest that there is
      continue;
    }
    const std::uint64_t upper = Histogram::upper_of(Histogram::index_of(value));
    ASSERT_LE(value, upper);
    ASSERT_LE(static_cast<double>(upper - value), 0.016 * static_cast<double>(value)) << value;
  }
}

TEST(Histogram, TellsNothingOfNothing) {
  const auto histogram = std::make_unique<Histogram>();
  const Percentiles none = percentiles_of(*histogram);
  EXPECT_EQ(none.count, 0U);
  EXPECT_EQ(none.p50_ms, 0);
  EXPECT_EQ(none.p999_ms, 0);
  EXPECT_EQ(none.max_ms, 0);
  EXPECT_TRUE(none.buckets.empty());
}

TEST(Histogram, FindsPercentilesByRank) {
  const auto histogram = std::make_unique<Histogram>();
  for (std::uint64_t ms = 1; ms <= 1000; ++ms) {
    histogram->record(ms * 1'000'000);
  }
  const Percentiles result = percentiles_of(*histogram);
  EXPECT_EQ(result.count, 1000U);
  for (const auto& [found, exact] :
       {std::pair(result.p50_ms, 500.0), std::pair(result.p90_ms, 900.0), std::pair(result.p99_ms, 990.0),
        std::pair(result.p999_ms, 999.0), std::pair(result.max_ms, 1000.0)}) {
    EXPECT_GE(found, exact);
    EXPECT_LE(found, exact * 1.016);
  }
}

TEST(Histogram, AloneValueIsEveryPercentile) {
  const auto histogram = std::make_unique<Histogram>();
  histogram->record(50);
  const Percentiles result = percentiles_of(*histogram);
  EXPECT_DOUBLE_EQ(result.p50_ms, 50e-6);
  EXPECT_DOUBLE_EQ(result.max_ms, 50e-6);
  histogram->reset();
  EXPECT_EQ(percentiles_of(*histogram).count, 0U);
}

TEST(Histogram, OneInAThousandIsBeyondP999) {
  const auto histogram = std::make_unique<Histogram>();
  for (int i = 0; i < 999; ++i) {
    histogram->record(10);
  }
  histogram->record(60);
  EXPECT_DOUBLE_EQ(percentiles_of(*histogram).p999_ms, 10e-6);
  histogram->record(60);
  EXPECT_DOUBLE_EQ(percentiles_of(*histogram).p999_ms, 60e-6);
}

}  // namespace
}  // namespace adit::app::blast
