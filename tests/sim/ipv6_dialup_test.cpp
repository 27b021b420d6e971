// SPDX-License-Identifier: Apache-2.0
// Dual-stack clients and the concentrator that they dial: what Router Advertisements and DHCPv6 give is the same at both
// ends, over good links and bad ones, and when thousands come back at once.
#include <gtest/gtest.h>

#include <cstdio>
#include <set>

#include "crypto/library.hpp"
#include "tests/sim/dial_world.hpp"

namespace adit::sim {
namespace {

using control::Duration;
using control::Instant;
using control::Ipv6Policy;
using control::MppePolicy;
using namespace std::chrono_literals;

control::ClientSettings dual_stack_caller() {
  control::ClientSettings settings;
  settings.profile = control::find_client_profile("plain");
  settings.user = "alice";
  control::set_password(settings, "secret");
  settings.mppe = MppePolicy::kRequire;
  settings.ipv6 = Ipv6Policy::kPrefer;
  settings.delegation = true;
  return settings;
}

control::Settings dual_stack_server() {
  control::Settings settings;
  settings.auth.methods = {control::AuthMethod::kMsChapV2};
  settings.ppp.mppe = MppePolicy::kRequire;
  settings.ipv6.mode = Ipv6Policy::kAllow;
  return settings;
}

bool has_both_prefixes(WorldClient& client) {
  return client.ipv6 && client.ipv6->link && client.ipv6->delegated && client.ups > 0;
}

void expect_prefixes_match(WorldClient& client) {
  const control::House::Installed* at_server = client.installed();
  ASSERT_NE(at_server, nullptr);
  ASSERT_TRUE(at_server->ipv6 && has_both_prefixes(client));
  EXPECT_EQ(client.ipv6, client.call().status().ipv6);
  EXPECT_EQ(at_server->ipv6->interface_id, client.ipv6->interface_id);
  EXPECT_EQ(at_server->ipv6->link_prefix, client.ipv6->link->address.high);
  EXPECT_EQ(client.ipv6->link->length, 64);
  EXPECT_EQ(at_server->ipv6->delegated, client.ipv6->delegated->address.high);
  EXPECT_EQ(at_server->ipv6->delegated_length, client.ipv6->delegated->length);
  EXPECT_FALSE(client.call().status().waits_for_ipv6);
}

class Ipv6DialUp : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(crypto::initialise().has_value()); }
  const control::ClientSettings caller_ = dual_stack_caller();
};

TEST_F(Ipv6DialUp, ACallHasItsPrefixesWithinASecondOrTwo) {
  DialWorld world(dual_stack_server(), 8, 1);
  WorldClient& client = world.dial(caller_, {});
  ASSERT_TRUE(world.run_until_all(has_both_prefixes, 2s));
  expect_prefixes_match(client);
  world.run(10s);
  EXPECT_EQ(client.call().status().advertisements, 3U) << "the initial ones";
  client.call().hang_up();
  ASSERT_TRUE(world.run_until_all([](WorldClient& one) { return one.ended.has_value(); }, 10s));
  EXPECT_FALSE(client.ipv6);
  EXPECT_EQ(client.call().status().ipv6, control::Ipv6Binding{});
}

TEST_F(Ipv6DialUp, LossCostsTimeAndNothingElse) {
  std::set<wire::Ipv6Prefix> links, networks;
  DialWorld world(dual_stack_server(), 200, 7);
  for (int i = 0; i < 200; ++i) {
    world.dial(caller_, {.loss = 0.1, .duplication = 0.05, .delay = 20ms, .jitter = 30ms});
  }
  ASSERT_TRUE(world.run_until_all(has_both_prefixes, 60s));
  std::printf("200 calls have their prefixes after %d ms\n",
              static_cast<int>(world.house.wheel.now().since_start.count()));
  world.run(15s);
  for (const auto& client : world.clients) {
    expect_prefixes_match(*client);
    EXPECT_LE(client->call().status().advertisements, 6U);
    links.insert(*client->ipv6->link);
    networks.insert(*client->ipv6->delegated);
  }
  EXPECT_EQ(links.size(), 200U);
  EXPECT_EQ(networks.size(), 200U);
}

TEST_F(Ipv6DialUp, TheDelegatedPrefixIsRenewedForAsLongAsTheCallLasts) {
  DialWorld world(dual_stack_server(), 8, 1);
  WorldClient& client = world.dial(caller_, {});
  ASSERT_TRUE(world.run_until_all(has_both_prefixes, 2s));
  const auto binding = client.ipv6;
  world.run(3700s);
  EXPECT_EQ(client.ipv6, binding);
  const auto& heard = world.house.concentrator->stats().ipv6.dhcpv6_received;
  EXPECT_EQ(heard[static_cast<std::size_t>(wire::Dhcpv6Type::kSolicit)], 1U);
  EXPECT_EQ(heard[static_cast<std::size_t>(wire::Dhcpv6Type::kRenew)], 2U) << "T1 is half an hour";
  EXPECT_EQ(heard[static_cast<std::size_t>(wire::Dhcpv6Type::kRebind)], 0U);
}

