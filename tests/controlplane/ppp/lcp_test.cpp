// SPDX-License-Identifier: Apache-2.0
// LCP packet by packet: the groups of the ANVL PPP suite (LCP_02_<group>_...), options, loops, echoes and
// rejects. The test plays the peer, and writes each packet by hand.
#include "controlplane/ppp/lcp.hpp"

#include <gtest/gtest.h>

#include "tests/kit/ppp_kit.hpp"
#include "tests/kit/seeded_entropy.hpp"

namespace adit::control {
namespace {

using wire::PppCode;

const Octets kMsChapV2 = option(3, {0xC2, 0x23, 0x81});
const Octets kPap = option(3, {0xC0, 0x23});
const Octets kMru = option(1, u16(1436));
const Octets kPeerMagic = option(5, u32(0x01020304));

class LcpTest : public testing::Test {
 protected:
  Settings settings;
  TimerWheel wheel;
  test::SeededEntropy entropy{1};
  RecordingHost host;
  std::optional<Lcp> lcp;
  Instant clock{};

  void start() {
    lcp.emplace(settings, wheel, entropy, host, host);
    lcp->open();
    lcp->up();
  }
  void receive(const Packet& packet) { lcp->on_packet(packet.octets()); }
  void advance(Duration by) { wheel.advance(clock = clock + by); }
  Packet only() {
    const Packets packets = host.take();
    EXPECT_EQ(packets.size(), 1U);
    return packets.empty() ? Packet{} : packets.front();
  }
  /// Runs to Opened; the peer's request contains `wishes`.
  void open(const Octets& wishes = kPeerMagic) {
    start();
    const Packet request = only();
    receive(conf_req(1, wishes));
    EXPECT_EQ(only(), conf_ack(1, wishes));
    receive(conf_ack(request.id, request.data));
    ASSERT_TRUE(lcp->opened());
    EXPECT_EQ(host.take_events(), std::vector<std::string>{"up"});
  }
  static Octets magic_of(const Packet& request) {
    const auto options = wire::PppOptions::parse(request.data);
    for (const wire::PppOption& o : *options) {
      if (o.type == 5) {
        return Octets(o.value.begin(), o.value.end());
      }
    }
    return {};
  }
  Octets our_magic() {  // in Opened
    receive({PppCode::kEchoRequest, 200, u32(0x01020304)});
    const Packet reply = only();
    return Octets(reply.data.begin(), reply.data.begin() + 4);
  }
};

// ---- 1: timers and counters -------------------------------------------------------------------------------

TEST_F(LcpTest, LCP_02_01_MaxConfigureRequestsKeepTheirIdentifier) {
  start();
  advance(60s);
  const Packets packets = host.take();
  ASSERT_EQ(packets.size(), settings.ppp.max_configure);
  for (const Packet& packet : packets) {
    EXPECT_EQ(packet, packets.front());
  }
  EXPECT_EQ(lcp->state(), PppState::kStopped);
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"finished"});
}

TEST_F(LcpTest, LCP_02_01_TerminateRequestsAreRepeatedWithNewIdentifiers) {
  open();
  lcp->close();
  advance(30s);
  const Packets packets = host.take();
  ASSERT_EQ(packets.size(), settings.ppp.max_terminate);
  EXPECT_EQ(packets[0].code, PppCode::kTerminateRequest);
  EXPECT_NE(packets[0].id, packets[1].id);
  EXPECT_EQ(lcp->state(), PppState::kClosed);
}

TEST_F(LcpTest, LCP_02_01_MaxFailureNaksThenReject) {
  start();
  host.take();
  const Octets tiny = option(1, u16(64));
  for (unsigned id = 1; id <= settings.ppp.max_failure; ++id) {
    receive(conf_req(id, tiny));
    EXPECT_EQ(only(), conf_nak(id, option(1, u16(settings.ppp.mtu))));
  }
  receive(conf_req(9, tiny));
  EXPECT_EQ(only(), conf_rej(9, tiny));
}

