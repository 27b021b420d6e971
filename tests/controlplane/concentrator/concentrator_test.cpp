// SPDX-License-Identifier: Apache-2.0
// The concentrator between recording workers and dialling clients: calls come up, end in every possible way,
// and leave nothing behind.
#include "controlplane/concentrator/concentrator.hpp"

#include <gtest/gtest.h>

#include "tests/controlplane/concentrator/concentrator_kit.hpp"

namespace adit::control {
namespace {

using namespace pptp;

TEST(Concentrator, ADialInComesUpAndIsSeen) {
  House house;
  DialIn client(house, 1);
  ASSERT_TRUE(client.accepted);
  ASSERT_TRUE(client.dial("alice"));
  EXPECT_EQ(client.address, wire::Ipv4Address(10, 64, 0, 2));
  EXPECT_TRUE(house.subscribers.contains(client.address));
  EXPECT_EQ(house.calls_by_id.size(), 1u);

  std::vector<CallStatus> calls;
  for_each_call(*house.concentrator, [&](const CallStatus& call) { calls.push_back(call); });
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].session_id.size(), 16u);
  EXPECT_EQ(calls[0].session.user, "alice");
  EXPECT_EQ(calls[0].session.address, client.address);
  EXPECT_EQ(calls[0].peer, wire::Ipv4Address(192, 0, 2, 2));
  EXPECT_EQ(calls[0].local_id.value, client.local_id);
  EXPECT_EQ(calls[0].peer_id.value, 7);
  EXPECT_FALSE(calls[0].ending);

  const auto up = house.log.named("call_up");
  ASSERT_EQ(up.size(), 1u);
  EXPECT_EQ(up[0].fields.at("sid"), calls[0].session_id);
  EXPECT_EQ(up[0].fields.at("user"), "alice");
  EXPECT_EQ(up[0].fields.at("ip"), "10.64.0.2");

  const auto stats = house.concentrator->stats();
  EXPECT_EQ(stats.connections, 1u);
  EXPECT_EQ(stats.calls_active, 1u);
  EXPECT_EQ(stats.calls_starting, 0u);
  EXPECT_EQ(stats.calls_total, 1u);
  EXPECT_EQ(stats.auth_accepted, 1u);
  EXPECT_EQ(house.concentrator->pools().at(0).used, 1u);
}

TEST(Concentrator, HangUpFreesEverythingAfterTheWorkerForgot) {
  House house;
  DialIn client(house, 1);
  ASSERT_TRUE(client.dial("alice"));
  client.send(CallClearRequest{7});
  EXPECT_EQ(client.received<CallDisconnectNotify>()->result, DisconnectResult::kRequest);
  EXPECT_TRUE(house.subscribers.empty());
  EXPECT_TRUE(house.calls_by_id.empty());
  EXPECT_EQ(house.concentrator->stats().calls_finishing, 1u);
  EXPECT_EQ(house.concentrator->pools().at(0).used, 1u);  // until the worker has answered
  EXPECT_TRUE(house.log.named("call_ended").empty());
  house.run_workers();
  EXPECT_EQ(house.concentrator->stats().calls_finishing, 0u);
  EXPECT_EQ(house.concentrator->pools().at(0).used, 0u);
  EXPECT_EQ(house.concentrator->pools().at(0).quarantined, 1u);
  const auto ended = house.log.named("call_ended");
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].fields.at("reason"), "user_request");
  EXPECT_EQ(ended[0].fields.at("user"), "alice");
  EXPECT_EQ(ended[0].fields.at("ip"), "10.64.0.2");
  EXPECT_EQ(ended[0].fields.at("uplink_octets"), "1000");
  EXPECT_EQ(ended[0].fields.at("downlink_octets"), "2000");
  client.send(StopControlConnectionReply{});
  EXPECT_FALSE(client.connected());
  const auto closed = house.log.named("connection_closed");
  ASSERT_EQ(closed.size(), 1u);
  EXPECT_EQ(closed[0].fields.at("reason"), "user_request");
  EXPECT_EQ(house.concentrator->stats().connections, 0u);
}

