// SPDX-License-Identifier: Apache-2.0
// The session: its phases in order, what each of them accepts, renegotiation.
#include <gtest/gtest.h>

#include "tests/controlplane/ppp/session_kit.hpp"

namespace adit::control {
namespace {

// ---- set-up -----------------------------------------------------------------------------------------------

TEST_F(SessionTest, WholeDialUpInOrder) {
  bring_up();
  EXPECT_EQ(host.take_trace(), (std::vector<std::string>{"mppe receive", "33021/2", "mppe send", "32801/1",
                                                         "ip 10.64.0.2 1436 mppe", "32801/2"}));
  const SessionStatus status = session->status();
  EXPECT_EQ(status.user, "alice");
  EXPECT_EQ(status.auth_method, "mschap-v2");
  EXPECT_EQ(status.address, kSubscriber);
  EXPECT_EQ(status.mppe, "128");
  EXPECT_EQ(status.peer_mru, 1500);
  EXPECT_TRUE(status.up_since.has_value());
  EXPECT_TRUE(log.has("session_up sid=00000000000000aa user=alice ip=10.64.0.2 auth=mschap-v2 mppe=128"));
  EXPECT_EQ(host.keys[contract::Direction::kSend][0], 1);
  EXPECT_EQ(host.keys[contract::Direction::kReceive][0], 2);
}

TEST_F(SessionTest, LcpOpenedTellsCompressionAndMtuIsTheLesserOfMruAndCap) {
  settings.auth.methods = {AuthMethod::kPap};
  settings.ppp.mppe = MppePolicy::kDeny;
  make();
  session->start();
  open_lcp(option(1, u16(1400)) + kMagic + option(7) + option(8));
  EXPECT_TRUE(host.traced("compression acfcpfc"));
  prove();
  open_ipcp();
  EXPECT_TRUE(host.traced("ip 10.64.0.2 1400"));
}

TEST_F(SessionTest, TheUsersOwnMtuLowersTheConfiguredOneOnly) {
  auto accepted = FakeBackend::accepted_with_keys();
  accepted.mtu = 1000;
  backend.verdict = accepted;
  bring_up();
  EXPECT_TRUE(host.traced("ip 10.64.0.2 1000 mppe"));
}

TEST_F(SessionTest, ALargerMtuOfTheUsersChangesNothing) {
  auto accepted = FakeBackend::accepted_with_keys();
  accepted.mtu = 9000;
  backend.verdict = accepted;
  bring_up();
  EXPECT_TRUE(host.traced("ip 10.64.0.2 1436 mppe"));
}

TEST_F(SessionTest, TheServersNameForAUserIsTheSessions) {
  auto accepted = FakeBackend::accepted_with_keys();
  accepted.user = "alice@example.net";
  backend.verdict = accepted;
  bring_up();
  EXPECT_EQ(session->status().user, "alice@example.net");
}

TEST_F(SessionTest, FixedAddressIsLeased) {
  auto accepted = FakeBackend::accepted_with_keys();
  accepted.address = Ipv4Address{10, 99, 0, 7};
  backend.verdict = accepted;
  authenticate(MppePolicy::kRequire);
  EXPECT_EQ(session->status().address, (Ipv4Address{10, 99, 0, 7}));
}

TEST_F(SessionTest, SlowBackendIsWaitedFor) {
  backend.answers_at_once = false;
  make();
  session->start();
  open_lcp();
  prove();
  advance(2s);
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kAuthenticate);
  backend.answer();
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kNetwork);
}

// ---- before authentication --------------------------------------------------------------------------------

TEST_F(SessionTest, AUT_12_NetworkProtocolsBeforeAuthenticationAreDroppedSilently) {
  make();
  session->start();
  const auto poke = [&] {
    for (const PppProtocol protocol : {kIpcp, kCcp, kIpv6cp, kIpv4, kMppe, kEap, kPap, PppProtocol{0xC029}}) {
      receive(protocol, conf_req(1, kAddress));
    }
  };
  host.take();
  poke();
  EXPECT_TRUE(host.frames.empty());
  advance(1s);
  open_lcp();
  EXPECT_EQ(host.frames.back().protocol, kChap);
  host.take();
  host.take_trace();
  poke();
  EXPECT_TRUE(host.trace.empty());
  EXPECT_EQ(host.leases, 0);
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kAuthenticate);
}

