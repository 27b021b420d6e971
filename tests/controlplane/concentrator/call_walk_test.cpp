// SPDX-License-Identifier: Apache-2.0
// What visits many calls does so in slices, with calls that come and go in between.
#include <gtest/gtest.h>

#include "tests/controlplane/concentrator/concentrator_kit.hpp"

namespace adit::control {
namespace {

using namespace pptp;
using By = SessionSelector::By;

using Clients = std::vector<std::unique_ptr<DialIn>>;

/// `count` more calls that have got as far as LCP.
void call_more(House& house, Clients& clients, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    clients.push_back(std::make_unique<DialIn>(house, clients.size() + 1));
    clients.back()->start();
    clients.back()->call(7);
    house.run_workers();
  }
}

void dial_more(House& house, Clients& clients, std::size_t count, std::string_view user) {
  for (std::size_t i = 0; i < count; ++i) {
    clients.push_back(std::make_unique<DialIn>(house, clients.size() + 1));
    ASSERT_TRUE(clients.back()->dial(user));
  }
}

std::vector<std::string> slice(const House& house, CallWalk& walk) {
  std::vector<std::string> sids;
  house.concentrator->for_each_call(walk, [&](const CallStatus& call) { sids.push_back(call.session_id); });
  return sids;
}

std::set<std::string> all_sids(const House& house) {
  std::set<std::string> sids;
  for_each_call(*house.concentrator, [&](const CallStatus& call) { sids.insert(call.session_id); });
  return sids;
}

TEST(CallWalk, NoSliceOfTwentyThousandCallsIsLargerThanTheRest) {
  constexpr std::size_t kCalls = 20'000;
  House house(House::settings_of_many(), 4, 6'000);
  Clients clients;
  call_more(house, clients, kCalls);
  std::set<std::string> met;
  std::size_t slices = 0;
  for (CallWalk walk; !walk.done(); ++slices) {
    const auto sids = slice(house, walk);
    ASSERT_LE(sids.size(), kCallsPerSlice);
    for (const std::string& sid : sids) {
      ASSERT_TRUE(met.insert(sid).second) << sid;
    }
  }
  EXPECT_EQ(met.size(), kCalls);
  EXPECT_LE(slices, kCalls / kCallsPerSlice + 2) << "and they are full";
}

TEST(CallWalk, AFewCallsAmongManyFreeSlotsTakeAFewSlices) {
  House house(House::settings_of_many(), 1, 20'000);
  Clients clients;
  call_more(house, clients, 12'000);
  for (std::size_t i = 0; i < clients.size() - 3; ++i) {
    clients[i]->reset();
  }
  for (int retries = 0; retries < 4; ++retries) {  // the ring to the worker takes 8,192 at once
    house.run_workers();
    house.advance(Duration{20});
  }
  std::size_t met = 0, slices = 0;
  for (CallWalk walk; !walk.done(); ++slices) {
    met += slice(house, walk).size();
  }
  EXPECT_EQ(met, 3U);
  EXPECT_GT(slices, 1U) << "free slots take time, too";
  EXPECT_LE(slices, 5U);
}

TEST(CallWalk, MeetsOnceWhoIsThereThroughoutWhoeverComesAndGoes) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    House house(House::settings_of_many(), 3, 2'000, seed);
    std::mt19937 random(seed);
    Clients clients;
    call_more(house, clients, 600);
    std::set<std::string> throughout = all_sids(house);
    ASSERT_EQ(throughout.size(), 600U);
    std::map<std::string, int> met;
    for (CallWalk walk; !walk.done();) {
      for (const std::string& sid : slice(house, walk)) {
        ++met[sid];
      }
      for (int gone = 0; gone < 10; ++gone) {
        clients[random() % clients.size()]->reset();
      }
      if (random() % 2 == 0) {
        house.run_workers();  // the slots are free, and the next calls get them
      }
      call_more(house, clients, 10);
      std::set<std::string> left;
      std::ranges::set_intersection(throughout, all_sids(house), std::inserter(left, left.end()));
      throughout = std::move(left);
    }
    EXPECT_LT(throughout.size(), 600U);
    EXPECT_GT(throughout.size(), 100U);
    for (const std::string& sid : throughout) {
      EXPECT_EQ(met[sid], 1) << sid << " seed " << seed;
    }
    for (const auto& [sid, times] : met) {
      EXPECT_EQ(times, 1) << sid << " seed " << seed;
    }
  }
}

TEST(CallWalk, WhatAnIndexNamesTakesOneSlice) {
  House house(House::settings_of_many(), 2, 4'000);
  Clients clients;
  dial_more(house, clients, 3, "alice");
  call_more(house, clients, 1'000);
  const std::string ip = to_string(clients[1]->address);
  for (const SessionSelector& selector :
       {SessionSelector{By::kUsername, "alice"}, SessionSelector{By::kIp, ip},
        SessionSelector{By::kSessionId, "0"}, SessionSelector{By::kUsername, "nobody"}}) {
    CallWalk walk(selector);
    EXPECT_EQ(slice(house, walk).size(), selector.by == By::kIp ? 1U : selector.value == "alice" ? 3U : 0U);
    EXPECT_TRUE(walk.done());
  }
}

TEST(CallDirectory, AFewCallsOfAUserOfManyAreFoundAtOnce) {
  House house(House::settings_of_many(), 2, 4'000);
  Clients clients;
  dial_more(house, clients, kCallsPerSlice + 1, "bob");
  dial_more(house, clients, kCallsPerSlice + 1, "alice");
  std::size_t visited = 0;
  const std::size_t count =
      house.concentrator->find_calls({By::kUsername, "alice"}, 8, [&](const CallStatus& call) {
        EXPECT_EQ(call.session.user, "alice");
        ++visited;
      });
  EXPECT_EQ(count, kCallsPerSlice + 1);
  EXPECT_EQ(visited, 8U);
  EXPECT_EQ(house.concentrator->find_details({By::kUsername, "nobody"}, 8, [](const CallDetails&) {}), 0U);
}

TEST(CallWalk, AUserOfManyCallsIsTerminatedInSlicesAndNobodyElse) {
  House house(House::settings_of_many(), 2, 4'000);
  Clients clients;
  for (int i = 0; i < 3; ++i) {
    dial_more(house, clients, 50, "alice");
    dial_more(house, clients, 50, "bob");
  }
  std::size_t asked = 0;
  for (CallWalk walk({By::kUsername, "alice"}); !walk.done();) {
    const std::size_t now = house.concentrator->terminate(walk, true, "a test asks");
    EXPECT_LE(now, kCallsPerSlice);
    asked += now;
    house.run_workers();
  }
  EXPECT_EQ(asked, 150U);
  EXPECT_EQ(house.concentrator->stats().calls_active, 150U);
  for_each_call(*house.concentrator, [](const CallStatus& call) { EXPECT_EQ(call.session.user, "bob"); });
}

/// Those who were named when the walk began may be gone when it gets to them.
TEST(CallWalk, SurvivesTheEndOfThoseItHasNamed) {
  House house(House::settings_of_many());
  Clients clients;
  dial_more(house, clients, 10, "alice");
  house.ring_capacity = 0;  // so the walk stops at its first
  CallWalk walk({By::kUsername, "alice"});
  EXPECT_EQ(house.concentrator->set_rate(walk, SubscriberRate{.down = 8, .up = 8}), 0U);
  EXPECT_FALSE(walk.done());
  house.ring_capacity = 8192;
  for (auto& client : clients) {
    client->reset();
  }
  house.run_workers();
  EXPECT_EQ(house.concentrator->set_rate(walk, SubscriberRate{.down = 8, .up = 8}), 0U);
  EXPECT_TRUE(walk.done());
}

TEST(CallWalk, ANewRateForEveryoneWaitsForRoomInTheRingsAndEndsNoCall) {
  House house(House::settings_of_many(), 2, 4'000);
  Clients clients;
  dial_more(house, clients, 300, "alice");
  house.run_workers();
  house.ring_capacity = 7;
  std::size_t changed = 0;
  int slices = 0;
  for (CallWalk walk; !walk.done() && slices < 1'000; ++slices) {
    changed += house.concentrator->set_rate(walk, SubscriberRate{.down = 8, .up = 16});
    house.run_workers();
  }
  EXPECT_EQ(changed, 300U);
  EXPECT_EQ(house.concentrator->stats().calls_active, 300U);
  for (const auto& client : clients) {
    ASSERT_TRUE(house.installed.at(House::key(client->ref)).limits);
    EXPECT_EQ(house.installed.at(House::key(client->ref)).limits->down, 1'000U);
  }
}

}  // namespace
}  // namespace adit::control
