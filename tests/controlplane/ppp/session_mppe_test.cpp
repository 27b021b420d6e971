// SPDX-License-Identifier: Apache-2.0
// The session under each MPPE policy: what waits for CCP, what ends the link, when keys are installed and
// removed.
#include <gtest/gtest.h>

#include "tests/controlplane/ppp/session_kit.hpp"

namespace adit::control {
namespace {

TEST_F(SessionTest, MPP_12_IpcpIsHeldSilentlyUntilCcpIsUpAndThenAnswered) {
  authenticate(MppePolicy::kRequire);
  const Packet ccp_request = only().packet;
  receive(kIpcp, conf_req(1, option(3, u32(0))));
  receive(kIpcp, conf_req(2, option(3, u32(0))));
  EXPECT_TRUE(host.frames.empty());
  receive(kCcp, conf_ack(ccp_request.id, ccp_request.data));
  EXPECT_TRUE(host.frames.empty());
  receive(kCcp, conf_req(++id, kMppeOption));
  const Frames frames = host.take();
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[0], (Frame{kCcp, conf_ack(id, kMppeOption)}));
  EXPECT_EQ(frames[1], (Frame{kIpcp, conf_req(1, option(3, u32(settings.ip.gateway.value)))}));
  EXPECT_EQ(frames[2], (Frame{kIpcp, conf_nak(2, kAddress)}));  // only the last one
}

TEST_F(SessionTest, MPP_12_RequireEndsTheLinkWhenMppeIsRejected) {
  authenticate(MppePolicy::kRequire);
  receive(kCcp, conf_rej(only().packet.id, kMppeOption));
  EXPECT_TRUE(log.has("mppe_refused"));
  terminate_lcp();
  expect_end(EndReason::kMppeRefused);
  EXPECT_FALSE(host.traced("ip 10.64.0.2 1436"));
}

TEST_F(SessionTest, MPP_12_LCP_10_RequireEndsTheLinkWhenCcpIsProtocolRejected) {
  authenticate(MppePolicy::kRequire);
  receive(kLcp, {PppCode::kProtocolReject, 1, u16(0x80FD)});
  terminate_lcp();
  expect_end(EndReason::kMppeRefused);
}

TEST_F(SessionTest, MPP_12_RequireEndsTheLinkWhenCcpTerminates) {
  authenticate(MppePolicy::kRequire);
  receive(kCcp, term_req(1));
  terminate_lcp();
  expect_end(EndReason::kMppeRefused);
}

TEST_F(SessionTest, MPP_12_RequireWithoutKeysEndsTheLinkWithAClearLine) {
  settings.auth.methods = {AuthMethod::kPap};
  backend.verdict = AuthAccepted{};
  settings.ppp.mppe = MppePolicy::kRequire;
  make();
  session->start();
  open_lcp();
  prove();
  EXPECT_TRUE(log.has(
      "ppp_failed sid=00000000000000aa user=alice protocol=ccp reason=mppe_refused why=the authentication "
      "method makes no MPPE keys"));
  terminate_lcp();
  expect_end(EndReason::kMppeRefused);
}

TEST_F(SessionTest, MPP_12_RequireEndsTheLinkWhenThePeerIsSilentAboutCcp) {
  authenticate(MppePolicy::kRequire);
  for (int i = 0; i < 40; ++i) {
    advance(1s);
    receive(kIpcp, conf_req(1, option(3, u32(0))));
  }
  EXPECT_FALSE(host.traced("32801/1"));
  EXPECT_EQ(host.ends, std::vector<EndReason>{EndReason::kMppeRefused});
}

AuthAccepted must_encrypt() {
  AuthAccepted accepted = FakeBackend::accepted_with_keys();
  accepted.mppe_required = true;
  return accepted;
}

TEST_F(SessionTest, MPP_12_AUserWhoMustEncryptDoesSoUnderPreferAndAllow) {
  backend.verdict = must_encrypt();
  for (const MppePolicy policy : {MppePolicy::kPrefer, MppePolicy::kAllow}) {
    authenticate(policy);
    EXPECT_EQ(host.frames.size(), 1U) << "CCP, and nothing of IPCP";
    receive(kIpcp, conf_req(1, kAddress));
    advance(9s);
    EXPECT_FALSE(host.traced("32801/1")) << "however long the peer says nothing of CCP";
    host.frames.erase(host.frames.begin(), host.frames.end() - 1);
    open_ccp();
    EXPECT_TRUE(host.traced("mppe send"));
    open_ipcp();
    EXPECT_TRUE(host.traced("ip 10.64.0.2 1436 mppe"));
  }
}

TEST_F(SessionTest, MPP_12_AUserWhoMustEncryptAndDoesNotIsRefused) {
  backend.verdict = must_encrypt();
  authenticate(MppePolicy::kPrefer);
  receive(kCcp, conf_rej(only().packet.id, kMppeOption));
  terminate_lcp();
  expect_end(EndReason::kMppeRefused);
  host.ends.clear();

  authenticate(MppePolicy::kAllow);
  receive(kLcp, {PppCode::kProtocolReject, 1, u16(0x80FD)});
  terminate_lcp();
  expect_end(EndReason::kMppeRefused);
  host.ends.clear();

  authenticate(MppePolicy::kDeny);
  EXPECT_TRUE(log.has("why=the user must have MPPE, and [ppp] mppe denies it"));
  terminate_lcp();
  expect_end(EndReason::kMppeRefused);
  EXPECT_FALSE(host.traced("32801/1"));
}

TEST_F(SessionTest, TheUsersStrengthsNarrowTheConfiguredOnes) {
  AuthAccepted accepted = must_encrypt();
  accepted.mppe_strengths = wire::mppe_bits::k40 | wire::mppe_bits::k56;
  backend.verdict = accepted;
  settings.ppp.mppe_key_lengths = {contract::MppeStrength::k128, contract::MppeStrength::k40};
  authenticate(MppePolicy::kPrefer);
  EXPECT_EQ(only().packet.data, option(18, u32(0x01000020)))
      << "neither 128, nor 56, which is not configured";

  accepted.mppe_strengths = 0;
  backend.verdict = accepted;
  authenticate(MppePolicy::kPrefer);
  terminate_lcp();
  expect_end(EndReason::kMppeRefused);
  host.ends.clear();

  accepted.mppe_required = false;
  backend.verdict = accepted;
  authenticate(MppePolicy::kPrefer);
  open_ipcp();
  EXPECT_TRUE(host.traced("ip 10.64.0.2 1436")) << "no encryption for this user, and none needed";
}

TEST_F(SessionTest, DenyProtocolRejectsCcpAndGoesOnInClear) {
  authenticate(MppePolicy::kDeny);
  EXPECT_EQ(host.frames.back().protocol, kIpcp);
  receive(kCcp, conf_req(4, kMppeOption));
  const Frame reject = host.frames.back();
  EXPECT_EQ(reject.protocol, kLcp);
  EXPECT_EQ(reject.packet.code, PppCode::kProtocolReject);
  EXPECT_EQ(reject.packet.data, u16(0x80FD) + conf_req(4, kMppeOption).octets());
  host.frames.pop_back();
  open_ipcp();
  EXPECT_TRUE(host.traced("ip 10.64.0.2 1436"));
  EXPECT_EQ(session->status().mppe, "none");
}

TEST_F(SessionTest, AllowWaitsForThePeerToAsk) {
  authenticate(MppePolicy::kAllow);
  EXPECT_TRUE(host.frames.empty());
  receive(kCcp, conf_req(1, kMppeOption));
  Frames frames = host.take();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0], (Frame{kCcp, conf_req(1, kMppeOption)}));
  EXPECT_EQ(frames[1], (Frame{kCcp, conf_ack(1, kMppeOption)}));
  receive(kIpcp, conf_req(2, option(3, u32(0))));  // pipelined: waits for CCP
  EXPECT_TRUE(host.frames.empty());
  receive(kCcp, conf_ack(1, kMppeOption));
  frames = host.take();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[1], (Frame{kIpcp, conf_nak(2, kAddress)}));
  EXPECT_EQ(session->status().mppe, "128");
}

