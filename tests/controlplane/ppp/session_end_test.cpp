// SPDX-License-Identifier: Apache-2.0
// How a session ends: by either side, by a deadline, by a dead or hostile peer.
#include <gtest/gtest.h>

#include "tests/controlplane/ppp/session_kit.hpp"

namespace adit::control {
namespace {

TEST_F(SessionTest, LCP_12_RasErrorIsDecodedAndTheTerminateAcked) {
  bring_up();
  receive_in_earnest(kLcp, term_req(44, u32(0x01020304) + u32(0x003CCD74) + u32(0x30A)));
  EXPECT_EQ(only(), (Frame{kLcp, term_ack(44)}));
  EXPECT_TRUE(log.has("why=RAS error 778"));
  EXPECT_TRUE(host.traced("ip off"));
  EXPECT_TRUE(host.ends.empty());  // RFC 1661 §4.4: one restart period in Stopping
  advance(settings.ppp.timeout);
  expect_end(EndReason::kUserRequest);
}

TEST_F(SessionTest, PeerThatHangsUpWhileNegotiatingEndsTheLinkToo) {
  make();
  session->start();
  host.take();
  receive(kLcp, term_req(1, {'b', 'y', 'e'}));
  EXPECT_EQ(only(), (Frame{kLcp, term_ack(1)}));
  terminate_lcp();
  expect_end(EndReason::kUserRequest);
}

TEST_F(SessionTest, TerminateSendsARequestAndWaitsForTheAck) {
  bring_up();
  session->terminate(EndReason::kAdminReset, "a test asks");
  session->terminate(EndReason::kShutdown, "a test asks");  // the first reason counts
  EXPECT_TRUE(host.ends.empty());
  advance(10ms);
  EXPECT_TRUE(host.traced("ip off"));
  EXPECT_TRUE(host.traced("mppe off"));
  const Frame goodbye = only();
  EXPECT_EQ(goodbye.packet.code, PppCode::kTerminateRequest);
  receive(kLcp, term_ack(goodbye.packet.id));
  expect_end(EndReason::kAdminReset);
  receive(kLcp, conf_req(1));
  session->terminate(EndReason::kShutdown, "a test asks");
  advance(60s);
  EXPECT_EQ(host.ends.size(), 1U);
}

TEST_F(SessionTest, TerminateIsBoundedWithADeadPeer) {
  bring_up();
  session->terminate(EndReason::kShutdown, "a test asks");
  advance(5s);
  expect_end(EndReason::kShutdown);
  EXPECT_EQ(host.take().size(), settings.ppp.max_terminate);
}

TEST_F(SessionTest, TerminateBeforeTheStartOrBeforeLcpIsOpenWorksToo) {
  make();
  session->terminate(EndReason::kShutdown, "a test asks");
  advance(10ms);
  expect_end(EndReason::kShutdown);

  host.ends.clear();
  make();
  session->start();
  session->terminate(EndReason::kShutdown, "a test asks");
  advance(5s);
  expect_end(EndReason::kShutdown);
}

TEST_F(SessionTest, SilentPeerMeetsTheLcpDeadline) {
  make();
  session->start();
  advance(settings.ppp.lcp_timeout + 5s);
  expect_end(EndReason::kLcpTimeout);
}

TEST_F(SessionTest, SilenceAfterAuthenticationMeetsTheSetupDeadline) {
  settings.ppp.timeout = 10s;  // IPCP would try for 100 s
  authenticate(MppePolicy::kDeny);
  for (int i = 0; i < 12; ++i) {
    advance(5s);
    receive(kLcp, {PppCode::kEchoReply, 1, u32(1)});
  }
  terminate_lcp();
  advance(15s);
  EXPECT_EQ(host.ends, std::vector<EndReason>{EndReason::kNetworkTimeout});
}

/// The peer negotiates LCP anew every so many seconds, until the session ends or ten minutes are over.
class EndlessLcp : public SessionTest {
 protected:
  void negotiate_lcp_every(int seconds) {
    for (int second = 0; second < 600 && host.ends.empty(); ++second) {
      if (second % seconds == 0) {
        receive(kLcp, conf_req(++id, kMagic));
      }
      for (const Frame& frame : host.take()) {
        if (frame.packet.code == PppCode::kConfigureRequest) {
          receive(kLcp, conf_ack(frame.packet.id, frame.packet.data));
        }
      }
      advance(1s);
    }
  }
};

// A peer that negotiates LCP again and again would be about to log in for ever.
TEST_F(EndlessLcp, SEC_08_NothingMovesTheDeadlineBeforeTheFirstLogin) {
  make();
  session->start();
  negotiate_lcp_every(3);
  EXPECT_FALSE(host.ends.empty());
  EXPECT_LE(clock - Instant{}, settings.ppp.setup_timeout + 10s);  // LCP's own end included
}

TEST_F(EndlessLcp, SEC_08_NorWhileASessionThatWasUpNegotiatesAgain) {
  settings.ppp.lcp_echo_interval = Duration{0};
  bring_up();
  advance(3600s);
  negotiate_lcp_every(11);
  EXPECT_FALSE(host.ends.empty());
  EXPECT_LE(clock - Instant{}, 3600s + settings.ppp.setup_timeout + 10s);
}

TEST_F(SessionTest, LCP_09_DeadPeerEndsWithLostCarrier) {
  bring_up();
  for (int i = 0; i < 100 && host.ends.empty(); ++i) {
    advance(1s);
  }
  EXPECT_EQ(host.ends, std::vector<EndReason>{EndReason::kLostCarrier});
  EXPECT_EQ(wheel.armed_count(), 0U);
}

TEST_F(SessionTest, LCP_06_LoopedLinkEnds) {
  make();
  session->start();
  for (int i = 0; i < 200 && host.ends.empty(); ++i) {
    for (const Frame& frame : host.take()) {
      receive(frame.protocol, frame.packet);
    }
    advance(100ms);
  }
  EXPECT_EQ(host.ends, std::vector<EndReason>{EndReason::kLcpFailed});
}

// No deadline runs then, and every frame that comes back looks like a sign of life.
TEST_F(SessionTest, LCP_06_ALinkThatIsLoopedAfterItCameUpEnds) {
  settings.ppp.mppe = MppePolicy::kPrefer;
  make();
  session->start();
  const Octets request = host.frames.back().packet.data;
  const auto magic = std::ranges::search(request, Octets{5, 6}).begin() + 2;
  const Octets own(magic, magic + 4);
  open_lcp();
  prove();
  host.frames.erase(host.frames.begin());
  open_ccp();
  open_ipcp();
  ASSERT_EQ(session->status().phase, SessionStatus::Phase::kUp);
  for (int i = 0; i < 20; ++i) {
    receive(kLcp, {PppCode::kEchoRequest, 1, own});
  }
  EXPECT_EQ(session->status().ending, EndReason::kLcpFailed);
}

TEST_F(SessionTest, SEC_08_AFloodOfFramesIsBoundedWork) {
  bring_up();
  host.take();
  for (int i = 0; i < 10'000; ++i) {
    receive(kLcp, {PppCode::kEchoRequest, static_cast<unsigned>(i & 255), u32(0x01020304)});
  }
  EXPECT_LE(host.take().size(), 20U);
  advance(10s);
  receive(kLcp, {PppCode::kEchoRequest, 1, u32(0x01020304)});
  EXPECT_EQ(host.take().size(), 1U);
}

// What costs an answer each time: 200 at once, and 50 a second, whatever a peer sends.
TEST_F(SessionTest, SEC_08_EveryKindOfFloodIsAnsweredAtABoundedRate) {
  const std::pair<PppProtocol, Packet> floods[] = {
      {kLcp, {PppCode::kEchoRequest, 1, u32(0x01020304)}},
      {kLcp, {PppCode{200}, 1, {}}},
      {kLcp, conf_req(1, option(13, {6}))},
      {kLcp, term_req(1)},
      {kCcp, {PppCode::kResetRequest, 1, {}}},
      {kCcp, conf_req(1, kMppeOption)},
      {kCcp, term_req(1)},
      {kCcp, {PppCode{200}, 1, {}}},
      {kIpcp, conf_req(1, kAddress)},
      {kIpcp, term_req(1)},
      {kIpv6cp, conf_req(1)},
      {kChap, {PppCode{2}, 1, Octets(50, 49)}},
      {PppProtocol{0xC029}, conf_req(1)},
  };
  for (const auto& [protocol, packet] : floods) {
    SCOPED_TRACE(testing::Message() << std::hex << static_cast<int>(protocol) << ' ' << packet);
    host.frames.clear();
    bring_up();
    host.take();
    for (int i = 0; i < 10'000; ++i) {
      receive(protocol, packet);
    }
    EXPECT_LE(host.take().size(), 201U);
    session.reset();
    host.ends.clear();
  }
}

TEST_F(SessionTest, DestructionAtAnyMomentLeavesNothingBehind) {
  bring_up();
  session->terminate(EndReason::kAdminReset, "a test asks");
  session.reset();
  EXPECT_EQ(wheel.armed_count(), 0U);

  backend.answers_at_once = false;
  make();
  session->start();
  open_lcp();
  prove();
  ASSERT_NE(backend.waiting, nullptr);
  session.reset();
  EXPECT_EQ(backend.waiting, nullptr);
  EXPECT_EQ(wheel.armed_count(), 0U);
}

}  // namespace
}  // namespace adit::control
