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
  EXPECT_EQ(
      log.events[0].line,
      "pool_low pool=default use= available=49 used=951 total=1000 remedy=add ranges to its [[ip-pool]]");
  EXPECT_EQ(log.events[0].severity, control::Severity::kWarning);
  watch.look({pool_with(100)});
  watch.look({pool_with(60)});
  ASSERT_EQ(log.events.size(), 2u);
  EXPECT_EQ(log.events[1].name, "pool_recovered");
  watch.look({pool_with(49)});
  EXPECT_EQ(log.events.size(), 3u);
}

// A name is one of a use, and a pool of IPv6 may have more than 64 bits can count a hundred times.
TEST(PoolWatch, PoolsOfIpv6AreTheirUses) {
  ::adit::test::RecordingLog log;
  PoolWatch watch(log);
  const auto pool_of = [](control::Ipv6Use use, std::uint64_t total, std::uint64_t available) {
    control::PoolStatus pool{.name = "default", .total = total, .used = total - available, .use = use};
    pool.available = available;
    return pool;
  };
  watch.look(
      {pool_of(control::Ipv6Use::kAddress, std::uint64_t{1} << 63, std::uint64_t{1} << 62), pool_with(500)});
  EXPECT_TRUE(log.events.empty());
  watch.look({pool_of(control::Ipv6Use::kDelegate, 256, 10), pool_of(control::Ipv6Use::kLink, 65'536, 60'000),
              pool_with(500)});
  ASSERT_EQ(log.events.size(), 1u);
  EXPECT_EQ(log.events[0].line,
            "pool_low pool=default use=delegate available=10 used=246 total=256 "
            "remedy=give its [[ipv6-pool]] a shorter prefix");
}

TEST(PoolWatch, AddressesThatRestCanBeGivenOutAndAnEmptyPoolIsNobodys) {
  ::adit::test::RecordingLog log;
  PoolWatch watch(log);
  watch.look({pool_with(10, 300), {.name = "none"}});
  EXPECT_TRUE(log.events.empty());
}

}  // namespace
}  // namespace adit::app
