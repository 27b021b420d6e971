// SPDX-License-Identifier: Apache-2.0
// The process dies without a word, and another goes on with its calls by their records: clients notice nothing, nobody
// is told of an end, and every session has exactly one Stop, whichever moment it was.
#include <gtest/gtest.h>

#include <random>

#include "crypto/library.hpp"
#include "tests/sim/dial_world.hpp"

namespace adit::sim {
namespace {

using control::AuthMethod;
using control::ClientProfile;
using control::ClientSettings;
using control::Duration;
using control::MppePolicy;
using control::Settings;
using namespace std::chrono_literals;

bool is_up(WorldClient& client) {
  return client.ups > 0 && client.call().status().up;
}
bool is_over(WorldClient& client) {
  return client.ended.has_value();
}

Settings server() {
  Settings settings;
  settings.auth.methods = {AuthMethod::kMsChapV2};
  settings.ppp.mppe = MppePolicy::kRequire;
  settings.ppp.lcp_echo_interval = 4s;
  settings.pptp.echo_interval = 5s;
  settings.pptp.echo_timeout = 5s;
  settings.interim_interval = 10s;
  return settings;
}

ClientSettings caller(std::size_t which) {
  const auto profiles = control::client_profiles();
  ClientSettings settings;
  settings.profile = &profiles[which % profiles.size()];
  settings.user = "alice";
  control::set_password(settings, "secret");
  settings.methods = {AuthMethod::kMsChapV2};
  settings.mppe = MppePolicy::kRequire;
  return settings;
}

/// Of all sessions there have been, each has been told of, once.
void expect_one_stop_each(const DialWorld& world) {
  EXPECT_TRUE(world.house.accounting.open_sessions.empty());
  for (const auto& [session, stops] : world.house.accounting.stops) {
    EXPECT_EQ(stops, 1) << session;
  }
}

void expect_nothing_left(DialWorld& world) {
  world.run(10s);
  world.clients.clear();
  control::expect_baseline(world.house);
  expect_one_stop_each(world);
}

class Adoption : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(crypto::initialise().has_value()); }
};

TEST_F(Adoption, UPG_01_AThousandCallsOutliveTheProcess) {
  DialWorld world(server(), 1024, 1);
  world.house.keep_records();
  constexpr std::size_t kCalls = 1000;
  for (std::size_t n = 0; n < kCalls; ++n) {
    world.dial(caller(n), {});
  }
  ASSERT_TRUE(world.run_until_all(is_up, 60s));
  world.run(3s);
  auto& house = world.house;
  ASSERT_EQ(house.concentrator->stats().calls_active, kCalls);
  ASSERT_EQ(house.accounting.open_sessions.size(), kCalls);
  std::map<std::string, wire::Ipv4Address> addresses;
  for_each_call(*house.concentrator, [&](const control::CallStatus& call) {
    addresses[call.session_id] = call.session.address;
  });
  const std::size_t starts = house.accounting.open_sessions.size();
  const auto mapped = house.subscribers;
  const std::size_t came_up = house.log.named("call_up").size();

  house.die();
  world.bury();

  EXPECT_TRUE(house.refused.empty()) << house.refused.front();
  EXPECT_EQ(house.concentrator->stats().calls_active, kCalls);
  EXPECT_EQ(house.concentrator->stats().connections, kCalls);
  EXPECT_EQ(house.accounting.open_sessions.size(), starts);
  EXPECT_TRUE(house.accounting.stops.empty());
  EXPECT_EQ(house.subscribers, mapped);
  for_each_call(*house.concentrator, [&](const control::CallStatus& call) {
    EXPECT_EQ(call.session.address, addresses.at(call.session_id));
    EXPECT_EQ(call.session.user, "alice");
    EXPECT_EQ(call.session.auth_method, "mschap-v2");
    EXPECT_EQ(call.session.mppe, "128");
  });

  // Echoes of both kinds and interim records go on: a client that got no answer would have hung up by then.
  const std::size_t said = house.accounting.said.size();
  world.run(25s);
  EXPECT_FALSE(std::ranges::any_of(world.clients, [](const auto& client) { return client->ended.has_value(); }));
  EXPECT_EQ(house.concentrator->stats().calls_active, kCalls);
  EXPECT_EQ(house.log.named("call_up").size(), came_up) << "nobody came up anew";
  EXPECT_GE(house.accounting.said.size() - said, 2 * kCalls);
  EXPECT_TRUE(std::ranges::all_of(house.accounting.said.begin() + static_cast<std::ptrdiff_t>(said),
                                  house.accounting.said.end(),
                                  [](const std::string& record) { return record.starts_with("interim"); }));

  // Ended from both sides.
  for (std::size_t client = 0; client < kCalls; client += 2) {
    world.clients[client]->call().hang_up();
  }
  world.run(5s);
  EXPECT_EQ(terminate(*house.concentrator, {}, false), kCalls / 2);
  ASSERT_TRUE(world.run_until_all(is_over, 30s));
  expect_nothing_left(world);
  EXPECT_EQ(house.accounting.stops.size(), kCalls);
}

