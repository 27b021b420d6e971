// SPDX-License-Identifier: Apache-2.0
// Calls that an access concentrator brings in, as the concentrator has them: installed before the answer, PPP from the
// Incoming-Call-Connected on, and known by their numbers to the back end, to accounting and to operators.
#include "tests/controlplane/concentrator/concentrator_kit.hpp"

namespace adit::control {
namespace {

Settings settings_of_incoming(std::uint32_t calls = 4) {
  Settings settings = House::pap_settings();
  settings.pptp.incoming_calls = true;
  settings.pptp.max_calls_per_connection = calls;
  return settings;
}

CallStatus only_call(const House& house) {
  std::vector<CallStatus> calls;
  for_each_call(*house.concentrator, [&](const CallStatus& call) { calls.push_back(call); });
  EXPECT_EQ(calls.size(), 1U);
  return calls.empty() ? CallStatus{} : calls.front();
}

CallDetails details_of(const House& house) {
  CallDetails details;
  house.concentrator->find_details({SessionSelector::By::kSessionId, only_call(house).session_id}, 1,
                                   [&](const CallDetails& found) { details = found; });
  return details;
}

TEST(IncomingCalls, CTL_24_OneComesUpAndItsNumbersAreTold) {
  House house(settings_of_incoming());
  DialIn client(house, 1);
  ASSERT_TRUE(client.bring_in("alice", 7, "0305551234", "555000"));
  EXPECT_EQ(house.auth.stations->calling, "0305551234");
  EXPECT_EQ(house.auth.stations->called, "555000");
  EXPECT_EQ(only_call(house).stations->calling, "0305551234");
  house.advance(61s);
  ASSERT_FALSE(house.accounting.said.empty());
  EXPECT_EQ(house.accounting.stations->calling, "0305551234");
  pptp::CallDisconnectNotify notify;
  notify.call_id = 7;
  client.send(notify);
  house.run_workers();
  EXPECT_EQ(only_reason(house, "call_ended"), "user_request");
  EXPECT_EQ(house.accounting.said.back(), "stop alice 1000 user_request");
  EXPECT_TRUE(client.connected()) << "it may bring in others";
  house.advance(31s);
  house.advance(4s);
  EXPECT_FALSE(client.connected()) << "but not for ever";
  expect_baseline(house);
}

/// A server that asks once more, whatever the method, and then lets the peer in.
class TwoRounds final : public AuthBackend {
 public:
  void authenticate(AuthRequest request, AuthClient& client) override {
    told.push_back(request.stations);
    if (told.size() == 1) {
      return client.on_verdict(
          AuthChallenge{.request = {1, 77, 0, 6, 4, 0}, .next = {.server = "aaa1", .state = {}}});
    }
    client.on_verdict(AuthAccepted{});
  }
  void cancel(AuthClient&) override {}
  std::vector<SharedStationIds> told;
};

TEST(IncomingCalls, CTL_24_EachRoundOfAnExchangeOfEapHasTheNumbers) {
  Settings settings = settings_of_incoming();
  settings.auth.methods = {AuthMethod::kEap};
  settings.eap.mode = EapMode::kRadius;
  TwoRounds server;
  House house(settings, 1, 64, 1, &server);
  DialIn client(house, 1);
  client.by_eap = true;
  ASSERT_TRUE(client.bring_in("alice", 7, "0305551234", "555000"));
  ASSERT_EQ(server.told.size(), 2U);
  for (const SharedStationIds& stations : server.told) {
    ASSERT_NE(stations, nullptr);
    EXPECT_EQ(stations->calling, "0305551234");
    EXPECT_EQ(stations->called, "555000");
  }
}

TEST(IncomingCalls, CTL_24_WithoutNumbersTheAddressesServe) {
  House house(settings_of_incoming());
  DialIn client(house, 1);
  ASSERT_TRUE(client.bring_in("alice", 7));
  const CallStatus call = only_call(house);
  EXPECT_EQ(calling_station(call.stations, call.peer), "192.0.2.2");
  EXPECT_EQ(called_station(call.stations, call.local), "192.0.2.1");
}

TEST(IncomingCalls, CTL_24_GreBeforeItIsConnectedBeginsNothing) {
  House house(settings_of_incoming());
  DialIn client(house, 1);
  client.start();
  const std::uint16_t id = client.ring(7);
  ASSERT_NE(id, 0);
  house.run_workers();
  client.ref = house.calls_by_id.begin()->second;
  client.send_ppp(kLcp, {1, 1, 0, 0});
  house.concentrator->on_worker_message(contract::MppeDesynchronised{client.ref}, {});
  house.concentrator->on_worker_message(contract::MppeOutOfStep{client.ref}, {});
  house.run_workers();
  EXPECT_TRUE(house.installed.begin()->second.to_peer.empty());
  EXPECT_TRUE(client.connect("alice"));
}

TEST(IncomingCalls, CTL_24_OneThatIsNotConnectedEndsByItsOwnReason) {
  House house(settings_of_incoming());
  DialIn client(house, 1);
  client.start();
  ASSERT_NE(client.ring(7), 0);
  house.run_workers();
  house.advance(31s);
  house.run_workers();
  EXPECT_EQ(only_reason(house, "call_ended"), "not_connected");
  EXPECT_EQ(house.log.named("call_ended")[0].fields.at("why"), "no Incoming-Call-Connected");
  EXPECT_TRUE(client.received<pptp::CallClearRequest>().has_value());
  client.reset();
  expect_baseline(house);
}

TEST(IncomingCalls, CTL_24_ACallerThatHangsUpBeforeIsNoFault) {
  House house(settings_of_incoming());
  DialIn client(house, 1);
  client.start();
  ASSERT_NE(client.ring(7), 0);
  pptp::CallDisconnectNotify notify;
  notify.call_id = 7;
  client.send(notify);
  house.run_workers();
  EXPECT_EQ(only_reason(house, "call_ended"), "user_request");
  EXPECT_EQ(house.log.named("call_ended")[0].fields.at("why"), "Call-Disconnect-Notify")
      << "GRE was not due yet";
}

TEST(IncomingCalls, CTL_24_AnOperatorEndsOneThatIsNotConnected) {
  House house(settings_of_incoming());
  DialIn client(house, 1);
  client.start();
  ASSERT_NE(client.ring(7), 0);
  EXPECT_EQ(terminate(*house.concentrator, {}, false), 1U);
  house.run_workers();
  EXPECT_EQ(only_reason(house, "call_ended"), "admin_reset");
}

TEST(IncomingCalls, CTL_25_BothEndsBesideEachOther) {
  House house(settings_of_incoming());
  DialIn client(house, 1);
  ASSERT_TRUE(client.bring_in("alice", 7, "0305551234"));
  client.call(8);
  const auto reply = client.received<pptp::OutgoingCallReply>();
  ASSERT_TRUE(reply && reply->result == pptp::OutgoingResult::kConnected);
  house.run_workers();
  EXPECT_EQ(house.installed.size(), 2U);
  client.send(pptp::CallClearRequest{8});
  house.run_workers();
  EXPECT_EQ(house.installed.size(), 1U);
  EXPECT_EQ(only_call(house).session.user, "alice");
}

// A peer that logs in once, and then holds its connection without a login, gives way like any other stranger.
TEST(IncomingCalls, CTL_25_WithoutALoggedInCallTheConnectionCountsAsAStrangersAgain) {
  House house(settings_of_incoming());
  DialIn client(house, 1);
  ASSERT_TRUE(client.bring_in("alice", 7));
  EXPECT_EQ(house.concentrator->stats().connections_before_login, 0U);
  pptp::CallDisconnectNotify notify;
  notify.call_id = 7;
  client.send(notify);
  house.run_workers();
  EXPECT_EQ(house.concentrator->stats().connections_before_login, 1U);
  house.advance(20s);
  ASSERT_NE(client.ring(9), 0);
  house.advance(45s);
  EXPECT_TRUE(client.received<pptp::StopControlConnectionRequest>().has_value())
      << "pptp.login-timeout runs again";
}

TEST(IncomingCalls, CTL_24_DeniedItIsLoggedAndTold) {
  House house;
  DialIn client(house, 1);
  client.start();
  EXPECT_EQ(client.ring(7), 0);
  EXPECT_EQ(only_reason(house, "call_refused"), "incoming_denied");
  const auto stories = house.concentrator->stories({StorySelector::By::kPeer, "192.0.2.2"});
  EXPECT_TRUE(std::ranges::any_of(
      stories, [](const StoryRow& row) { return row.reason == EndReason::kIncomingDenied; }));
}

// RFC 2637 §2.14: the counts are totals of the line.
TEST(IncomingCalls, CTL_26_ErrorsOfTheLineAreCountedForTheCallAndForAll) {
  House house(settings_of_incoming());
  DialIn client(house, 1);
  ASSERT_TRUE(client.bring_in("alice", 7));
  pptp::WanErrorNotify errors;
  errors.peer_call_id = client.local_id;
  errors.crc_errors = 3;
  errors.alignment_errors = 0xFFFFFFFF;
  client.send(errors);
  errors.crc_errors = 10;
  client.send(errors);
  CallDetails details = details_of(house);
  EXPECT_EQ(details.wan_errors.notifies, 2U);
  EXPECT_EQ(details.wan_errors.last.crc_errors, 10U);
  EXPECT_EQ(house.concentrator->stats().wan_errors, 10 + std::uint64_t{0xFFFFFFFF});
  errors.alignment_errors = 0;  // the line counts anew
  client.send(errors);
  EXPECT_EQ(house.concentrator->stats().wan_errors, 20 + std::uint64_t{0xFFFFFFFF});
  errors.peer_call_id = static_cast<std::uint16_t>(client.local_id + 1);
  client.send(errors);  // nobody's
  EXPECT_EQ(house.concentrator->stats().wan_error_notifies, 3U);
}

TEST(IncomingCalls, CTL_26_TheAccmOfALinkIsKeptAndDoesNothing) {
  House house(settings_of_incoming());
  DialIn client(house, 1);
  ASSERT_TRUE(client.bring_in("alice", 7));
  EXPECT_FALSE(details_of(house).link_info.has_value());
  client.send(pptp::SetLinkInfo{client.local_id, 0x000A0000, 0xFFFFFFFF});
  client.send(pptp::SetLinkInfo{client.local_id, 0, 0x000A0000});
  const auto info = details_of(house).link_info;
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->send_accm, 0U) << "the last one counts";
  EXPECT_EQ(info->receive_accm, 0x000A0000U);
}

}  // namespace
}  // namespace adit::control