TEST(Concentrator, CTL_12_SccrqOcrqCcrqInOneSegmentFreesEverything) {
  House house;
  DialIn client(house, 1);
  std::vector<std::uint8_t> segment;
  for (const Message& m : {Message(StartControlConnectionRequest{}), Message(OutgoingCallRequest{}),
                           Message(CallClearRequest{})}) {
    const Encoded encoded = write(m);
    segment.insert(segment.end(), encoded.octets().begin(), encoded.octets().end());
  }
  house.concentrator->on_bytes(1, segment);
  const auto reply = client.received<OutgoingCallReply>();
  const auto notify = client.received<CallDisconnectNotify>();
  ASSERT_TRUE(reply && notify);
  EXPECT_EQ(notify->call_id, reply->call_id);
  client.send(StopControlConnectionReply{});
  EXPECT_TRUE(house.log.named("call_ended").empty()) << "not before the worker forgot";
  expect_baseline(house);
  EXPECT_EQ(only_reason(house, "call_ended"), "user_request");
  EXPECT_EQ(only_reason(house, "connection_closed"), "user_request");
}

TEST(Concentrator, CTL_17_WithoutASlotTheCallIsRefusedAndNothingLeaks) {
  House house(House::pap_settings(), 1, 1);
  DialIn first(house, 1), second(house, 2);
  ASSERT_TRUE(first.dial("alice"));
  second.start();
  second.call(9);
  const auto refused = second.received<OutgoingCallReply>();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->result, OutgoingResult::kGeneralError);
  EXPECT_EQ(refused->error, GeneralError::kNoResource);
  EXPECT_EQ(only_reason(house, "call_refused"), "no_resource");
  first.send(CallClearRequest{7});
  second.call(9);  // its worker has not answered: the slot is not free yet
  EXPECT_FALSE(second.received<OutgoingCallReply>());
  house.run_workers();
  ASSERT_TRUE(second.begin_ppp("bob"));
  EXPECT_EQ(second.ref.slot, first.ref.slot);
  EXPECT_NE(second.ref.generation, first.ref.generation);
  second.reset();
  first.reset();
  expect_baseline(house);
}

TEST(Concentrator, CTL_17_WithoutRoomInTheRingTheCallIsRefusedAndNothingLeaks) {
  House house;
  house.ring_capacity = 0;
  DialIn client(house, 1);
  client.start();
  client.call(9);
  house.advance(2'900ms);
  EXPECT_FALSE(client.received<OutgoingCallReply>()) << "a worker that is behind may still come";
  house.advance(200ms);
  const auto refused = client.received<OutgoingCallReply>();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->result, OutgoingResult::kGeneralError);
  EXPECT_EQ(refused->error, GeneralError::kNoResource);
  EXPECT_TRUE(house.calls_by_id.empty());
  EXPECT_EQ(house.concentrator->stats().calls_total, 0u);
  client.call(9);
  house.ring_capacity = 8;
  house.advance(10ms);
  EXPECT_TRUE(client.begin_ppp("alice"));
  client.reset();
  expect_baseline(house);
}