TEST_F(LcpTest, LCP_02_01_AnAckResetsTheFailureCounter) {
  start();
  host.take();
  const Octets tiny = option(1, u16(64));
  for (unsigned round = 0; round < 4; ++round) {
    for (unsigned id = 1; id <= 4; ++id) {
      receive(conf_req(id, tiny));
      EXPECT_EQ(only().code, PppCode::kConfigureNak);
    }
    receive(conf_req(5, kPeerMagic));
    EXPECT_EQ(only().code, PppCode::kConfigureAck);
  }
  EXPECT_TRUE(host.take_events().empty());
}

// ---- 3: Configure-Request ---------------------------------------------------------------------------------

TEST_F(LcpTest, LCP_02_03_OurRequestAsksForMruAuthenticationAndMagic) {
  start();
  const Packet request = only();
  EXPECT_EQ(request, conf_req(1, kMru + kMsChapV2 + option(5, magic_of(request))));
}

TEST_F(LcpTest, LCP_02_03_DefaultMruIsNotAskedFor) {
  settings.ppp.mru = 1500;
  start();
  const Packet request = only();
  EXPECT_EQ(request.data, kMsChapV2 + option(5, magic_of(request)));
}

TEST_F(LcpTest, LCP_02_03_CompressionIsAskedForOnlyWhenConfigured) {
  settings.ppp.accomp = settings.ppp.pcomp = true;
  start();
  const Packet request = only();
  EXPECT_EQ(request.data, kMru + kMsChapV2 + option(5, magic_of(request)) + option(7) + option(8));
}

TEST_F(LcpTest, LCP_02_03_AcceptableRequestIsAckedOctetForOctet) {
  open(option(1, u16(1400)) + option(2, u32(0)) + kPeerMagic + option(7) + option(8));
  EXPECT_EQ(lcp->peer().mru, 1400);
  EXPECT_EQ(lcp->peer().magic, 0x01020304U);
  EXPECT_TRUE(lcp->peer().accepts_pfc);
  EXPECT_TRUE(lcp->peer().accepts_acfc);
}

TEST_F(LcpTest, LCP_02_03_EmptyRequestIsAckedAndMeansDefaults) {
  open({});
  EXPECT_EQ(lcp->peer().mru, 1500);
  EXPECT_EQ(lcp->peer().magic, 0U);
  EXPECT_FALSE(lcp->peer().accepts_acfc);
}

TEST_F(LcpTest, LCP_02_03_RejectDisplacesNakAndKeepsTheOrder) {
  start();
  host.take();
  const Octets bad_mru = option(1, u16(60));
  receive(conf_req(7, option(13, {6}) + bad_mru + kPeerMagic + option(17, u16(1614)) + option(42, {1, 2})));
  EXPECT_EQ(only(), conf_rej(7, option(13, {6}) + option(17, u16(1614)) + option(42, {1, 2})));
}

TEST_F(LcpTest, LCP_02_03_RequestsInOpenedRestartTheNegotiation) {
  open();
  receive(conf_req(2, kPeerMagic));
  const Packets packets = host.take();
  ASSERT_EQ(packets.size(), 2U);
  EXPECT_EQ(packets[0].code, PppCode::kConfigureRequest);
  EXPECT_EQ(packets[0].id, 2U);  // the first one was answered
  EXPECT_EQ(packets[1], conf_ack(2, kPeerMagic));
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"down"});
  EXPECT_EQ(lcp->state(), PppState::kAckSent);
}

TEST_F(LcpTest, LCP_02_03_RequestWhileClosingIsIgnored) {
  open();
  lcp->close();
  host.take();
  receive(conf_req(3, kPeerMagic));
  EXPECT_TRUE(host.take().empty());
}

TEST_F(LcpTest, LCP_02_03_RequestWhileClosedIsAnsweredByTerminateAck) {
  open();
  lcp->close();
  receive(term_ack(1));
  host.take();
  receive(conf_req(3, kPeerMagic));
  EXPECT_EQ(only(), term_ack(3));
}

// ---- 4: Configure-Ack -------------------------------------------------------------------------------------

TEST_F(LcpTest, LCP_02_04_AckWithWrongIdentifierIsDiscarded) {
  start();
  const Packet request = only();
  receive(conf_ack(request.id + 1, request.data));
  EXPECT_EQ(lcp->state(), PppState::kReqSent);
}

