// SPDX-License-Identifier: Apache-2.0
// The client's PPP: the order of calls to its host, authentication of both sides, MPPE policies, IPCP, the
// server's renegotiation, and every way a link can fail. The test plays the server, packet by packet.
#include <functional>

#include "crypto/digest.hpp"
#include "tests/controlplane/client/client_kit.hpp"

namespace adit::control {
namespace {

using enum wire::PppProtocol;
using wire::PppCode;

using ClientCallTest = ClientTest;
using Trace = std::vector<std::string>;

Octets octets(std::string_view text) {
  return {text.begin(), text.end()};
}

// ---- set-up -----------------------------------------------------------------------------------------------

TEST_F(ClientCallTest, KeysAndAddressAreInPlaceBeforeTheServerMayUseThem) {
  dial_to_network();
  trace.clear();
  receive(kCcp, conf_req(1, kMppe128));
  EXPECT_EQ(trace, (Trace{"mppe receive", "ccp 2"}));
  trace.clear();
  receive(kCcp, conf_ack(sent(kCcp, 1).id, sent(kCcp, 1).data));
  EXPECT_EQ(trace, (Trace{"mppe send", "ipcp 1"}));
  trace.clear();
  receive(kIpcp, conf_nak(sent(kIpcp, 1).id, kOwnAddress));
  EXPECT_EQ(trace, (Trace{"ip 10.64.0.2 1436 mppe", "ipcp 1"}));
  trace.clear();
  receive(kIpcp, conf_req(1, kServerAddress));
  receive(kIpcp, conf_ack(sent(kIpcp, 1).id, sent(kIpcp, 1).data));
  EXPECT_EQ(trace, (Trace{"ipcp 2", "up"}));
  EXPECT_EQ(receive_key, Octets(server_keys.send.bytes().begin(), server_keys.send.bytes().end()));
  EXPECT_EQ(send_key, Octets(server_keys.receive.bytes().begin(), server_keys.receive.bytes().end()));
}

TEST_F(ClientCallTest, StatusTellsWhatWasAgreed) {
  EXPECT_FALSE(make().status().up);
  dial_to_up();
  const ClientStatus status = make().status();
  EXPECT_EQ(wire::to_string(status.own), "10.64.0.2");
  EXPECT_EQ(wire::to_string(status.peer), "10.64.0.1");
  EXPECT_EQ(status.auth_method, "mschap-v2");
  EXPECT_TRUE(status.encrypts_send && status.encrypts_receive);
  EXPECT_EQ(status.peer_mru, 1500);
}

TEST_F(ClientCallTest, RequiredMppeIsSaidToTheDataPlane) {
  settings.mppe = MppePolicy::kRequire;
  dial_to_up();
  EXPECT_NE(std::ranges::find(trace, "ip 10.64.0.2 1436 mppe"), trace.end());
}

TEST_F(ClientCallTest, TheServersMruAndCompressionAreKept) {
  dial();
  agree(kLcp, option(1, u16(1400)) + kAsksMsChapV2 + option(5, u32(77)) + option(7) + option(8));
  EXPECT_NE(std::ranges::find(trace, "compression acfcpfc"), trace.end());
  EXPECT_EQ(make().status().peer_mru, 1400);
}

TEST_F(ClientCallTest, EchoesAreAnsweredWithOurMagicNumberAndUnknownCodesRejected) {
  dial_to_up();
  const Packet request = sent(kLcp, 1);
  receive(kLcp, {PppCode::kEchoRequest, 9, u32(1) + octets("abc")});
  EXPECT_EQ(sent(kLcp, 10).data, Octets(request.data.end() - 4, request.data.end()) + octets("abc"));
  receive(kLcp, {PppCode(99), 1, {}});
  EXPECT_EQ(count(kLcp, 7), 1U);
}

TEST_F(ClientCallTest, UnknownProtocolsAreRejectedByLcp) {
  dial_to_up();
  receive(wire::PppProtocol{0x8235}, conf_req(1));
  EXPECT_EQ(sent(kLcp, 8).data, u16(0x8235) + conf_req(1).octets());
  receive(kIpv6cp, conf_req(1, option(1, Octets(8, 1))));
  EXPECT_EQ(count(kLcp, 8), 2U);
}

// ---- authentication -----------------------------------------------------------------------------------------------

TEST_F(ClientCallTest, AUT_03_ChapMd5AnswersTheChallenge) {
  settings.methods = {AuthMethod::kChapMd5};
  dial_to_authentication(kAsksChapMd5);
  challenge(9);
  const auto expected = crypto::chap_md5_response(9, wire::octets_of("secret"), server_challenge);
  EXPECT_EQ(sent(kChap, 2),
            chap(2, 9, Octets{16} + Octets(expected.begin(), expected.end()) + octets("alice")));
  succeed("hello");
  EXPECT_EQ(make().status().auth_method, "chap-md5");
  EXPECT_EQ(count(kIpcp, 1), 1U) << "no keys, no CCP";
}

TEST_F(ClientCallTest, MsChapV1AnswersTheChallengeAndMakesKeys) {
  settings.methods = {AuthMethod::kMsChapV1};
  dial_to_authentication(kAsksMsChapV1);
  receive(kChap, chap(1, 3, Octets{8} + Octets(8, 0x11)));
  std::array<std::uint8_t, 8> value;
  value.fill(0x11);
  const auto expected = crypto::nt_response(value, settings.nt_hash);
  const Packet response = sent(kChap, 2);
  EXPECT_EQ(Octets(response.data.begin() + 25, response.data.begin() + 49),
            Octets(expected.begin(), expected.end()));
  succeed("welcome");
  agree(kCcp, kMppe128);
  const auto keys = crypto::mppe_start_keys_v1(crypto::nt_hash_hash(settings.nt_hash), value);
  EXPECT_EQ(send_key, Octets(keys.send.bytes().begin(), keys.send.bytes().end()));
}

TEST_F(ClientCallTest, ARepeatedChallengeGetsTheSameResponse) {
  dial_to_authentication(kAsksMsChapV2);
  challenge(7);
  challenge(7);
  ASSERT_EQ(count(kChap, 2), 2U);
  EXPECT_EQ(frames[frames.size() - 1], frames[frames.size() - 2]);
  const std::string success = success_text("secret");
  challenge(7);
  succeed(success);
  challenge(7);
  EXPECT_EQ(count(kChap, 2), 3U) << "a late copy of what has been answered";
  EXPECT_EQ(count(kCcp, 1), 1U);
}

TEST_F(ClientCallTest, TheResponseIsRepeatedUntilItIsJudged) {
  dial_to_authentication(kAsksMsChapV2);
  challenge();
  advance(settings.ppp.timeout);
  advance(settings.ppp.timeout);
  EXPECT_EQ(count(kChap, 2), 3U);
  succeed(success_text("secret"));
  advance(settings.ppp.timeout);
  EXPECT_EQ(count(kChap, 2), 3U);
}

TEST_F(ClientCallTest, ARechallengeWhileUpIsAnsweredAndKeepsTheKeys) {
  dial_to_up();
  const Octets key = send_key;
  challenge(8);
  succeed(success_text("secret"));
  EXPECT_EQ(count(kChap, 2), 2U);
  EXPECT_EQ(send_key, key);
  EXPECT_TRUE(make().status().up);
}

TEST_F(ClientCallTest, ChallengesOfTheWrongSizeAreIgnored) {
  dial_to_authentication(kAsksMsChapV2);
  for (const Octets& value :
       {Octets{0}, Octets{15} + Octets(15, 1), Octets{17} + Octets(17, 1), Octets{16}, Octets{}}) {
    receive(kChap, chap(1, 5, value));
  }
  EXPECT_EQ(count(kChap, 2), 0U);
}

TEST_F(ClientCallTest, AUT_04_AServerThatDoesNotKnowThePasswordIsNotBelieved) {
  dial_to_authentication(kAsksMsChapV2);
  challenge();
  succeed(success_text("guess") + " M=Welcome");
  EXPECT_EQ(count(kCcp, 1), 0U);
  advance(Duration{20});
  EXPECT_EQ(count(kLcp, 5), 1U);
  expect_end(ClientEnd::kNotAuthentic);
}

TEST_F(ClientCallTest, ASuccessWithoutItsProofIsNotBelievedEither) {
  for (const std::string_view text : {"", "S=", "M=Welcome"}) {
    client.reset();
    closed = false;
    ended = ClientEnd::kNone;
    dial_to_authentication(kAsksMsChapV2);
    challenge();
    succeed(text);
    expect_end(ClientEnd::kNotAuthentic);
  }
}

TEST_F(ClientCallTest, WindowsServersOmitTheSpaceBehindTheProof) {
  dial_to_authentication(kAsksMsChapV2);
  challenge();
  succeed(success_text("secret") + "M=Welcome");
  EXPECT_EQ(count(kCcp, 1), 1U);
}

TEST_F(ClientCallTest, AFailureEndsWithTheServersWords) {
  dial_to_authentication(kAsksMsChapV2);
  challenge();
  receive(kChap, chap(4, 7, octets("E=691 R=1 C=00 V=3 M=no")));
  expect_end(ClientEnd::kAuthFailed);
  EXPECT_EQ(detail, "E=691 R=1 C=00 V=3 M=no");
}

TEST_F(ClientCallTest, AUT_01_PapRepeatsUntilItIsAnswered) {
  settings.methods = {AuthMethod::kPap};
  dial_to_authentication(kAsksPap);
  EXPECT_EQ(sent(kPap, 1).data, Octets{5} + octets("alice") + Octets{6} + octets("secret"));
  const unsigned first = sent(kPap, 1).id;
  advance(settings.ppp.timeout);
  EXPECT_EQ(sent(kPap, 1).id, first + 1);
  receive(kPap, {PppCode(2), first + 2, Octets{0}});
  EXPECT_EQ(count(kIpcp, 1), 0U) << "to no request of ours";
  receive(kPap, {PppCode(2), first, Octets{0}});
  EXPECT_EQ(count(kIpcp, 1), 1U);
  advance(settings.ppp.timeout);
  EXPECT_EQ(count(kPap, 1), 2U);
}

TEST_F(ClientCallTest, APapNakEndsWithTheServersWords) {
  settings.methods = {AuthMethod::kPap};
  dial_to_authentication(kAsksPap);
  receive(kPap, {PppCode(3), sent(kPap, 1).id, Octets{2} + octets("no")});
  expect_end(ClientEnd::kAuthFailed);
  EXPECT_EQ(detail, "no");
}

TEST_F(ClientCallTest, AUT_10_MethodsThatWeDoNotAllowAreNakdWithEachOfOursInTurn) {
  settings.methods = {AuthMethod::kMsChapV2, AuthMethod::kChapMd5};
  dial();
  receive(kLcp, conf_req(1, kAsksPap));
  EXPECT_EQ(sent(kLcp, 3), conf_nak(1, kAsksMsChapV2));
  receive(kLcp, conf_req(2, option(3, {0xC2, 0x27})));
  EXPECT_EQ(sent(kLcp, 3), conf_nak(2, kAsksChapMd5));
  agree(kLcp, kAsksChapMd5);
  challenge();
  EXPECT_EQ(sent(kChap, 2).data[0], 16U);
}

TEST_F(ClientCallTest, AServerThatInsistsOnAnotherMethodIsRefused) {
  dial();
  receive(kLcp, conf_ack(sent(kLcp, 1).id, sent(kLcp, 1).data));
  for (unsigned id = 1; id < 12 && ended == ClientEnd::kNone; ++id) {
    receive(kLcp, conf_req(id, kAsksPap));
  }
  EXPECT_GE(count(kLcp, 4), 1U) << "after Max-Failure Naks, a Reject";
  expect_end(ClientEnd::kAuthRefused);
}

TEST_F(ClientCallTest, AServerThatGivesUpOverTheMethodRefusesIt) {
  dial();
  receive(kLcp, conf_req(1, kAsksPap));
  receive(kLcp, term_req(2));
  EXPECT_EQ(sent(kLcp, 6), term_ack(2));
  expect_end(ClientEnd::kAuthRefused);
}

TEST_F(ClientCallTest, AServerThatDoesNotAskIsTakenAtItsWord) {
  dial();
  agree(kLcp, {});
  EXPECT_EQ(count(kIpcp, 1), 1U);
  EXPECT_EQ(make().status().auth_method, "none");
}

// ---- MPPE ---------------------------------------------------------------------------------------------------------

TEST_F(ClientCallTest, MPP_12_RequiredMppeEndsWithEveryRefusal) {
  settings.mppe = MppePolicy::kRequire;
  settings.setup_timeout = Duration{60'000};
  const std::vector<std::function<void()>> refusals = {
      [&] { receive(kCcp, conf_rej(sent(kCcp, 1).id, kMppe128)); },
      [&] { receive(kCcp, conf_nak(sent(kCcp, 1).id, option(18, u32(0x01000000)))); },
      [&] { receive(kLcp, {PppCode::kProtocolReject, 1, u16(0x80FD) + conf_req(1, kMppe128).octets()}); },
      [&] { receive(kCcp, term_req(1)); },
      [&] { advance(Duration{29'000}); },
  };
  for (const auto& refuse : refusals) {
    client.reset();
    closed = false;
    ended = ClientEnd::kNone;
    trace.clear();
    dial_to_network();
    refuse();
    expect_end(ClientEnd::kMppeRefused);
    EXPECT_EQ(std::ranges::find(trace, "ipcp 1"), trace.end());
  }
}

TEST_F(ClientCallTest, PreferredMppeGoesOnInClearAfterARefusal) {
  dial_to_network();
  receive(kLcp, {PppCode::kProtocolReject, 1, u16(0x80FD) + conf_req(1, kMppe128).octets()});
  assign_address();
  EXPECT_TRUE(make().status().up);
  EXPECT_FALSE(make().status().encrypts_send || make().status().encrypts_receive);
}

TEST_F(ClientCallTest, ARejectedOptionLeavesAnEmptyCcpAndAClearLink) {
  dial_to_network();
  receive(kCcp, conf_rej(sent(kCcp, 1).id, kMppe128));
  EXPECT_EQ(sent(kCcp, 1).data, Octets{});
  agree(kCcp, {});
  EXPECT_EQ(count(kIpcp, 1), 1U);
  EXPECT_TRUE(send_key.empty());
}

TEST_F(ClientCallTest, DeniedMppeIsProtocolRejectedOrRejectedAsTheProfileDoes) {
  settings.mppe = MppePolicy::kDeny;
  dial_to_network();
  receive(kCcp, conf_req(1, kMppe128));
  EXPECT_EQ(sent(kLcp, 8).data, u16(0x80FD) + conf_req(1, kMppe128).octets());
  client.reset();
  settings.profile = find_client_profile("android");
  dial_to_network();
  receive(kCcp, conf_req(1, kMppe128));
  EXPECT_EQ(sent(kCcp, 4), conf_rej(1, kMppe128));
}

TEST_F(ClientCallTest, AllowedMppeWaitsForTheServerToAsk) {
  settings.mppe = MppePolicy::kAllow;
  dial_to_network();
  EXPECT_EQ(count(kCcp, 1) + count(kIpcp, 1), 0U);
  receive(kCcp, conf_req(1, kMppe128));
  receive(kCcp, conf_ack(sent(kCcp, 1).id, kMppe128));
  EXPECT_TRUE(make().status().encrypts_send);
  EXPECT_EQ(count(kIpcp, 1), 1U);
}

TEST_F(ClientCallTest, OnlyAllowedModesAreAgreedOn) {
  dial_to_network();
  receive(kCcp, conf_req(1, option(18, u32(0x000000E1))));
  EXPECT_EQ(sent(kCcp, 3), conf_nak(1, kMppe128));
  receive(kCcp, conf_req(2, option(21, {0x2F})));
  EXPECT_EQ(sent(kCcp, 4), conf_rej(2, option(21, {0x2F})));
  receive(kCcp, conf_nak(sent(kCcp, 1).id, option(18, u32(0x01000020))));
  EXPECT_EQ(sent(kCcp, 1).data, kMppe128) << "40 bits are not allowed here";
}

TEST_F(ClientCallTest, ShorterKeysAreTakenWhenAllowed) {
  settings.mppe_key_lengths = {contract::MppeStrength::k128, contract::MppeStrength::k40};
  dial_to_network();
  EXPECT_EQ(sent(kCcp, 1).data, option(18, u32(0x01000060)));
  receive(kCcp, conf_nak(sent(kCcp, 1).id, option(18, u32(0x01000020))));
  agree(kCcp, option(18, u32(0x01000020)));
  EXPECT_EQ(last_mode, (contract::MppeMode{contract::MppeStrength::k40, false}));
}

TEST_F(ClientCallTest, MPP_11_ResetRequestsAreAcknowledgedAndThatIsAll) {
  dial_to_up();
  trace.clear();
  receive(kCcp, {PppCode::kResetRequest, 5, {}});
  EXPECT_EQ(trace, Trace{"ccp 15"});
  EXPECT_EQ(sent(kCcp, 15).id, 5U);
}

TEST_F(ClientCallTest, APartedKeyChainEndsTheCall) {
  dial_to_up();
  client->on_mppe_desynchronised();
  advance(Duration{20});
  EXPECT_EQ(count(kLcp, 5), 1U);
  expect_end(ClientEnd::kMppeDesynchronised);
}

// ---- IPCP ---------------------------------------------------------------------------------------------------------

TEST_F(ClientCallTest, NaksAreFollowedAndTheRestOfTheOptionsRejected) {
  settings.profile = find_client_profile("windows");
  dial_to_network();
  agree(kCcp, kMppe128);
  receive(kIpcp,
          conf_rej(sent(kIpcp, 1).id, option(130, u32(0)) + option(131, u32(0)) + option(132, u32(0))));
  receive(kIpcp, conf_nak(sent(kIpcp, 1).id, kOwnAddress + option(129, u32(0xC6336435))));
  EXPECT_EQ(sent(kIpcp, 1).data, kOwnAddress + option(129, u32(0xC6336435)));
  receive(kIpcp, conf_req(1, kServerAddress + option(2, {0, 0x2D, 0x0F, 1})));
  EXPECT_EQ(sent(kIpcp, 4), conf_rej(1, option(2, {0, 0x2D, 0x0F, 1})));
  agree(kIpcp, kServerAddress);
  EXPECT_EQ(wire::to_string(make().status().dns1), "198.51.100.53");
  EXPECT_TRUE(make().status().up);
}

TEST_F(ClientCallTest, AnotherAddressReplacesTheFirst) {
  dial_to_network();
  agree(kCcp, kMppe128);
  receive(kIpcp, conf_nak(sent(kIpcp, 1).id, option(3, u32(0x0A400009))));
  trace.clear();
  receive(kIpcp, conf_nak(sent(kIpcp, 1).id, kOwnAddress));
  EXPECT_EQ(trace, (Trace{"ip off", "ip 10.64.0.2 1436 mppe", "ipcp 1"}));
}

TEST_F(ClientCallTest, NoAddressIsNoCall) {
  dial_to_network();
  agree(kCcp, kMppe128);
  agree(kIpcp, kServerAddress);  // 0.0.0.0, acknowledged
  expect_end(ClientEnd::kIpcpFailed);
}

TEST_F(ClientCallTest, IpcpThatIsRefusedIsNoCallEither) {
  for (const bool by_lcp : {true, false}) {
    client.reset();
    closed = false;
    ended = ClientEnd::kNone;
    dial_to_network();
    agree(kCcp, kMppe128);
    if (by_lcp) {
      receive(kLcp, {PppCode::kProtocolReject, 1, u16(0x8021) + conf_req(1).octets()});
    } else {
      receive(kIpcp, conf_rej(sent(kIpcp, 1).id, option(3, u32(0))));
    }
    expect_end(ClientEnd::kIpcpFailed);
  }
}

// ---- renegotiation and failures -----------------------------------------------------------------------------------

TEST_F(ClientCallTest, LCP_08_TheServerMayRenegotiateAndTheCallComesUpAgainSilently) {
  dial_to_up();
  const Octets key = send_key;
  trace.clear();
  receive(kLcp, conf_req(0x99, kAsksMsChapV2));
  EXPECT_EQ(trace, (Trace{"ip off", "mppe off", "lcp 1", "lcp 2"}));
  EXPECT_FALSE(make().status().up);
  const Packet request = sent(kLcp, 1);
  receive(kLcp, conf_ack(request.id, request.data));
  challenge(0x55);
  succeed(success_text("secret"));
  agree(kCcp, kMppe128);
  assign_address();
  EXPECT_TRUE(make().status().up);
  EXPECT_NE(send_key, key);
  EXPECT_EQ(std::ranges::find(trace, "up"), trace.end()) << "client_up is told once";
}

TEST_F(ClientCallTest, ARenegotiationThatComesToNothingEnds) {
  dial_to_up();
  receive(kLcp, conf_req(0x99, kAsksMsChapV2));
  advance(settings.setup_timeout);
  expect_end(ClientEnd::kLcpTimeout);
}

TEST_F(ClientCallTest, MPP_13_CcpThatIsRenegotiatedWithoutLcpEndsRatherThanUseItsKeysTwice) {
  dial_to_up();
  trace.clear();
  receive(kCcp, conf_req(0x77, kMppe128));
  EXPECT_EQ(trace, Trace{"ccp 14"}) << "in earnest?";
  advance(1010ms);
  EXPECT_EQ(std::ranges::find(trace, "ccp 2"), trace.end());
  EXPECT_EQ(std::ranges::find(trace, "mppe receive"), trace.end());
  expect_end(ClientEnd::kMppeRefused);
}

TEST_F(ClientCallTest, SilenceEndsEachPhaseByItsName) {
  dial();
  expect_end(ClientEnd::kNone);
  advance(settings.setup_timeout);
  expect_end(ClientEnd::kLcpTimeout);

  client.reset();
  closed = false;
  ended = ClientEnd::kNone;
  dial_to_authentication(kAsksMsChapV2);
  advance(settings.setup_timeout);
  expect_end(ClientEnd::kAuthTimeout);

  client.reset();
  closed = false;
  ended = ClientEnd::kNone;
  dial_to_network();
  agree(kCcp, kMppe128);
  advance(settings.setup_timeout);
  EXPECT_EQ(count(kIpcp, 1), 10U) << "Max-Configure";
  expect_end(ClientEnd::kIpcpFailed);

  client.reset();
  closed = false;
  ended = ClientEnd::kNone;
  settings.setup_timeout = Duration{20'000};
  dial_to_network();
  advance(settings.setup_timeout);
  expect_end(ClientEnd::kNetworkTimeout);
}

TEST_F(ClientCallTest, AServerThatRejectsLcpItselfHasFailed) {
  dial_to_up();
  receive(kLcp, {PppCode::kProtocolReject, 1, u16(0xC021) + conf_req(1).octets()});
  expect_end(ClientEnd::kLcpFailed);
}

TEST_F(ClientCallTest, LCP_12_AServersGoodbyeIsAnsweredAndItsReasonKept) {
  dial_to_up();
  receive(kLcp, term_req(9, u32(1) + u32(0x003CCD74) + u32(778)));
  EXPECT_EQ(sent(kLcp, 6), term_ack(9));
  advance(Duration{100});
  EXPECT_EQ(count<pptp::CallClearRequest>(), 0U) << "the server's word comes first";
  receive(pptp::CallDisconnectNotify{});
  receive(pptp::StopControlConnectionRequest{});
  advance(Duration{20});
  EXPECT_EQ(ended, ClientEnd::kServerTerminated);
  EXPECT_EQ(detail, "RAS error 778");
}

TEST_F(ClientCallTest, AServerThatSaysGoodbyeByLcpOnlyIsHungUpOn) {
  dial_to_up();
  receive(kLcp, term_req(9, octets("bye")));
  advance(Duration{600});
  EXPECT_EQ(count<pptp::CallClearRequest>(), 1U);
  expect_end(ClientEnd::kServerTerminated);
  EXPECT_EQ(detail, "bye");
}

TEST_F(ClientCallTest, LCP_09_UnansweredEchoesAreALostCarrier) {
  settings.ppp.lcp_echo_interval = Duration{10'000};
  dial_to_up();
  advance(Duration{9'000});
  receive(kLcp, {PppCode::kEchoReply, 1, u32(0)});
  advance(Duration{9'000});
  EXPECT_EQ(count(kLcp, 9), 0U) << "whoever was heard is not asked";
  advance(Duration{40'000});
  EXPECT_EQ(count(kLcp, 9), 3U);
  expect_end(ClientEnd::kLostCarrier);
}

TEST_F(ClientCallTest, TheHostMayDestroyTheClientFromItsLastCall) {
  destroys_at_end = true;
  dial_to_up();
  client->hang_up();
  expect_end(ClientEnd::kHungUp);
  EXPECT_EQ(client, nullptr);
  EXPECT_EQ(wheel.armed_count(), 0U);
}

TEST_F(ClientCallTest, DestroyedAtAnyPointItLeavesNoTimer) {
  dial_to_up();
  client.reset();
  EXPECT_EQ(wheel.armed_count(), 0U);
}

TEST_F(ClientCallTest, LongWordsAreCut) {
  dial_to_authentication(kAsksMsChapV2);
  challenge();
  receive(kChap, chap(4, 7, Octets(1'000, 'x')));
  expect_end(ClientEnd::kAuthFailed);
  EXPECT_EQ(detail.size(), 200U);
}

TEST_F(ClientCallTest, EveryEndHasAName) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kClientEnds; ++i) {
    const std::string_view text = to_text(static_cast<ClientEnd>(i));
    EXPECT_FALSE(text.empty());
    EXPECT_EQ(std::ranges::find(names, text), names.end());
    names.push_back(text);
  }
  EXPECT_EQ(to_text(ClientEnd::kLostCarrier), "lost_carrier");
}

TEST_F(ClientCallTest, OneClientFitsTwoKilobytes) {
  EXPECT_LE(ClientCall::state_octets(), 2'048U);
}

}  // namespace
}  // namespace adit::control
