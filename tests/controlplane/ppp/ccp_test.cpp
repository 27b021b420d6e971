// SPDX-License-Identifier: Apache-2.0
// CCP packet by packet, against the requests of real peers (Windows, pppd, MikroTik) and under each policy.
#include "controlplane/ppp/ccp.hpp"

#include <gtest/gtest.h>

#include "tests/kit/ppp_kit.hpp"

namespace adit::control {
namespace {

using wire::PppCode;
namespace bits = wire::mppe_bits;

const Octets kOurs = mppe(0x01000040);  // H and S
const Octets kBsd = option(21, {0x2F});
const Octets kDeflate = option(26, {0x78, 0});
const Octets kStac = option(17, {0, 1, 4});

class CcpTest : public testing::Test {
 protected:
  PppSettings settings;
  TimerWheel wheel;
  RecordingHost host;
  std::optional<Ccp> ccp;

  void start(MppePolicy policy = MppePolicy::kRequire) {
    settings.mppe = policy;
    ccp.emplace(settings, wheel, host, host);
    ccp->open();
    ccp->up();
  }
  void receive(const Packet& packet) { ccp->on_packet(packet.octets()); }
  Packet only() {
    const Packets packets = host.take();
    EXPECT_EQ(packets.size(), 1U);
    return packets.empty() ? Packet{} : packets.front();
  }
  /// The peer acknowledges our request and then requests the same.
  void open(MppePolicy policy = MppePolicy::kRequire) {
    start(policy);
    const Packet request = only();
    receive(conf_ack(request.id, request.data));
    receive(conf_req(1, kOurs));
    EXPECT_EQ(only(), conf_ack(1, kOurs));
    ASSERT_TRUE(ccp->encrypts());
    EXPECT_EQ(host.take_events(), (std::vector<std::string>{"expect encrypted", "up"}));
  }
};

TEST_F(CcpTest, MPP_12_OurFirstRequestCarriesExactlyStatelessAnd128) {
  start();
  EXPECT_EQ(only(), conf_req(1, kOurs));  // pppd gives up on an empty option 18
}

TEST_F(CcpTest, ReceiveKeyIsArmedBeforeOurAckLeaves) {
  start();
  host.take();
  struct Order final : ControlProtocolHost, CcpEvents {
    std::vector<std::string> seen;
    void send_frame(wire::Bytes frame) override { seen.push_back("code " + std::to_string(frame[4])); }
    std::uint16_t peer_mru() const override { return 1500; }
    void protocol_up(wire::PppProtocol) override {}
    void protocol_down(wire::PppProtocol) override {}
    void protocol_finished(wire::PppProtocol) override {}
    void protocol_failed(wire::PppProtocol, EndReason, std::string_view) override {}
    void peer_terminates(wire::PppProtocol, wire::Bytes) override {}
    void expect_encrypted(contract::MppeMode) override { seen.emplace_back("key"); }
    void flush_mppe(bool) override {}
    bool reserve_mppc_history() override { return false; }
    void peer_restarts_mppe() override {}
  } order;
  Ccp other(settings, wheel, order, order);
  other.open();
  other.up();
  other.on_packet(conf_req(1, kOurs).octets());
  EXPECT_EQ(order.seen, (std::vector<std::string>{"code 1", "key", "code 2"}));
}

TEST_F(CcpTest, WindowsOffersEverythingAndComesToOurs) {
  for (const std::uint32_t offer : {0x010000E0U, 0x010000E1U}) {  // Windows 7 to 11; XP with compression
    start();
    const Packet request = only();
    receive(conf_req(4, mppe(offer)));
    EXPECT_EQ(only(), conf_nak(4, kOurs));
    receive(conf_ack(request.id, request.data));
    receive(conf_req(6, kOurs));
    EXPECT_EQ(only(), conf_ack(6, kOurs));
    EXPECT_TRUE(ccp->encrypts());
    host.take_events();
  }
}

TEST_F(CcpTest, Windows9xOffersStacBesideMppe) {
  start();
  host.take();
  receive(conf_req(1, kStac + mppe(0x010000E1)));
  EXPECT_EQ(only(), conf_rej(1, kStac));
  receive(conf_req(2, mppe(0x010000E1)));
  EXPECT_EQ(only(), conf_nak(2, kOurs));
}

TEST_F(CcpTest, PppdOffersStatefulThenComesToOurs) {
  start();
  const Packet request = only();
  receive(conf_req(1, mppe(bits::kStateless | bits::k128 | bits::k40)));
  EXPECT_EQ(only(), conf_nak(1, kOurs));
  receive(conf_req(2, mppe(bits::k128)));
  EXPECT_EQ(only(), conf_nak(2, kOurs));
  receive(conf_req(3, kOurs));
  EXPECT_EQ(only(), conf_ack(3, kOurs));
  receive(conf_ack(request.id, request.data));
  EXPECT_TRUE(ccp->encrypts());
}

TEST_F(CcpTest, PppdWithoutMppeOffersDeflateAndBsd) {
  start(MppePolicy::kPrefer);
  const Packet first = only();
  receive(conf_req(1, kDeflate + option(24, {0x78, 0}) + kBsd));
  EXPECT_EQ(only(), conf_rej(1, kDeflate + option(24, {0x78, 0}) + kBsd));
  receive(conf_rej(first.id, kOurs));
  EXPECT_EQ(only(), conf_req(first.id + 1));
  receive(conf_req(2));
  EXPECT_EQ(only(), conf_ack(2));
  receive(conf_ack(first.id + 1));
  EXPECT_TRUE(ccp->opened());
  EXPECT_FALSE(ccp->encrypts());
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"up"});
}