TEST_F(LcpTest, LCP_02_04_AckWithOtherOptionsIsDiscarded) {
  start();
  const Packet request = only();
  for (std::size_t i = 0; i < request.data.size(); ++i) {
    Packet ack = conf_ack(request.id, request.data);
    ack.data[i] ^= 1;
    receive(ack);
    EXPECT_EQ(lcp->state(), PppState::kReqSent) << "octet " << i;
  }
  receive(conf_ack(request.id, Octets(request.data.begin(), request.data.begin() + 4)));
  EXPECT_EQ(lcp->state(), PppState::kReqSent);
}

TEST_F(LcpTest, LCP_02_04_SecondAckOfOneRequestIsARepetition) {
  open();
  receive(conf_ack(1, kMru + kMsChapV2));
  EXPECT_TRUE(lcp->opened());
  EXPECT_TRUE(host.take().empty());
}

TEST_F(LcpTest, LCP_02_04_AckInStoppedIsAnsweredByTerminateAck) {
  start();
  advance(60s);
  host.take();
  receive(conf_ack(1, {}));
  EXPECT_EQ(only(), term_ack(1));
}

// ---- 5: Configure-Nak -------------------------------------------------------------------------------------

TEST_F(LcpTest, LCP_02_05_NakLeadsToARequestWithANewIdentifier) {
  start();
  const Packet first = only();
  receive(conf_nak(first.id, option(5, u32(77))));
  const Packet second = only();
  EXPECT_EQ(second.code, PppCode::kConfigureRequest);
  EXPECT_NE(second.id, first.id);
  EXPECT_NE(magic_of(second), magic_of(first));
}

TEST_F(LcpTest, LCP_02_05_NakWithWrongIdentifierIsDiscarded) {
  start();
  const Packet first = only();
  receive(conf_nak(first.id + 1, option(5, u32(77))));
  EXPECT_TRUE(host.take().empty());
}

TEST_F(LcpTest, LCP_02_05_NakMayAppendWhatWeDidNotAsk) {
  start();
  const Packet first = only();
  receive(conf_nak(first.id, option(7) + option(17, u16(1500))));
  EXPECT_EQ(only(), conf_req(first.id + 1, first.data));
}

TEST_F(LcpTest, LCP_02_05_EmptyNakIsDiscarded) {
  start();
  receive(conf_nak(only().id, {}));
  EXPECT_TRUE(host.take().empty());
}

TEST_F(LcpTest, LCP_07_EndlessMruNaksGiveTheOptionUpAfterMaxFailure) {
  start();
  for (unsigned i = 0; i < settings.ppp.max_failure; ++i) {
    const Packet request = only();
    EXPECT_EQ(Octets(request.data.begin(), request.data.begin() + 4), kMru);
    receive(conf_nak(request.id, option(1, u16(i % 2 == 0 ? 1200 : 1500))));
  }
  receive(conf_nak(only().id, option(1, u16(1200))));
  const Packet given_up = only();
  EXPECT_EQ(given_up.data, kMsChapV2 + option(5, magic_of(given_up)));
}

TEST_F(LcpTest, LCP_07_NaksThatNeverEndEndTheLink) {
  start();
  for (unsigned i = 0; i < settings.ppp.max_configure; ++i) {
    const Packets packets = host.take();
    ASSERT_EQ(packets.size(), 1U) << i;
    receive(conf_nak(packets[0].id, option(7)));
  }
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"failed lcp_failed"});
  EXPECT_TRUE(host.take().empty());
}

TEST_F(LcpTest, LCP_07_RequestsThatNeverBecomeAcceptableEndTheLink) {
  start();
  for (unsigned i = 1; i <= settings.ppp.max_configure; ++i) {
    receive(conf_req(i, option(13, {6})));
  }
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"failed lcp_failed"});
}

// ---- 6: Configure-Reject ----------------------------------------------------------------------------------

