// SPDX-License-Identifier: Apache-2.0
// A session that has encrypted: it never goes on in clear, and never with keys that it has used. Whatever ends
// the agreement of CCP leads to LCP anew, or to the end.
#include <gtest/gtest.h>

#include "controlplane/ppp/automaton.hpp"
#include "tests/controlplane/ppp/session_kit.hpp"

namespace adit::control {
namespace {

struct EndOfEncryption {
  const char* what;
  PppProtocol protocol;
  Packet packet;
};
const EndOfEncryption kEndsOfEncryption[] = {
    {"a Terminate-Request", kCcp, term_req(1)},
    {"a Terminate-Ack", kCcp, term_ack(1)},
    {"a new Configure-Request", kCcp, conf_req(1, kMppeOption)},
    {"a Configure-Request without MPPE", kCcp, conf_req(1)},
    {"LCP anew", kLcp, conf_req(1, kMagic)},
};

// CCP makes no keys; authentication does.
TEST_F(SessionTest, MPP_13_WhateverEndsTheEncryptionOnlyNewKeysFollow) {
  for (const MppePolicy policy : {MppePolicy::kAllow, MppePolicy::kPrefer, MppePolicy::kRequire}) {
    for (const EndOfEncryption& end : kEndsOfEncryption) {
      SCOPED_TRACE(end.what);
      host.frames.clear();
      authenticate(policy);
      if (policy == MppePolicy::kAllow) {
        receive(kCcp, conf_req(++id, kMppeOption));
        const Packet request = host.take().front().packet;
        receive(kCcp, conf_ack(request.id, request.data));
      } else {
        open_ccp();
      }
      open_ipcp();
      ASSERT_EQ(session->status().mppe, "128");
      const auto before = host.keys;
      host.take_trace();
      receive_in_earnest(end.protocol, end.packet);
      EXPECT_EQ(session->status().phase, SessionStatus::Phase::kEstablish);
      EXPECT_TRUE(host.keys.empty());
      EXPECT_TRUE(host.traced("49185/1"));
      EXPECT_FALSE(host.traced("33021/2"));
      renegotiate_lcp();
      open_ccp();  // asked for at once, under `allow` too
      open_ipcp();
      EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
      EXPECT_EQ(session->status().mppe, "128");
      EXPECT_NE(host.keys, before);
      EXPECT_TRUE(host.ends.empty());
    }
  }
}

TEST_F(SessionTest, MPP_13_APeerThatHasEncryptedAndWillNotAgainIsRefused) {
  for (const MppePolicy policy : {MppePolicy::kPrefer, MppePolicy::kRequire}) {
    for (const EndOfEncryption& end : kEndsOfEncryption) {
      SCOPED_TRACE(end.what);
      host.frames.clear();
      host.ends.clear();
      bring_up(policy);
      host.take_trace();
      receive_in_earnest(end.protocol, end.packet);
      renegotiate_lcp();
      receive(kCcp, conf_rej(host.frames.back().packet.id, kMppeOption));
      receive(kIpcp, conf_req(++id, kAddress));
      EXPECT_TRUE(host.ends.empty()) << "anybody may have said so";
      advance(settings.ppp.setup_timeout);
      terminate_lcp();
      EXPECT_EQ(host.ends, std::vector<EndReason>{EndReason::kMppeRefused});
      EXPECT_FALSE(host.traced("ip 10.64.0.2 1436"));
      EXPECT_FALSE(host.traced("ip 10.64.0.2 1436 mppe"));
    }
  }
}

TEST_F(SessionTest, MPP_13_AuthenticationWithoutKeysAfterEncryptionIsRefused) {
  bring_up(MppePolicy::kPrefer);
  receive_in_earnest(kCcp, term_req(1));
  auto without_keys = FakeBackend::accepted_with_keys();
  without_keys.mppe.reset();
  backend.verdict = without_keys;
  renegotiate_lcp();
  EXPECT_TRUE(host.frames.empty()) << "no IPCP";
  terminate_lcp();
  expect_end(EndReason::kMppeRefused);
}

// Our Ack lets the peer encrypt at once: from then on it is too late for clear text, even if CCP never opens.
TEST_F(SessionTest, MPP_13_FromOurFirstAckOnThereIsNoWayBackToClear) {
  authenticate(MppePolicy::kPrefer);
  const Packet request = only().packet;
  receive(kCcp, conf_req(++id, kMppeOption));
  advance(9s);
  EXPECT_FALSE(host.traced("32801/1")) << "`prefer` waits 8 s for CCP, but not for clear text";
  receive(kCcp, conf_rej(request.id, kMppeOption));
  terminate_lcp();
  EXPECT_EQ(host.ends, std::vector<EndReason>{EndReason::kMppeRefused});
}

// A peer whose Configure-Ack was lost repeats its request: the same one, under the same identifier.
TEST_F(SessionTest, MPP_13_ALostAckCostsNeitherTheKeysNorTheSession) {
  authenticate(MppePolicy::kRequire);
  const Packet request = only().packet;
  receive(kCcp, conf_req(1, kMppeOption));
  receive(kCcp, conf_req(1, kMppeOption));  // before we are open
  EXPECT_EQ(host.take_trace(), (std::vector<std::string>{"mppe receive", "33021/2", "33021/2"}));
  receive(kCcp, conf_ack(request.id, request.data));
  host.take_trace();
  receive(kCcp, conf_req(1, kMppeOption));  // and afterwards
  EXPECT_EQ(host.take_trace(), std::vector<std::string>{"33021/2"});
  advance(10ms);
  host.frames.pop_back();
  open_ipcp();
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
  EXPECT_EQ(session->status().mppe, "128");
}

TEST_F(SessionTest, MPP_13_ABackEndThatMakesTheSameKeysAgainIsRefused) {
  backend.makes_fresh_keys = false;
  bring_up();
  receive_in_earnest(kLcp, conf_req(++id, kMagic));
  renegotiate_lcp();
  EXPECT_TRUE(log.has("why=the new authentication made the MPPE keys that were in use before"));
  EXPECT_TRUE(host.frames.empty()) << "no CCP with them";
  terminate_lcp();
  expect_end(EndReason::kMppeRefused);
}

TEST_F(SessionTest, SEC_08_WhoAsksForNewKeysAgainAndAgainGetsNoneAndEndsNothing) {
  bring_up();
  for (int renewed = 0; renewed < 3; ++renewed) {
    receive_in_earnest(kCcp, conf_req(++id, kMppeOption));
    renegotiate_lcp();
    open_ccp();
    open_ipcp();
  }
  host.take_trace();
  for (int more = 0; more < 50; ++more) {
    receive_in_earnest(kCcp, more % 2 == 0 ? conf_req(++id, kMppeOption) : term_req(++id));
  }
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
  EXPECT_EQ(session->status().mppe, "128");
  EXPECT_FALSE(host.traced("mppe off"));
  EXPECT_TRUE(host.ends.empty());
  int minutes = 0;
  for (; minutes < 10 && session->status().phase == SessionStatus::Phase::kUp; ++minutes) {
    for (int i = 0; i < 6; ++i) {
      advance(10s);
      receive(kLcp, {PppCode::kDiscardRequest, 1, u32(0x01020304)});
    }
  }
  EXPECT_EQ(minutes, 2) << "whose CCP has failed is not left so for ever";
  EXPECT_TRUE(host.traced("49185/1"));
}

// ---- forgeries -------------------------------------------------------------------------------------------

// Control packets are not authenticated. The peer is asked: LCP's echo and, in stateless mode, CCP's reset are
// answered in Opened alone.
TEST_F(SessionTest, SEC_01_APacketThatEndsWhatThePeerHasNotEndedIsDiscarded) {
  std::vector<EndOfEncryption> forgeries(std::begin(kEndsOfEncryption), std::end(kEndsOfEncryption));
  forgeries.push_back({"LCP Terminate-Request", kLcp, term_req(1)});
  forgeries.push_back({"LCP Terminate-Ack", kLcp, term_ack(1)});
  for (const EndOfEncryption& forgery : forgeries) {
    SCOPED_TRACE(forgery.what);
    host.frames.clear();
    bring_up(MppePolicy::kPrefer);
    host.take_trace();
    Packet question;
    for (int i = 0; i < 50; ++i) {
      receive(forgery.protocol, forgery.packet);
      const Frames frames = host.take();
      ASSERT_EQ(frames.size(), i % 5 == 0 ? 1U : 0U) << "one question at a time";
      if (i % 5 == 4) {
        const auto asked = static_cast<unsigned>(question.id);
        receive(forgery.protocol, forgery.protocol == kLcp
                                      ? Packet{PppCode::kEchoReply, asked, u32(0x01020304)}
                                      : Packet{PppCode::kResetAck, asked, {}});
        advance(2s);
      } else if (!frames.empty()) {
        question = frames.front().packet;
      }
    }
    EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
    EXPECT_EQ(session->status().mppe, "128");
    EXPECT_FALSE(host.traced("ip off"));
    EXPECT_FALSE(host.traced("mppe off"));
  }
}

// It has negotiated with them. They raise no doubt either, in whose place a packet in earnest would be missed.
TEST_F(SessionTest, SEC_01_RejectsOfCodesAndProtocolsThatThePeerHasUsedAreIgnored) {
  bring_up();
  for (const PppProtocol protocol : {kLcp, kCcp, kIpcp}) {
    receive(protocol, {PppCode::kCodeReject, 1, conf_req(1).octets()});
  }
  receive(kLcp, {PppCode::kProtocolReject, 1, u16(0xC021)});
  receive(kLcp, {PppCode::kProtocolReject, 1, u16(0x80FD)});
  receive(kLcp, {PppCode::kProtocolReject, 1, u16(0x8021)});
  advance(2s);
  EXPECT_TRUE(host.take().empty());
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
  EXPECT_EQ(session->status().mppe, "128");
}

// IPCP has no question that only Opened answers; but who sends IP packets has not left it.
TEST_F(SessionTest, SEC_01_IpcpOfAPeerThatSendsPacketsHasNotEnded) {
  for (const Packet& packet : {term_req(1), term_ack(1), conf_req(1, kAddress), conf_req(1)}) {
    SCOPED_TRACE(packet);
    host.frames.clear();
    host.packets = 7;
    bring_up();
    host.take_trace();
    for (int i = 0; i < 10; ++i) {
      receive(kIpcp, packet);
      advance(500ms);
      ++*host.packets;
      advance(510ms);
    }
    EXPECT_TRUE(host.take_trace().empty());
    EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
    receive(kIpcp, packet);
    advance(1010ms);
    EXPECT_TRUE(host.traced("ip off")) << "in earnest";
    session.reset();
  }
}

// A flood of forged packets may take the place of the peer's answer.
TEST_F(SessionTest, SEC_01_WhoGoesOnSendingHasEndedNothingThoughItsAnswerIsLost) {
  for (const wire::PppProtocol protocol : {kLcp, kCcp}) {
    for (const Packet& packet : {term_req(1), term_ack(1), conf_req(9)}) {
      SCOPED_TRACE(packet);
      host.frames.clear();
      host.packets = 7;
      bring_up();
      for (int i = 0; i < 10; ++i) {
        receive(protocol, packet);
        advance(500ms);
        ++*host.packets;
        advance(510ms);
        EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
      }
      EXPECT_TRUE(host.ends.empty());
      receive(protocol, packet);
      advance(1010ms);
      const SessionStatus status = session->status();
      EXPECT_TRUE(status.phase != SessionStatus::Phase::kUp || status.ending != EndReason::kNone)
          << "in earnest";
      session.reset();
      host.ends.clear();
    }
  }
}

// Without encryption IPCP has no question: a silent peer's is believed to have ended. That opens no door to LCP.
TEST_F(SessionTest, SEC_01_AnIdlePeersIpcpEndsForAForgeryAndItsLinkDoesNot) {
  host.packets = 7;
  bring_up();
  receive(kIpcp, term_req(1));
  advance(1010ms);
  EXPECT_TRUE(host.traced("ip off"));
  host.take();
  receive(kLcp, term_req(2));
  const Packet question = only().packet;
  ASSERT_EQ(question.code, PppCode::kEchoRequest);
  receive(kLcp, {PppCode::kEchoReply, question.id, u32(0x01020304)});
  advance(2s);
  EXPECT_EQ(session->status().ending, EndReason::kNone);
}

// A flood meets the session at every moment of a negotiation, also of one that it has not begun.
TEST_F(SessionTest, SEC_01_NothingThatIsForgedWhileASessionNegotiatesAgainEndsIt) {
  const auto forge = [this](PppProtocol protocol) {
    const Frames before = host.take();
    const auto ours = std::find_if(before.rbegin(), before.rend(), [&](const Frame& frame) {
      return frame.protocol == protocol && frame.packet.code == PppCode::kConfigureRequest;
    });
    for (int i = 0; i < 12; ++i) {
      if (protocol != kLcp) {
        receive(protocol, term_req(1));
      }
      receive(protocol, {PppCode::kCodeReject, 1, conf_req(1).octets()});
      receive(kLcp, {PppCode::kProtocolReject, 1, u16(static_cast<std::uint16_t>(protocol))});
      receive(protocol, conf_req(1, option(200, {1})));
      if (ours != before.rend()) {
        receive(protocol, conf_rej(ours->packet.id, ours->packet.data));
        receive(protocol,
                conf_nak(ours->packet.id, protocol == kCcp ? option(18, u32(0)) : option(3, u32(0))));
      }
    }
    host.frames.clear();
    advance(PppAutomaton::kFirstRestart);  // our request again, under whichever identifier
  };
  bring_up();
  receive_in_earnest(kLcp, conf_req(++id, kMagic));
  forge(kLcp);
  renegotiate_lcp();
  forge(kCcp);
  open_ccp();
  forge(kIpcp);
  open_ipcp();
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
  EXPECT_EQ(session->status().mppe, "128");
  advance(10s);
  EXPECT_EQ(session->status().ending, EndReason::kNone);
  EXPECT_TRUE(host.ends.empty());
}

TEST_F(SessionTest, SEC_01_TheMethodOfASessionThatHasBeenUpStays) {
  settings.ppp.mppe = MppePolicy::kRequire;
  settings.auth.methods = {AuthMethod::kMsChapV2, AuthMethod::kMsChapV1, AuthMethod::kPap};
  const auto hint = [this](const Octets& method) {
    receive(kLcp, conf_nak(host.frames.back().packet.id, option(3, method)));
  };
  const Octets v1 = option(3, {0xC2, 0x23, 0x80});
  make();
  session->start();
  hint({0xC2, 0x23, 0x80});
  open_lcp();
  prove();
  host.frames.erase(host.frames.begin());  // Success
  open_ccp();
  open_ipcp();
  ASSERT_EQ(session->status().phase, SessionStatus::Phase::kUp);
  session->on_mppe_desynchronised();
  advance(10ms);
  for (const Octets& method : {Octets{0xC0, 0x23}, Octets{0xC2, 0x23, 0x81}}) {
    const Packet request = host.frames.back().packet;
    ASSERT_EQ(request.code, PppCode::kConfigureRequest);
    EXPECT_FALSE(std::ranges::search(request.data, v1).empty());
    hint(method);
  }
  EXPECT_FALSE(std::ranges::search(host.frames.back().packet.data, v1).empty());
  renegotiate_lcp();
  open_ccp();
  open_ipcp();
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
}

// ---- a peer that cannot be read any more ------------------------------------------------------------------

// pppd ends the link when its CCP goes down.
TEST_F(SessionTest, MPP_07_WhoEndsTheLinkInsteadOfMakingNewKeysWasDesynchronised) {
  bring_up();
  session->on_mppe_desynchronised();
  advance(10ms);
  receive(kLcp, term_req(1));
  advance(10s);
  EXPECT_EQ(host.ends, std::vector<EndReason>{EndReason::kMppeDesynchronised});
  EXPECT_NE(session->status().why, "");
}

TEST_F(SessionTest, MPP_07_DesynchronisationIsMendedByNewKeysFirst) {
  bring_up();
  const auto before = host.keys;
  session->on_mppe_desynchronised();
  advance(10ms);
  session->on_mppe_desynchronised();  // from before the keys went
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kEstablish);
  renegotiate_lcp();
  open_ccp();
  open_ipcp();
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
  EXPECT_NE(host.keys, before);
  EXPECT_TRUE(host.ends.empty());
}

TEST_F(SessionTest, MPP_07_DesynchronisationRightAfterNewKeysEndsTheSession) {
  const auto desynchronise_after = [&](Duration good_time) {
    advance(good_time);
    session->on_mppe_desynchronised();
    advance(10ms);
    if (session->status().ending == EndReason::kNone) {
      renegotiate_lcp();
      open_ccp();
      open_ipcp();
    }
  };
  settings.ppp.lcp_echo_interval = Duration{0};
  bring_up();
  desynchronise_after(1s);
  desynchronise_after(121s);
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
  desynchronise_after(119s);
  terminate_lcp();
  EXPECT_EQ(host.ends, std::vector<EndReason>{EndReason::kMppeDesynchronised});
}

TEST_F(SessionTest, MPP_07_DesynchronisationThatNewKeysDoNotMendInTimeEndsTheSession) {
  bring_up();
  session->on_mppe_desynchronised();
  for (int i = 0; i < 60 && host.ends.empty(); ++i) {
    advance(1s);  // the peer is silent
  }
  EXPECT_EQ(host.ends, std::vector<EndReason>{EndReason::kMppeDesynchronised});
}

}  // namespace
}  // namespace adit::control
