// SPDX-License-Identifier: Apache-2.0
// Prefixes leased and their affinity, quarantine, and what is somebody's own, on a virtual clock; a random run checks
// that no prefix ever has two holders, and that what is kept is not given away.
#include "controlplane/concentrator/resources/prefix_pools.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace adit::control {
namespace {

using wire::Ipv6Prefix;

Ipv6Prefix prefix(std::string_view text) {
  return wire::parse_ipv6_prefix(text).value();
}

Ipv6Settings with(std::vector<Ipv6PoolSettings> pools) {
  Ipv6Settings settings;
  settings.pools = std::move(pools);
  return settings;
}

/// Links of /64.
Ipv6Settings links(std::string_view around) {
  return with({{.prefix = prefix(around)}});
}

Ipv6Settings delegations(std::string_view around, std::uint8_t length = 56) {
  return with({{.prefix = prefix(around), .length = length, .use = Ipv6Use::kDelegate}});
}

class PrefixPoolsTest : public testing::Test {
 protected:
  std::optional<Ipv6Prefix> link(PrefixPools& pools, const std::string& user = "") {
    return pools.lease_any(Ipv6Use::kLink, "default", user);
  }
  std::optional<Ipv6Prefix> delegated(PrefixPools& pools, const std::string& user = "") {
    return pools.lease_any(Ipv6Use::kDelegate, "default", user);
  }
  void pass(Duration time) { wheel_.advance(wheel_.now() + time); }
  TimerWheel wheel_;
};

TEST_F(PrefixPoolsTest, EachPrefixOnceAndThenNone) {
  PrefixPools pools(links("2001:db8:0:10::/62"), 60s, wheel_);
  EXPECT_EQ(link(pools), prefix("2001:db8:0:10::/64"));
  EXPECT_EQ(link(pools), prefix("2001:db8:0:11::/64"));
  EXPECT_EQ(link(pools), prefix("2001:db8:0:12::/64"));
  EXPECT_EQ(link(pools), prefix("2001:db8:0:13::/64"));
  EXPECT_EQ(link(pools), std::nullopt);
  const PoolStatus status = pools.status().at(0);
  EXPECT_EQ(status.total, 4U);
  EXPECT_EQ(status.used, 4U);
  EXPECT_EQ(status.available, 0U);
  EXPECT_EQ(status.exhausted, 1U);
  EXPECT_EQ(status.use, Ipv6Use::kLink);
}

TEST_F(PrefixPoolsTest, AUseAndANameMakeAPool) {
  PrefixPools pools(
      with({{.prefix = prefix("2001:db8:1::/48")},
            {.prefix = prefix("2001:db8:2::/48"), .length = 56, .use = Ipv6Use::kDelegate},
            {.name = "gold", .prefix = prefix("2001:db8:3::/48"), .length = 60, .use = Ipv6Use::kDelegate}}),
      60s, wheel_);
  EXPECT_EQ(pools.lease_any(Ipv6Use::kDelegate, "default", ""), prefix("2001:db8:2::/56"));
  EXPECT_EQ(pools.lease_any(Ipv6Use::kDelegate, "default", ""), prefix("2001:db8:2:100::/56"));
  EXPECT_EQ(pools.lease_any(Ipv6Use::kDelegate, "gold", ""), prefix("2001:db8:3::/60"));
  EXPECT_EQ(pools.lease_any(Ipv6Use::kDelegate, "gold", ""), prefix("2001:db8:3:10::/60"));
  EXPECT_FALSE(pools.has(Ipv6Use::kLink, "gold"));
  EXPECT_EQ(pools.lease_any(Ipv6Use::kLink, "gold", ""), std::nullopt);
  EXPECT_EQ(pools.lease_any(Ipv6Use::kAddress, "default", ""), std::nullopt);
}

TEST_F(PrefixPoolsTest, TheSubnetsRoutersAddressIsNobodys) {
  PrefixPools pools(with({{.prefix = prefix("2001:db8:5::/126"), .length = 128, .use = Ipv6Use::kAddress}}),
                    60s, wheel_);
  EXPECT_EQ(pools.status().at(0).total, 3U);
  EXPECT_EQ(pools.lease_any(Ipv6Use::kAddress, "default", ""), prefix("2001:db8:5::1/128"));
  pools.keep(prefix("2001:db8:5::/125"));
  EXPECT_EQ(pools.lease_any(Ipv6Use::kAddress, "default", ""), std::nullopt);
  pools.give_back(prefix("2001:db8:5::/125"));
  EXPECT_EQ(pools.lease_any(Ipv6Use::kAddress, "default", ""), prefix("2001:db8:5::2/128"));
  EXPECT_EQ(pools.lease_any(Ipv6Use::kAddress, "default", ""), prefix("2001:db8:5::3/128"));
  EXPECT_EQ(pools.lease_any(Ipv6Use::kAddress, "default", ""), std::nullopt);
}

TEST_F(PrefixPoolsTest, TotalsBeyondAnyNumberAreOneThatIsGreat) {
  PrefixPools pools(with({{.prefix = prefix("2000::/8")},
                          {.prefix = prefix("fd00::/8"), .length = 128, .use = Ipv6Use::kAddress}}),
                    60s, wheel_);
  EXPECT_EQ(pools.status().at(0).total, std::uint64_t{1} << 56);
  EXPECT_GE(pools.status().at(1).total, (std::uint64_t{1} << 63) - 1);
  EXPECT_EQ(pools.status().at(1).available, pools.status().at(1).total);
  EXPECT_TRUE(link(pools));
}

TEST_F(PrefixPoolsTest, TheLastPrefixOfAllDoesNotWrapAround) {
  PrefixPools pools(links("ffff:ffff:ffff:fffe::/63"), 60s, wheel_);
  EXPECT_TRUE(link(pools));
  EXPECT_TRUE(link(pools));
  EXPECT_FALSE(link(pools));
}

// osvbng's and Juniper's "affinity": a subscriber's hosts keep their addresses.
TEST_F(PrefixPoolsTest, IP6_09_AUserWhoReturnsGetsThePrefixItHad) {
  PrefixPools pools(links("2001:db8::/48"), 60s, wheel_);
  const auto alice = link(pools, "alice"), bob = link(pools, "bob");
  pools.release(*alice);
  pools.release(*bob);
  EXPECT_EQ(link(pools, "bob"), bob) << "quarantine protects it from others alone";
  pass(120s);
  EXPECT_NE(link(pools, "carol"), alice) << "there are others that nobody had yet";
  EXPECT_EQ(link(pools, "alice"), alice);
  EXPECT_NE(link(pools, "alice"), alice) << "her second call";
}

TEST_F(PrefixPoolsTest, IP6_09_WhatAnotherHasGotMeanwhileIsNotTakenBack) {
  PrefixPools pools(links("2001:db8::/64"), 60s, wheel_);
  const auto only = link(pools, "alice");
  pools.release(*only);
  EXPECT_EQ(link(pools, "bob"), only);
  EXPECT_EQ(link(pools, "alice"), std::nullopt);
  EXPECT_EQ(pools.had_by(Ipv6Use::kLink, "default", "alice"), std::vector{*only});
}

// RFC 9096 §3.1: a CPE that dials anew before its old call has timed out must not lose its prefix at each turn.
TEST_F(PrefixPoolsTest, IP6_09_TwoCallsOfOneUserLoseNothingByEachOthersEnd) {
  for (const bool older_ends_first : {true, false}) {
    PrefixPools pools(links("2001:db8::/48"), 60s, wheel_);
    const auto older = link(pools, "alice"), newer = link(pools, "alice");
    const auto& first = older_ends_first ? older : newer;
    const auto& last = older_ends_first ? newer : older;
    pools.release(*first);
    EXPECT_EQ(link(pools, "alice"), first) << "the other still has its own";
    pools.release(*first);
    pools.release(*last);
    EXPECT_EQ(link(pools, "alice"), last) << "whose call ended last";
    EXPECT_EQ(link(pools, "alice"), first);
  }
}

TEST_F(PrefixPoolsTest, IP6_09_TwoDevicesOfOneUserGoOnWithTheTwoPrefixesForEver) {
  PrefixPools pools(links("2001:db8::/48"), 60s, wheel_);
  auto one = link(pools, "alice"), other = link(pools, "alice");
  const auto both = std::set{*one, *other};
  for (int turn = 0; turn < 10; ++turn) {
    pools.release(*one);
    one = link(pools, "alice");
    pools.release(*other);
    other = link(pools, "alice");
    EXPECT_EQ((std::set{*one, *other}), both);
  }
}

TEST_F(PrefixPoolsTest, IP6_09_OfOneUserAFewPrefixesAreKnown) {
  PrefixPools pools(links("2001:db8::/48"), 60s, wheel_);
  std::vector<Ipv6Prefix> all;
  for (std::size_t i = 0; i < PrefixPools::kOfOneUser + 2; ++i) {
    all.push_back(link(pools, "alice").value());
  }
  std::ranges::reverse(all);
  all.resize(PrefixPools::kOfOneUser);
  EXPECT_EQ(pools.had_by(Ipv6Use::kLink, "default", "alice"), all);
}

TEST_F(PrefixPoolsTest, IP6_09_WhatItHadLastComesBeforeWhatOthersHadSince) {
  PrefixPools pools(links("2001:db8::/63"), 60s, wheel_);
  const auto first = link(pools, "alice"), second = link(pools, "alice");
  pools.release(*first, false);
  pools.release(*second, false);
  ASSERT_EQ(link(pools, "bob"), first);
  pools.release(*first, false);
  EXPECT_EQ(link(pools, "alice"), second);
}

TEST_F(PrefixPoolsTest, AnothersQuarantineHoldsForWhoHadItBefore) {
  PrefixPools pools(links("2001:db8::/63"), 60s, wheel_);
  const auto first = link(pools, "alice");
  pools.release(*first, false);
  ASSERT_EQ(link(pools, "bob"), prefix("2001:db8:0:1::/64"));
  ASSERT_EQ(link(pools, "carol"), first);
  pools.release(*first);
  pools.release(prefix("2001:db8:0:1::/64"), false);
  EXPECT_NE(link(pools, "alice"), first) << "what carol had rests";
}

TEST_F(PrefixPoolsTest, NobodyIsNoUser) {
  PrefixPools pools(links("2001:db8::/48"), 60s, wheel_);
  const auto first = link(pools);
  pools.release(*first);
  EXPECT_NE(link(pools), first);
}

TEST_F(PrefixPoolsTest, APrefixRestsAsLongAsThereAreOthers) {
  PrefixPools pools(links("2001:db8::/63"), 60s, wheel_);
  const auto one = link(pools), two = link(pools);
  pools.release(*one);
  pass(1s);
  pools.release(*two);
  EXPECT_EQ(pools.status().at(0).quarantined, 2U);
  pass(59'100ms);
  EXPECT_EQ(pools.status().at(0).quarantined, 1U);
  EXPECT_EQ(link(pools), one) << "rested";
  EXPECT_EQ(link(pools), two) << "the last resort";
  EXPECT_EQ(link(pools), std::nullopt);
}

TEST_F(PrefixPoolsTest, WhatNoPacketHadNeedsNoRest) {
  PrefixPools pools(links("2001:db8::/64"), 60s, wheel_);
  pools.release(*link(pools), false);
  EXPECT_EQ(pools.status().at(0).quarantined, 0U);
  EXPECT_EQ(pools.status().at(0).available, 1U);
}

TEST_F(PrefixPoolsTest, AFixedPrefixHasOneHolderInsideAndOutside) {
  PrefixPools pools(links("2001:db8::/62"), 60s, wheel_);
  for (const Ipv6Prefix& own : {prefix("2001:db8:0:1::/64"), prefix("2001:db8:ffff::/64")}) {
    EXPECT_TRUE(pools.lease_fixed(own));
    EXPECT_FALSE(pools.lease_fixed(own)) << to_string(own);
  }
  EXPECT_EQ(pools.status().at(0).used, 1U);
  EXPECT_EQ(link(pools), prefix("2001:db8::/64"));
  EXPECT_EQ(link(pools), prefix("2001:db8:0:2::/64"));
  EXPECT_FALSE(pools.lease_fixed(prefix("2001:db8:0:2::/64"))) << "a pool's user has it";
  pools.release(prefix("2001:db8:0:1::/64"));
  EXPECT_TRUE(pools.lease_fixed(prefix("2001:db8:0:1::/64"))) << "a redial need not wait";
  pools.release(prefix("2001:db8:ffff::/64"));
  EXPECT_TRUE(pools.lease_fixed(prefix("2001:db8:ffff::/64")));
}

TEST_F(PrefixPoolsTest, WhatIsAPartOfAFixedPrefixIsNotGivenAway) {
  PrefixPools pools(delegations("2001:db8::/54"), 60s, wheel_);
  ASSERT_TRUE(pools.lease_fixed(prefix("2001:db8:0:101::/64"))) << "a part of the second /56";
  ASSERT_TRUE(pools.lease_fixed(prefix("2001:db8:0:200::/55"))) << "the third and the fourth";
  EXPECT_EQ(pools.status().at(0).available, 1U);
  EXPECT_EQ(delegated(pools), prefix("2001:db8::/56"));
  EXPECT_EQ(delegated(pools), std::nullopt);
  EXPECT_FALSE(pools.lease_fixed(prefix("2001:db8:0:7::/64"))) << "given away as a part of the first";
  pools.release(prefix("2001:db8:0:101::/64"));
  EXPECT_EQ(delegated(pools), prefix("2001:db8:0:100::/56"));
  pools.release(prefix("2001:db8:0:200::/55"));
  EXPECT_EQ(delegated(pools), prefix("2001:db8:0:200::/56"));
  EXPECT_EQ(delegated(pools), prefix("2001:db8:0:300::/56"));
  EXPECT_EQ(pools.status().at(0).available, 0U);
}

TEST_F(PrefixPoolsTest, AUsersOwnPrefixIsKeptForThem) {
  PrefixPools pools(links("2001:db8::/63"), 60s, wheel_);
  const Ipv6Prefix own = prefix("2001:db8::/64");
  pools.reserve({own, prefix("2001:db8:ffff::/64")});
  EXPECT_EQ(pools.status().at(0).reserved, 1U);
  EXPECT_EQ(pools.status().at(0).available, 1U);
  EXPECT_EQ(link(pools), prefix("2001:db8:0:1::/64"));
  EXPECT_EQ(link(pools), std::nullopt);
  EXPECT_TRUE(pools.lease_fixed(own));
  EXPECT_EQ(pools.status().at(0).reserved, 0U);
  EXPECT_EQ(pools.status().at(0).used, 2U);
  pools.release(own);
  EXPECT_EQ(pools.status().at(0).reserved, 1U);
  EXPECT_EQ(link(pools), std::nullopt) << "it rests for nobody else";
  pools.reserve({});
  EXPECT_EQ(pools.status().at(0).reserved, 0U);
  EXPECT_EQ(link(pools), own);
}

TEST_F(PrefixPoolsTest, WhatUsersHaveAsTheirOwnChangesWithAReload) {
  PrefixPools pools(links("2001:db8::/62"), 60s, wheel_);
  const Ipv6Prefix had = *link(pools, "alice"), rests = *link(pools, "bob");
  pools.release(rests);
  pools.reserve({had, rests, prefix("2001:db8:0:3::/64")});
  EXPECT_EQ(pools.status().at(0).reserved, 2U) << "not yet that which somebody has";
  EXPECT_EQ(link(pools, "bob"), prefix("2001:db8:0:2::/64")) << "what bob had is another's";
  EXPECT_EQ(link(pools), std::nullopt);
  pools.release(had);
  EXPECT_EQ(pools.status().at(0).reserved, 3U) << "from its release on";
  EXPECT_EQ(link(pools, "alice"), std::nullopt);
  pools.reserve({prefix("2001:db8:0:3::/64")});
  EXPECT_EQ((std::set{*link(pools), *link(pools)}), (std::set{had, rests}));
  EXPECT_EQ(link(pools), std::nullopt);
}

TEST_F(PrefixPoolsTest, ANetworkAroundThePoolKeepsItOnlyIfItIsTheMachinesOwn) {
  PrefixPools pools(links("2001:db8::/48"), 60s, wheel_);
  pools.keep(prefix("2001:db8::/40"), false);
  EXPECT_TRUE(link(pools));
  pools.keep(prefix("2001:db8::/40"), true);
  EXPECT_FALSE(link(pools));
  pools.give_back(prefix("2001:db8::/40"), true);
  EXPECT_TRUE(link(pools));
}

TEST_F(PrefixPoolsTest, ManyKeptOnesAreSteppedOverAtOnce) {
  PrefixPools pools(links("2001:db8::/32"), 60s, wheel_);
  pools.keep(prefix("2001:db8::/33"));  // 2^31 units
  EXPECT_EQ(link(pools), prefix("2001:db8:8000::/64"));
  EXPECT_EQ(pools.status().at(0).available, (std::uint64_t{1} << 31) - 1);
}

TEST_F(PrefixPoolsTest, ReleasingWhatIsNotLeasedIsNothing) {
  PrefixPools pools(links("2001:db8::/62"), 60s, wheel_);
  const auto one = link(pools);
  pools.release(*one);
  pools.release(*one);
  pools.release(prefix("2001:db8:0:2::/64"));
  pools.release(prefix("2001:db8:9::/64"));
  EXPECT_EQ(pools.status().at(0).used, 0U);
  EXPECT_EQ(pools.status().at(0).quarantined, 1U);
}

/// Of so many workers; one: packets arrive anywhere.
class RandomRuns : public PrefixPoolsTest, public testing::WithParamInterface<std::uint16_t> {};

struct ByDelegation final : Steering {
  explicit ByDelegation(std::uint16_t of) : workers(of) {}
  std::optional<contract::WorkerId> downlink(const Ipv6Prefix& subscriber) const override {
    const auto worker = static_cast<std::uint16_t>((subscriber.address.high >> 8) % workers);
    return workers == 1 ? std::nullopt : std::optional(contract::WorkerId{worker});
  }
  std::uint16_t workers;
};

// The model only knows who holds what, what is kept, and when a prefix was released.
TEST_P(RandomRuns, NeverGiveOnePrefixTwice) {
  const ByDelegation steering(GetParam());
  PrefixPools pools(delegations("2001:db8::/52", 56), 60s, wheel_, GetParam(), steering);
  std::mt19937 random(20261130);  // NOLINT: a fixed seed on purpose
  const std::vector<Ipv6Prefix> own = {prefix("2001:db8:0:100::/56"), prefix("2001:db8:0:201::/64"),
                                       prefix("2001:db8:0:800::/53"), prefix("2001:db8:0:900::/56"),
                                       prefix("2001:db8:0:600::/55"), prefix("2001:db8:ff00::/56")};
  std::map<Ipv6Prefix, bool> held;  // fixed?
  std::multiset<Ipv6Prefix> kept;
  const auto is_kept = [&](const Ipv6Prefix& unit) {
    const auto overlaps = [&](const Ipv6Prefix& one) { return one.contains(unit) || unit.contains(one); };
    return std::ranges::any_of(kept, overlaps) ||
           std::ranges::any_of(held, [&](const auto& one) { return one.second && overlaps(one.first); });
  };
  for (int step = 0; step < 20'000; ++step) {
    const auto kind = random() % 10;
    const Ipv6Prefix& some = own[random() % own.size()];
    if (kind < 4) {
      const std::string user = "user" + std::to_string(random() % 12);
      const contract::WorkerId owner{static_cast<std::uint16_t>(random() % GetParam())};
      const auto unit = pools.lease_any(Ipv6Use::kDelegate, "default", user, owner);
      if (unit) {
        ASSERT_FALSE(is_kept(*unit)) << to_string(*unit) << " step " << step;
        ASSERT_TRUE(held.emplace(*unit, false).second) << to_string(*unit) << " step " << step;
      } else {
        for (std::uint64_t n = 0; n < 16; ++n) {
          const Ipv6Prefix left{.address = {0x2001'0db8'0000'0000 | n << 8, 0}, .length = 56};
          ASSERT_TRUE(held.contains(left) || is_kept(left)) << to_string(left) << " step " << step;
        }
      }
    } else if (kind < 5) {
      if (pools.lease_fixed(some)) {
        ASSERT_TRUE(held.emplace(some, true).second) << to_string(some) << " step " << step;
      }
    } else if (kind < 6) {
      const auto known = kept.find(some);
      known == kept.end() ? pools.keep(some) : pools.give_back(some);
      known == kept.end() ? void(kept.insert(some)) : void(kept.erase(known));
    } else if (kind < 9 && !held.empty()) {
      const auto leaver = std::next(held.begin(), static_cast<std::ptrdiff_t>(random() % held.size()));
      pools.release(leaver->first, random() % 4 != 0);
      held.erase(leaver);
    } else {
      pass(Duration(random() % 20'000));
    }
    const Ipv6Prefix around = prefix("2001:db8::/52");
    const auto used = std::ranges::count_if(
        held, [&](const auto& one) { return one.first.length == 56 && around.contains(one.first); });
    ASSERT_EQ(pools.status().at(0).used, static_cast<std::uint64_t>(used)) << "step " << step;
  }
  for (const auto& [prefix, fixed] : held) {
    pools.release(prefix);
  }
  for (const Ipv6Prefix& prefix : kept) {
    pools.give_back(prefix);
  }
  pass(120s);
  EXPECT_EQ(pools.status().at(0).reserved, 0U);
  EXPECT_EQ(pools.status().at(0).available, 16U);
}

INSTANTIATE_TEST_SUITE_P(Workers, RandomRuns, testing::Values(1, 3));

// ---- by worker ----------------------------------------------------------------------------------------------

/// The last bits of a /64 determine the worker; of a /56, nothing.
struct LinksByLastBits final : Steering {
  explicit LinksByLastBits(std::uint16_t of) : workers(of) {}
  std::optional<contract::WorkerId> downlink(const Ipv6Prefix& subscriber) const override {
    return subscriber.length == 64 ? std::optional(contract::WorkerId{
                                         static_cast<std::uint16_t>(subscriber.address.high % workers)})
                                   : std::nullopt;
  }
  std::uint16_t workers;
};

TEST_F(PrefixPoolsTest, EachWorkersCallsGetPrefixesThatArriveThere) {
  const LinksByLastBits steering(4);
  PrefixPools pools(links("2001:db8::/56"), 1s, wheel_, 4, steering);
  std::vector<Ipv6Prefix> leased;
  for (std::uint16_t n = 0; n < 256; ++n) {
    const contract::WorkerId owner{static_cast<std::uint16_t>(n / 64)};  // one worker's, then the next one's
    const auto unit = pools.lease_any(Ipv6Use::kLink, "default", "", owner);
    ASSERT_TRUE(unit);
    ASSERT_EQ(steering.downlink(*unit), owner) << wire::to_string(*unit);
    leased.push_back(*unit);
  }
  EXPECT_FALSE(pools.lease_any(Ipv6Use::kLink, "default", "", {0}));
  for (const Ipv6Prefix& unit : leased) {
    pools.release(unit);
  }
  pass(2s);
  for (int n = 0; n < 64; ++n) {
    ASSERT_EQ(steering.downlink(*pools.lease_any(Ipv6Use::kLink, "default", "", {2})), contract::WorkerId{2})
        << "the rested ones too";
  }
  EXPECT_EQ(pools.status().at(0).used, 64U);
  EXPECT_EQ(pools.status().at(0).available, 192U);
}

TEST_F(PrefixPoolsTest, AWorkerWhoseShareIsUsedUpGetsOthersPrefixes) {
  const LinksByLastBits steering(4);
  PrefixPools pools(links("2001:db8::/58"), 1s, wheel_, 4, steering);
  std::set<Ipv6Prefix> seen;
  ASSERT_TRUE(pools.lease_fixed(prefix("2001:db8:0:2::/64"))) << "one that a share will come to";
  for (int n = 0; n < 63; ++n) {
    const auto unit = pools.lease_any(Ipv6Use::kLink, "default", "", {1});
    ASSERT_TRUE(unit) << n;
    ASSERT_TRUE(seen.insert(*unit).second);
    ASSERT_NE(*unit, prefix("2001:db8:0:2::/64"));
  }
  EXPECT_FALSE(pools.lease_any(Ipv6Use::kLink, "default", "", {1}));
}

TEST_F(PrefixPoolsTest, AUserReturnsToItsPrefixWhicheverWorkerHasTheCall) {
  const LinksByLastBits steering(2);
  PrefixPools pools(links("2001:db8::/60"), 1s, wheel_, 2, steering);
  const auto had = pools.lease_any(Ipv6Use::kLink, "default", "alice", {1});
  EXPECT_EQ(had, prefix("2001:db8:0:1::/64"));
  pools.release(*had);
  EXPECT_EQ(pools.lease_any(Ipv6Use::kLink, "default", "alice", {0}), had);
}

TEST_F(PrefixPoolsTest, WhatIsPassedOverAndThenSomebodysOwnIsNotGivenAway) {
  const LinksByLastBits steering(2);
  PrefixPools pools(links("2001:db8::/62"), 1s, wheel_, 2, steering);
  EXPECT_EQ(pools.lease_any(Ipv6Use::kLink, "default", "", {1}), prefix("2001:db8:0:1::/64"));
  pools.keep(prefix("2001:db8::/64"));
  EXPECT_EQ(pools.lease_any(Ipv6Use::kLink, "default", "", {0}), prefix("2001:db8:0:2::/64"));
  EXPECT_EQ(pools.lease_any(Ipv6Use::kLink, "default", "", {0}), prefix("2001:db8:0:3::/64"));
  EXPECT_FALSE(pools.lease_any(Ipv6Use::kLink, "default", "", {0}));
  pools.give_back(prefix("2001:db8::/64"));
  EXPECT_EQ(pools.lease_any(Ipv6Use::kLink, "default", "", {0}), prefix("2001:db8::/64"));
}

/// Of a pool without an end, memory is bounded all the same.
TEST_F(PrefixPoolsTest, AWorkerThatNoPrefixArrivesAtGetsSomebodyElses) {
  struct AllAtTheFirst final : Steering {
    std::optional<contract::WorkerId> downlink(const Ipv6Prefix&) const override {
      ++asked;
      return contract::WorkerId{0};
    }
    mutable std::size_t asked = 0;
  };
  const AllAtTheFirst steering;
  PrefixPools pools(links("2001::/16"), 1s, wheel_, 2, steering);
  std::set<Ipv6Prefix> seen;
  for (int n = 0; n < 5000; ++n) {
    const auto unit = pools.lease_any(Ipv6Use::kLink, "default", "", {1});
    ASSERT_TRUE(unit && seen.insert(*unit).second) << n;
  }
  EXPECT_LE(steering.asked, 2 * (5000 + 2 * PrefixPools::kPassedOver));
}

TEST_F(PrefixPoolsTest, WhereNothingIsKnownPrefixesAreGivenInOrder) {
  const LinksByLastBits steering(4);
  PrefixPools pools(delegations("2001:db8::/48"), 1s, wheel_, 4, steering);
  EXPECT_EQ(pools.lease_any(Ipv6Use::kDelegate, "default", "", {3}), prefix("2001:db8::/56"));
  EXPECT_EQ(pools.lease_any(Ipv6Use::kDelegate, "default", "", {2}), prefix("2001:db8:0:100::/56"));
}

}  // namespace
}  // namespace adit::control
