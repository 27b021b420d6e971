// SPDX-License-Identifier: Apache-2.0
#include "dataplane/contract/histogram.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace adit::contract {
namespace {

struct Bounds {
  static constexpr double kUnit = 1e-3;
  static constexpr std::array<std::uint64_t, 3> kUpper{1, 5, 10};
};
using Times = Histogram<Bounds>;

TEST(Histogram, ABoundIsTheLargestValueOfItsBucket) {
  static_assert(Times::bucket_of(0) == 0 && Times::bucket_of(1) == 0 && Times::bucket_of(2) == 1);
  static_assert(Times::bucket_of(10) == 2 && Times::bucket_of(11) == 3 && Times::bucket_of(~0ULL) == 3);
  Times times;
  for (const std::uint64_t value : {0, 1, 2, 5, 10, 11, 1000}) {
    times.observe(value);
  }
  const HistogramValues read = times.read();
  EXPECT_EQ(read.counts, (std::vector<std::uint64_t>{2, 2, 1, 2}));
  EXPECT_EQ(read.count(), 7U);
  EXPECT_EQ(read.sum, 1029U);
  EXPECT_EQ(read.unit, 1e-3);
}

TEST(Histogram, PercentilesAreBounds) {
  Times times;
  EXPECT_EQ(times.read().percentile(50), 0U);
  EXPECT_EQ(HistogramValues{}.percentile(50), 0U);
  for (int i = 0; i < 99; ++i) {
    times.observe(1);
  }
  times.observe(3);
  EXPECT_EQ(times.read().percentile(50), 1U);
  EXPECT_EQ(times.read().percentile(99), 1U);
  EXPECT_EQ(times.read().percentile(100), 5U);
  times.observe(7);
  times.observe(70);
  EXPECT_EQ(times.read().percentile(99), 10U);
  EXPECT_EQ(times.read().percentile(100), 10U);  // the last bound there is
}

TEST(Histogram, SumsAndCopies) {
  Times one;
  Times other;
  one.observe(1);
  other.observe(6);
  HistogramValues both;
  both += one.read();
  both += other.read();
  EXPECT_EQ(both.counts, (std::vector<std::uint64_t>{1, 0, 1, 0}));
  EXPECT_EQ(both.sum, 7U);
  one = other;
  EXPECT_EQ(one.read().counts, other.read().counts);
  EXPECT_EQ(one.read().sum, 6U);
}

TEST(Histogram, AnotherThreadMayRead) {
  Times times;
  constexpr std::uint64_t kValues = 200'000;
  std::thread writer([&] {
    for (std::uint64_t i = 0; i < kValues; ++i) {
      times.observe(i % 12);
    }
  });
  std::uint64_t before = 0;
  while (before < kValues) {
    const std::uint64_t now = times.read().count();
    ASSERT_GE(now, before);
    before = now;
  }
  writer.join();
  EXPECT_EQ(times.read().count(), kValues);
}

}  // namespace
}  // namespace adit::contract