TEST_F(LcpTest, LCP_02_06_RejectedOptionIsAskedForNoMore) {
  start();
  const Packet first = only();
  receive(conf_rej(first.id, kMru));
  const Packet second = only();
  EXPECT_EQ(second, conf_req(first.id + 1, kMsChapV2 + option(5, magic_of(first))));
  receive(conf_rej(second.id, option(5, magic_of(first))));
  EXPECT_EQ(only(), conf_req(second.id + 1, kMsChapV2));
}

TEST_F(LcpTest, LCP_02_06_RejectOfWhatWeDidNotSendIsDiscarded) {
  start();
  const Packet first = only();
  receive(conf_rej(first.id, option(7)));
  receive(conf_rej(first.id, option(1, u16(1500))));  // our MRU has another value
  EXPECT_TRUE(host.take().empty());
  EXPECT_EQ(lcp->state(), PppState::kReqSent);
}

TEST_F(LcpTest, AUT_10_RejectedAuthenticationEndsTheLink) {
  start();
  receive(conf_rej(only().id, kMsChapV2));
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"failed auth_refused"});
  EXPECT_TRUE(host.take().empty());  // above all, no request without authentication
}

TEST_F(LcpTest, AUT_10_MethodsAreOfferedInOrderAndHintsAreFollowedWhenAllowed) {
  settings.auth.methods = {AuthMethod::kMsChapV2, AuthMethod::kChapMd5, AuthMethod::kPap};
  settings.ppp.mru = 1500;
  start();
  const Packet first = only();
  receive(conf_nak(first.id, kPap));
  const Packet second = only();
  EXPECT_EQ(Octets(second.data.begin(), second.data.begin() + 4), kPap);
  receive(conf_nak(second.id, option(3, {0xC2, 0x27})));  // we do not support EAP: the next method in order
  const Packet third = only();
  EXPECT_EQ(Octets(third.data.begin(), third.data.begin() + 5), option(3, {0xC2, 0x23, 5}));
  receive(conf_req(1));
  host.take();
  receive(conf_ack(third.id, third.data));
  EXPECT_TRUE(lcp->opened());
  EXPECT_EQ(lcp->method(), AuthMethod::kChapMd5);
}

TEST_F(LcpTest, AUT_10_EapIsOfferedWithoutAnAlgorithmAndAHintForItIsFollowed) {
  const Octets eap = option(3, {0xC2, 0x27});
  settings.auth.methods = {AuthMethod::kMsChapV2, AuthMethod::kPap, AuthMethod::kEap};
  settings.ppp.mru = 1500;
  start();
  receive(conf_nak(only().id, eap));
  const Packet second = only();
  EXPECT_EQ(Octets(second.data.begin(), second.data.begin() + 4), eap);
  receive(conf_req(1));
  host.take();
  receive(conf_ack(second.id, second.data));
  EXPECT_EQ(lcp->method(), AuthMethod::kEap);
}

TEST_F(LcpTest, AUT_10_AHintForEapWithDataIsNone) {
  settings.auth.methods = {AuthMethod::kMsChapV2, AuthMethod::kPap, AuthMethod::kEap};
  settings.ppp.mru = 1500;
  start();
  receive(conf_nak(only().id, option(3, {0xC2, 0x27, 0})));
  const Packet second = only();
  EXPECT_EQ(Octets(second.data.begin(), second.data.begin() + 4), kPap) << "the next in order";
}

TEST_F(LcpTest, AUT_10_NakWithForbiddenPapIsNotFollowed) {
  start();
  receive(conf_nak(only().id, kPap));
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"failed auth_refused"});
  EXPECT_TRUE(host.take().empty());
}

TEST_F(LcpTest, AUT_10_WeAuthenticateToNobody) {
  start();
  host.take();
  receive(conf_req(1, kPap));
  EXPECT_EQ(only(), conf_rej(1, kPap));
}

// ---- 7: Terminate -----------------------------------------------------------------------------------------