TEST_F(SessionTest, AUT_10_WithoutAnyMethodNobodyComesIn) {
  settings.auth.methods.clear();
  make();
  session->start();
  advance(10ms);
  EXPECT_TRUE(host.frames.empty());
  expect_end(EndReason::kAuthRefused);
}

TEST_F(SessionTest, AUT_10_RejectedAuthenticationTerminatesTheLink) {
  make();
  session->start();
  const Packet request = only().packet;
  receive(kLcp, conf_rej(request.id, option(3, {0xC2, 0x23, 0x81})));
  terminate_lcp();
  expect_end(EndReason::kAuthRefused);
}

TEST_F(SessionTest, WrongPasswordEndsTheLinkAfterTheFailure) {
  backend.verdict = AuthRejected{};
  make();
  session->start();
  open_lcp();
  prove();
  EXPECT_EQ(only().packet.code, PppCode{4});
  terminate_lcp();
  expect_end(EndReason::kAuthFailed);
}

// Whoever guesses may negotiate LCP anew between two guesses; they are counted all the same.
TEST_F(SessionTest, SEC_09_MaxFailureIsForTheWholeSession) {
  settings.auth.max_failure = 3;
  backend.verdict = AuthRejected{};
  make();
  session->start();
  open_lcp();
  for (int guess = 1; guess <= 3; ++guess) {
    SCOPED_TRACE(guess);
    ASSERT_EQ(session->status().ending, EndReason::kNone);
    prove();
    if (guess < 3) {
      EXPECT_EQ(only().packet.code, PppCode{4});
      receive(kLcp, conf_req(++id, kMagic));
      for (const Frame& frame : host.take()) {
        if (frame.packet.code == PppCode::kConfigureRequest) {
          receive(kLcp, conf_ack(frame.packet.id, frame.packet.data));
        }
      }
    }
  }
  EXPECT_EQ(session->status().ending, EndReason::kAuthFailed);
  EXPECT_EQ(backend.requests, 3);
  terminate_lcp();
  expect_end(EndReason::kAuthFailed);
}

// What a help desk and fail2ban read: who, whence, by what, why.
TEST_F(SessionTest, SEC_09_AFailedLoginIsOneLineWithEverythingInIt) {
  const auto log_in = [&](AuthVerdict verdict) {
    backend.verdict = std::move(verdict);
    host.frames.clear();
    make();
    session->start();
    open_lcp();
    prove({'C', 'O', 'R', 'P', '\\', 'b', 'o', 'b'});
    terminate_lcp();
    EXPECT_EQ(session->status().user, "");
    EXPECT_EQ(session->status().claimed, "CORP\\bob");
    session.reset();
  };
  const std::string whom = " sid=00000000000000aa peer=192.0.2.9 user=CORP\\bob auth=mschap-v2 ";
  log_in(AuthRejected{});
  EXPECT_TRUE(log.has("auth_failed" + whom + "reason=auth_failed why=rejected"));
  log_in(AuthRejected{.why = "no such user", .fault = AuthRejected::Fault::kUnknownUser});
  EXPECT_TRUE(log.has("auth_failed" + whom + "reason=auth_failed why=no such user"));
  log_in(AuthRejected{647});
  EXPECT_TRUE(log.has("login_refused" + whom + "reason=auth_failed why=rejected, E=647"));
  log_in(AuthRejected{.why = "has a call already", .fault = AuthRejected::Fault::kNone});
  EXPECT_TRUE(log.has("login_refused" + whom + "reason=auth_failed why=has a call already"));
  log_in(AuthUnavailable{"no server answers"});
  EXPECT_TRUE(log.has("login_unavailable" + whom + "reason=auth_unavailable why=no server answers"));
  log_in(AuthUnusable{"Framed-IP-Address of 3 octets"});
  EXPECT_TRUE(log.has("login_refused" + whom + "reason=auth_unusable why=Framed-IP-Address of 3 octets"));
  log_in(AuthAccepted{});
  EXPECT_TRUE(log.has("login_refused" + whom +
                      "reason=auth_unusable why=accepted, but without MS-CHAPv2's authenticator response"));
  EXPECT_EQ(log.named("auth_failed").size(), 2U) << "wrong names and passwords alone";
  EXPECT_EQ(log.named("login_refused").size(), 4U) << "one line each";
  EXPECT_EQ(log.named("login_unavailable").size(), 1U);
}

