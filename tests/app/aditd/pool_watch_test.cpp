// SPDX-License-Identifier: Apache-2.0
// A pool that runs low is told once, and that it recovered once: at another mark, so that a pool at the first one does not
// fill the log.
#include "app/aditd/pool_watch.hpp"

#include <gtest/gtest.h>

#include "tests/kit/event_logs.hpp"

namespace adit::app {
namespace {

control::PoolStatus pool_with(std::uint64_t available, std::uint64_t resting = 0) {
  return {.name = "default",
          .total = 1000,
          .used = 1000 - available - resting,
          .quarantined = resting,
          .reserved = 0,
          .available = available};
}

TEST(PoolWatch, TellsOnceThatAPoolRunsLowAndOnceThatItRecovered) {
  ::adit::test::RecordingLog log;
  PoolWatch watch(log);
  for (const std::uint64_t available : {500, 50, 49, 30, 0, 50, 99, 49}) {
    watch.look({pool_with(available)});
  }
  ASSERT_EQ(log.events.size(), 1u);
  EXPECT_EQ(log.events[0].line,
            "pool_low pool=default available=49 used=951 total=1000 remedy=add ranges to its [[ip-pool]]");
  EXPECT_EQ(log.events[0].severity, control::Severity::kWarning);
  watch.look({pool_with(100)});
  watch.look({pool_with(60)});
  ASSERT_EQ(log.events.size(), 2u);
  EXPECT_EQ(log.events[1].name, "pool_recovered");
  watch.look({pool_with(49)});
  EXPECT_EQ(log.events.size(), 3u);
}

TEST(PoolWatch, AddressesThatRestCanBeGivenOutAndAnEmptyPoolIsNobodys) {
  ::adit::test::RecordingLog log;
  PoolWatch watch(log);
  watch.look({pool_with(10, 300), {.name = "none"}});
  EXPECT_TRUE(log.events.empty());
}

}  // namespace
}  // namespace adit::app