TEST_F(Adoption, UPG_02_LcpBeginsAnewInTheNextProcessAndTheSameUserLogsIn) {
  DialWorld world(server(), 64, 2);
  world.house.keep_records();
  world.dial(caller(0), {});
  ASSERT_TRUE(world.run_until_all(is_up, 30s));
  world.run(2s);
  auto& house = world.house;
  const auto keys = world.clients[0]->mppe.at(contract::Direction::kSend).start_key;
  const auto ref = world.clients[0]->installed()->install.call;
  house.die();
  world.bury();
  world.run(2s);
  // The worker cannot decrypt: new keys, which the former process' records had no part in.
  house.concentrator->on_worker_message(contract::MppeDesynchronised{ref}, {});
  // And dies again in the middle of it.
  world.run(60ms);
  house.die();
  world.bury();
  EXPECT_TRUE(house.refused.empty());
  world.run(20s);
  ASSERT_FALSE(world.clients[0]->ended) << world.clients[0]->detail;
  EXPECT_EQ(house.concentrator->stats().calls_active, 1U);
  ASSERT_TRUE(world.clients[0]->mppe.contains(contract::Direction::kSend));
  EXPECT_NE(world.clients[0]->mppe.at(contract::Direction::kSend).start_key, keys);
  EXPECT_TRUE(house.accounting.stops.empty());
  world.clients[0]->call().hang_up();
  ASSERT_TRUE(world.run_until_all(is_over, 30s));
  expect_nothing_left(world);
}

/// Kills at random actions, of any kind, while clients dial, are up, renegotiate and hang up. A call that has been up at
/// both ends for a second and that nobody ends outlives all of it.
TEST_F(Adoption, UPG_03_KilledAtAnyStep) {
  int deaths = 0, outlived = 0;
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    DialWorld world(server(), 64, seed);
    world.house.keep_records();
    auto& house = world.house;
    std::mt19937 random(seed);
    std::map<WorldClient*, control::Instant> up_at;
    std::set<WorldClient*> leaving;
    for (int turn = 0; turn < 1500; ++turn) {
      if (turn % 60 == 0 && world.clients.size() < 16) {
        world.dial(caller(random()), {});
      }
      if (turn % 50 == 25) {
        house.die_before_action(1 + static_cast<int>(random() % 60));
      }
      WorldClient& chosen = *world.clients[random() % world.clients.size()];
      if (turn % 97 == 0 && up_at.contains(&chosen) && leaving.insert(&chosen).second && !chosen.ended) {
        chosen.call().hang_up();
      }
      if (turn % 131 == 0 && chosen.installed() != nullptr && up_at.contains(&chosen)) {
        house.concentrator->on_worker_message(contract::MppeDesynchronised{chosen.installed()->install.call}, {});
        leaving.insert(&chosen);  // not every client takes new keys twice in a row
        world.bury();
      }
      world.step();
      for (const auto& client : world.clients) {
        const bool established = is_up(*client) && client->installed() != nullptr && client->installed()->ip;
        if (established && !leaving.contains(client.get())) {
          up_at.try_emplace(client.get(), house.wheel.now());
        }
        const auto since = up_at.find(client.get());
        if (since != up_at.end() && !leaving.contains(client.get()) &&
            house.wheel.now() - since->second > 1s) {
          ASSERT_FALSE(client->ended) << control::to_text(*client->ended) << ' ' << client->detail << ", up since "
                                      << since->second.since_start.count() << ", now "
                                      << house.wheel.now().since_start.count();
        }
        if (client->ended && since != up_at.end() && !leaving.contains(client.get())) {
          up_at.erase(since);  // was in set-up at the server when it died
          leaving.insert(client.get());
        }
      }
    }
    outlived += static_cast<int>(std::ranges::count_if(
        world.clients, [&](const auto& client) { return !client->ended && up_at.contains(client.get()); }));
    house.die_before_action(0);
    for (const auto& client : world.clients) {
      if (!client->ended) {
        client->call().hang_up();
      }
    }
    ASSERT_TRUE(world.run_until_all(is_over, 60s));
    deaths += world.deaths;
    expect_nothing_left(world);
  }
  EXPECT_GT(deaths, 500);
  EXPECT_GT(outlived, 100);
}

}  // namespace
}  // namespace adit::sim
