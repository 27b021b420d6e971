// SPDX-License-Identifier: Apache-2.0
// What a process that adopts calls does with each part of them, and what it refuses.
#include <gtest/gtest.h>

#include "tests/controlplane/concentrator/concentrator_kit.hpp"
#include "tests/kit/carried_kit.hpp"

namespace adit::control {
namespace {

using namespace pptp;

/// As in a process that begins now: its clock stands at zero, and the other one's had gone on for a while.
void restart(House& house) {
  house.die();
  house.live_again();
}

TEST(Adoption, UPG_10_GrantsLimitsAndRecordsGoOn) {
  House house;
  house.keep_records();
  DialIn timed(house, 1);
  ASSERT_TRUE(timed.dial("timed-alice"));
  const std::string sid = house.log.named("call_up")[0].fields.at("sid");
  SessionChange change;
  change.rate = SubscriberRate{.down = 512, .up = 256};
  change.classes = {{{9, 9}}};
  ASSERT_TRUE(house.concentrator->change(sid, change));
  house.run_workers();
  house.advance(10s);
  restart(house);
  ASSERT_TRUE(house.refused.empty()) << house.refused[0];
  house.run_workers();

  const auto& installed = house.installed.at(House::key(timed.ref));
  ASSERT_TRUE(installed.limits);
  EXPECT_EQ(installed.limits->down, 512U * 125);
  CallDetails details;
  EXPECT_EQ(house.concentrator->find_details({.by = SessionSelector::By::kSessionId, .value = sid}, 1,
                                             [&](const CallDetails& found) { details = found; }),
            1U);
  EXPECT_EQ(details.status.rate, (SubscriberRate{.down = 512, .up = 256}));
  EXPECT_EQ(details.session_timeout.left, Duration{50'000});
  EXPECT_EQ(house.accounting.adopted_calls.size(), 1U);
  EXPECT_EQ(house.accounting.adopted_calls[0].classes, *change.classes);
  EXPECT_EQ(house.accounting.adopted_calls[0].session_id, sid);

  house.advance(15s);  // an interim record every 20 s, give or take a tenth
  EXPECT_EQ(house.accounting.said, (std::vector<std::string>{"start timed-alice", "interim timed-alice 0"}));
  house.advance(36s);
  timed.serve();
  EXPECT_TRUE(timed.received<CallDisconnectNotify>());
  EXPECT_EQ(only_reason(house, "call_ended"), "session_timeout");
  timed.reset();
  house.advance(5s);
  house.run_workers();
  EXPECT_EQ(house.accounting.stops.at(sid), 1);
}

TEST(Adoption, UPG_11_ADisconnectAndAChangeFindTheCall) {
  House house;
  house.keep_records();
  DialIn client(house, 1);
  ASSERT_TRUE(client.dial("routed-10.9.0.0/24"));
  const std::string sid = house.log.named("call_up")[0].fields.at("sid");
  restart(house);
  house.run_workers();
  EXPECT_EQ(house.routes.count({wire::Ipv4Address(10, 9, 0, 0), 24}), 1U);
  SessionChange change;
  change.routes = std::vector<wire::Ipv4Prefix>{{wire::Ipv4Address(10, 8, 0, 0), 24}};
  EXPECT_TRUE(house.concentrator->change(sid, change));
  EXPECT_EQ(house.routes.count({wire::Ipv4Address(10, 9, 0, 0), 24}), 0U);
  EXPECT_EQ(house.routes.count({wire::Ipv4Address(10, 8, 0, 0), 24}), 1U);
  restart(house);
  EXPECT_EQ(house.routes.count({wire::Ipv4Address(10, 8, 0, 0), 24}), 1U) << "the change has been kept";
  EXPECT_EQ(house.concentrator->remove(sid, "the test"), Removal::kRemoved);
  EXPECT_TRUE(client.received<CallDisconnectNotify>());
  client.send(StopControlConnectionReply{});
  expect_baseline(house);
  EXPECT_EQ(house.accounting.stops.at(sid), 1);
}

TEST(Adoption, UPG_12_OfTwoClaimantsTheSameOneHasThePrefix) {
  House house;
  house.keep_records();
  DialIn first(house, 1), second(house, 2);
  ASSERT_TRUE(first.dial("routed-10.9.0.0/24"));
  ASSERT_TRUE(second.dial("routed-10.9.0.0/24"));
  ASSERT_EQ((house.routes.at({wire::Ipv4Address(10, 9, 0, 0), 24})), second.ref);
  first.send(EchoRequest{1});  // its record is newer now, but the call is not
  restart(house);
  EXPECT_EQ((house.routes.at({wire::Ipv4Address(10, 9, 0, 0), 24})), second.ref);
  second.reset();
  EXPECT_EQ((house.routes.at({wire::Ipv4Address(10, 9, 0, 0), 24})), first.ref);
}

TEST(Adoption, UPG_13_NobodyIsGivenWhatAnAdoptedCallHas) {
  House house;
  house.keep_records();
  std::vector<std::unique_ptr<DialIn>> clients;
  std::set<wire::Ipv4Address> addresses;
  std::set<std::uint16_t> ids;
  for (ConnectionId id = 1; id <= 40; ++id) {
    clients.push_back(std::make_unique<DialIn>(house, id));
    ASSERT_TRUE(clients.back()->dial("alice"));
    addresses.insert(clients.back()->address);
    ids.insert(clients.back()->local_id);
    if (id == 20) {
      restart(house);
      ASSERT_TRUE(house.refused.empty());
    }
  }
  EXPECT_EQ(addresses.size(), 40U);
  EXPECT_EQ(ids.size(), 40U);
  EXPECT_EQ(house.concentrator->stats().calls_active, 40U);
  for (auto& client : clients) {
    client->reset();
  }
  expect_baseline(house);
}

TEST(Adoption, UPG_14_ACallInSetUpIsEndedAndTheConnectionWithoutARecordIsClosed) {
  House house;
  house.keep_records();
  DialIn up(house, 1), dials(house, 2);
  ASSERT_TRUE(up.dial("alice"));
  dials.start();
  dials.call(7);
  house.run_workers();
  restart(house);
  EXPECT_TRUE(up.connected());
  EXPECT_FALSE(dials.connected());
  EXPECT_EQ(house.installed.size(), 1U);
  EXPECT_EQ(house.concentrator->stats().connections, 1U);
}

TEST(Adoption, UPG_15_OfSeveralCallsOfAConnectionTheOneInSetUpIsNotified) {
  Settings settings = House::pap_settings();
  settings.pptp.max_calls_per_connection = 4;
  House house(settings);
  house.keep_records();
  DialIn client(house, 1);
  ASSERT_TRUE(client.dial("alice", 7));
  client.call(8);
  house.run_workers();
  const auto reply = client.received<OutgoingCallReply>();
  ASSERT_TRUE(reply);
  restart(house);
  const auto notify = client.received<CallDisconnectNotify>();
  ASSERT_TRUE(notify);
  EXPECT_EQ(notify->call_id, reply->call_id);
  EXPECT_EQ(only_reason(house, "call_lost"), "restarted");
  EXPECT_TRUE(client.connected()) << "the other call goes on";
  EXPECT_EQ(house.concentrator->stats().calls_active, 1U);
}

TEST(Adoption, UPG_16_ACallWhoseWorkerHasLostItIsEndedAlone) {
  House house;
  house.keep_records();
  DialIn one(house, 1), other(house, 2);
  ASSERT_TRUE(one.dial("alice"));
  ASSERT_TRUE(other.dial("bob"));
  const std::string sid = house.log.named("call_up")[0].fields.at("sid");
  house.die();
  house.installed.erase(House::key(one.ref));
  house.live_again();
  ASSERT_EQ(house.refused, std::vector<std::string>{"its worker does not have it"});
  EXPECT_TRUE(one.received<CallDisconnectNotify>());
  EXPECT_TRUE(one.received<StopControlConnectionRequest>());
  EXPECT_EQ(house.accounting.stops, (std::map<std::string, int>{{sid, 1}}));
  EXPECT_EQ(house.concentrator->stats().calls_active, 1U);
}

TEST(Adoption, UPG_17_AFullRingIsAskedAgain) {
  House house;
  house.keep_records();
  std::vector<std::unique_ptr<DialIn>> clients;
  for (ConnectionId id = 1; id <= 10; ++id) {
    clients.push_back(std::make_unique<DialIn>(house, id));
    ASSERT_TRUE(clients.back()->dial("timed-alice"));
  }
  house.ring_capacity = 3;
  restart(house);
  EXPECT_GT(house.asked_again, 0);
  EXPECT_TRUE(house.refused.empty());
  EXPECT_EQ(house.concentrator->stats().calls_active, 10U);
  EXPECT_EQ(house.concentrator->pools()[0].used, 10U);
}

TEST(Adoption, UPG_18_AMessageThatHadComeInPartIsReadOn) {
  House house;
  house.keep_records();
  DialIn client(house, 1);
  ASSERT_TRUE(client.dial("alice"));
  const auto encoded = pptp::write(EchoRequest{77});
  house.concentrator->on_bytes(1, encoded.octets().first(9));
  restart(house);
  house.concentrator->on_bytes(1, encoded.octets().subspan(9));
  const auto reply = client.received<EchoReply>();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->identifier, 77U);
}

TEST(Adoption, UPG_19_ASilentPeerIsStillFoundOut) {
  House house;
  house.keep_records();
  DialIn client(house, 1);
  ASSERT_TRUE(client.dial("alice"));
  client.answers_echo = false;
  restart(house);
  house.advance(90s);
  house.run_workers();
  EXPECT_FALSE(client.connected());
  EXPECT_EQ(only_reason(house, "call_ended"), "lost_carrier");
}

TEST(Adoption, UPG_20_TheClockOfAnotherProcessIsReckonedIn) {
  House house;
  house.keep_records();
  house.advance(100s);
  DialIn client(house, 1);
  ASSERT_TRUE(client.dial("timed-alice"));
  house.advance(10s);
  house.later = Duration{5'000};  // as if the records had been written 5 s later on this clock
  restart(house);
  CallDetails details;
  for_each_call(*house.concentrator, [&](const CallStatus& call) {
    static_cast<void>(
        house.concentrator->find_details({.by = SessionSelector::By::kSessionId, .value = call.session_id}, 1,
                                         [&](const CallDetails& found) { details = found; }));
    EXPECT_EQ(call.since, Instant{Duration{105'000}});
  });
  EXPECT_EQ(details.session_timeout.left, Duration{55'000});
}

TEST(Adoption, UPG_21_RecordsThatCannotBeAreRefusedAndHoldNothing) {
  House house;
  house.keep_records();
  const auto adopt = [&](const Carried& carried) {
    std::vector<std::uint8_t> room(kMaxRecord);
    return house.concentrator->adopt(*write_record(carried, room), Duration{0});
  };
  CarriedConnection connection = test::a_connection();
  connection.pptp.half_read.clear();
  CarriedCall call = test::a_call();
  EXPECT_EQ(adopt(call).why, "its connection is not here");
  house.open.insert(connection.id);
  ASSERT_EQ(adopt(connection).connection, connection.id);
  EXPECT_EQ(adopt(connection).why, "a connection has its number");
  EXPECT_EQ(adopt(call).why, "its worker does not have it");
  house.installed[House::key(call.ref)].install.call = call.ref;
  EXPECT_EQ(adopt(call).why, "its MPPC histories are taken, or do not exist");
  call.mppc_history = 0;
  call.pptp.local_id = wire::LocalCallId(514);
  EXPECT_EQ(adopt(call).why, "its call ID is taken, or another worker's");
  call.pptp.local_id = wire::LocalCallId(513);
  call.peer = wire::Ipv4Address(1, 2, 3, 4);
  EXPECT_EQ(adopt(call).why, "its connection is another's");
  CarriedConnection half = test::a_connection();
  half.id = 78;
  half.pptp.half_read = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(adopt(half).outcome, Adopted::Outcome::kRefused);
  EXPECT_EQ(house.concentrator->stats().calls_active, 0U);
  EXPECT_EQ(house.concentrator->pools()[0].used, 0U);
  EXPECT_TRUE(house.subscribers.empty());
}

}  // namespace
}  // namespace adit::control