TEST_F(CcpTest, MPP_12_RejectOfMppeUnderRequireIsFatalAtOnce) {
  start(MppePolicy::kRequire);
  receive(conf_rej(only().id, kOurs));
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"failed mppe_refused"});
  EXPECT_TRUE(host.take().empty());
}

TEST_F(CcpTest, MPP_12_NakWithoutAnyStrengthIsARefusal) {
  start(MppePolicy::kRequire);
  receive(conf_nak(only().id, mppe(0)));
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"failed mppe_refused"});

  start(MppePolicy::kPrefer);
  const Packet request = only();
  receive(conf_nak(request.id, mppe(bits::kStateless)));
  EXPECT_EQ(only(), conf_req(request.id + 1));
}

TEST_F(CcpTest, MPP_12_NaksTowardsWeakerEncryptionAreNotFollowed) {
  start(MppePolicy::kRequire);
  for (unsigned i = 0; i < settings.max_failure; ++i) {
    const Packet request = only();
    EXPECT_EQ(request.data, kOurs);
    receive(conf_nak(request.id, mppe(i % 2 == 0 ? bits::k40 | bits::kStateless : bits::k128)));
  }
  receive(conf_nak(only().id, mppe(bits::k40)));
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"failed mppe_refused"});
}

TEST_F(CcpTest, MPP_12_RequestsForWeakerEncryptionAreNeverAcked) {
  start(MppePolicy::kPrefer);
  host.take();
  unsigned id = 0;
  for (const std::uint32_t offer : {0x01000020U, 0x01000080U, 0x00000040U, 0x00000020U, 0x01000060U,
                                    0x01000050U, 0x01000041U, 0x81000040U, 0x01000000U, 0U}) {
    if (id == settings.max_failure) {
      start(MppePolicy::kPrefer);
      host.take();
      id = 0;
    }
    receive(conf_req(++id, mppe(offer)));
    EXPECT_EQ(only(), conf_nak(id, kOurs)) << std::hex << offer;
  }
}

TEST_F(CcpTest, MppeOptionOfWrongLengthIsRejected) {
  start();
  host.take();
  receive(conf_req(1, option(18, {1, 0, 0})));
  EXPECT_EQ(only(), conf_rej(1, option(18, {1, 0, 0})));
}

TEST_F(CcpTest, RequestWithoutMppeIsNakedWithItUpToMaxFailure) {
  start(MppePolicy::kPrefer);
  host.take();
  for (unsigned id = 1; id <= settings.max_failure; ++id) {
    receive(conf_req(id));
    EXPECT_EQ(only(), conf_nak(id, kOurs));
  }
  receive(conf_req(9));
  EXPECT_EQ(only(), conf_ack(9));
}

TEST_F(CcpTest, OneWayEncryptionIsNoAgreement) {
  start(MppePolicy::kPrefer);
  const Packet request = only();
  receive(conf_ack(request.id, request.data));  // the peer would encrypt, but accepts only clear text
  for (unsigned id = 1; id <= settings.max_failure + 1; ++id) {
    receive(conf_req(id));
  }
  EXPECT_EQ(host.sent.back().code, PppCode::kTerminateRequest);
  EXPECT_FALSE(ccp->encrypts());
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"down"});
}

