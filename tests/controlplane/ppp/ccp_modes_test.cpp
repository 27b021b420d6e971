// SPDX-License-Identifier: Apache-2.0
// CCP when the settings allow more than 128 bits stateless: key lengths, stateful mode by policy, a mode per
// direction, Reset-Request and Reset-Ack.
#include <gtest/gtest.h>

#include "controlplane/ppp/ccp.hpp"
#include "tests/kit/ppp_kit.hpp"

namespace adit::control {
namespace {

using contract::MppeMode;
using contract::MppeStrength;
using wire::PppCode;
namespace bits = wire::mppe_bits;

constexpr std::uint32_t H = bits::kStateless, M = bits::k56, S = bits::k128, L = bits::k40;

class CcpModes : public testing::Test {
 protected:
  PppSettings settings;
  TimerWheel wheel;
  RecordingHost host;
  std::optional<Ccp> ccp;
  unsigned id = 0;

  void start(StatefulPolicy stateful, std::vector<MppeStrength> lengths = {MppeStrength::k128},
             MppePolicy policy = MppePolicy::kRequire) {
    settings.mppe = policy;
    settings.mppe_stateful = stateful;
    settings.mppe_key_lengths = std::move(lengths);
    ccp.emplace(settings, wheel, host, host);
    ccp->open();
    ccp->up();
    host.take_events();
  }
  void start_all(StatefulPolicy stateful = StatefulPolicy::kDeny) {
    start(stateful, {MppeStrength::k40, MppeStrength::k128, MppeStrength::k56});
  }
  void receive(const Packet& packet) { ccp->on_packet(packet.octets()); }
  Packet only() {
    const Packets packets = host.take();
    EXPECT_EQ(packets.size(), 1U);
    return packets.empty() ? Packet{} : packets.front();
  }
  /// The bits of our pending request.
  Packet request(std::uint32_t wanted) {
    const Packet packet = only();
    EXPECT_EQ(packet.code, PppCode::kConfigureRequest);
    EXPECT_EQ(packet.data, mppe(wanted));
    return packet;
  }
  void acks(std::uint32_t wish) {
    receive(conf_req(++id, mppe(wish)));
    EXPECT_EQ(only(), conf_ack(id, mppe(wish)));
  }
  void naks(std::uint32_t wish, std::uint32_t with) {
    receive(conf_req(++id, mppe(wish)));
    EXPECT_EQ(only(), conf_nak(id, mppe(with))) << std::hex << wish;
  }
  /// Opens both directions; the peer accepts our request as it is.
  void open(std::uint32_t ours, std::uint32_t peers) {
    const Packet packet = request(ours);
    receive(conf_ack(packet.id, packet.data));
    acks(peers);
    ASSERT_TRUE(ccp->encrypts());
  }
};

TEST_F(CcpModes, OurRequestOffersAllThatIsAllowed) {
  start_all();
  request(H | S | M | L);
  start(StatefulPolicy::kAllow, {MppeStrength::k40});
  request(H | L);
  start_all(StatefulPolicy::kPrefer);
  request(S | M | L);
}

TEST_F(CcpModes, TheStrongestCommonKeyIsNaked) {
  start_all();
  host.take();
  naks(H | S | M | L, H | S);
  naks(H | M | L, H | M);
  naks(H | L | bits::kMppc, H | L);
  naks(H | L | bits::kObsolete, H | L);
  acks(H | L);
  start(StatefulPolicy::kDeny, {MppeStrength::k56, MppeStrength::k40});
  host.take();
  naks(H | S, H | M);  // nothing in common: suggests our preference
  naks(H | S | L, H | L);
  naks(0, H | M);
  acks(H | M);
}

TEST_F(CcpModes, APeersNakIsFollowedToOneThatWeAllow) {
  start_all();
  Packet packet = request(H | S | M | L);
  receive(conf_nak(packet.id, mppe(H | L)));
  packet = request(H | L);
  receive(conf_ack(packet.id, packet.data));
  acks(H | L);
  ASSERT_TRUE(ccp->encrypts());
  EXPECT_EQ(ccp->describe(), "40");
  EXPECT_EQ(ccp->receive_mode(), (MppeMode{MppeStrength::k40, false}));

  start(StatefulPolicy::kDeny, {MppeStrength::k128, MppeStrength::k56});
  packet = request(H | S | M);
  receive(conf_nak(packet.id, mppe(H | L)));
  request(H | S | M);  // not acceptable to us: we repeat our request
}

TEST_F(CcpModes, MPP_12_DenyNeverGoesStateful) {
  start_all(StatefulPolicy::kDeny);
  const Packet packet = request(H | S | M | L);
  receive(conf_nak(packet.id, mppe(S)));
  request(H | S | M | L);
  naks(S, H | S);
  naks(S, H | S);
  naks(L, H | L);
}

TEST_F(CcpModes, MPP_10_AllowSuggestsStatelessOnceAndThenFollows) {
  start(StatefulPolicy::kAllow);
  const Packet packet = request(H | S);
  naks(S, H | S);
  acks(S);
  EXPECT_EQ(host.expected, (MppeMode{MppeStrength::k128, false})) << "of what we receive";
  receive(conf_ack(packet.id, packet.data));
  ASSERT_TRUE(ccp->encrypts());
  EXPECT_EQ(ccp->send_mode(), (MppeMode{MppeStrength::k128, true}));
  EXPECT_EQ(ccp->describe(), "128/128-stateful");
}

TEST_F(CcpModes, MPP_10_PreferAsksForStatefulAndFollowsWhoInsists) {
  start(StatefulPolicy::kPrefer);
  open(S, S);
  EXPECT_EQ(ccp->describe(), "128-stateful");
  start(StatefulPolicy::kPrefer);
  request(S);
  naks(H | S, S);
  acks(H | S);
}

TEST_F(CcpModes, MPP_10_PppdRejectsStatefulAltogetherAndGetsStateless) {
  start(StatefulPolicy::kPrefer);
  Packet packet = request(S);
  receive(conf_rej(packet.id, packet.data));
  packet = request(H | S);
  acks(H | S);  // but it is not asked to be stateful itself
  receive(conf_ack(packet.id, packet.data));
  EXPECT_TRUE(ccp->encrypts());
  EXPECT_EQ(ccp->describe(), "128");

  start(StatefulPolicy::kPrefer);
  packet = request(S);
  receive(conf_rej(packet.id, packet.data));
  packet = request(H | S);
  receive(conf_rej(packet.id, packet.data));
  EXPECT_EQ(host.take_events().back(), "failed mppe_refused");
}

TEST_F(CcpModes, ReceiveKeysAreArmedAgainWhenOurRequestChangesAfterOurAck) {
  start_all(StatefulPolicy::kAllow);
  const Packet packet = request(H | S | M | L);
  acks(H | S);
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"expect encrypted"});
  EXPECT_EQ(host.expected, (MppeMode{MppeStrength::k128, false}));
  receive(conf_nak(packet.id, mppe(L)));
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"expect encrypted"});
  EXPECT_EQ(host.expected, (MppeMode{MppeStrength::k40, true}));
  const Packet again = request(L);
  receive(conf_ack(again.id, again.data));
  EXPECT_EQ(ccp->describe(), "40-stateful/128");
}

