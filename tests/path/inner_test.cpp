// SPDX-License-Identifier: Apache-2.0
// What a subscriber may send and receive: sources, destinations, TTL, size, segments (conformance: SEC, MTU rows).
#include "dataplane/wire/icmp.hpp"
#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

constexpr std::uint8_t kSyn = 0x02;

class Inner : public testing::Test {
 protected:
  Octets up_one(const Octets& inner) {
    world_.arrive(kAccessSide, peer_.clear(inner));
    world_.settle();
    const std::vector<Octets> out = world_.sent(kCoreSide);
    EXPECT_LE(out.size(), 1U);
    return out.empty() ? Octets{} : read_sent(out[0]).packet;
  }
  /// The inner packets that reached the client.
  std::vector<Octets> down(const Octets& inner) {
    world_.arrive(kCoreSide, core_frame(inner));
    world_.settle();
    return to_client();
  }
  std::vector<Octets> to_client() {
    std::vector<Octets> packets;
    for (const Octets& frame : world_.sent(kAccessSide)) {
      const SentGre gre = read_gre(frame);
      if (!gre.sequence) {
        continue;  // a bare acknowledgement
      }
      const auto ppp = wire::parse_ppp(gre.ppp);
      EXPECT_TRUE(ppp && ppp->protocol == wire::PppProtocol::kIpv4);
      packets.emplace_back(gre.ppp.begin() + ppp->header_length, gre.ppp.end());
    }
    return packets;
  }

  World world_;
  Peer peer_;
  contract::CallRef call_ = world_.install_up();
};

TEST_F(Inner, SEC_02_NoTunnelToTheConcentratorFromInsideOne) {
  const auto to = [](std::uint8_t protocol, const Octets& payload) {
    return PacketBuilder(payload).ip(kSubscriber, kServer, protocol).octets();
  };
  EXPECT_TRUE(up_one(to(47, PacketBuilder().gre(0).octets())).empty());
  EXPECT_TRUE(up_one(PacketBuilder()
                         .tcp(4000, 1723, kSyn, std::nullopt, kSubscriber, kServer)
                         .ip(kSubscriber, kServer, 6)
                         .octets())
                  .empty());
  EXPECT_TRUE(up_one(to(6, Octets{1})).empty());  // too short to tell
  Octets fragment = to(6, Octets(16));
  fragment[7] = 3;
  EXPECT_TRUE(up_one(PacketBuilder(fragment).ttl(64).octets()).empty());
  EXPECT_EQ(world_.dropped(DropReason::kToConcentrator), 4U);
  // A subscriber may use PPTP to other servers.
  EXPECT_FALSE(up_one(PacketBuilder()
                          .tcp(4000, 1723, kSyn, std::nullopt, kSubscriber, kHost)
                          .ip(kSubscriber, kHost, 6)
                          .octets())
                   .empty());
}

TEST_F(Inner, SEC_03_OnlyTheAssignedSourceIsForwarded) {
  for (const wire::Ipv4Address source :
       {wire::Ipv4Address(10, 64, 0, 3), wire::Ipv4Address(), wire::Ipv4Address(127, 0, 0, 1),
        wire::Ipv4Address(169, 254, 1, 1), wire::Ipv4Address(224, 0, 0, 1), wire::Ipv4Address(0xffffffff),
        kServer}) {
    EXPECT_TRUE(up_one(inner_packet(source, kHost)).empty()) << to_string(source);
  }
  EXPECT_EQ(world_.dropped(DropReason::kSpoofedSource), 7U);
  EXPECT_FALSE(up_one(inner_packet(kSubscriber, kHost)).empty());
}

TEST_F(Inner, SEC_03_MartiansGoNeitherWay) {
  std::uint64_t expected = 0;
  for (const wire::Ipv4Address martian :
       {wire::Ipv4Address(0, 1, 2, 3), wire::Ipv4Address(127, 0, 0, 1), wire::Ipv4Address(169, 254, 1, 1),
        wire::Ipv4Address(224, 0, 0, 1), wire::Ipv4Address(240, 0, 0, 1), wire::Ipv4Address(0xffffffff)}) {
    EXPECT_TRUE(up_one(inner_packet(kSubscriber, martian)).empty()) << to_string(martian);
    EXPECT_TRUE(down(inner_packet(martian, kSubscriber)).empty()) << to_string(martian);
    expected += 2;
  }
  EXPECT_TRUE(down(inner_packet(kSubscriber, kSubscriber)).empty());  // its own address from the outside
  EXPECT_EQ(world_.dropped(DropReason::kMartian), expected + 1);
}