TEST_F(CcpTest, PassiveEndAsksOnlyWhenThePeerDid) {
  start(MppePolicy::kAllow);
  EXPECT_EQ(only(), conf_req(1));
  receive(conf_req(1, kOurs));
  EXPECT_EQ(only(), conf_rej(1, kOurs));

  settings.mppe = MppePolicy::kAllow;
  ccp.emplace(settings, wheel, host, host);
  EXPECT_TRUE(Ccp::wants_mppe(conf_req(4, mppe(0x010000E1)).octets()));
  ccp->peer_wants_mppe();
  ccp->open();
  ccp->up();
  EXPECT_EQ(only(), conf_req(1, kOurs));
}

TEST_F(CcpTest, WantsMppeLooksAtRequestsWithAStrengthOnly) {
  EXPECT_FALSE(Ccp::wants_mppe({}));
  EXPECT_FALSE(Ccp::wants_mppe(conf_req(1).octets()));
  EXPECT_FALSE(Ccp::wants_mppe(conf_req(1, kBsd).octets()));
  EXPECT_FALSE(Ccp::wants_mppe(conf_req(1, mppe(bits::kStateless)).octets()));
  EXPECT_FALSE(Ccp::wants_mppe(conf_ack(1, kOurs).octets()));
  EXPECT_FALSE(Ccp::wants_mppe(conf_req(1, {18, 0}).octets()));
  EXPECT_TRUE(Ccp::wants_mppe(conf_req(1, kBsd + mppe(bits::k40)).octets()));
}

TEST_F(CcpTest, MPP_11_ResetRequestIsAckedAndChangesNothing) {
  open();
  receive({PppCode::kResetRequest, 77, {}});
  EXPECT_EQ(only(), (Packet{PppCode::kResetAck, 77, {}}));
  receive({PppCode::kResetAck, 3, {}});
  EXPECT_TRUE(host.take().empty());
  EXPECT_TRUE(host.take_events().empty());
  EXPECT_TRUE(ccp->encrypts());
}

TEST_F(CcpTest, MPP_11_ResetRequestBeforeOpenedIsDiscarded) {
  start();
  host.take();
  receive({PppCode::kResetRequest, 77, {}});
  EXPECT_TRUE(host.take().empty());
}

// A second agreement would begin the same key streams again.
TEST_F(CcpTest, MPP_13_RenegotiationInOpenedIsNotAnsweredButReported) {
  for (const Packet& packet : {conf_req(9, kOurs), conf_req(9), term_ack(3)}) {
    open();
    receive(packet);
    EXPECT_EQ(only().code, PppCode::kResetRequest) << "is the peer in Opened?";
    EXPECT_TRUE(host.take_events().empty());
    wheel.advance(wheel.now() + 1010ms);
    EXPECT_EQ(host.take_events(), std::vector<std::string>{"restarts mppe"});
    EXPECT_TRUE(host.take().empty());
    EXPECT_TRUE(ccp->encrypts());
  }
}

TEST_F(CcpTest, SEC_01_APeerThatIsInOpenedHasNotSentThat) {
  open();
  receive(conf_req(9, kOurs));
  receive({PppCode::kResetAck, only().id, {}});
  receive(term_req(9));
  const Packet question = only();
  receive({PppCode::kResetAck, question.id + 1, {}});
  receive({PppCode::kResetAck, question.id, {}});
  wheel.advance(wheel.now() + 10s);
  EXPECT_TRUE(host.take_events().empty());
  EXPECT_TRUE(host.take().empty());
  EXPECT_TRUE(ccp->encrypts());
}

// Our Ack was lost: the same request again, under the same identifier.
TEST_F(CcpTest, MPP_13_ARepeatedRequestInOpenedIsAckedAgainAndThatIsAll) {
  open();
  for (unsigned i = 0; i < settings.max_configure; ++i) {
    receive(conf_req(1, kOurs));
    EXPECT_EQ(only(), conf_ack(1, kOurs));
  }
  EXPECT_TRUE(host.take_events().empty());
  EXPECT_TRUE(ccp->encrypts());
  receive(conf_req(1, kOurs));  // nobody repeats it that often
  wheel.advance(wheel.now() + 1010ms);
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"restarts mppe"});
}

TEST_F(CcpTest, RenegotiationWithoutMppeGoesDownFirst) {
  start(MppePolicy::kAllow);
  const Packet request = only();
  receive(conf_ack(request.id, request.data));
  receive(conf_req(1));
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"up"});
  receive(conf_req(2));
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"down"});
}

TEST_F(CcpTest, EchoesAndOtherLcpCodesAreUnknownHere) {
  open();
  receive({PppCode::kEchoRequest, 1, u32(1)});
  EXPECT_EQ(only().code, PppCode::kCodeReject);
}

}  // namespace
}  // namespace adit::control