TEST_F(SessionTest, AllowGoesOnInClearWithAPeerThatDoesNotAsk) {
  authenticate(MppePolicy::kAllow);
  receive(kIpcp, conf_req(2, kAddress));
  EXPECT_EQ(host.take().size(), 2U);

  authenticate(MppePolicy::kAllow);
  advance(990ms);
  EXPECT_TRUE(host.frames.empty());
  advance(20ms);
  EXPECT_EQ(only().protocol, kIpcp);  // a peer that waits for our request
}

TEST_F(SessionTest, AllowWithDeflateOnlyOpensAnEmptyCcp) {
  authenticate(MppePolicy::kAllow);
  receive(kCcp, conf_req(1, option(26, {0x78, 0})));
  Frames frames = host.take();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0], (Frame{kCcp, conf_req(1)}));
  EXPECT_EQ(frames[1], (Frame{kCcp, conf_rej(1, option(26, {0x78, 0}))}));
  receive(kCcp, conf_ack(1));
  receive(kCcp, conf_req(2));
  frames = host.take();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0], (Frame{kCcp, conf_ack(2)}));
  EXPECT_EQ(frames[1].protocol, kIpcp);
  EXPECT_EQ(session->status().mppe, "none");
}

TEST_F(SessionTest, PreferFallsBackToClear) {
  authenticate(MppePolicy::kPrefer);
  receive(kLcp, {PppCode::kProtocolReject, 1, u16(0x80FD)});
  EXPECT_EQ(host.frames.back().protocol, kIpcp);
  open_ipcp();
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
  EXPECT_EQ(session->status().mppe, "none");
}

TEST_F(SessionTest, PreferDoesNotWaitForEverButTakesALateCcp) {
  authenticate(MppePolicy::kPrefer);
  const Packet request = only().packet;
  advance(8s);
  EXPECT_EQ(host.frames.back().protocol, kIpcp);
  open_ipcp();
  EXPECT_EQ(session->status().mppe, "none");
  receive(kCcp, conf_ack(request.id, request.data));
  receive(kCcp, conf_req(++id, kMppeOption));
  EXPECT_EQ(session->status().mppe, "128");
  EXPECT_TRUE(host.traced("mppe send"));
}

