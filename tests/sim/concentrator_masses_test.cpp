// SPDX-License-Identifier: Apache-2.0
// The concentrator at scale: 50,000 idle connections, 10,000 sessions to drain, 6,000 redials within the
// quarantine.
#include <gtest/gtest.h>

#include "tests/controlplane/concentrator/concentrator_kit.hpp"

namespace adit::control {
namespace {

using namespace pptp;

TEST(ConcentratorLimits, SEC_04_IdleConnectionsAreGoneAfterTheDeadline) {
  House house(House::settings_of_many());
  for (ConnectionId id = 1; id <= 50'000; ++id) {
    DialIn idle(house, id);
    ASSERT_TRUE(idle.accepted);
  }
  house.advance(9'990ms);
  EXPECT_EQ(house.concentrator->stats().connections, 50'000u);
  house.advance(10ms);
  expect_baseline(house);
}

TEST(ConcentratorDrain, CTL_23_TenThousandSessionsAreStoppedAndAccounted) {
  House house(House::settings_of_many(), 4, 4096);
  house.ring_capacity = 1000;  // the removals do not all fit at once
  std::vector<std::unique_ptr<DialIn>> clients;
  constexpr std::size_t kSessions = 10'000;
  for (ConnectionId id = 1; id <= kSessions; ++id) {
    clients.push_back(std::make_unique<DialIn>(house, id));
    clients.back()->start();
    clients.back()->call(7);
    house.run_workers();
  }
  DialIn silent(house, kSessions + 1);  // accepted, but has not sent anything yet
  EXPECT_FALSE(house.concentrator->drained());
  drain(*house.concentrator);
  EXPECT_FALSE(silent.connected());
  EXPECT_FALSE(DialIn(house, kSessions + 2).accepted);
  for (auto& client : clients) {
    const auto notify = client->received<CallDisconnectNotify>();
    ASSERT_TRUE(notify);
    EXPECT_EQ(notify->result, DisconnectResult::kAdminShutdown);
    ASSERT_TRUE(client->received<StopControlConnectionRequest>());
    if (client->id % 2 == 0) {
      client->send(StopControlConnectionReply{});  // the others are silent
    }
  }
  EXPECT_FALSE(house.concentrator->drained());
  for (int i = 0; i < 300; ++i) {
    house.run_workers();
    house.advance(10ms);
  }
  EXPECT_TRUE(house.concentrator->drained());
  const auto ended = house.log.named("call_ended");
  ASSERT_EQ(ended.size(), kSessions);
  for (const auto& event : ended) {
    ASSERT_EQ(event.fields.at("reason"), "shutdown");
  }
  EXPECT_EQ(house.log.named("connection_closed").size(), kSessions + 1);
  expect_baseline(house);
}

// 60 s of redialling: with random IDs and no quarantine, 3,000 of 65,535 would repeat with certainty.
TEST(ConcentratorIds, GRE_11_CallIdsAndAddressesRestBeforeTheyAreGivenAgain) {
  Settings settings = House::pap_settings();
  settings.ip.pools[0].ranges = {{wire::Ipv4Address(10, 64, 0, 2), wire::Ipv4Address(10, 64, 255, 254)}};
  House house(settings);
  std::map<std::uint16_t, Instant> id_freed;
  std::map<wire::Ipv4Address, Instant> address_freed;
  for (ConnectionId id = 1; id <= 6'000; ++id) {
    DialIn client(house, id);
    ASSERT_TRUE(client.dial("alice"));
    const Instant now = house.wheel.now();
    if (const auto before = id_freed.find(client.local_id); before != id_freed.end()) {
      EXPECT_GE(now - before->second, 60s);
    }
    if (const auto before = address_freed.find(client.address); before != address_freed.end()) {
      EXPECT_GE(now - before->second, 60s);
    }
    client.reset();
    house.run_workers();
    id_freed[client.local_id] = now;
    address_freed[client.address] = now;
    if (id % 5 == 0) {
      house.advance(100ms);
    }
  }
  EXPECT_GT(id_freed.size(), 5'000u);
}

}  // namespace
}  // namespace adit::control