// Windows sends DHCPINFORM for its routes and NetBIOS for names; in a tunnel both are broadcasts without a
// receiver.
TEST_F(Inner, NCP_06_DhcpInformAndNetbiosBroadcastsGoNowhere) {
  constexpr wire::Ipv4Address kEverybody(0xffffffff);
  const auto datagram = [](std::uint16_t from, std::uint16_t to, std::size_t size) {
    return PacketBuilder(Octets(size)).udp(from, to).ip(kSubscriber, kEverybody, 17).octets();
  };
  EXPECT_TRUE(up_one(datagram(68, 67, 300)).empty());
  EXPECT_TRUE(up_one(datagram(137, 137, 50)).empty());
  EXPECT_TRUE(up_one(datagram(138, 138, 180)).empty());
  EXPECT_EQ(world_.dropped(DropReason::kMartian), 3U);
  EXPECT_TRUE(to_client().empty());
}

TEST_F(Inner, TheSubscribersGatewayAnswersPingsAndNothingElse) {
  EXPECT_TRUE(up_one(inner_packet(kSubscriber, kGateway)).empty());
  EXPECT_TRUE(to_client().empty());
  Octets echo{8, 0, 0, 0, 0x12, 0x34, 0, 1, 'p', 'i', 'n', 'g', '!'};
  wire::store_be(echo.data() + 2, wire::internet_checksum(echo));
  const Octets request = PacketBuilder(echo).ip(kSubscriber, kGateway, wire::kIpProtocolIcmp).octets();
  EXPECT_TRUE(up_one(request).empty());
  const std::vector<Octets> replies = to_client();
  ASSERT_EQ(replies.size(), 1U);
  const auto reply = wire::parse_ipv4(replies[0]);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->source, kGateway);
  EXPECT_EQ(reply->destination, kSubscriber);
  EXPECT_EQ(reply->ttl, 64);
  const Octets icmp(replies[0].begin() + wire::kIpv4Size, replies[0].end());
  EXPECT_EQ(icmp[0], 0);
  EXPECT_EQ(wire::internet_checksum(icmp), 0);
  EXPECT_TRUE(std::equal(icmp.begin() + 4, icmp.end(), echo.begin() + 4, echo.end()));
  Octets wrong = request;
  wrong.back() ^= 1;  // damages its checksum
  EXPECT_TRUE(up_one(wrong).empty());
  EXPECT_TRUE(to_client().empty());
  EXPECT_EQ(world_.dropped(DropReason::kToGateway), 2U);
}

TEST_F(Inner, MalformedInnerHeadersAreDroppedBothWays) {
  for (const std::size_t at : {0U, 2U, 10U}) {
    Octets bad = inner_packet(kSubscriber, kHost);
    bad[at] ^= 0x80;
    EXPECT_TRUE(up_one(bad).empty());
    bad = inner_packet(kHost, kSubscriber);
    bad[at] ^= 0x80;
    EXPECT_TRUE(down(bad).empty());
  }
  EXPECT_EQ(world_.dropped(DropReason::kInnerHeader), 6U);
}

TEST_F(Inner, Ipv6IsNotUp) {
  world_.arrive(kAccessSide, peer_.control(wire::PppProtocol::kIpv6, Octets(40, 0x60)));
  world_.turn();
  EXPECT_EQ(world_.dropped(DropReason::kIpv6NotUp), 1U);
  EXPECT_FALSE(world_.ppp_frame());
}

TEST_F(Inner, AnExpiringTtlIsAnsweredFromTheGatewayBothWays) {
  EXPECT_TRUE(up_one(inner_packet(kSubscriber, kHost, 64, 1)).empty());
  std::vector<Octets> errors = to_client();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0][20], 11);
  EXPECT_EQ(wire::parse_ipv4(errors[0])->source, kGateway);
  EXPECT_EQ(wire::parse_ipv4(errors[0])->destination, kSubscriber);

  EXPECT_TRUE(down(inner_packet(kHost, kSubscriber, 64, 1)).empty());
  const std::vector<Octets> out = world_.sent(kCoreSide);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(read_sent(out[0]).ip.destination, kHost);
  EXPECT_EQ(read_sent(out[0]).payload()[0], 11);
  EXPECT_EQ(world_.dropped(DropReason::kTtlExpired), 2U);
  EXPECT_FALSE(up_one(inner_packet(kSubscriber, kHost, 64, 2)).empty());
}

