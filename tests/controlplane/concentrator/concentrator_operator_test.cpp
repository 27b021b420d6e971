// SPDX-License-Identifier: Apache-2.0
// The operator's influence on the concentrator: limits and terminate; and session IDs, which never repeat.
#include <gtest/gtest.h>

#include "tests/controlplane/concentrator/concentrator_kit.hpp"

namespace adit::control {
namespace {

using namespace pptp;
using By = SessionSelector::By;

// ---- limits -------------------------------------------------------------------------------------------------------

TEST(ConcentratorLimits, SEC_04_ConnectionsInAllAndFromOneAddress) {
  Settings settings = House::pap_settings();
  settings.pptp.max_connections = 3;
  settings.pptp.max_connections_per_address = 2;
  House house(settings);
  const wire::Ipv4Address a(192, 0, 2, 2), b(192, 0, 2, 3);
  DialIn a1(house, 1, a), a2(house, 2, a), a3(house, 3, a);
  EXPECT_TRUE(a1.accepted && a2.accepted);
  EXPECT_FALSE(a3.accepted);
  ASSERT_TRUE(a1.dial("alice") && a2.dial("bob"));
  DialIn b1(house, 4, b), b2(house, 5, b);
  EXPECT_TRUE(b1.accepted);
  EXPECT_FALSE(b2.accepted);  // three in all, and the one that has not logged in is its own
  EXPECT_EQ(house.log.named("connection_refused").size(), 2u);
  EXPECT_EQ(house.log.named("connection_refused")[0].fields.at("reason"), "limit");
  a1.reset();
  DialIn a4(house, 6, a);
  EXPECT_TRUE(a4.accepted);
  a2.reset();
  a4.reset();
  b1.reset();
  expect_baseline(house);
}

TEST(ConcentratorLimits, SEC_07_StartingConnectionsAreLimitedUntilAuthenticated) {
  Settings settings = House::pap_settings();
  settings.pptp.max_starting = 2;
  House house(settings);
  DialIn first(house, 1), second(house, 2), third(house, 3);
  EXPECT_FALSE(third.accepted) << "all of one source, and none older than a dial takes";
  ASSERT_TRUE(first.dial("alice"));  // no longer starting
  DialIn fourth(house, 4);
  EXPECT_TRUE(fourth.accepted);
  house.advance(Duration{5'000});
  DialIn fifth(house, 5);
  EXPECT_TRUE(fifth.accepted);
  EXPECT_FALSE(second.connected()) << "the oldest";
  EXPECT_TRUE(first.connected() && fourth.connected());
  DialIn sixth(house, 6, wire::Ipv4Address(192, 0, 2, 77));
  EXPECT_TRUE(sixth.accepted);
  EXPECT_FALSE(fourth.connected()) << "for another source the same";
  first.reset();
  fifth.reset();
  sixth.reset();
  expect_baseline(house);
}

TEST(ConcentratorLimits, CTL_07_APeerThatDoesNotReadIsGivenUpByTheProcess) {
  House house;
  DialIn client(house, 1);
  ASSERT_TRUE(client.dial("alice"));
  house.open.erase(1);
  house.concentrator->on_closed(1, EndReason::kOutputOverflow);
  expect_baseline(house);
  EXPECT_EQ(only_reason(house, "call_ended"), "output_overflow");
  EXPECT_EQ(only_reason(house, "connection_closed"), "output_overflow");
}

TEST(ConcentratorLimits, OneCallFitsInFourKibibytesOfControlMemory) {
  RecordProperty("octets", static_cast<int>(control_octets_per_call()));
  EXPECT_LE(control_octets_per_call(), 4096u);
}

// ---- terminate ----------------------------------------------------------------------------------------------------

TEST(ConcentratorTerminate, SelectsByUserAddressSessionAndAll) {
  House house;
  std::vector<std::unique_ptr<DialIn>> clients;
  const char* users[] = {"alice", "bob", "alice", "carol", "alice"};
  for (const char* user : users) {
    clients.push_back(std::make_unique<DialIn>(house, clients.size() + 1));
    ASSERT_TRUE(clients.back()->dial(user));
  }
  std::map<std::uint16_t, std::string> sids;
  for_each_call(*house.concentrator, [&](const CallStatus& c) { sids[c.local_id.value] = c.session_id; });
  auto& concentrator = *house.concentrator;
  EXPECT_EQ(terminate(concentrator, {By::kUsername, "nobody"}, true), 0u);
  EXPECT_EQ(terminate(concentrator, {By::kIp, "10.64.0.99"}, true), 0u);
  EXPECT_EQ(terminate(concentrator, {By::kIp, "ten"}, true), 0u);
  EXPECT_EQ(terminate(concentrator, {By::kSessionId, "zz"}, true), 0u);
  EXPECT_EQ(terminate(concentrator, {By::kSessionId, sids[clients[1]->local_id].substr(1)}, true), 0u);

  EXPECT_EQ(terminate(concentrator, {By::kSessionId, sids[clients[2]->local_id]}, true), 1u);
  EXPECT_EQ(terminate(concentrator, {By::kSessionId, sids[clients[2]->local_id]}, true), 0u);  // it is ending
  EXPECT_EQ(clients[2]->received<CallDisconnectNotify>()->result, DisconnectResult::kAdminShutdown);
  EXPECT_EQ(terminate(concentrator, {By::kUsername, "alice"}, true), 2u);
  EXPECT_EQ(terminate(concentrator, {By::kIp, to_string(clients[1]->address)}, true), 1u);
  EXPECT_EQ(terminate(concentrator, {By::kAll, ""}, true), 1u);
  for (auto& client : clients) {
    client->send(StopControlConnectionReply{});
  }
  expect_baseline(house);
  const auto ended = house.log.named("call_ended");
  ASSERT_EQ(ended.size(), 5u);
  for (const auto& event : ended) {
    EXPECT_EQ(event.fields.at("reason"), "admin_reset");
  }
}

TEST(ConcentratorTerminate, SoftSaysFarewellFirstAndHardCutsItShort) {
  House house;
  DialIn polite(house, 1), cut(house, 2);
  ASSERT_TRUE(polite.dial("alice"));
  ASSERT_TRUE(cut.dial("bob"));
  EXPECT_EQ(terminate(*house.concentrator, {By::kAll, ""}, false), 2u);
  EXPECT_EQ(terminate(*house.concentrator, {By::kAll, ""}, false), 0u);  // already requested
  EXPECT_EQ(house.concentrator->stats().calls_finishing, 2u);
  EXPECT_EQ(terminate(*house.concentrator, {By::kUsername, "bob"}, true), 1u);
  EXPECT_TRUE(cut.received<CallDisconnectNotify>());
  EXPECT_FALSE(polite.received<CallDisconnectNotify>());
  house.advance(10ms);
  polite.serve();  // Terminate-Request, Terminate-Ack
  EXPECT_TRUE(polite.received<CallDisconnectNotify>());
  polite.send(StopControlConnectionReply{});
  cut.send(StopControlConnectionReply{});
  expect_baseline(house);
}

TEST(ConcentratorTerminate, ASoftTerminateOfADeadPeerIsBounded) {
  House house;
  DialIn client(house, 1);
  ASSERT_TRUE(client.dial("alice"));
  EXPECT_EQ(terminate(*house.concentrator, {By::kAll, ""}, false), 1u);
  house.advance(30s);
  expect_baseline(house);
  EXPECT_EQ(only_reason(house, "call_ended"), "admin_reset");
}

// ---- identities ---------------------------------------------------------------------------------------------------

TEST(ConcentratorIds, SessionIdsDifferBetweenCallsAndBetweenRuns) {
  std::set<std::string> seen;
  for (std::uint32_t run = 0; run < 5; ++run) {
    House house(House::pap_settings(), 2, 64, run);
    for (ConnectionId id = 1; id <= 10; ++id) {
      DialIn client(house, id);
      ASSERT_TRUE(client.dial("alice"));
      for_each_call(*house.concentrator, [&](const CallStatus& call) {
        EXPECT_TRUE(seen.insert(call.session_id).second) << call.session_id;
      });
      client.reset();
      house.run_workers();
    }
  }
  EXPECT_EQ(seen.size(), 50u);
}

/// RFC 2866 §5.5. A process starts at a random 64-bit number and counts up: in years, no two processes use
/// the same ID.
TEST(Operator, RAD_17_SessionIdsOfOneProcessAreNoOthers) {
  std::map<std::uint64_t, std::uint32_t> firsts;
  for (std::uint32_t process = 1; process <= 200; ++process) {
    House house(House::pap_settings(), 1, 4, process);
    DialIn alice(house, 1), bob(house, 2);
    ASSERT_TRUE(alice.dial("alice"));
    ASSERT_TRUE(bob.dial("bob"));
    std::vector<std::uint64_t> numbers;
    for_each_call(*house.concentrator, [&](const CallStatus& call) {
      numbers.push_back(std::stoull(call.session_id, nullptr, 16));
    });
    ASSERT_EQ(numbers.size(), 2U);
    ASSERT_NE(numbers[0], numbers[1]);
    EXPECT_TRUE(firsts.emplace(std::min(numbers[0], numbers[1]), process).second);
  }
  constexpr std::uint64_t kLifeOfAProcess = 10'000'000'000;  // ten years of thirty calls a second
  for (auto at = firsts.begin(); std::next(at) != firsts.end(); ++at) {
    EXPECT_GT(std::next(at)->first - at->first, kLifeOfAProcess);
  }
}

}  // namespace
}  // namespace adit::control
