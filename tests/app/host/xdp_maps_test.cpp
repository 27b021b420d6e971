// SPDX-License-Identifier: Apache-2.0
// Ranges of addresses as prefixes. What the maps do is in tests/system.
#include "app/host/xdp_maps.hpp"

#include <gtest/gtest.h>

#include <random>

namespace adit::app {
namespace {

using wire::Ipv4Address;

std::uint64_t size_of(wire::Ipv4Prefix prefix) {
  return std::uint64_t{1} << (32 - prefix.length);
}

TEST(XdpMaps, PoolRangeBecomesPrefixes) {
  // 10.64.0.2 - 10.64.0.9: .2/31, .4/30, .8/31
  const auto prefixes = prefixes_of_range(Ipv4Address(10, 64, 0, 2), Ipv4Address(10, 64, 0, 9));
  const std::vector<wire::Ipv4Prefix> expected = {
      {Ipv4Address(10, 64, 0, 2), 31}, {Ipv4Address(10, 64, 0, 4), 30}, {Ipv4Address(10, 64, 0, 8), 31}};
  EXPECT_EQ(prefixes, expected);
}

TEST(XdpMaps, RangeEdges) {
  const Ipv4Address last(255, 255, 255, 255);
  EXPECT_EQ(prefixes_of_range(Ipv4Address(0), last), (std::vector<wire::Ipv4Prefix>{{Ipv4Address(0), 0}}));
  EXPECT_EQ(prefixes_of_range(last, last), (std::vector<wire::Ipv4Prefix>{{last, 32}}));
  EXPECT_EQ(prefixes_of_range(Ipv4Address(10, 0, 0, 0), Ipv4Address(10, 255, 255, 255)),
            (std::vector<wire::Ipv4Prefix>{{Ipv4Address(10, 0, 0, 0), 8}}));
  EXPECT_TRUE(prefixes_of_range(Ipv4Address(2), Ipv4Address(1)).empty());
  EXPECT_EQ(prefixes_of_range(Ipv4Address(1), Ipv4Address(0xfffffffe)).size(), 62U);
}

TEST(XdpMaps, RandomRangesAreCoveredExactlyAndInOrder) {
  std::mt19937 random(7);  // NOLINT: a fixed seed on purpose
  for (int round = 0; round < 2000; ++round) {
    std::uint32_t first = static_cast<std::uint32_t>(random()) >> (random() % 24);
    std::uint32_t last = static_cast<std::uint32_t>(random()) >> (random() % 24);
    if (first > last) {
      std::swap(first, last);
    }
    std::uint64_t next = first;
    for (const wire::Ipv4Prefix prefix : prefixes_of_range(Ipv4Address(first), Ipv4Address(last))) {
      ASSERT_EQ(prefix.address.value, next);
      ASSERT_EQ(next % size_of(prefix), 0U) << "host bits are zero";
      next += size_of(prefix);
    }
    ASSERT_EQ(next, std::uint64_t{last} + 1) << first << " to " << last;
  }
}

}  // namespace
}  // namespace adit::app