TEST_F(Inner, NoErrorAboutAnErrorAndNotMoreThanTheRate) {
  Octets error(576);
  const Octets offending = inner_packet(kSubscriber, kHost, 64, 1);
  error.resize(wire::write_icmp_error(error.data(), wire::kTimeExceeded, kSubscriber,
                                      *wire::parse_ipv4(offending), offending));
  wire::store_be(error.data() + 12, kSubscriber.value);
  wire::store_be(error.data() + 16, kHost.value);
  EXPECT_TRUE(up_one(PacketBuilder(error).ttl(1).octets()).empty());
  EXPECT_TRUE(to_client().empty());

  for (std::uint32_t i = 0; i < kCallIcmpCapacity * 3; ++i) {
    world_.arrive(kAccessSide, peer_.clear(offending));
    world_.settle();
  }
  EXPECT_EQ(to_client().size(), kCallIcmpCapacity);
  EXPECT_EQ(world_.counters().icmp_sent.read(), kCallIcmpCapacity);
}

TEST_F(Inner, SynSegmentsAreClampedBothWays) {
  const std::uint16_t limit = 1460 - 40;  // no MPPE, no compression, MTU 1500
  const auto syn = [](wire::Ipv4Address from, wire::Ipv4Address to, std::uint16_t mss) {
    return PacketBuilder().tcp(4000, 80, kSyn, mss, from, to).ip(from, to, 6).octets();
  };
  Octets out = up_one(syn(kSubscriber, kHost, 1460));
  EXPECT_EQ(out, PacketBuilder(syn(kSubscriber, kHost, limit)).ttl(63).octets());  // checks the checksum too
  EXPECT_EQ(up_one(syn(kSubscriber, kHost, 1000)),
            PacketBuilder(syn(kSubscriber, kHost, 1000)).ttl(63).octets());
  const std::vector<Octets> in = down(syn(kHost, kSubscriber, 8960));
  ASSERT_EQ(in.size(), 1U);
  EXPECT_EQ(in[0], PacketBuilder(syn(kHost, kSubscriber, limit)).ttl(63).octets());
  EXPECT_EQ(world_.counters().mss_clamped.read(), 2U);
}

TEST_F(Inner, SubscriberToSubscriberTurnsRoundHere) {
  const contract::CallRef other = world_.install_up(1);
  const Octets inner = inner_packet(kSubscriber, wire::Ipv4Address(kSubscriber.value + 1), 200);
  EXPECT_TRUE(up_one(inner).empty());
  const std::vector<Octets> frames = world_.sent(kAccessSide);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(read_sent(frames[0]).ip.destination.value, kClient.value + 1);
  const Octets ppp = read_gre(frames[0]).ppp;
  EXPECT_EQ(Octets(ppp.begin() + 4, ppp.end()), PacketBuilder(inner).ttl(63).octets()) << "one hop, not two";
  EXPECT_EQ(world_.totals(call_).uplink_packets, 1U);
  EXPECT_EQ(world_.totals(other).downlink_packets, 1U);
  EXPECT_EQ(world_.counters().hairpin_packets.read(), 1U);
}

TEST_F(Inner, UnknownDestinationsHaveNames) {
  EXPECT_TRUE(down(inner_packet(kHost, wire::Ipv4Address(10, 64, 7, 7))).empty());
  EXPECT_EQ(world_.dropped(DropReason::kUnknownSubscriber), 1U);
  world_.tell(call_, contract::DisableIp{call_});
  EXPECT_TRUE(down(inner_packet(kHost, kSubscriber)).empty());
  EXPECT_EQ(world_.dropped(DropReason::kUnknownSubscriber), 2U);
}