TEST_F(CcpModes, LimitedToTheStrengthsOfTheMethod) {
  start_all();
  EXPECT_TRUE(ccp->limit_strengths(bits::k128));
  ccp->down();
  host.take();
  ccp->up();
  request(H | S);
  naks(H | L, H | S);
  settings.mppe_key_lengths = {MppeStrength::k40};
  EXPECT_FALSE(ccp->limit_strengths(bits::k128));
  EXPECT_TRUE(ccp->limit_strengths(bits::kStrengths));
}

TEST_F(CcpModes, MPP_10_ResetRequestIsAckedBeforeTheFlush) {
  start(StatefulPolicy::kPrefer);
  open(S, S);
  host.take_events();
  receive({PppCode::kResetRequest, 7, {}});
  EXPECT_EQ(only(), (Packet{PppCode::kResetAck, 7, {}}));
  receive({PppCode::kResetRequest, 7, {}});
  EXPECT_EQ(only(), (Packet{PppCode::kResetAck, 7, {}}));
  receive({PppCode::kResetRequest, 8, {}});
  EXPECT_EQ(only(), (Packet{PppCode::kResetAck, 8, {}}));
  EXPECT_EQ(host.take_events(), (std::vector<std::string>{"begin anew", "begin anew again", "begin anew"}));
}

TEST_F(CcpModes, MPP_11_ResetRequestOfTheStatelessDirectionIsAckedOnly) {
  start(StatefulPolicy::kAllow);
  open(H | S, H | S);
  host.take_events();
  receive({PppCode::kResetRequest, 7, {}});
  EXPECT_EQ(only(), (Packet{PppCode::kResetAck, 7, {}}));
  EXPECT_TRUE(host.take_events().empty());
  ccp->request_reset();
  EXPECT_TRUE(host.take().empty()) << "nor is there anything to ask for";
}

TEST_F(CcpModes, MPP_10_OurResetRequestHasAnIdentifierOfItsOwn) {
  start(StatefulPolicy::kPrefer);
  ccp->request_reset();
  const Packet packet = request(S);  // not before Opened
  receive(conf_ack(packet.id, packet.data));
  acks(S);
  ccp->request_reset();
  const Packet first = only();
  ccp->request_reset();
  const Packet second = only();
  EXPECT_EQ(first.code, PppCode::kResetRequest);
  EXPECT_TRUE(first.data.empty());
  EXPECT_NE(first.id, second.id);
  receive({PppCode::kResetAck, second.id, {}});
  EXPECT_TRUE(host.take().empty());
}

}  // namespace
}  // namespace adit::control