// Strangers take places faster than their worker, which is behind, gives them back.
TEST(Concentrator, SEC_07_CallsWaitInLineForPlacesThatAreOnTheirWayBack) {
  House house(House::pap_settings(), 1, 64);
  std::deque<DialIn> strangers;
  ConnectionId id = 0;
  const auto attack = [&](int count) {
    for (int i = 0; i < count; ++i) {
      ++id;
      strangers.emplace_back(house, id, wire::Ipv4Address(static_cast<std::uint32_t>(0xC633'6400 + id)));
      strangers.back().start();
      strangers.back().call(9);
    }
  };
  attack(150);
  DialIn honest(house, ++id), hangs_up(house, ++id), is_lost(house, ++id);
  for (DialIn* dial : {&honest, &hangs_up, &is_lost}) {
    dial->start();
    dial->call(9);
    EXPECT_FALSE(dial->received<OutgoingCallReply>());
  }
  hangs_up.send(CallClearRequest{9});
  EXPECT_TRUE(hangs_up.received<StopControlConnectionRequest>());
  is_lost.reset();
  attack(30);
  house.advance(200ms);
  bool up = false;
  for (int turn = 0; turn < 4 && !up; ++turn) {
    house.run_workers();
    up = honest.begin_ppp("alice");
    house.advance(10ms);
  }
  EXPECT_TRUE(up);
  EXPECT_TRUE(house.log.named("call_refused").empty());
  EXPECT_FALSE(hangs_up.received<OutgoingCallReply>());
  for (DialIn& stranger : strangers) {
    stranger.reset();
  }
  honest.reset();
  hangs_up.reset();
  expect_baseline(house);
}

TEST(Concentrator, CTL_17_AnEmptyPoolEndsTheCallAndNothingLeaks) {
  Settings settings = House::pap_settings();
  settings.ip.pools[0].ranges = {{wire::Ipv4Address(10, 64, 0, 2), wire::Ipv4Address(10, 64, 0, 2)}};
  House house(settings);
  DialIn first(house, 1), second(house, 2);
  ASSERT_TRUE(first.dial("alice"));
  EXPECT_FALSE(second.dial("bob"));
  house.advance(10ms);
  second.serve();  // LCP's Terminate-Ack
  const auto notify = second.received<CallDisconnectNotify>();
  ASSERT_TRUE(notify);
  EXPECT_EQ(notify->result, DisconnectResult::kGeneralError);
  EXPECT_EQ(notify->error, GeneralError::kNoResource);
  house.run_workers();
  EXPECT_EQ(only_reason(house, "call_ended"), "pool_empty");
  first.reset();
  second.reset();
  expect_baseline(house);
}

// The ring fills up while PPP runs: a message that must not be lost was lost, so the call ends; its removal
// waits for room.
TEST(Concentrator, AFullRingEndsTheCallAndItsRemovalIsRetried) {
  House house(House::pap_settings(), 1);
  DialIn client(house, 1);
  ASSERT_TRUE(client.dial("alice"));
  house.ring_capacity = 0;
  client.send_ppp(0xC021, {1, 9, 0, 0});  // LCP renegotiates, so the worker must disable IP
  house.advance(1010ms);
  EXPECT_EQ(client.received<CallDisconnectNotify>()->error, GeneralError::kNoResource);
  house.advance(200ms);
  EXPECT_EQ(house.installed.size(), 1u);
  EXPECT_TRUE(house.log.named("call_ended").empty());
  house.ring_capacity = 8;
  house.advance(20ms);
  house.run_workers();
  EXPECT_EQ(only_reason(house, "call_ended"), "no_resource");
  client.reset();
  expect_baseline(house);
}

// Carol's own name and password, in a frame that looks like Alice's.
TEST(Concentrator, SEC_01_AnotherUsersLoginNeitherTakesNorEndsACallThatHasBeenUp) {
  House house;
  DialIn client(house, 1);
  ASSERT_TRUE(client.dial("alice"));
  client.answers_echo = false;
  client.send_ppp(0xC021, {1, 9, 0, 0});
  house.advance(1010ms);
  client.serve();
  const auto log_in = [&client](const std::string& user) {
    std::vector<std::uint8_t> request = {1, 1, 0, 0, static_cast<std::uint8_t>(user.size())};
    request.insert(request.end(), user.begin(), user.end());
    request.insert(request.end(), {1, 'x'});
    client.send_ppp(0xC023, request);
    client.serve();
  };
  client.up = false;
  log_in("carol");
  EXPECT_FALSE(client.up);
  EXPECT_TRUE(house.log.named("auth_failed").empty());
  ASSERT_EQ(house.log.named("auth_doubted").size(), 1u);
  EXPECT_EQ(house.log.named("auth_doubted")[0].fields.at("why"), "the call is alice's");
  house.advance(1s);
  log_in("alice");
  EXPECT_TRUE(client.up);
  EXPECT_TRUE(house.log.named("call_ended").empty());
  EXPECT_EQ(house.accounting.said, std::vector<std::string>{"start alice"});
  client.reset();
  expect_baseline(house);
}

// An outer Identity may be anybody's; whose the proof is, the back end says.
TEST(Concentrator, TheSecondLoginOfACallIsNotJudgedByItsIdentity) {
  Settings settings = House::pap_settings();
  settings.auth.methods = {AuthMethod::kEap};
  settings.eap.mode = EapMode::kRadius;
  House house(settings);
  DialIn client(house, 1);
  client.by_eap = true;
  ASSERT_TRUE(client.dial("alice"));
  client.answers_echo = false;
  const auto log_in_again = [&](std::string_view identity) {
    client.up = false;
    client.call_itself(identity);
    client.send_ppp(0xC021, {1, 9, 0, 0});
    house.advance(1010ms);
    client.serve();
  };
  log_in_again("alias-alice");
  EXPECT_TRUE(client.up);
  log_in_again("carol");
  EXPECT_FALSE(client.up);
  ASSERT_EQ(house.log.named("auth_doubted").size(), 1u);
  EXPECT_EQ(house.log.named("auth_doubted")[0].fields.at("why"), "the call is alice's");
  client.reset();
  expect_baseline(house);
}

TEST(Concentrator, StaleWorkerMessagesAreCountedAndIgnored) {
  House house;
  DialIn client(house, 1);
  ASSERT_TRUE(client.dial("alice"));
  contract::CallRef other = client.ref;
  other.generation += 1;
  const std::uint8_t frame[] = {0xC0, 0x21, 5, 1, 0, 4};
  house.concentrator->on_worker_message(contract::PppFrameIn{other}, frame);
  house.concentrator->on_worker_message(contract::MppeDesynchronised{other}, {});
  house.concentrator->on_worker_message(contract::CallRemoved{other, {}}, {});
  house.concentrator->on_worker_message(contract::CallRemoved{client.ref, {}}, {});  // not requested
  other = client.ref;
  other.slot = 63;
  house.concentrator->on_worker_message(contract::PppFrameIn{other}, frame);
  other.worker.value = 9;
  house.concentrator->on_worker_message(contract::PppFrameIn{other}, frame);
  EXPECT_EQ(house.concentrator->stats().stale_messages, 6u);
  EXPECT_EQ(house.concentrator->stats().calls_active, 1u);
  client.reset();
  house.concentrator->on_worker_message(contract::PppFrameIn{client.ref}, frame);  // was in flight
  EXPECT_EQ(house.concentrator->stats().stale_messages, 6u);
  expect_baseline(house);
}

TEST(Concentrator, MppesNoticesOfACallThatIsGoneOrInClearAreHarmless) {
  House house;
  DialIn client(house, 1);
  ASSERT_TRUE(client.dial("alice"));
  house.concentrator->on_worker_message(contract::MppeOutOfStep{client.ref}, {});
  house.concentrator->on_worker_message(contract::MppeDesynchronised{client.ref}, {});
  house.advance(10ms);
  EXPECT_EQ(house.concentrator->stats().stale_messages, 0u);
  const contract::CallRef gone{client.ref.worker, client.ref.slot, client.ref.generation + 1};
  house.concentrator->on_worker_message(contract::MppeOutOfStep{gone}, {});
  EXPECT_EQ(house.concentrator->stats().stale_messages, 1u);
  EXPECT_EQ(house.concentrator->stats().calls_active, 1u);
}

TEST(Concentrator, CallsSpreadOverTheWorkers) {
  House house(House::pap_settings(), 4);
  std::vector<std::unique_ptr<DialIn>> clients;
  std::map<std::uint16_t, int> by_worker;
  for (ConnectionId id = 1; id <= 20; ++id) {
    clients.push_back(std::make_unique<DialIn>(house, id));
    ASSERT_TRUE(clients.back()->dial("alice"));
    ++by_worker[clients.back()->ref.worker.value];
  }
  EXPECT_EQ(by_worker, (std::map<std::uint16_t, int>{{0, 5}, {1, 5}, {2, 5}, {3, 5}}));
  for (auto& client : clients) {
    client->reset();
  }
  expect_baseline(house);
}

TEST(Concentrator, CTL_19_TwoCallsOfOneConnectionLiveAndEndApart) {
  Settings settings = House::pap_settings();
  settings.pptp.max_calls_per_connection = 2;
  House house(settings);
  DialIn client(house, 1);
  ASSERT_TRUE(client.dial("alice", 1));
  client.call(2);
  const auto second = client.received<OutgoingCallReply>();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->result, OutgoingResult::kConnected);
  EXPECT_EQ(house.calls_by_id.size(), 2u);
  client.send(CallClearRequest{1});
  house.run_workers();
  EXPECT_EQ(house.calls_by_id.size(), 1u);
  EXPECT_TRUE(client.connected());
  EXPECT_EQ(only_reason(house, "call_ended"), "user_request");
  client.reset();
  expect_baseline(house);
  EXPECT_EQ(house.log.named("call_ended").size(), 2u);
}

TEST(Concentrator, CTL_21_LinkInfoIsMirroredWhenLcpIsOpen) {
  House house;
  DialIn client(house, 1);
  client.start();
  client.call(0x00FF);
  const std::uint16_t id = house.calls_by_id.begin()->first.second;
  client.send(SetLinkInfo{id, 0, 0xFFFFFFFF});
  ASSERT_TRUE(client.begin_ppp("alice"));
  const auto info = client.received<SetLinkInfo>();
  ASSERT_TRUE(info);
  EXPECT_EQ(info->peer_call_id, 0x00FF);
  client.reset();
  expect_baseline(house);
}

TEST(Concentrator, CTL_18_AnUnansweredEchoEndsTheCall) {
  Settings settings = House::pap_settings();
  settings.ppp.lcp_echo_interval = 0s;
  House house(settings);
  DialIn client(house, 1);
  ASSERT_TRUE(client.dial("alice"));
  house.advance(119'990ms);
  EXPECT_TRUE(client.connected());
  house.advance(10ms);
  EXPECT_FALSE(client.connected());
  EXPECT_TRUE(client.received<CallDisconnectNotify>());
  house.run_workers();
  EXPECT_EQ(only_reason(house, "call_ended"), "echo_timeout");
  EXPECT_EQ(only_reason(house, "connection_closed"), "echo_timeout");
  expect_baseline(house);
}

TEST(Concentrator, LostCarrierEndsTheCallAndThenTheConnection) {
  House house;
  DialIn client(house, 1);
  ASSERT_TRUE(client.dial("alice"));
  for (int second = 0; second < 120 && client.connected(); ++second) {  // PPTP is alive, PPP is dead
    house.advance(1s);
    house.run_workers();
    client.send(EchoRequest{1});
  }
  EXPECT_EQ(client.received<CallDisconnectNotify>()->result, DisconnectResult::kLostCarrier);
  expect_baseline(house);
  EXPECT_EQ(only_reason(house, "call_ended"), "lost_carrier");
  EXPECT_EQ(only_reason(house, "connection_closed"), "lost_carrier");
}

TEST(Concentrator, AuthenticationFailureIsOneEventAndCounted) {
  House house;
  DialIn client(house, 1);
  EXPECT_FALSE(client.dial("mallory"));
  for (int i = 0; i < 100; ++i) {
    house.advance(100ms);
    client.serve();
    client.send(StopControlConnectionReply{});
  }
  expect_baseline(house);
  EXPECT_EQ(only_reason(house, "call_ended"), "auth_failed");
  EXPECT_EQ(house.log.named("call_ended").front().fields.at("user"), "mallory") << "as claimed";
  EXPECT_EQ(house.log.named("auth_failed").front().fields.at("user"), "mallory");
  EXPECT_GE(house.concentrator->stats().auth_rejected, 1u);
  EXPECT_EQ(house.concentrator->stats().auth_accepted, 0u);
}

TEST(Concentrator, ARefusedPeerThatHangsUpFirstWasRefusedAllTheSame) {
  House house;
  DialIn client(house, 1);
  EXPECT_FALSE(client.dial("mallory"));
  client.send(CallClearRequest{7});
  client.send(StopControlConnectionReply{});
  expect_baseline(house);
  EXPECT_EQ(only_reason(house, "call_ended"), "auth_failed");
}

// RFC 1661 §5.5: who says that it hangs up need not wait for us to believe it.
TEST(Concentrator, WhoTerminatesLcpAndThenClosesHasHungUp) {
  House house;
  DialIn client(house, 1), lost(house, 2);
  ASSERT_TRUE(client.dial("alice"));
  ASSERT_TRUE(lost.dial("bob"));
  client.send_ppp(0xC021, {5, 9, 0, 0});
  client.reset();
  house.run_workers();
  EXPECT_EQ(only_reason(house, "call_ended"), "user_request");
  EXPECT_EQ(house.accounting.said.back(), "stop alice 1000 user_request");
  lost.reset();
  house.run_workers();
  EXPECT_EQ(house.log.named("call_ended").back().fields.at("reason"), "peer_closed");
  expect_baseline(house);
}

TEST(Concentrator, CTL_16_ThePeerVanishesWhileTheBackendThinks) {
  House house;
  DialIn client(house, 1);
  EXPECT_FALSE(client.dial("later"));
  EXPECT_EQ(house.auth.waiting.size(), 1u);
  client.reset();
  EXPECT_TRUE(house.auth.waiting.empty());
  expect_baseline(house);
  EXPECT_EQ(only_reason(house, "call_ended"), "peer_closed");

  DialIn patient(house, 2);
  EXPECT_FALSE(patient.dial("later"));
  house.advance(1s);
  house.auth.answer(AuthAccepted{});
  patient.serve();
  EXPECT_TRUE(patient.up);
  patient.reset();
  expect_baseline(house);
}

TEST(Concentrator, NCP_08_AFixedAddressHasOneHolder) {
  House house;
  DialIn first(house, 1), second(house, 2);
  ASSERT_TRUE(first.dial("fixed-10.99.0.1"));
  EXPECT_EQ(first.address, wire::Ipv4Address(10, 99, 0, 1));
  EXPECT_FALSE(second.dial("fixed-10.99.0.1"));
  second.reset();
  first.reset();
  house.run_workers();
  DialIn again(house, 3);  // no quarantine if the user is the same
  EXPECT_TRUE(again.dial("fixed-10.99.0.1"));
  again.reset();
  expect_baseline(house);
}

}  // namespace
}  // namespace adit::control