TEST_F(LcpTest, LCP_02_07_TerminateRequestIsAckedInEveryStateWithItsIdentifier) {
  start();
  host.take();
  receive(term_req(91));
  EXPECT_EQ(only(), term_ack(91));
  advance(60s);
  host.take();
  receive(term_req(92));
  EXPECT_EQ(only(), term_ack(92));
  host.take_events();

  open();
  receive(term_req(93));
  EXPECT_EQ(only(), term_ack(93));
  EXPECT_EQ(host.take_events(), (std::vector<std::string>{"peer terminates", "down"}));
  receive(term_req(94));
  EXPECT_EQ(only(), term_ack(94));
  advance(settings.ppp.timeout);
  EXPECT_EQ(lcp->state(), PppState::kStopped);
}

TEST_F(LcpTest, LCP_02_07_UnsolicitedTerminateAckInOpenedRestarts) {
  open();
  receive(term_ack(1));
  EXPECT_EQ(only().code, PppCode::kConfigureRequest);
  EXPECT_EQ(lcp->state(), PppState::kReqSent);
}

// ---- 8: Code-Reject ---------------------------------------------------------------------------------------

TEST_F(LcpTest, LCP_02_08_LCP_05_UnknownCodesAreCodeRejectedWithGrowingIdentifiers) {
  open();
  unsigned previous = 0;
  for (const unsigned code : {14U, 15U, 99U, 255U}) {
    const Packet odd{PppCode{static_cast<std::uint8_t>(code)}, 7, {1, 2, 3}};
    receive(odd);
    const Packet reject = only();
    EXPECT_EQ(reject.code, PppCode::kCodeReject);
    EXPECT_EQ(reject.data, odd.octets());
    EXPECT_NE(reject.id, previous);
    previous = reject.id;
  }
  EXPECT_TRUE(lcp->opened());
}

TEST_F(LcpTest, LCP_02_08_LCP_05_CodeRejectIsCutToThePeersMru) {
  open(option(1, u16(600)));
  host.mru = 600;
  const Packet odd{PppCode{14}, 7, Octets(1000, 0xAB)};
  receive(odd);
  const Packet reject = only();
  EXPECT_EQ(reject.data.size() + 4, 600U);
  EXPECT_TRUE(std::equal(reject.data.begin(), reject.data.end(), odd.octets().begin()));
}

TEST_F(LcpTest, SEC_08_CodeRejectsAreRateLimited) {
  open();
  for (unsigned i = 0; i < 1000; ++i) {
    receive({PppCode{200}, i & 255, {}});
  }
  EXPECT_LE(host.count(PppCode::kCodeReject), 5U);
  advance(1s);
  host.take();
  receive({PppCode{200}, 1, {}});
  EXPECT_EQ(host.count(PppCode::kCodeReject), 1U);
}

TEST_F(LcpTest, LCP_02_08_CodeRejectOfABasicCodeIsFatal) {
  for (std::uint8_t code = 1; code <= 7; ++code) {
    open();
    receive({PppCode::kCodeReject, 1, {code, 1, 0, 4}});
    EXPECT_EQ(lcp->state(), PppState::kStopping) << int(code);
    host.take();
    host.take_events();
  }
}

TEST_F(LcpTest, LCP_02_08_CodeRejectOfAnEchoIsTolerated) {
  open();
  receive({PppCode::kCodeReject, 1, {9, 1, 0, 8, 0, 0, 0, 0}});
  EXPECT_TRUE(lcp->opened());
  EXPECT_TRUE(host.take().empty());
}

TEST_F(LcpTest, LCP_05_IdentificationAndTimeRemainingAreAbsorbed) {
  start();
  host.take();
  for (unsigned id = 2; id <= 4; ++id) {
    receive({PppCode::kIdentification, id, u32(0x01020304) + Octets{'M', 'S', 'R', 'A', 'S', '\n', 0, 0xFF}});
  }
  open();
  receive({PppCode::kIdentification, 5, {}});
  receive({PppCode::kTimeRemaining, 6, u32(1) + u32(60)});
  receive({PppCode::kDiscardRequest, 7, u32(1)});
  EXPECT_TRUE(host.take().empty());
  EXPECT_TRUE(lcp->opened());
}

// ---- 9: Protocol-Reject -----------------------------------------------------------------------------------