TEST_F(SessionTest, PreferWaitsOnlyASecondForAPeerWhoseCcpIsClosed) {
  authenticate(MppePolicy::kPrefer);
  receive(kCcp, term_ack(only().packet.id));
  advance(1010ms);
  EXPECT_TRUE(host.traced("32801/1"));
}

TEST_F(SessionTest, PreferWithoutKeysProtocolRejectsCcp) {
  settings.auth.methods = {AuthMethod::kPap};
  backend.verdict = AuthAccepted{};
  authenticate(MppePolicy::kPrefer);
  host.take();
  receive(kCcp, conf_req(1, kMppeOption));
  EXPECT_EQ(only().packet.code, PppCode::kProtocolReject);
}

TEST_F(SessionTest, MPP_11_ResetRequestIsAckedOnly) {
  bring_up();
  host.take_trace();
  receive(kCcp, {PppCode::kResetRequest, 9, {}});
  EXPECT_EQ(host.take_trace(), std::vector<std::string>{"33021/15"});
}

TEST_F(SessionTest, MPP_10_StatefulIsArmedBothWaysAndResetsGoThrough) {
  settings.ppp.mppe_stateful = StatefulPolicy::kPrefer;
  settings.ppp.mppe_key_lengths = {contract::MppeStrength::k40};
  authenticate(MppePolicy::kRequire);
  const Packet request = only().packet;
  EXPECT_EQ(request.data, option(18, u32(0x00000020)));
  receive(kCcp, conf_ack(request.id, request.data));
  receive(kCcp, conf_req(++id, request.data));
  open_ipcp();
  constexpr contract::MppeMode kMode{contract::MppeStrength::k40, true};
  EXPECT_EQ(host.modes[contract::Direction::kReceive], kMode);
  EXPECT_EQ(host.modes[contract::Direction::kSend], kMode);
  EXPECT_EQ(session->status().mppe, "40-stateful");
  EXPECT_TRUE(log.has("mppe=40-stateful"));
  host.take_trace();
  receive(kCcp, {PppCode::kResetRequest, 9, {}});
  session->on_mppe_out_of_step();
  EXPECT_EQ(host.take_trace(), (std::vector<std::string>{"33021/15", "flush", "33021/14"}));
}

TEST_F(SessionTest, MPP_07_APeerThatDecryptsToNonsenseIsNotLeftInABlackHole) {
  const auto reject = [&](std::uint16_t protocol) {
    receive(kLcp, {PppCode::kProtocolReject, ++id, u16(protocol) + Octets(20, 7)});
  };
  bring_up();
  for (int i = 0; i < 20; ++i) {
    reject(static_cast<std::uint16_t>(0x2B00 + i));  // stateless mode recovers by itself
  }
  terminate_lcp();
  EXPECT_TRUE(host.ends.empty());

  host.frames.clear();
  settings.ppp.mppe_stateful = StatefulPolicy::kPrefer;
  authenticate(MppePolicy::kRequire);
  const Packet request = only().packet;
  receive(kCcp, conf_ack(request.id, request.data));
  receive(kCcp, conf_req(++id, request.data));
  open_ipcp();
  for (int i = 0; i < 7; ++i) {
    reject(static_cast<std::uint16_t>(0x2B00 + i));
    reject(0x0021);  // this is not such a reject
  }
  terminate_lcp();
  EXPECT_TRUE(host.ends.empty());
  EXPECT_FALSE(log.has("ppp_new_keys"));
  reject(0x2C00);
  advance(10ms);
  EXPECT_TRUE(log.has("ppp_new_keys"));
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kEstablish);
}

TEST_F(SessionTest, MPP_12_MsChapV1HasNoShortKeys) {
  settings.auth.methods = {AuthMethod::kMsChapV1};
  settings.ppp.mppe_key_lengths = {contract::MppeStrength::k40, contract::MppeStrength::k128};
  authenticate(MppePolicy::kRequire);
  EXPECT_EQ(only().packet.data, kMppeOption);

  settings.ppp.mppe_key_lengths = {contract::MppeStrength::k40};
  authenticate(MppePolicy::kRequire);
  terminate_lcp();
  EXPECT_EQ(host.ends, std::vector<EndReason>{EndReason::kMppeRefused});
}

TEST_F(SessionTest, NCP_01_IpIsUpBeforeThePeerCanKnow) {
  authenticate(MppePolicy::kDeny);
  const Packet request = only().packet;
  host.take_trace();
  receive(kIpcp, conf_req(++id, kAddress));
  EXPECT_EQ(host.take_trace(), (std::vector<std::string>{"ip 10.64.0.2 1436", "32801/2"}));
  receive(kIpcp, conf_req(++id, kAddress));  // the acknowledgement was lost
  EXPECT_EQ(host.take_trace(), std::vector<std::string>{"32801/2"});
  receive(kIpcp, conf_ack(request.id, request.data));
  EXPECT_TRUE(host.take_trace().empty());
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
}

}  // namespace
}  // namespace adit::control