TEST_F(Inner, ANewSnapshotOfRoutesIsUsedAtOnce) {
  EXPECT_FALSE(up_one(inner_packet(kSubscriber, kHost)).empty());
  EXPECT_EQ(down(inner_packet(kHost, kSubscriber)).size(), 1U);
  world_.publish({}, {});
  EXPECT_TRUE(up_one(inner_packet(kSubscriber, kHost)).empty());
  EXPECT_TRUE(down(inner_packet(kHost, kSubscriber)).empty());
  EXPECT_EQ(world_.dropped(DropReason::kNoRoute), 3U)
      << "with the ICMP error about the first, which has no way either";
  const std::vector<RouteEntry> routes{
      {.prefix = kClient, .length = 32, .paths = {{.ifindex = 11}}},
      {.prefix = {}, .length = 0, .paths = {{.ifindex = 12}}}};  // on-link, no neighbour resolved
  const std::vector<NeighbourEntry> neighbours{{11, kClient, kClientMac}};
  world_.publish(routes, neighbours);
  for (std::uint32_t i = 0; i < kCallResolveCapacity * 2; ++i) {
    EXPECT_TRUE(up_one(inner_packet(kSubscriber, kHost)).empty());
  }
  EXPECT_EQ(world_.dropped(DropReason::kUnresolved), kCallResolveCapacity * 2 - kNeighbourWaitPackets)
      << "the first wait";
  std::uint32_t asked = 0;
  while (const auto message = world_.told<contract::ResolveNextHop>()) {
    EXPECT_EQ(message->destination, kHost);
    ++asked;
  }
  EXPECT_EQ(asked, kCallResolveCapacity);
}

// ---- sizes ---------------------------------------------------------------------------------------------------------

struct MtuRow {
  bool mppe, compression;
  std::uint16_t peer_mru, port_mtu, expected;
};

class InnerMtu : public testing::TestWithParam<MtuRow> {};

TEST_P(InnerMtu, FitsExactlyAndNotOneOctetMore) {
  const MtuRow row = GetParam();
  World world({.access_mtu = row.port_mtu});
  Peer peer;
  const contract::CallRef call = world.install_up(0, 0, row.peer_mru);
  world.tell(call, contract::SetPppCompression{call, row.compression, row.compression});
  if (row.mppe) {
    world.tell(call, peer.enable_receive(call));
    world.tell(call, peer.enable_send(call));
  }
  // The uplink owes an acknowledgement, and the downlink carries it: this is the longest header.
  const Octets up = inner_packet(kSubscriber, kHost, 100);
  world.arrive(kAccessSide, row.mppe ? peer.encrypted(up) : peer.clear(up));
  world.turn();
  world.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber, row.expected, 64, true)));
  world.turn();
  const std::vector<Octets> frames = world.sent(kAccessSide);
  ASSERT_EQ(frames.size(), 1U);
  ASSERT_TRUE(read_gre(frames[0]).ack);
  const std::size_t outer = read_sent(frames[0]).packet.size();
  const bool port_is_narrowest = row.peer_mru == 1500;
  EXPECT_EQ(outer, port_is_narrowest
                       ? row.port_mtu
                       : row.expected + wire::tunnel_overhead({row.compression, row.compression}, row.mppe));
  static_cast<void>(world.sent(kCoreSide));

  world.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber, row.expected + 1U, 64, true)));
  world.turn();
  EXPECT_TRUE(world.sent(kAccessSide).empty());
  EXPECT_EQ(world.dropped(DropReason::kTooBig), 1U);
  const std::vector<Octets> errors = world.sent(kCoreSide);
  ASSERT_EQ(errors.size(), 1U);
  const Sent error = read_sent(errors[0]);
  EXPECT_EQ(error.ip.source, kGateway);
  EXPECT_EQ(error.ip.destination, kHost);
  const Octets icmp = error.payload();
  EXPECT_EQ(icmp[0], 3);
  EXPECT_EQ(icmp[1], 4);
  EXPECT_EQ(wire::load_be<std::uint16_t>(icmp.data() + 6), row.expected);
}

INSTANTIATE_TEST_SUITE_P(
    ConformanceTable, InnerMtu,
    testing::Values(MtuRow{false, false, 1500, 1500, 1460}, MtuRow{false, true, 1500, 1500, 1463},
                    MtuRow{true, false, 1500, 1500, 1456}, MtuRow{true, true, 1500, 1500, 1460},
                    MtuRow{true, false, 1400, 1500, 1396}, MtuRow{false, false, 1400, 1500, 1400},
                    MtuRow{true, false, 1500, 1492, 1448}, MtuRow{true, false, 1500, 1400, 1356},
                    MtuRow{true, false, 1500, 1300, 1256}, MtuRow{false, false, 1500, 1300, 1260}));