TEST_F(SessionTest, SEC_09_ALoginThatGetsNowhereInTimeSaysWhatWasMissing) {
  backend.answers_at_once = false;
  make();
  session->start();
  open_lcp();
  prove();
  advance(settings.auth.timeout);
  EXPECT_TRUE(
      log.has("login_unavailable sid=00000000000000aa peer=192.0.2.9 user=alice auth=mschap-v2 "
              "reason=auth_timeout why=no verdict in time"));
  host.frames.clear();
  make();
  session->start();
  open_lcp();
  advance(settings.auth.timeout);
  EXPECT_TRUE(
      log.has("peer=192.0.2.9 user= auth=mschap-v2 reason=auth_timeout why=no proof from the peer in time"));
}

// pppd terminates the link itself when it is refused. Its exit status distinguishes "refused" from "hung up"
// only if our Terminate-Ack, which travels in GRE, arrives before the control connection ends.
TEST_F(SessionTest, CrossedTerminateRequestsLeaveTheAckItsTime) {
  backend.verdict = AuthRejected{};
  make();
  session->start();
  open_lcp();
  prove();
  EXPECT_EQ(only().packet.code, PppCode{4});
  advance(10ms);
  const Frame goodbye = only();
  ASSERT_EQ(goodbye.packet.code, PppCode::kTerminateRequest);
  receive(kLcp, term_req(9));
  EXPECT_EQ(only().packet.code, PppCode::kTerminateAck);
  receive(kLcp, term_ack(goodbye.packet.id));
  EXPECT_TRUE(host.ends.empty());
  EXPECT_EQ(session->status().ending, EndReason::kAuthFailed);
  advance(1s);
  expect_end(EndReason::kAuthFailed);
}

// ---- other protocols --------------------------------------------------------------------------------------

TEST_F(SessionTest, LCP_11_UnknownProtocolsAreProtocolRejected) {
  bring_up();
  for (const std::uint16_t unknown :
       std::initializer_list<std::uint16_t>{0xC029, 0xC02B, 0x8053, 0x8235, 0x8281, 0x802B, 0xC0FF, 0x0281}) {
    receive(PppProtocol{unknown}, conf_req(1, {1, 2}));
    const Frame reject = only();
    EXPECT_EQ(reject.packet.code, PppCode::kProtocolReject);
    EXPECT_EQ(reject.packet.data, u16(unknown) + conf_req(1, {1, 2}).octets());
  }
  for (int i = 0; i < 1000; ++i) {
    receive(PppProtocol{0xC029}, conf_req(1));
  }
  EXPECT_TRUE(host.take().empty());
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
}

TEST_F(SessionTest, NCP_04_Ipv6cpIsProtocolRejectedAndIpv4StaysUp) {
  bring_up();
  host.take_trace();
  receive(kIpv6cp, conf_req(1, option(1, u32(1) + u32(2))));
  EXPECT_EQ(only().packet.code, PppCode::kProtocolReject);
  receive(kIpv6cp, term_req(2));
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
  EXPECT_FALSE(host.traced("ip off"));
}

TEST_F(SessionTest, StrayDataAndForeignAuthenticationAreIgnored) {
  bring_up();
  for (const PppProtocol protocol : {kIpv4, kMppe, kPap, kEap}) {
    receive(protocol, conf_req(1));
  }
  session->on_frame(Octets{0xC0});
  session->on_frame({});
  EXPECT_TRUE(host.take().empty());
}

TEST_F(SessionTest, LCP_10_ProtocolRejectOfIpcpEndsTheLink) {
  authenticate(MppePolicy::kDeny);
  receive(kLcp, {PppCode::kProtocolReject, 1, u16(0x8021)});
  terminate_lcp();
  expect_end(EndReason::kIpcpFailed);
}

TEST_F(SessionTest, LCP_10_ProtocolRejectOfDataIsNoReasonToEnd) {
  bring_up();
  receive(kLcp, {PppCode::kProtocolReject, 1, u16(0x0021)});
  receive(kLcp, {PppCode::kProtocolReject, 2, u16(0x00FD)});
  advance(1s);
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
}

// RFC 1989 and Microsoft's callback protocol: nobody asked for them.
TEST_F(SessionTest, LCP_13_QualityReportsAndCallbackAreProtocolRejected) {
  bring_up();
  for (const std::uint16_t protocol : {std::uint16_t{0xC025}, std::uint16_t{0xC029}}) {
    receive(PppProtocol{protocol}, conf_req(1));
    const Frame answer = only();
    EXPECT_EQ(answer.protocol, kLcp);
    EXPECT_EQ(answer.packet.code, PppCode::kProtocolReject);
    EXPECT_EQ(answer.packet.data, u16(protocol) + conf_req(1).octets());
  }
}

