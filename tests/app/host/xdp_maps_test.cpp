// SPDX-License-Identifier: Apache-2.0
// Ranges of addresses as prefixes, and what is done with prefixes for which a map has no room. What the maps do is in
// tests/system.
#include "app/host/xdp_maps.hpp"

#include <gtest/gtest.h>

#include <map>
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

/// A map of so many entries.
template <typename Prefix = wire::Ipv4Prefix>
struct SmallMap {
  explicit SmallMap(std::size_t entries_at_most) : room(entries_at_most) {}
  BasicXdpPrefixes<Prefix>::Maps writers() {
    return {.put = [this](const Prefix& prefix, XdpWhose whose) -> std::expected<void, std::string> {
              if (!entries.contains(prefix) && entries.size() == room) {
                return std::unexpected(std::string("no room"));
              }
              entries[prefix] = whose;
              return {};
            },
            .erase = [this](const Prefix& prefix) { entries.erase(prefix); }};
  }
  std::size_t room;
  std::map<Prefix, XdpWhose> entries;
};

constexpr wire::Ipv4Prefix network(std::uint8_t third) {
  return {.address = Ipv4Address(10, 20, third, 0), .length = 24};
}

TEST(XdpPrefixes, WhatFoundNoRoomIsWrittenWhenThereIsSome) {
  SmallMap<> map(2);
  XdpPrefixes prefixes({}, map.writers());
  EXPECT_TRUE(prefixes.add_subscriber(network(1)));
  EXPECT_TRUE(prefixes.add_subscriber(network(2)));
  EXPECT_FALSE(prefixes.add_subscriber(network(3)));
  EXPECT_FALSE(prefixes.add_machine(network(4)));
  EXPECT_FALSE(prefixes.add_subscriber(network(5)));
  prefixes.remove(network(1));
  EXPECT_TRUE(map.entries.contains(network(3)));
  prefixes.remove(network(5));
  EXPECT_FALSE(map.entries.contains(network(5))) << "it has gone before there was room";
  prefixes.remove(network(2));
  EXPECT_EQ(map.entries,
            (std::map<wire::Ipv4Prefix, XdpPrefixes::Whose>{{network(3), XdpPrefixes::Whose::kSubscribers},
                                                            {network(4), XdpPrefixes::Whose::kMachines}}));
  prefixes.remove(network(3));
  prefixes.remove(network(4));
  EXPECT_TRUE(map.entries.empty()) << "nothing comes twice";
}

TEST(XdpPrefixes, APoolsOwnEntryComesBack) {
  SmallMap<> map(2);
  const wire::Ipv4Prefix pool = network(1);
  map.entries[pool] = XdpPrefixes::Whose::kSubscribers;
  XdpPrefixes prefixes({pool}, map.writers());
  const wire::Ipv4Prefix inside{.address = Ipv4Address(10, 20, 1, 7)};
  EXPECT_TRUE(prefixes.add_subscriber(inside));
  EXPECT_EQ(map.entries.size(), 1U) << "the pool's is enough";
  EXPECT_TRUE(prefixes.add_machine(inside));
  EXPECT_TRUE(prefixes.add_subscriber(inside));
  EXPECT_EQ(map.entries.size(), 1U) << "it is the machine's no more";
  prefixes.remove(pool);
  EXPECT_TRUE(map.entries.contains(pool));
}

TEST(XdpPrefixes, AnIpv6PoolServesItsLinksAndDelegations) {
  constexpr wire::Ipv6Prefix kPool{.address = {0x2001'0db8'0064'0000, 0}, .length = 48};
  constexpr wire::Ipv6Prefix kLink{.address = {0x2001'0db8'0064'0007, 0}, .length = 64};
  constexpr wire::Ipv6Prefix kOwn{.address = {0x2001'0db8'0064'0007, 1}};
  constexpr wire::Ipv6Prefix kElsewhere{.address = {0x2001'0db8'ff00'0100, 0}, .length = 56};
  SmallMap<wire::Ipv6Prefix> map(3);
  map.entries[kPool] = XdpWhose::kSubscribers;
  XdpPrefixes6 prefixes({kPool}, map.writers());
  EXPECT_TRUE(prefixes.add_subscriber(kLink));
  EXPECT_TRUE(prefixes.add_machine(kLink));
  EXPECT_EQ(map.entries.size(), 1U) << "a network in a pool is the pool's";
  EXPECT_TRUE(prefixes.add_machine(kOwn));
  EXPECT_TRUE(prefixes.add_subscriber(kElsewhere));
  EXPECT_EQ(map.entries, (std::map<wire::Ipv6Prefix, XdpWhose>{{kPool, XdpWhose::kSubscribers},
                                                               {kOwn, XdpWhose::kMachines},
                                                               {kElsewhere, XdpWhose::kSubscribers}}));
  prefixes.remove(kOwn);
  prefixes.remove(kElsewhere);
  EXPECT_EQ(map.entries.size(), 1U);
}

}  // namespace
}  // namespace adit::app
