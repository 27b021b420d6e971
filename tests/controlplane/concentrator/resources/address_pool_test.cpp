// SPDX-License-Identifier: Apache-2.0
// Leases, fixed addresses and quarantine on a virtual clock; a random run checks that no address ever has two
// holders.
#include "controlplane/concentrator/resources/address_pool.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace adit::control {
namespace {

using wire::Ipv4Address;

constexpr Ipv4Address kFirst(10, 0, 0, 2);

IpSettings settings_with(std::vector<PoolSettings> pools, Ipv4Address gateway = {}) {
  IpSettings settings;
  settings.pools = std::move(pools);
  settings.gateway = gateway;
  return settings;
}

IpSettings small(std::uint32_t addresses) {
  return settings_with({{"default", {{kFirst, Ipv4Address(kFirst.value + addresses - 1)}}}});
}

void expect_status(const AddressPools& pools, std::uint64_t total, std::uint64_t used,
                   std::uint64_t quarantined) {
  const PoolStatus status = pools.status().at(0);
  EXPECT_EQ(status.total, total);
  EXPECT_EQ(status.used, used);
  EXPECT_EQ(status.quarantined, quarantined);
  EXPECT_EQ(status.available, total - used - quarantined);
}

TEST(AddressPools, NCP_05_EachAddressOnceAndThenNone) {
  TimerWheel wheel;
  AddressPools pools(small(5), wheel);
  std::set<Ipv4Address> seen;
  for (int i = 0; i < 5; ++i) {
    const auto address = pools.lease_any("default");
    ASSERT_TRUE(address.has_value());
    EXPECT_TRUE(seen.insert(*address).second);
    EXPECT_GE(*address, kFirst);
    EXPECT_LE(*address, Ipv4Address(kFirst.value + 4));
  }
  EXPECT_FALSE(pools.lease_any("default").has_value());
  expect_status(pools, 5, 5, 0);
}

/// The last bits of an address determine the worker.
struct ByLastBits final : Steering {
  explicit ByLastBits(std::uint16_t of) : workers(of) {}
  std::optional<contract::WorkerId> downlink(Ipv4Address subscriber) const override {
    return contract::WorkerId{static_cast<std::uint16_t>(subscriber.value % workers)};
  }
  std::uint16_t workers;
};

TEST(AddressPools, EachWorkersCallsGetAddressesThatArriveThere) {
  TimerWheel wheel;
  const ByLastBits steering(4);
  IpSettings settings = small(400);
  settings.quarantine = Duration(1000);
  AddressPools pools(settings, wheel, 4, steering);
  std::vector<Ipv4Address> leased;
  for (std::uint16_t n = 0; n < 400; ++n) {
    const contract::WorkerId owner{static_cast<std::uint16_t>(n / 100)};  // one worker's, then the next one's
    const auto address = pools.lease_any("default", owner);
    ASSERT_TRUE(address);
    ASSERT_EQ(steering.downlink(*address), owner);
    leased.push_back(*address);
  }
  EXPECT_FALSE(pools.lease_any("default", {0}));
  for (const Ipv4Address address : leased) {
    pools.release(address);
  }
  wheel.advance(Instant{Duration(2000)});
  for (std::uint16_t n = 0; n < 100; ++n) {
    ASSERT_EQ(steering.downlink(*pools.lease_any("default", {2})), contract::WorkerId{2})
        << "the rested ones too";
  }
}

TEST(AddressPools, AWorkerWhoseShareIsUsedUpGetsOthersAddresses) {
  TimerWheel wheel;
  const ByLastBits steering(4);
  AddressPools pools(small(40), wheel, 4, steering);
  std::set<Ipv4Address> seen;
  ASSERT_TRUE(pools.lease_fixed(kFirst)) << "one that a share will come to";
  for (int n = 0; n < 39; ++n) {
    const auto address = pools.lease_any("default", {1});
    ASSERT_TRUE(address) << n;
    ASSERT_TRUE(seen.insert(*address).second);
    ASSERT_NE(*address, kFirst);
  }
  EXPECT_FALSE(pools.lease_any("default", {1}));
}

TEST(AddressPools, NCP_05_NoSuchPool) {
  TimerWheel wheel;
  AddressPools pools(small(5), wheel);
  EXPECT_FALSE(pools.lease_any("vip").has_value());
  EXPECT_FALSE(pools.lease_any("").has_value());
}

TEST(AddressPools, AnAddressRestsAsLongAsThereAreOthers) {
  TimerWheel wheel;
  AddressPools pools(small(3), wheel);
  const auto a = pools.lease_any("default");
  pools.release(*a);
  expect_status(pools, 3, 0, 1);
  const auto b = pools.lease_any("default");
  const auto c = pools.lease_any("default");
  EXPECT_TRUE(b && c && *b != *a && *c != *a);
  wheel.advance(wheel.now() + 59'980ms);
  expect_status(pools, 3, 2, 1);
  wheel.advance(wheel.now() + 40ms);
  expect_status(pools, 3, 2, 0);
  EXPECT_EQ(pools.lease_any("default"), a);
  pools.release(*c);
  wheel.advance(wheel.now() + 1s);
  pools.release(*b);
  EXPECT_EQ(pools.lease_any("default"), c) << "none has rested: the one that has rested the longest";
  EXPECT_EQ(pools.lease_any("default"), b);
  EXPECT_FALSE(pools.lease_any("default").has_value());
}

TEST(AddressPools, SEC_10_LogInsAndOutsOfOneUserDoNotEmptyThePool) {
  TimerWheel wheel;
  IpSettings settings = small(200);
  settings.pools.push_back({"other", {{Ipv4Address(10, 9, 0, 1), Ipv4Address(10, 9, 0, 1)}}});
  AddressPools pools(settings, wheel);
  std::optional<Ipv4Address> oldest;
  for (int i = 0; i < 200; ++i) {
    const auto address = pools.lease_any("default");
    ASSERT_TRUE(address);
    oldest = oldest ? oldest : address;
    pools.release(*address);
  }
  pools.release(*pools.lease_any("other"));
  expect_status(pools, 200, 0, 200);
  EXPECT_EQ(pools.lease_any("default"), oldest) << "the 201st gets in";
  EXPECT_EQ(pools.lease_any("other"), Ipv4Address(10, 9, 0, 1)) << "each pool has its own";
}

TEST(AddressPools, UnusedAddressesFirstThenTheLongestRested) {
  TimerWheel wheel;
  AddressPools pools(small(3), wheel);
  const auto a = pools.lease_any("default");
  const auto b = pools.lease_any("default");
  pools.release(*b);
  wheel.advance(wheel.now() + 1s);
  pools.release(*a);
  wheel.advance(wheel.now() + 120s);
  const auto c = pools.lease_any("default");
  EXPECT_NE(c, a);
  EXPECT_NE(c, b);
  EXPECT_EQ(pools.lease_any("default"), b);
  EXPECT_EQ(pools.lease_any("default"), a);
}

TEST(AddressPools, NCP_08_AnAddressInUseIsRefusedWhoeverHasIt) {
  TimerWheel wheel;
  AddressPools pools(small(4), wheel);
  const auto pooled = pools.lease_any("default");
  EXPECT_FALSE(pools.lease_fixed(*pooled)) << "a pool user has it";
  const Ipv4Address outside(172, 16, 0, 9);
  EXPECT_TRUE(pools.lease_fixed(outside));
  EXPECT_FALSE(pools.lease_fixed(outside)) << "its owner is in already";
  const Ipv4Address inside(kFirst.value + 2);
  EXPECT_TRUE(pools.lease_fixed(inside));
  EXPECT_NE(pools.lease_any("default"), inside);
  EXPECT_NE(pools.lease_any("default"), inside);
  EXPECT_FALSE(pools.lease_any("default").has_value());
  expect_status(pools, 4, 4, 0);
  pools.release(outside);
  EXPECT_TRUE(pools.lease_fixed(outside));
}

TEST(AddressPools, NCP_08_TheOwnerOfAFixedAddressMayRedialAtOnce) {
  TimerWheel wheel;
  AddressPools pools(small(1), wheel);
  EXPECT_TRUE(pools.lease_fixed(kFirst));
  pools.release(kFirst);
  expect_status(pools, 1, 0, 1);
  EXPECT_TRUE(pools.lease_fixed(kFirst));
  expect_status(pools, 1, 1, 0);
  wheel.advance(wheel.now() + 120s);
  EXPECT_FALSE(pools.lease_any("default").has_value()) << "the old quarantine must not free the new lease";
  pools.release(kFirst);
  wheel.advance(wheel.now() + 61s);
  EXPECT_TRUE(pools.lease_fixed(kFirst)) << "from among the rested";
  EXPECT_FALSE(pools.lease_any("default").has_value());
}

TEST(AddressPools, TheGatewayIsNobodys) {
  TimerWheel wheel;
  const Ipv4Address gateway(kFirst.value + 1);
  AddressPools pools(settings_with({{"default", {{kFirst, Ipv4Address(kFirst.value + 2)}}}}, gateway), wheel);
  EXPECT_FALSE(pools.lease_fixed(gateway));
  EXPECT_NE(pools.lease_any("default"), gateway);
  EXPECT_NE(pools.lease_any("default"), gateway);
  EXPECT_FALSE(pools.lease_any("default").has_value());
  pools.release(gateway);
  EXPECT_FALSE(pools.lease_fixed(gateway));
  expect_status(pools, 2, 2, 0);
}

TEST(AddressPools, ReleasingWhatIsNotLeasedIsNothing) {
  TimerWheel wheel;
  AddressPools pools(small(2), wheel);
  const auto address = pools.lease_any("default");
  pools.release(*address);
  pools.release(*address);
  pools.release(Ipv4Address(1, 2, 3, 4));
  expect_status(pools, 2, 0, 1);
}

TEST(AddressPools, AWholeSlash8CostsNothingUntilItIsUsed) {
  TimerWheel wheel;
  AddressPools pools(
      settings_with({{"default", {{Ipv4Address(10, 0, 0, 0), Ipv4Address(10, 255, 255, 255)}}},
                     {"edge", {{Ipv4Address(255, 255, 255, 254), Ipv4Address(255, 255, 255, 255)}}}}),
      wheel);
  EXPECT_EQ(pools.status().at(0).total, 1u << 24);
  EXPECT_EQ(pools.lease_any("default"), Ipv4Address(10, 0, 0, 0));
  EXPECT_TRUE(pools.lease_any("edge").has_value());
  EXPECT_TRUE(pools.lease_any("edge").has_value());
  EXPECT_FALSE(pools.lease_any("edge").has_value()) << "the last address of all must not wrap around";
}

TEST(AddressPools, SeveralRangesAndPoolsStayApart) {
  TimerWheel wheel;
  AddressPools pools(settings_with({{"a",
                                     {{Ipv4Address(10, 0, 0, 1), Ipv4Address(10, 0, 0, 1)},
                                      {Ipv4Address(10, 9, 0, 1), Ipv4Address(10, 9, 0, 2)}}},
                                    {"b", {{Ipv4Address(10, 5, 0, 1), Ipv4Address(10, 5, 0, 1)}}}}),
                     wheel);
  EXPECT_EQ(pools.lease_any("a"), Ipv4Address(10, 0, 0, 1));
  EXPECT_EQ(pools.lease_any("a"), Ipv4Address(10, 9, 0, 1));
  EXPECT_EQ(pools.lease_any("b"), Ipv4Address(10, 5, 0, 1));
  EXPECT_FALSE(pools.lease_any("b").has_value());
  EXPECT_EQ(pools.lease_any("a"), Ipv4Address(10, 9, 0, 2));
  EXPECT_FALSE(pools.lease_any("a").has_value());
}

// The model only knows who holds what, and when it was released.
TEST(AddressPools, NCP_08_RandomRunsNeverGiveOneAddressTwice) {
  std::mt19937 random(20240503);
  TimerWheel wheel;
  AddressPools pools(small(20), wheel);
  std::set<Ipv4Address> held;
  std::map<Ipv4Address, Instant> released;
  for (int step = 0; step < 20'000; ++step) {
    const auto kind = random() % 10;
    if (kind < 4) {
      const auto address = pools.lease_any("default");
      if (address) {
        ASSERT_TRUE(held.insert(*address).second) << "step " << step;
        if (released.contains(*address) && wheel.now() - released[*address] < Duration(60s)) {
          for (const auto& [other, at] : released) {  // only as a last resort, and then the longest-rested
            ASSERT_TRUE(held.contains(other) || other.value >= kFirst.value + 20 || at >= released[*address])
                << "step " << step;
          }
        }
      } else {
        ASSERT_GE(held.size(), 20u);
      }
    } else if (kind < 5) {
      const Ipv4Address address(kFirst.value +
                                static_cast<std::uint32_t>(random() % 24));  // four of them outside the pool
      ASSERT_EQ(pools.lease_fixed(address), held.insert(address).second) << "step " << step;
    } else if (kind < 9 && !held.empty()) {
      const auto leaver = std::next(held.begin(), static_cast<std::ptrdiff_t>(random() % held.size()));
      pools.release(*leaver);
      released[*leaver] = wheel.now();
      held.erase(leaver);
    } else {
      wheel.advance(wheel.now() + Duration(random() % 20'000));
    }
    const auto inside =
        std::ranges::count_if(held, [](Ipv4Address a) { return a.value < kFirst.value + 20; });
    ASSERT_EQ(pools.status().at(0).used, static_cast<std::uint64_t>(inside)) << "step " << step;
  }
}

// A pool must not give a user's own address to whoever dials first.
TEST(AddressPools, NCP_08_AUsersOwnAddressIsKeptForThem) {
  TimerWheel wheel;
  AddressPools pools(small(3), wheel);
  const Ipv4Address own(kFirst.value + 1), outside(192, 0, 2, 1);
  pools.reserve(std::vector{own, outside});
  EXPECT_EQ(pools.status()[0].reserved, 1U);
  EXPECT_EQ(pools.status()[0].available, 2U);
  EXPECT_EQ(pools.lease_any("default"), kFirst);
  EXPECT_EQ(pools.lease_any("default"), Ipv4Address(kFirst.value + 2));
  EXPECT_EQ(pools.lease_any("default"), std::nullopt) << "what is left is a user's";
  EXPECT_TRUE(pools.lease_fixed(own));
  EXPECT_FALSE(pools.lease_fixed(own));
  expect_status(pools, 3, 3, 0);
  pools.release(own);
  EXPECT_EQ(pools.lease_any("default"), std::nullopt) << "it rests for nobody else";
  EXPECT_EQ(pools.status()[0].reserved, 1U);
}

TEST(AddressPools, NCP_08_WhatUsersHaveAsTheirOwnChangesWithAReload) {
  TimerWheel wheel;
  AddressPools pools(small(4), wheel);
  const Ipv4Address had = *pools.lease_any("default"), rests = *pools.lease_any("default");
  pools.release(rests);
  const Ipv4Address fresh(kFirst.value + 3);
  pools.reserve(std::vector{had, rests, fresh});
  EXPECT_EQ(pools.status()[0].reserved, 2U) << "not yet that which somebody has";
  EXPECT_EQ(pools.lease_any("default"), Ipv4Address(kFirst.value + 2));
  EXPECT_EQ(pools.lease_any("default"), std::nullopt);
  pools.release(had);
  EXPECT_EQ(pools.status()[0].reserved, 3U) << "from its release on";
  EXPECT_EQ(pools.lease_any("default"), std::nullopt);
  pools.reserve(std::vector{fresh});
  EXPECT_EQ(pools.status()[0].reserved, 1U);
  EXPECT_EQ((std::set{*pools.lease_any("default"), *pools.lease_any("default")}), (std::set{had, rests}));
  EXPECT_EQ(pools.lease_any("default"), std::nullopt);
  EXPECT_TRUE(pools.lease_fixed(fresh));
}

TEST(AddressPools, NCP_08_BehindManyReservedOnesIsAFreeOne) {
  constexpr std::uint32_t kMany = 5000;
  TimerWheel wheel;
  AddressPools pools(small(kMany + 1), wheel);
  std::vector<Ipv4Address> own;
  for (std::uint32_t i = 0; i < kMany; ++i) {
    own.emplace_back(kFirst.value + i);
  }
  pools.reserve(own);
  EXPECT_EQ(pools.lease_any("default"), Ipv4Address(kFirst.value + kMany));
}

TEST(AddressPools, NCP_08_TheGatewayIsNobodysOwn) {
  TimerWheel wheel;
  AddressPools pools(settings_with({{"default", {{kFirst, Ipv4Address(kFirst.value + 1)}}}}, kFirst), wheel);
  pools.reserve(std::vector{kFirst});
  EXPECT_FALSE(pools.lease_fixed(kFirst));
  expect_status(pools, 1, 0, 0);
  pools.reserve(std::vector<Ipv4Address>{});
  expect_status(pools, 1, 0, 0);
}

}  // namespace
}  // namespace adit::control