TEST_F(LcpTest, LCP_02_09_LCP_10_ProtocolRejectOfLcpIsFatal) {
  open();
  receive({PppCode::kProtocolReject, 1, u16(0xC021) + Octets{1, 1, 0, 4}});
  EXPECT_EQ(lcp->state(), PppState::kStopping);
  EXPECT_EQ(host.take_events(), (std::vector<std::string>{"failed lcp_failed", "down"}));
}

TEST_F(LcpTest, LCP_02_09_LCP_10_ProtocolRejectOfOthersIsPassedOnInOpenedOnly) {
  start();
  receive({PppCode::kProtocolReject, 1, u16(0x80FD)});
  EXPECT_TRUE(host.take_events().empty());
  host.take();
  open();
  receive({PppCode::kProtocolReject, 1, u16(0x80FD)});
  receive({PppCode::kProtocolReject, 2, u16(0x8021)});
  receive({PppCode::kProtocolReject, 3, u16(0x0021)});
  receive({PppCode::kProtocolReject, 4, {0x80}});  // truncated
  EXPECT_EQ(host.take_events(),
            (std::vector<std::string>{"rejected 33021", "rejected 32801", "rejected 33"}));
  EXPECT_TRUE(lcp->opened());
}

TEST_F(LcpTest, LCP_02_09_LCP_11_OurProtocolRejectIsCutToTheMruAndRateLimited) {
  open(option(1, u16(576)));
  lcp->send_protocol_reject(0x8235, Octets(2000, 1));
  const Packet reject = only();
  EXPECT_EQ(reject.code, PppCode::kProtocolReject);
  EXPECT_EQ(Octets(reject.data.begin(), reject.data.begin() + 2), u16(0x8235));
  EXPECT_EQ(reject.data.size() + 4, 576U);
  for (int i = 0; i < 1000; ++i) {
    lcp->send_protocol_reject(0x8057, {});
  }
  EXPECT_LE(host.take().size(), 8U);
}

// ---- 10: Echo ---------------------------------------------------------------------------------------------

TEST_F(LcpTest, LCP_02_10_EchoIsAnsweredInOpenedOnlyWithOurMagic) {
  start();
  const Octets magic = magic_of(only());
  receive({PppCode::kEchoRequest, 5, u32(0x01020304)});
  EXPECT_TRUE(host.take().empty());
  open();
  receive({PppCode::kEchoRequest, 6, u32(0x01020304) + Octets{9, 8, 7}});
  const Packet reply = only();
  EXPECT_EQ(reply.code, PppCode::kEchoReply);
  EXPECT_EQ(reply.id, 6U);
  EXPECT_EQ(Octets(reply.data.begin() + 4, reply.data.end()), (Octets{9, 8, 7}));
  EXPECT_NE(Octets(reply.data.begin(), reply.data.begin() + 4), u32(0x01020304));
}

TEST_F(LcpTest, SEC_08_EchoRepliesAreRateLimited) {
  open();
  for (unsigned i = 0; i < 1000; ++i) {
    receive({PppCode::kEchoRequest, i & 255, u32(0x01020304)});
  }
  EXPECT_EQ(host.count(PppCode::kEchoReply), 20U);
  host.take();
  advance(1s);
  for (unsigned i = 0; i < 1000; ++i) {
    receive({PppCode::kEchoRequest, i & 255, u32(0x01020304)});
  }
  EXPECT_EQ(host.count(PppCode::kEchoReply), 10U);
}

TEST_F(LcpTest, LCP_02_10_EchoWithoutRoomForAMagicIsDiscarded) {
  open();
  receive({PppCode::kEchoRequest, 6, {1, 2, 3}});
  EXPECT_TRUE(host.take().empty());
}

TEST_F(LcpTest, LCP_09_EchoReplyNeverExceedsThePeersMru) {
  open(option(1, u16(576)));
  receive({PppCode::kEchoRequest, 6, u32(7) + Octets(1400, 1)});
  EXPECT_EQ(only().data.size() + 4, 576U);
}

