// SPDX-License-Identifier: Apache-2.0
// MPPC in CCP (RFC 2118, RFC 3078 §2): the C bit alone and with every strength of MPPE, each direction by itself,
// stateless and stateful, denied, and without room for histories.
#include <gtest/gtest.h>

#include "controlplane/ppp/ccp.hpp"
#include "tests/kit/ppp_kit.hpp"

namespace adit::control {
namespace {

using contract::MppeMode;
using contract::MppeStrength;
using wire::PppCode;
namespace bits = wire::mppe_bits;

class CcpMppc : public testing::Test {
 protected:
  static constexpr std::uint32_t H = bits::kStateless, M = bits::k56, S = bits::k128, L = bits::k40,
                                 C = bits::kMppc, D = bits::kObsolete;

  PppSettings settings;
  TimerWheel wheel;
  RecordingHost host;
  std::optional<Ccp> ccp;
  unsigned id = 0;

  void start(MppcPolicy mppc, MppePolicy policy = MppePolicy::kPrefer,
             StatefulPolicy stateful = StatefulPolicy::kDeny) {
    settings.mppc = mppc;
    settings.mppe = policy;
    settings.mppe_stateful = stateful;
    settings.mppe_key_lengths = {MppeStrength::k128, MppeStrength::k56, MppeStrength::k40};
    ccp.emplace(settings, wheel, host, host);
    ccp->limit_strengths(policy == MppePolicy::kDeny ? 0 : bits::kStrengths);
    ccp->open();
    ccp->up();
    host.take_events();
  }
  void receive(const Packet& packet) { ccp->on_packet(packet.octets()); }
  Packet only() {
    const Packets packets = host.take();
    EXPECT_EQ(packets.size(), 1U);
    return packets.empty() ? Packet{} : packets.front();
  }
  Packet request(std::uint32_t wanted) {
    const Packet packet = only();
    EXPECT_EQ(packet.code, PppCode::kConfigureRequest);
    EXPECT_EQ(packet.data, wanted != 0 ? mppe(wanted) : Octets{}) << std::hex << wanted;
    return packet;
  }
  void acks(std::uint32_t wish) {
    receive(conf_req(++id, mppe(wish)));
    EXPECT_EQ(only(), conf_ack(id, mppe(wish))) << std::hex << wish;
  }
  void naks(std::uint32_t wish, std::uint32_t with) {
    receive(conf_req(++id, mppe(wish)));
    EXPECT_EQ(only(), conf_nak(id, mppe(with))) << std::hex << wish;
  }
  void rejects(std::uint32_t wish) {
    receive(conf_req(++id, mppe(wish)));
    EXPECT_EQ(only(), conf_rej(id, mppe(wish))) << std::hex << wish;
  }
  /// The peer accepts our request as it is.
  void peer_acks(std::uint32_t ours) {
    const Packet packet = request(ours);
    receive(conf_ack(packet.id, packet.data));
  }
};

TEST_F(CcpMppc, DeniedItIsNeitherAskedForNorAcknowledged) {
  start(MppcPolicy::kDeny);
  request(H | S | M | L);
  naks(H | S | C, H | S);
  acks(H | S);
  start(MppcPolicy::kDeny, MppePolicy::kDeny);
  request(0);
  rejects(H | C);
}

TEST_F(CcpMppc, WithEveryStrengthBothWays) {
  for (const auto& [strength, name] :
       {std::pair(S, MppeStrength::k128), std::pair(M, MppeStrength::k56), std::pair(L, MppeStrength::k40)}) {
    start(MppcPolicy::kStateless);
    Packet packet = request(H | S | M | L | C);
    receive(conf_nak(packet.id, mppe(H | strength | C)));
    packet = request(H | strength | C);
    receive(conf_ack(packet.id, packet.data));
    acks(H | strength | C);
    ASSERT_TRUE(ccp->encrypts());
    EXPECT_TRUE(ccp->compresses());
    EXPECT_EQ(ccp->receive_mode(), (MppeMode{name, false, true}));
    EXPECT_EQ(ccp->send_mode(), (MppeMode{name, false, true}));
    EXPECT_EQ(ccp->describe_compression(), "mppc");
    EXPECT_EQ(host.expected, (MppeMode{name, false, true})) << "armed before our Ack";
  }
}

// What Windows sends first: everything but D. It comes back with what we name.
TEST_F(CcpMppc, WindowsOfferOfEverythingIsNakedToOneStrengthAndCompression) {
  start(MppcPolicy::kStateless);
  host.take();
  naks(H | M | S | L | C, H | S | C);
  acks(H | S | C);
  start(MppcPolicy::kStateless);
  host.take();
  naks(H | S | C | D, H | S | C);
}

TEST_F(CcpMppc, EachDirectionIsAgreedOnByItself) {
  start(MppcPolicy::kStateless);
  Packet packet = request(H | S | M | L | C);
  receive(conf_nak(packet.id, mppe(H | S)));  // it will not compress
  packet = request(H | S);
  receive(conf_ack(packet.id, packet.data));
  acks(H | S | C);  // but wants to be sent compressed packets
  ASSERT_TRUE(ccp->encrypts());
  EXPECT_EQ(ccp->receive_mode(), (MppeMode{MppeStrength::k128, false, false}));
  EXPECT_EQ(ccp->send_mode(), (MppeMode{MppeStrength::k128, false, true}));
  EXPECT_EQ(ccp->describe(), "128") << "they do not differ in encryption";
  EXPECT_EQ(ccp->describe_compression(), "none/mppc");

  start(MppcPolicy::kStateless);
  peer_acks(H | S | M | L | C);
  acks(H | S);
  EXPECT_EQ(ccp->describe_compression(), "mppc/none");
}

TEST_F(CcpMppc, APeerThatRejectsTheOptionForTheBitKeepsItsEncryption) {
  start(MppcPolicy::kStateless);
  Packet packet = request(H | S | M | L | C);
  receive(conf_rej(packet.id, packet.data));
  packet = request(H | S | M | L);
  receive(conf_ack(packet.id, packet.data));
  acks(H | S);
  EXPECT_TRUE(ccp->encrypts());
  EXPECT_FALSE(ccp->compresses());
}

TEST_F(CcpMppc, AloneItNeedsNoKeys) {
  start(MppcPolicy::kStateless, MppePolicy::kDeny);
  peer_acks(H | C);
  naks(H | S | C, H | C);
  acks(H | C);
  EXPECT_TRUE(ccp->opened());
  EXPECT_FALSE(ccp->encrypts());
  EXPECT_TRUE(ccp->compresses());
  EXPECT_EQ(ccp->send_mode(), (MppeMode{MppeStrength::kNone, false, true}));
  EXPECT_EQ(host.expected, (MppeMode{MppeStrength::kNone, false, true}));
  EXPECT_EQ(ccp->describe(), "none");
}

TEST_F(CcpMppc, AloneItMayGoOneWay) {
  start(MppcPolicy::kStateless, MppePolicy::kDeny);
  peer_acks(H | C);
  receive(conf_req(++id));
  EXPECT_EQ(only(), conf_ack(id));
  EXPECT_TRUE(ccp->opened());
  EXPECT_EQ(ccp->describe_compression(), "mppc/none");
  EXPECT_EQ(host.expected, (MppeMode{MppeStrength::kNone, false, true}));

  start(MppcPolicy::kStateless, MppePolicy::kDeny);
  Packet packet = request(H | C);
  receive(conf_rej(packet.id, packet.data));
  packet = request(0);
  receive(conf_ack(packet.id, packet.data));
  acks(H | C);
  EXPECT_TRUE(ccp->opened());
  EXPECT_EQ(ccp->describe_compression(), "none/mppc");
}

// Windows with encryption off: +H -M -S -L -D +C.
TEST_F(CcpMppc, APeerWithoutEncryptionStillGetsCompression) {
  start(MppcPolicy::kStateless);
  const Packet packet = request(H | S | M | L | C);
  naks(H | C, H | S | C);  // we would rather encrypt
  receive(conf_nak(packet.id, mppe(H | C)));
  peer_acks(H | C);
  acks(H | C);
  EXPECT_TRUE(ccp->opened());
  EXPECT_FALSE(ccp->encrypts());
  EXPECT_EQ(ccp->describe_compression(), "mppc");
}

TEST_F(CcpMppc, WhereEncryptionIsRequiredCompressionAloneIsNotEnough) {
  start(MppcPolicy::kStateless, MppePolicy::kRequire);
  const Packet packet = request(H | S | M | L | C);
  receive(conf_nak(packet.id, mppe(H | C)));
  EXPECT_EQ(host.take_events().back(), "failed mppe_refused");
}

TEST_F(CcpMppc, StatelessPolicyNeverGoesStateful) {
  start(MppcPolicy::kStateless, MppePolicy::kDeny);
  host.take();
  host.has_mppc_history = true;
  naks(C, H | C);
  // A peer that insists on stateful MPPE gets it, and no compression.
  start(MppcPolicy::kStateless, MppePolicy::kPrefer, StatefulPolicy::kAllow);
  host.take();
  naks(S | C, H | S | C);  // stateless is suggested once
  naks(S | C, S);
  acks(S);
}

TEST_F(CcpMppc, AllowGoesStatefulWithWhoInsists) {
  host.has_mppc_history = true;
  start(MppcPolicy::kAllow, MppePolicy::kDeny);
  Packet packet = request(H | C);
  receive(conf_nak(packet.id, mppe(C)));
  packet = request(C);
  receive(conf_ack(packet.id, packet.data));
  acks(C);
  EXPECT_EQ(ccp->describe_compression(), "mppc-stateful");
  EXPECT_EQ(ccp->receive_mode(), (MppeMode{MppeStrength::kNone, true, true}));

  start(MppcPolicy::kAllow, MppePolicy::kPrefer, StatefulPolicy::kPrefer);
  peer_acks(S | M | L | C);
  acks(S | C);
  EXPECT_EQ(ccp->describe(), "128-stateful");
  EXPECT_EQ(ccp->describe_compression(), "mppc-stateful");
}

TEST_F(CcpMppc, WithoutRoomForHistoriesAPeerComesUpWithoutCompressionOrStateless) {
  host.has_mppc_history = false;
  start(MppcPolicy::kAllow, MppePolicy::kPrefer, StatefulPolicy::kPrefer);
  request(S | M | L);
  naks(S | C, S);
  acks(S);
  start(MppcPolicy::kAllow, MppePolicy::kDeny);
  host.take();
  naks(C, H | C);
  acks(H | C);
}

TEST_F(CcpMppc, AResetFlushesAStatefulStreamWithoutEncryptionToo) {
  host.has_mppc_history = true;
  start(MppcPolicy::kAllow, MppePolicy::kDeny);
  Packet packet = request(H | C);
  receive(conf_nak(packet.id, mppe(C)));
  packet = request(C);
  receive(conf_ack(packet.id, packet.data));
  acks(C);
  host.take_events();
  receive({PppCode::kResetRequest, 7, {}});
  EXPECT_EQ(only(), (Packet{PppCode::kResetAck, 7, {}}));
  EXPECT_EQ(host.take_events(), std::vector<std::string>{"begin anew"});
  ccp->request_reset();
  EXPECT_EQ(only().code, PppCode::kResetRequest);

  start(MppcPolicy::kAllow, MppePolicy::kDeny);
  peer_acks(H | C);
  acks(H | C);
  host.take_events();
  receive({PppCode::kResetRequest, 8, {}});
  EXPECT_EQ(only(), (Packet{PppCode::kResetAck, 8, {}})) << "stateless: nothing to flush";
  EXPECT_TRUE(host.take_events().empty());
  ccp->request_reset();
  EXPECT_TRUE(host.take().empty());
}

}  // namespace
}  // namespace adit::control