// pppd: noip +ipv6
TEST_F(Ipv6DialUp, ACallerWithoutIpv4IsUpByIpv6AndLeavesItsAddressToOthers) {
  control::ClientSettings caller = caller_;
  caller.ipv4 = false;
  for (const auto& [client_asks, server] :
       {std::pair(Ipv6Policy::kPrefer, Ipv6Policy::kAllow), std::pair(Ipv6Policy::kAllow, Ipv6Policy::kAllow),
        std::pair(Ipv6Policy::kRequire, Ipv6Policy::kRequire)}) {
    SCOPED_TRACE(static_cast<int>(client_asks));
    caller.ipv6 = client_asks;
    control::Settings settings = dual_stack_server();
    settings.ipv6.mode = server;
    DialWorld world(settings, 8, 1);
    WorldClient& client = world.dial(caller, {});
    ASSERT_TRUE(world.run_until_all(has_both_prefixes, 3s));
    expect_prefixes_match(client);
    EXPECT_FALSE(client.installed()->ip);
    EXPECT_EQ(world.house.concentrator->stats().calls_active, 1U);
    EXPECT_EQ(world.house.concentrator->pools().front().used, 0U);
    world.run(120s);
    EXPECT_FALSE(client.ended);
    EXPECT_EQ(client.ups, 1);
    EXPECT_EQ(world.house.accounting.said.front(), "start alice");
    EXPECT_TRUE(world.house.accounting.address.is_none());
    client.call().hang_up();
    ASSERT_TRUE(world.run_until_all([](WorldClient& one) { return one.ended.has_value(); }, 10s));
    EXPECT_TRUE(world.house.accounting.said.back().starts_with("stop alice"));
  }
}

TEST_F(Ipv6DialUp, WithoutIpv6EitherThereIsNoCallAndItsEndSaysWhy) {
  control::ClientSettings caller = caller_;
  caller.ipv4 = false;
  control::Settings settings = dual_stack_server();
  settings.ipv6.mode = Ipv6Policy::kDeny;
  DialWorld world(settings, 8, 1);
  WorldClient& client = world.dial(caller, {});
  ASSERT_TRUE(world.run_until_all([](WorldClient& one) { return one.ended.has_value(); }, 10s));
  EXPECT_EQ(client.ups, 0);
  const auto ended = world.house.log.named("call_ended");
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].fields.at("reason"), "ipcp_failed");
  EXPECT_EQ(ended[0].fields.at("why"), "ipcp: peer does not speak IPCP");
}

TEST_F(Ipv6DialUp, AServerWithoutIpv6KeepsNobodyWaiting) {
  control::Settings settings = dual_stack_server();
  settings.ipv6.mode = Ipv6Policy::kDeny;
  DialWorld world(settings, 8, 1);
  WorldClient& client = world.dial(caller_, {});
  world.run(1s);
  EXPECT_TRUE(client.call().status().up);
  EXPECT_FALSE(client.call().status().waits_for_ipv6);
}

TEST_F(Ipv6DialUp, AServerWithoutDhcpv6IsAskedOnAndGivesTheLinkAlone) {
  control::Settings settings = dual_stack_server();
  settings.ipv6.dhcpv6 = false;
  DialWorld world(settings, 8, 1);
  WorldClient& client = world.dial(caller_, {});
  world.run(20s);
  ASSERT_TRUE(client.ipv6 && client.ipv6->link);
  EXPECT_FALSE(client.ipv6->delegated);
  EXPECT_TRUE(client.call().status().waits_for_ipv6) << "it may answer a later Solicit";
}

/// RFC 4861 §6.2.4 for each, and for all together what the concentrator allows itself.
TEST_F(Ipv6DialUp, EachCallOfAReconnectWaveHearsItsBurstOfAdvertisementsAndNoMore) {
  constexpr int kCalls = 500;
  DialWorld world(dual_stack_server(), kCalls, 3);
  for (int i = 0; i < kCalls; ++i) {
    world.dial(caller_, {});
  }
  ASSERT_TRUE(world.run_until_all(has_both_prefixes, 30s));
  world.run(15s);
  std::uint64_t heard = 0;
  for (const auto& client : world.clients) {
    const std::uint32_t one = client->call().status().advertisements;
    EXPECT_GE(one, 3U);
    EXPECT_LE(one, 4U);
    heard += one;
  }
  EXPECT_EQ(heard, world.house.concentrator->stats().ipv6.router_advertisements);
}

}  // namespace
}  // namespace adit::sim