TEST_F(LcpTest, LCP_09_SilenceLeadsToEchoesAndThenLostCarrier) {
  open();
  advance(settings.ppp.lcp_echo_interval - 10ms);
  EXPECT_TRUE(host.take().empty());
  advance(10ms);
  EXPECT_EQ(only().code, PppCode::kEchoRequest);
  advance(settings.ppp.lcp_echo_interval);
  advance(settings.ppp.lcp_echo_interval);
  EXPECT_EQ(host.take().size(), 2U);
  EXPECT_TRUE(host.take_events().empty());
  advance(settings.ppp.lcp_echo_interval);
  EXPECT_TRUE(host.take().empty());
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"failed lost_carrier"});
}

TEST_F(LcpTest, LCP_09_AnyLifeFromThePeerSavesTheEcho) {
  open();
  for (int i = 0; i < 20; ++i) {
    advance(settings.ppp.lcp_echo_interval - 100ms);
    lcp->heard();
  }
  EXPECT_TRUE(host.take().empty());
  advance(settings.ppp.lcp_echo_interval);
  EXPECT_EQ(host.take().size(), 1U);
  lcp->heard();  // the reply
  advance(settings.ppp.lcp_echo_interval * 3);
  EXPECT_TRUE(host.take_events().empty());
}

TEST_F(LcpTest, LCP_09_ZeroIntervalDisablesEchoes) {
  settings.ppp.lcp_echo_interval = 0s;
  open();
  advance(3600s);
  EXPECT_TRUE(host.take().empty());
}

// ---- 12 to 18: options ------------------------------------------------------------------------------------

TEST_F(LcpTest, LCP_02_12_MruTooSmallIsNaked) {
  start();
  host.take();
  receive(conf_req(1, option(1, u16(575))));
  EXPECT_EQ(only(), conf_nak(1, option(1, u16(1436))));
  receive(conf_req(2, option(1, u16(576))));
  EXPECT_EQ(only().code, PppCode::kConfigureAck);
}

TEST_F(LcpTest, LCP_02_12_MruOfAnyLargerSizeIsAcked) {
  open(option(1, u16(65535)));
  EXPECT_EQ(lcp->peer().mru, 65535);
}

TEST_F(LcpTest, LCP_02_12_13_17_18_OptionsOfWrongLengthAreRejected) {
  start();
  host.take();
  const std::vector<Octets> malformed = {option(1, {5}),       option(1, {0, 5, 220}), option(2, {0, 0, 0}),
                                         option(5, u16(1)),    option(5, {}),          option(7, {0}),
                                         option(8, {1, 2, 3}), option(19, {})};
  for (const Octets& bad : malformed) {
    receive(conf_req(1, kPeerMagic + bad));
    EXPECT_EQ(only(), conf_rej(1, bad));
    receive(conf_req(2, kPeerMagic));
    host.take();
  }
}

TEST_F(LcpTest, LCP_02_14_15_OptionsWeDoNotDoAreRejected) {
  for (const unsigned type : {3U, 4U, 6U, 9U, 10U, 11U, 13U, 17U, 18U, 23U, 255U}) {
    host.take();
    start();
    host.take();
    receive(conf_req(1, option(type, {1, 2})));
    EXPECT_EQ(only(), conf_rej(1, option(type, {1, 2}))) << type;
  }
}

TEST_F(LcpTest, LCP_02_14_EndpointDiscriminatorIsAcked) {
  open(option(19, {1, 2, 3, 4}));
}

TEST_F(LcpTest, LCP_02_16_LCP_06_MagicZeroIsNaked) {
  start();
  host.take();
  receive(conf_req(1, option(5, u32(0))));
  const Packet nak = only();
  EXPECT_EQ(nak.code, PppCode::kConfigureNak);
  ASSERT_EQ(nak.data.size(), 6U);
  EXPECT_NE(Octets(nak.data.begin() + 2, nak.data.end()), u32(0));
}

TEST_F(LcpTest, LCP_02_16_LCP_06_OurOwnMagicIsNakedWithAnother) {
  start();
  const Octets magic = magic_of(only());
  receive(conf_req(1, option(5, magic)));
  const Packet nak = only();
  EXPECT_EQ(nak.code, PppCode::kConfigureNak);
  EXPECT_NE(Octets(nak.data.begin() + 2, nak.data.end()), magic);
  EXPECT_TRUE(host.take_events().empty());
}