TEST_F(Inner, WithoutDfALargePacketIsCutToFit) {
  const Octets large = inner_packet(kHost, kSubscriber, 1500);
  const std::vector<Octets> pieces = down(large);
  ASSERT_EQ(pieces.size(), 2U);
  Octets joined;
  for (const Octets& piece : pieces) {
    const auto header = wire::parse_ipv4(piece);
    ASSERT_TRUE(header);
    EXPECT_LE(piece.size(), 1460U);
    EXPECT_EQ(header->fragment_offset, joined.size());
    EXPECT_EQ(header->ttl, 63);
    EXPECT_EQ(header->more_fragments, &piece != &pieces.back());
    joined.insert(joined.end(), piece.begin() + 20, piece.end());
  }
  EXPECT_EQ(joined, Octets(large.begin() + 20, large.end()));
  EXPECT_EQ(world_.counters().fragmented.read(), 1U);
  EXPECT_EQ(world_.totals(call_).downlink_packets, 2U);
}

TEST_F(Inner, WhatWouldTakeTooManyPiecesIsDropped) {
  world_.tell(call_, contract::EnableIp{
                         .call = call_, .subscriber = kSubscriber, .peer_mru = 68, .require_mppe = false});
  EXPECT_TRUE(down(inner_packet(kHost, kSubscriber, 1500)).empty());
  EXPECT_EQ(world_.dropped(DropReason::kTooManyFragments), 1U);
  EXPECT_EQ(down(inner_packet(kHost, kSubscriber, 20 + 8 * 48)).size(), 8U);
}

TEST_F(Inner, AFullBurstMayBeCut) {
  world_.tell(call_, contract::EnableIp{
                         .call = call_, .subscriber = kSubscriber, .peer_mru = 68, .require_mppe = false});
  for (int i = 0; i < kBurst; ++i) {
    world_.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber, 20 + 8 * 48)));
  }
  world_.settle();
  EXPECT_EQ(to_client().size(), kDownlinkBurst);
  EXPECT_EQ(world_.all_drops(), 0U);
}

TEST(InnerCore, GRE_13_DscpIsCopiedBothWaysWhenAsked) {
  for (const bool copy : {false, true}) {
    World world({.policy = {.copy_dscp = {.down = copy, .up = copy}}});
    Peer peer;
    const contract::CallRef call = world.install_up();
    Octets frame = peer.clear(inner_packet(kSubscriber, kHost, 100));
    wire::set_dscp(frame.data() + 14, 0x2b);  // AF11, plus ECN bits
    world.arrive(kAccessSide, frame);
    world.turn();
    const std::vector<Octets> up = world.sent(kCoreSide);
    ASSERT_EQ(up.size(), 1U);
    EXPECT_EQ(read_sent(up[0]).ip.tos, copy ? 0x28 : 0);

    world.tell(call, peer.enable_send(call));
    Octets inner = inner_packet(kHost, kSubscriber, 100);
    wire::set_dscp(inner.data(), 0xb8);  // EF
    world.arrive(kCoreSide, core_frame(inner));
    world.turn();
    const std::vector<Octets> down = world.sent(kAccessSide);
    ASSERT_EQ(down.size(), 1U);
    EXPECT_EQ(read_sent(down[0]).ip.tos, copy ? 0xb8 : 0) << "though the inner packet is encrypted";
  }
}

TEST(InnerCore, AnUplinkPacketLargerThanTheCorePort) {
  World world({.core_mtu = 1000});
  Peer peer;
  world.install_up();
  world.arrive(kAccessSide, peer.clear(inner_packet(kSubscriber, kHost, 1200)));
  world.arrive(kAccessSide, peer.clear(inner_packet(kSubscriber, kHost, 1200, 64, true)));
  world.turn();
  EXPECT_EQ(world.sent(kCoreSide).size(), 2U) << "two pieces of the first";
  EXPECT_EQ(world.dropped(DropReason::kTooBig), 1U);
  const std::vector<Octets> errors = world.sent(kAccessSide);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(wire::load_be<std::uint16_t>(read_gre(errors[0]).ppp.data() + 4 + 26), 1000);
}

TEST(InnerCore, BuffersWithoutHeadroomAreNamed) {
  World world;
  world.install_up();
  world.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber, 64)), 0, Bench::instance().tight_pool);
  world.turn();
  EXPECT_EQ(world.dropped(DropReason::kNoHeadroom), 1U);
  EXPECT_EQ(rte_mempool_avail_count(Bench::instance().tight_pool), 63U);
}

}  // namespace
}  // namespace adit::dataplane::path
