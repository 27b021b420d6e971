// SPDX-License-Identifier: Apache-2.0
// When an idle worker sleeps, and for how long.
#include "dataplane/worker/idling.hpp"

#include <gtest/gtest.h>

namespace adit::dataplane {
namespace {

TEST(Idling, SleepsHalfAsLongAsNothingHasComeUpToALimit) {
  EXPECT_EQ(idle_sleep_us(0), 0U);
  EXPECT_EQ(idle_sleep_us(kIdleSpinUs - 1), 0U);
  EXPECT_EQ(idle_sleep_us(kIdleSpinUs), kIdleSpinUs / 2);
  EXPECT_EQ(idle_sleep_us(100), 50U);
  EXPECT_EQ(idle_sleep_us(2 * kMaxIdleSleepUs + 2), kMaxIdleSleepUs);
  EXPECT_EQ(idle_sleep_us(UINT64_MAX), kMaxIdleSleepUs);
}

TEST(Idling, WorkBeginsItAnew) {
  constexpr std::uint64_t kPerMicrosecond = 2000;
  WorkerCounters counters;
  IdleBackoff backoff(counters, 1000 * kPerMicrosecond);
  std::uint64_t now = 1'000'000;
  for (int round = 0; round < 3; ++round) {
    backoff.on_work(now);
    const std::uint64_t before = counters.sleeps.read();
    backoff.on_idle(now += (kIdleSpinUs - 1) * kPerMicrosecond);
    EXPECT_EQ(counters.sleeps.read(), before);
    backoff.on_idle(now += kPerMicrosecond);
    EXPECT_EQ(counters.sleeps.read(), before + 1);
  }
}

}  // namespace
}  // namespace adit::dataplane
