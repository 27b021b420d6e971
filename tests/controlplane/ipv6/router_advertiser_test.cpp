// SPDX-License-Identifier: Apache-2.0
// Router Advertisements against RFC 4861 §6.2: when, how often, and what they say, on a clock turned by hand.
#include <gtest/gtest.h>

#include <map>

#include "tests/kit/ipv6_kit.hpp"

namespace adit::control {
namespace {

using test::ip6;
using test::Ipv6World;
using test::net6;

TEST(RouterAdvertiser, SaysWhatTheLinkIs) {
  Ipv6World world;
  world.up();
  world.run(1s);
  const auto all = world.advertisements();
  ASSERT_EQ(all.size(), 1U);
  const test::Advertised& said = all[0].second;
  EXPECT_EQ(said.from, wire::link_local(1));
  EXPECT_EQ(said.to, wire::kAllNodes);
  EXPECT_EQ(said.router_lifetime, 1800);
  EXPECT_EQ(said.mtu, 1396U);
  EXPECT_TRUE(said.managed && said.other);
  ASSERT_TRUE(said.prefix);
  EXPECT_EQ(said.prefix->prefix, net6("2001:db8:64:7::/64"));
  EXPECT_EQ(said.prefix->preferred, 3600U);
  EXPECT_EQ(said.prefix->valid, 7200U);
  EXPECT_EQ(said.dns, std::vector{ip6("2001:db8::53")});
  EXPECT_EQ(said.dns_lifetime, 1800U) << "RFC 8106 §5.1: three intervals";
  EXPECT_TRUE(said.has_domains);
}

TEST(RouterAdvertiser, FlagsServersAndPrefixFollowTheTerms) {
  Ipv6World world;
  world.settings.dhcpv6 = false;
  world.settings.domain.clear();
  world.settings.ra_lifetime = 0s;
  world.terms.link.reset();
  world.terms.interface_id = 0x77;
  world.terms.dns = {ip6("2001:db8:9::1"), ip6("2001:db8:9::2")};
  world.up();
  world.run(1s);
  ASSERT_EQ(world.advertisements().size(), 1U);
  const test::Advertised said = world.advertisements()[0].second;
  EXPECT_EQ(said.from, wire::link_local(0x77));
  EXPECT_FALSE(said.managed || said.other || said.prefix || said.has_domains);
  EXPECT_EQ(said.router_lifetime, 0) << "not a default router";
  EXPECT_EQ(said.dns, world.terms.dns);

  Ipv6World stateless;
  stateless.terms.has_address = false;
  stateless.up();
  stateless.run(1s);
  EXPECT_FALSE(stateless.advertisements()[0].second.managed)
      << "no client is to wait for an address that there is not";
  EXPECT_TRUE(stateless.advertisements()[0].second.other);
}

TEST(RouterAdvertiser, IP6_03_ThreeAtOnceThenPeriodically) {
  Ipv6World world;
  world.up();
  EXPECT_TRUE(world.sent.empty()) << "the first is spread, too";
  world.run(10'000s);
  const auto all = world.advertisements();
  ASSERT_GT(all.size(), 12U);
  EXPECT_LE(all[0].first, Instant{510ms});
  EXPECT_EQ(all[1].first - all[0].first, 3s);
  EXPECT_EQ(all[2].first - all[1].first, 3s);
  Duration least = 600s, most = 0s;
  for (std::size_t i = 3; i < all.size(); ++i) {
    const Duration gap = all[i].first - all[i - 1].first;
    least = std::min(least, gap);
    most = std::max(most, gap);
  }
  EXPECT_GE(least, 200s);
  EXPECT_LE(most, 600s + TimerWheel::kTick);
  EXPECT_GT(most - least, 100s) << "jitter";
  EXPECT_EQ(world.counters.router_advertisements, all.size());
}

TEST(RouterAdvertiser, IP6_03_LinksDoNotMarchInStep) {
  TimerWheel wheel;
  std::map<std::int64_t, int> seconds;
  std::vector<std::unique_ptr<Ipv6World>> worlds;
  for (unsigned i = 0; i < 200; ++i) {
    worlds.push_back(std::make_unique<Ipv6World>());
    worlds.back()->entropy = test::SeededEntropy(i);
    worlds.back()->up();
    worlds.back()->run(600s);
    for (const auto& [at, said] : worlds.back()->advertisements()) {
      ++seconds[std::chrono::duration_cast<std::chrono::seconds>(at.since_start).count()];
    }
  }
  for (const auto& [second, count] : seconds) {
    EXPECT_LE(count, second < 8 ? 200 : 10) << second;
  }
}

// OpenWrt's odhcp6c lost its default route after 30 minutes on a link whose router only ever answered solicitations.
TEST(RouterAdvertiser, IP6_03_TheDefaultRouteOutlives31MinutesAndEveryLifetime) {
  for (const auto& [interval, lifetime] :
       {std::pair{Duration(600s), Duration(1800s)}, std::pair{Duration(4s), Duration(12s)},
        std::pair{Duration(1800s), Duration(9000s)}}) {
    Ipv6World world;
    world.settings.ra_interval = interval;
    world.settings.ra_lifetime = lifetime;
    world.up();
    world.run(20 * lifetime + 31min);
    Instant route_until{1s}, prefix_until{1s}, servers_until{1s};
    for (const auto& [at, said] : world.advertisements()) {
      ASSERT_LT(at, route_until) << "the route was gone at " << at.since_start.count();
      ASSERT_LT(at, prefix_until);
      ASSERT_LT(at, servers_until);
      route_until = at + std::chrono::seconds(said.router_lifetime);
      prefix_until = at + std::chrono::seconds(said.prefix->preferred);
      servers_until = at + std::chrono::seconds(said.dns_lifetime);
    }
    EXPECT_GT(route_until, world.wheel.now());
  }
}

TEST(RouterAdvertiser, IP6_04_SolicitationIsAnsweredWithinHalfASecond) {
  Ipv6World world;
  world.up();
  world.run(60s);
  std::size_t before = world.sent.size();
  for (int i = 0; i < 50; ++i) {
    const Instant asked = world.wheel.now();
    world.solicit_router();
    world.run(510ms);
    ASSERT_EQ(world.sent.size(), before + 1) << i;
    EXPECT_LE(world.sent.back().at - asked, 500ms + TimerWheel::kTick);
    world.run(4s);
    before = world.sent.size();
  }
  EXPECT_EQ(world.counters.router_solicitations, 50U);
  EXPECT_EQ(world.counters.solicitations_limited, 0U);
}

TEST(RouterAdvertiser, IP6_04_AFloodOfSolicitationsHasOneAnswerInThreeSeconds) {
  Ipv6World world;
  world.up();
  world.run(60s);
  const std::size_t before = world.sent.size();
  for (int i = 0; i < 3000; ++i) {
    world.solicit_router();
    world.run(10ms);
  }
  const auto all = world.advertisements();
  for (std::size_t i = before; i < all.size(); ++i) {
    EXPECT_GE(all[i].first - all[i - 1].first, 3s);
  }
  EXPECT_GE(all.size() - before, 8U) << "and it has that one";
  EXPECT_LE(all.size() - before, 10U);
  EXPECT_EQ(world.counters.router_solicitations, 3000U);
  EXPECT_GE(world.counters.solicitations_limited, 2980U);
}

TEST(RouterAdvertiser, AnAnswerTakesThePlaceOfThePeriodicOne) {
  Ipv6World world;
  world.up();
  world.run(60s);
  world.solicit_router();
  world.run(1s);
  const Instant answered = world.sent.back().at;
  const std::size_t before = world.sent.size();
  world.run(199s);
  EXPECT_EQ(world.sent.size(), before) << "RFC 4861 §6.2.6: the interval begins anew";
  world.run(402s);
  EXPECT_GT(world.sent.size(), before);
  EXPECT_LE(world.sent[before].at - answered, 600s + TimerWheel::kTick);
}

TEST(RouterAdvertiser, ASolicitationAtOnceIsAnsweredByTheFirst) {
  Ipv6World world;
  world.up();
  for (int i = 0; i < 5; ++i) {
    world.solicit_router();
  }
  world.run(600ms);
  EXPECT_EQ(world.sent.size(), 1U);
  world.run(7s);
  EXPECT_EQ(world.sent.size(), 3U);
}

TEST(RouterAdvertiser, IP6_05_WithoutBudgetItTriesAgainShortly) {
  Ipv6World world;
  bool open = false;
  world.budget = [&] { return open; };
  world.up();
  world.run(30s);
  EXPECT_TRUE(world.sent.empty());
  EXPECT_GE(world.counters.advertisements_put_off, 30s / 410ms);
  EXPECT_LE(world.counters.advertisements_put_off, 30s / 100ms);
  open = true;
  world.run(410ms);
  EXPECT_EQ(world.sent.size(), 1U);
  world.run(7s);
  EXPECT_EQ(world.sent.size(), 3U) << "the burst is put off, not cut";
}

TEST(RouterAdvertiser, IP6_05_AReconnectWaveIsSpreadByTheBudgetAndAllAreServed) {
  TimerWheel wheel;
  constexpr int kLinks = 1000, kPerTick = 5;
  int left = 0, most = 0, count = 0;
  struct Host final : Ipv6LinkHost {
    Host(int& budget, int& total) : left(budget), sent(total) {}
    void send_ipv6(wire::Bytes) override {
      ++mine;
      ++sent;
    }
    bool may_advertise() override { return left > 0 && left-- > 0; }
    std::optional<wire::Ipv6Prefix> lease_ipv6(Ipv6Use) override { return std::nullopt; }
    void binding_changed(const Ipv6Lease&) override {}
    int& left;
    int& sent;
    int mine = 0;
  };
  test::SeededEntropy entropy;
  Ipv6Settings settings;
  Ipv6Counters counters;
  std::vector<std::unique_ptr<Host>> hosts;
  std::vector<std::unique_ptr<Ipv6Link>> links;
  for (int i = 0; i < kLinks; ++i) {
    hosts.push_back(std::make_unique<Host>(left, count));
    links.push_back(std::make_unique<Ipv6Link>(settings, wheel, entropy, counters, *hosts.back()));
    links.back()->up({});
  }
  for (int tick = 0; tick < 1500; ++tick) {  // 15 s
    left = kPerTick;
    const int before = count;
    wheel.advance(wheel.now() + 10ms);
    most = std::max(most, count - before);
  }
  EXPECT_LE(most, kPerTick);
  EXPECT_EQ(counters.router_advertisements, 3U * kLinks);
  for (const auto& host : hosts) {
    EXPECT_EQ(host->mine, 3);
  }
}

TEST(RouterAdvertiser, GoingDownInGoodOrderWithdrawsItAll) {
  Ipv6World world;
  world.up();
  world.run(10s);
  world.sent.clear();
  world.link.down();
  const auto all = world.advertisements();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].second.router_lifetime, 0);
  EXPECT_EQ(all[0].second.prefix->preferred, 0U);
  EXPECT_EQ(all[0].second.prefix->valid, 0U);
  EXPECT_EQ(all[0].second.dns_lifetime, 0U);
  world.link.down();
  world.run(10'000s);
  EXPECT_EQ(world.sent.size(), 1U) << "once, and nothing after it";
  EXPECT_EQ(world.wheel.armed_count(), 0U);
}

TEST(RouterAdvertiser, NoFarewellFromWhomNobodyKnowsOrWithoutBudget) {
  Ipv6World early;
  early.up();
  early.link.down();
  EXPECT_TRUE(early.sent.empty());

  Ipv6World busy;
  busy.up();
  busy.run(10s);
  busy.budget = [] { return false; };
  busy.sent.clear();
  busy.link.down();
  EXPECT_TRUE(busy.sent.empty());
}

TEST(RouterAdvertiser, ALinkThatComesUpAgainBeginsAnew) {
  Ipv6World world;
  world.up();
  world.run(100s);
  world.link.down();
  world.sent.clear();
  world.terms.link = net6("2001:db8:64:8::/64");
  world.up();
  world.run(7s);
  const auto all = world.advertisements();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].second.prefix->prefix, net6("2001:db8:64:8::/64"));
}

}  // namespace
}  // namespace adit::control