TEST_F(SessionTest, NCP_01_PeerThatInsistsOnItsAddressIsTerminated) {
  authenticate(MppePolicy::kDeny);
  for (unsigned i = 0; i < settings.ppp.max_configure; ++i) {
    receive(kIpcp, conf_req(i, option(3, {10, 64, 0, 9})));
  }
  terminate_lcp();
  expect_end(EndReason::kAddressRefused);
}

TEST_F(SessionTest, NCP_05_EmptyPoolEndsTheLinkWithItsOwnReason) {
  host.free_address.reset();
  make();
  session->start();
  open_lcp();
  prove();
  EXPECT_EQ(session->status().why, "pool default is empty");
  terminate_lcp();
  expect_end(EndReason::kPoolEmpty);
}

TEST_F(SessionTest, IpcpTerminatedByThePeerEndsTheLinkUnlessItNegotiatesAnew) {
  bring_up();
  receive(kIpcp, term_req(7));
  EXPECT_TRUE(host.traced("ip off"));
  EXPECT_EQ(only(), (Frame{kIpcp, term_ack(7)}));
  advance(settings.ppp.timeout);
  receive(kIpcp, conf_req(++id, kAddress));  // so it was not the peer, who went down for our Terminate-Ack
  const Packet request = host.take().front().packet;
  receive(kIpcp, conf_ack(request.id, request.data));
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);

  receive(kIpcp, term_req(8));
  host.take();
  advance(settings.ppp.setup_timeout);
  terminate_lcp();
  expect_end(EndReason::kUserRequest);
}

// ---- renegotiation ----------------------------------------------------------------------------------------

TEST_F(SessionTest, SEC_01_AProofThatMayBeForgedIsNothingToBanFor) {
  bring_up();
  backend.verdict = AuthRejected{};
  receive_in_earnest(kLcp, conf_req(++id, kMagic));
  renegotiate_lcp();
  EXPECT_TRUE(log.named("auth_failed").empty());
  EXPECT_TRUE(log.named("login_refused").empty());
  EXPECT_EQ(log.named("auth_doubted").size(), 1U);
}

TEST_F(SessionTest, LCP_08_RenegotiationReauthenticatesRekeysAndKeepsTheAddress) {
  bring_up();
  host.take_trace();
  auto fresh = FakeBackend::accepted_with_keys();
  fresh.mppe->send.bytes()[0] = 0x33;
  backend.verdict = fresh;
  receive_in_earnest(kLcp, conf_req(++id, kMagic));
  EXPECT_EQ(host.take_trace(), (std::vector<std::string>{"ip off", "mppe off", "49185/1", "49185/2"}));
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kEstablish);
  const Packet request = host.take().front().packet;
  receive(kLcp, conf_ack(request.id, request.data));
  EXPECT_EQ(host.frames.back().protocol, kChap);
  prove();
  EXPECT_EQ(backend.requests, 2);
  host.frames.erase(host.frames.begin());
  open_ccp();
  open_ipcp();
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
  EXPECT_EQ(session->status().address, kSubscriber);
  EXPECT_EQ(host.leases, 1);
  EXPECT_EQ(host.keys[contract::Direction::kSend][0], 0x33);
  EXPECT_TRUE(host.ends.empty());
}

TEST_F(SessionTest, LCP_08_AnotherUserOnTheSameLinkIsRefused) {
  bring_up();
  receive_in_earnest(kLcp, conf_req(++id, kMagic));
  const Packet request = host.take().front().packet;
  receive(kLcp, conf_ack(request.id, request.data));
  prove({'m', 'a', 'l', 'l', 'y'});
  terminate_lcp();
  expect_end(EndReason::kAuthFailed);
  const auto told = log.named("ppp_user_changed");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].fields.at("new_user"), "mally");
  EXPECT_TRUE(told[0].fields.contains("sid"));
  EXPECT_EQ(told[0].fields.at("peer"), "192.0.2.9");
}

TEST_F(SessionTest, LCP_08_RenegotiationThatHangsMeetsTheDeadline) {
  bring_up();
  receive_in_earnest(kLcp, conf_req(++id, kMagic));
  for (int i = 0; i < 40 && host.ends.empty(); ++i) {
    advance(1s);
  }
  EXPECT_EQ(host.ends, std::vector<EndReason>{EndReason::kLcpTimeout});
}

}  // namespace
}  // namespace adit::control