TEST_F(LcpTest, LCP_06_LoopbackOfOurOwnPacketsIsDetected) {
  start();
  std::size_t turns = 0;
  while (host.events.empty() && ++turns < 20) {
    for (const Packet& packet : host.take()) {
      receive(packet);
    }
  }
  EXPECT_EQ(host.take_events().front(), "failed lcp_failed");
  EXPECT_LT(turns, 20U);
  EXPECT_FALSE(lcp->opened());
}

TEST_F(LcpTest, LCP_06_EchoesWithOurOwnMagicAreNotAnsweredAndMeanALoop) {
  open();
  const Octets magic = our_magic();
  for (unsigned i = 0; i < 5; ++i) {
    receive({PppCode::kEchoRequest, i, magic});
  }
  EXPECT_TRUE(host.take().empty());
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"failed lcp_failed"});
}

TEST_F(LcpTest, LCP_06_EchoWithAnUnknownMagicIsAnswered) {
  open();
  receive({PppCode::kEchoRequest, 3, u32(0xDEADBEEF)});
  EXPECT_EQ(only().code, PppCode::kEchoReply);
}

TEST_F(LcpTest, LCP_11_CallbackIsRejectedAndTheWindowsRequestThenAcked) {
  start();
  host.take();
  const Octets rest = option(1, u16(1400)) + kPeerMagic + option(7) + option(8);
  receive(conf_req(0, rest + option(13, {6})));
  EXPECT_EQ(only(), conf_rej(0, option(13, {6})));
  receive(conf_req(1, rest));
  EXPECT_EQ(only(), conf_ack(1, rest));
}

// ---- hostile packets --------------------------------------------------------------------------------------

TEST_F(LcpTest, LCP_03_OptionLengthsThatDoNotFitDiscardTheWholePacket) {
  start();
  host.take();
  for (const Octets& data :
       {Octets{1, 0}, Octets{1, 1}, Octets{5, 6, 1, 2, 3}, Octets{7, 2, 8}, Octets{1, 255, 5, 220}}) {
    receive(conf_req(1, kPeerMagic + data));
    EXPECT_TRUE(host.take().empty());
  }
}

TEST_F(LcpTest, LCP_03_PacketLengthsThatDoNotFitDiscardThePacketAndPaddingIsCut) {
  start();
  host.take();
  for (const Octets& packet : {Octets{}, Octets{5}, Octets{5, 1, 0}, Octets{5, 1, 0, 3}, Octets{5, 1, 0, 5},
                               Octets{5, 1, 0xFF, 0xFF}}) {
    lcp->on_packet(packet);
    EXPECT_TRUE(host.take().empty());
  }
  lcp->on_packet(term_req(1).octets() + Octets(40, 0xEE));
  EXPECT_EQ(only(), term_ack(1));
}

TEST_F(LcpTest, SEC_08_RenegotiationsAreRateLimited) {
  open();
  std::size_t restarts = 0;
  for (unsigned i = 0; i < 1000; ++i) {
    receive(conf_req(i & 255, kPeerMagic));
    for (const Packet& packet : host.take()) {
      if (packet.code == PppCode::kConfigureRequest) {
        ++restarts;
        receive(conf_ack(packet.id, packet.data));
      }
    }
  }
  EXPECT_EQ(restarts, 4U);
  EXPECT_TRUE(lcp->opened());
}

TEST_F(LcpTest, FUZ_03_RandomPacketsNeverBreakTheAutomaton) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    host.take();
    host.take_events();
    start();
    for (int i = 0; i < 100; ++i) {
      Octets packet(random() % 40);
      for (std::uint8_t& octet : packet) {
        octet = static_cast<std::uint8_t>(random() % 3 == 0 ? random() : random() % 20);
      }
      if (packet.size() >= 4 && random() % 4 != 0) {
        packet[2] = 0;
        packet[3] = static_cast<std::uint8_t>(packet.size());
      }
      lcp->on_packet(packet);
      advance(Duration(random() % 500));
    }
    for (const Packet& packet : host.sent) {
      EXPECT_LE(packet.data.size(), 1496U);
    }
  }
}

}  // namespace
}  // namespace adit::control
