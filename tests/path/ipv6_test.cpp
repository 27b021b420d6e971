// SPDX-License-Identifier: Apache-2.0
// IPv6 of a subscriber, both ways: sources, destinations, sizes, what our end of the link answers, what control hears.
#include <array>

#include "dataplane/wire/icmpv6.hpp"
#include "dataplane/wire/neighbour.hpp"
#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

constexpr std::uint64_t kPeerId6 = 0x0200'5eff'fe00'5301;
constexpr std::uint64_t kLink = 0x2001'0db8'0064'0000;       // the subscriber's /64
constexpr std::uint64_t kOtherLink = 0x2001'0db8'0064'0001;  // its neighbour's
constexpr std::uint64_t kDelegated = 0x2001'0db8'1000'0100;  // its /56
constexpr std::uint64_t kOtherDelegated = 0x2001'0db8'1000'0200;
constexpr wire::Ipv6Address kSubscriber6{kLink, kPeerId6};
constexpr wire::Ipv6Address kBehind6{kDelegated | 0x42, 0x1234};
constexpr wire::Ipv6Address kHost6{0x2001'0db8'ffff'0000, 5};
constexpr wire::Ipv6Address kGateway6{kLink, 1};
constexpr wire::Ipv6Address kOurLinkLocal = wire::link_local(1);
constexpr wire::Ipv6Address kPeerLinkLocal = wire::link_local(kPeerId6);
constexpr std::uint8_t kIcmpv6 = wire::kIpProtocolIcmpv6;

struct Fields {
  std::uint8_t next_header = wire::kIpProtocolUdp;
  std::uint8_t hop_limit = 64;
};
Octets ipv6(const wire::Ipv6Address& from, const wire::Ipv6Address& to, const Octets& payload,
            Fields fields = {}) {
  Octets packet(wire::kIpv6Size);
  wire::write_ipv6(packet.data(), {.source = from,
                                   .destination = to,
                                   .payload_length = static_cast<std::uint16_t>(payload.size()),
                                   .next_header = fields.next_header,
                                   .hop_limit = fields.hop_limit});
  packet.insert(packet.end(), payload.begin(), payload.end());
  return packet;
}
/// A UDP packet of `size` octets, 48 at least.
Octets datagram6(const wire::Ipv6Address& from, const wire::Ipv6Address& to, std::size_t size = 100,
                 std::uint8_t hop_limit = 64) {
  return ipv6(from, to, PacketBuilder(Octets(size - 48, 0x5a)).udp(4000, 5000).octets(),
              {.hop_limit = hop_limit});
}
/// With a right checksum.
Octets icmpv6(const wire::Ipv6Address& from, const wire::Ipv6Address& to, Octets message,
              std::uint8_t hop_limit = 255) {
  Octets packet = ipv6(from, to, message, {.next_header = kIcmpv6, .hop_limit = hop_limit});
  const wire::Bytes upper = wire::Bytes(packet).subspan(wire::kIpv6Size);
  wire::store_be(packet.data() + wire::kIpv6Size + 2,
                 wire::upper_layer_checksum(packet.data(), upper, kIcmpv6));
  return packet;
}
Octets ping6(const wire::Ipv6Address& from, const wire::Ipv6Address& to) {
  return icmpv6(from, to, {128, 0, 0, 0, 0x12, 0x34, 0, 1, 'p', 'i', 'n', 'g', '!'}, 64);
}
Octets solicitation(const wire::Ipv6Address& from, const wire::Ipv6Address& target,
                    const wire::Ipv6Address& to) {
  Octets message(24);
  message[0] = 135;
  wire::store_ipv6(message.data() + 8, target);
  return icmpv6(from, to, message);
}

RouteEntry6 route_to(const wire::Ipv6Address& prefix, std::uint8_t length, std::vector<RoutePath6> paths) {
  RouteEntry6 route;
  route.prefix = prefix;
  route.length = length;
  route.paths = std::move(paths);
  return route;
}

class Ipv6Path : public testing::Test {
 protected:
  explicit Ipv6Path(const WorldOptions& options = {}) : world_(options) {
    enable(call_, kLink, kDelegated, kPeerId6);
    map(call_, kLink, kDelegated);
    const RouteEntry6 route = route_to({}, 0, {RoutePath6{.ifindex = kCoreIfindex, .gateway = kRouter6}});
    const NeighbourEntry6 router{.ifindex = kCoreIfindex, .address = kRouter6, .mac = kRouterMac};
    world_.publish_ipv6(std::array{route}, std::array{router});
    world_.settle();
  }
  void enable(const contract::CallRef& call, std::uint64_t link, std::uint64_t delegated, std::uint64_t id) {
    world_.tell(call,
                contract::EnableIpv6{.call = call,
                                     .peer_mru = 1500,
                                     .delegated_length = static_cast<std::uint8_t>(delegated == 0 ? 0 : 56),
                                     .interface_id = id,
                                     .link_prefix = link,
                                     .delegated = delegated});
    world_.settle();
  }
  void map(const contract::CallRef& call, std::uint64_t link, std::uint64_t delegated) {
    ASSERT_TRUE(world_.index().map_route(wire::Ipv6Prefix{.address = {link, 0}, .length = 64}, call));
    ASSERT_TRUE(world_.index().map_route(wire::Ipv6Prefix{.address = {delegated, 0}, .length = 56}, call));
  }

  /// The IP packet that left by the core side; empty: none did.
  Octets up(const Octets& inner) {
    world_.arrive(kAccessSide, peer_.data6(inner));
    world_.settle();
    const std::vector<Octets> out = world_.sent(kCoreSide);
    EXPECT_LE(out.size(), 1U);
    if (out.empty()) {
      return {};
    }
    EXPECT_EQ(wire::load_be<std::uint16_t>(out[0].data() + 12), 0x86DD);
    EXPECT_TRUE(std::equal(kRouterMac.begin(), kRouterMac.end(), out[0].begin()));
    return {out[0].begin() + 14, out[0].end()};
  }
  std::vector<Octets> down(const Octets& inner) {
    world_.arrive(kCoreSide, PacketBuilder(inner).ethernet(kCoreMac, kRouterMac, 0x86DD).octets());
    world_.settle();
    return to_client();
  }
  /// The IPv6 packets that reached the client.
  std::vector<Octets> to_client() {
    std::vector<Octets> packets;
    for (const Octets& frame : world_.sent(kAccessSide)) {
      const SentGre gre = read_gre(frame);
      if (!gre.sequence) {
        continue;  // a bare acknowledgement
      }
      const auto ppp = wire::parse_ppp(gre.ppp);
      EXPECT_TRUE(ppp && ppp->protocol == wire::PppProtocol::kIpv6);
      packets.emplace_back(gre.ppp.begin() + ppp->header_length, gre.ppp.end());
    }
    return packets;
  }
  /// What came back over the link, one packet, is this kind of ICMPv6 with a right checksum.
  wire::Ipv6Header expect_icmpv6(const std::vector<Octets>& packets, std::uint8_t type) {
    EXPECT_EQ(packets.size(), 1U);
    if (packets.size() != 1 || wire::check_ipv6(packets[0]) != wire::Ipv6Error::kNone) {
      return {};
    }
    const wire::Ipv6Header header = wire::Ipv6View(packets[0].data()).header();
    const wire::Bytes upper = wire::Bytes(packets[0]).subspan(wire::kIpv6Size);
    EXPECT_EQ(upper[0], type);
    EXPECT_EQ(wire::upper_layer_checksum(packets[0].data(), upper, kIcmpv6), 0);
    return header;
  }

  World world_;
  Peer peer_;
  contract::CallRef call_ = world_.install_up();
};

TEST_F(Ipv6Path, GoesUpAndDownWithoutIpv4) {
  world_.tell(call_, contract::DisableIp{call_});
  const Octets sent = datagram6(kSubscriber6, kHost6, 100, 64);
  const Octets expected = datagram6(kSubscriber6, kHost6, 100, 63);
  EXPECT_EQ(up(sent), expected) << "with one hop less";
  EXPECT_EQ(down(datagram6(kHost6, kSubscriber6, 100, 64)),
            std::vector<Octets>{datagram6(kHost6, kSubscriber6, 100, 63)});
  EXPECT_EQ(down(datagram6(kHost6, kBehind6, 100, 64)),
            std::vector<Octets>{datagram6(kHost6, kBehind6, 100, 63)});
  EXPECT_FALSE(up(datagram6(kBehind6, kHost6)).empty());
  const contract::CallTotals totals = world_.totals(call_);
  EXPECT_EQ(totals.uplink_packets, 2U);
  EXPECT_EQ(totals.uplink_octets, 200U) << "octets of IP of both families together (RFC 2866 has one pair)";
  EXPECT_EQ(totals.downlink_packets, 2U);
  EXPECT_EQ(totals.downlink_octets, 200U);
  EXPECT_EQ(world_.all_drops(), 0U);
}

TEST_F(Ipv6Path, NCP_04_Ipv6cpDownLeavesIpv4AsItIs) {  // accel-ppp#57
  world_.tell(call_, contract::DisableIpv6{call_});
  EXPECT_TRUE(up(datagram6(kSubscriber6, kHost6)).empty());
  EXPECT_EQ(world_.dropped(DropReason::kIpv6NotUp), 1U);
  EXPECT_TRUE(down(datagram6(kHost6, kSubscriber6)).empty());
  EXPECT_EQ(world_.dropped(DropReason::kUnknownSubscriber), 1U);
  world_.arrive(kAccessSide, peer_.clear(inner_packet(kSubscriber, kHost)));
  world_.settle();
  EXPECT_EQ(world_.sent(kCoreSide).size(), 1U);
}

TEST_F(Ipv6Path, IP6_11_OnlyItsOwnSourcesAreForwarded) {
  const contract::CallRef other = world_.install_up(1);
  enable(other, kOtherLink, kOtherDelegated, 77);
  map(other, kOtherLink, kOtherDelegated);
  std::uint64_t expected = 0;
  for (const wire::Ipv6Address& source :
       {wire::Ipv6Address{kOtherLink, kPeerId6}, wire::Ipv6Address{kOtherDelegated, 1}, kHost6,
        wire::Ipv6Address{}, wire::Ipv6Address{0, 1}, kPeerLinkLocal, wire::kAllNodes,
        wire::Ipv6Address{0, 0xffff'0a40'0002}}) {
    EXPECT_TRUE(up(datagram6(source, kHost6)).empty()) << to_string(source);
    EXPECT_EQ(world_.dropped(DropReason::kSpoofedSource), ++expected) << to_string(source);
  }
  EXPECT_FALSE(up(datagram6({kLink, 0xabcd}, kHost6)).empty()) << "any address of its /64: RFC 8981";
}

// RFC 4443 §3.1: its router has no route for it, and would return what is returned to it.
TEST_F(Ipv6Path, NothingGoesBackOntoTheLinkThatItCameFrom) {
  const wire::Ipv6Prefix routed{.address = {0x2001'0db8'abcd'0000, 0}, .length = 48};
  ASSERT_TRUE(world_.index().map_route(routed, call_));
  world_.tell(call_, contract::EnableIpv6{.call = call_,
                                          .has_routes = true,
                                          .delegated_length = 56,
                                          .interface_id = kPeerId6,
                                          .link_prefix = kLink,
                                          .delegated = kDelegated});
  std::uint64_t dropped = 0;
  for (const wire::Ipv6Address& source :
       {kSubscriber6, kBehind6, wire::Ipv6Address{0x2001'0db8'abcd'0001, 1}}) {
    for (const wire::Ipv6Address& nowhere :
         {wire::Ipv6Address{kLink, 0xdead}, wire::Ipv6Address{kDelegated | 0xfe, 1}}) {
      SCOPED_TRACE(to_string(source) + " to " + to_string(nowhere));
      EXPECT_TRUE(up(datagram6(source, nowhere)).empty());
      EXPECT_EQ(expect_icmpv6(to_client(), 1).destination, source) << "destination unreachable";
      EXPECT_EQ(world_.dropped(DropReason::kMartian), ++dropped);
      world_.pass_ms(1000);
    }
  }
}

TEST_F(Ipv6Path, IP6_10_AFurtherAddressAndRoutedPrefixesAreItsOwnToo) {
  const wire::Ipv6Address address{0x2001'0db8'00aa'0000, 0x77};
  const wire::Ipv6Prefix routed{.address = {0x2001'0db8'abcd'0000, 0}, .length = 48};
  const wire::Ipv6Address in_routed{0x2001'0db8'abcd'0001, 1};
  EXPECT_TRUE(up(datagram6(address, kHost6)).empty());
  world_.tell(call_, contract::EnableIpv6{
                         .call = call_, .has_routes = true, .interface_id = kPeerId6, .link_prefix = kLink});
  EXPECT_TRUE(up(datagram6(address, kHost6)).empty()) << "the index does not know it";
  ASSERT_TRUE(world_.index().map_route(wire::Ipv6Prefix{.address = address, .length = 128}, call_));
  ASSERT_TRUE(world_.index().map_route(routed, call_));
  EXPECT_FALSE(up(datagram6(address, kHost6)).empty());
  EXPECT_FALSE(up(datagram6(in_routed, kHost6)).empty());
  EXPECT_EQ(down(datagram6(kHost6, address)).size(), 1U);
  EXPECT_EQ(down(datagram6(kHost6, in_routed)).size(), 1U);
  world_.index().unmap_route(wire::Ipv6Prefix{.address = {kDelegated, 0}, .length = 56});
  EXPECT_TRUE(up(datagram6(kBehind6, kHost6)).empty()) << "the delegated prefix has been taken away";
}

TEST_F(Ipv6Path, IP6_11_MartiansGoNeitherWay) {
  std::uint64_t expected = 0;
  for (const wire::Ipv6Address& martian :
       {wire::Ipv6Address{}, wire::Ipv6Address{0, 1}, wire::Ipv6Address{0, 0xffff'0102'0304}}) {
    EXPECT_TRUE(up(datagram6(kSubscriber6, martian)).empty()) << to_string(martian);
    EXPECT_TRUE(down(datagram6(martian, kSubscriber6)).empty()) << to_string(martian);
    expected += 2;
    EXPECT_EQ(world_.dropped(DropReason::kMartian), expected) << to_string(martian);
  }
  for (const wire::Ipv6Address& source : {kPeerLinkLocal, kSubscriber6, kBehind6, kGateway6}) {
    EXPECT_TRUE(down(datagram6(source, kSubscriber6)).empty()) << to_string(source);
    EXPECT_EQ(world_.dropped(DropReason::kMartian), ++expected) << to_string(source);
  }
}

TEST_F(Ipv6Path, IP6_13_MalformedHeadersAndForbiddenExtensionsAreDropped) {
  Octets wrong_version = datagram6(kSubscriber6, kHost6);
  wrong_version[0] = 0x45;
  EXPECT_TRUE(up(wrong_version).empty());
  Octets too_long = datagram6(kSubscriber6, kHost6);
  wire::store_be<std::uint16_t>(too_long.data() + 4, 61);
  EXPECT_TRUE(up(too_long).empty());
  EXPECT_TRUE(up(Octets(39, 0x60)).empty());
  EXPECT_EQ(world_.dropped(DropReason::kInnerHeader), 3U);
  // RFC 5095: a type 0 Routing header with segments left, both ways.
  Octets routing{17, 2, 0, 1, 0, 0, 0, 0};
  routing.resize(24 + 8);
  EXPECT_TRUE(up(ipv6(kSubscriber6, kHost6, routing, {.next_header = 43})).empty());
  EXPECT_TRUE(down(ipv6(kHost6, kSubscriber6, routing, {.next_header = 43})).empty());
  EXPECT_EQ(world_.dropped(DropReason::kIpOptions), 2U);
  // Destination Options and a fragment are everybody's to use.
  EXPECT_FALSE(
      up(ipv6(kSubscriber6, kHost6, Octets{17, 0, 1, 4, 0, 0, 0, 0, 1, 2, 3, 4}, {.next_header = 60}))
          .empty());
  EXPECT_FALSE(
      up(ipv6(kSubscriber6, kHost6, Octets{17, 0, 0, 9, 0, 0, 0, 1, 1, 2, 3, 4}, {.next_header = 44}))
          .empty());
  // Padding behind the packet is not forwarded.
  Octets padded = datagram6(kSubscriber6, kHost6, 48);
  padded.resize(60, 0xee);
  EXPECT_EQ(up(padded), datagram6(kSubscriber6, kHost6, 48, 63));
}

TEST_F(Ipv6Path, IP6_13_HopLimitIsUsedUpAndTold) {
  EXPECT_TRUE(up(datagram6(kSubscriber6, kHost6, 100, 1)).empty());
  const wire::Ipv6Header told = expect_icmpv6(to_client(), 3);
  EXPECT_EQ(told.source, kGateway6);
  EXPECT_EQ(told.destination, kSubscriber6);
  EXPECT_TRUE(down(datagram6(kHost6, kSubscriber6, 100, 1)).empty());
  const std::vector<Octets> back = world_.sent(kCoreSide);
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(wire::Ipv6View(back[0].data() + 14).source(), kGateway6) << "routable, as the /64 is";
  EXPECT_EQ(back[0][14 + wire::kIpv6Size], 3);
  EXPECT_EQ(world_.dropped(DropReason::kTtlExpired), 2U);
}

TEST_F(Ipv6Path, OurEndAnswersPingsToBothOfItsAddresses) {
  for (const wire::Ipv6Address& ours : {kOurLinkLocal, kGateway6}) {
    const bool on_link = wire::is_link_local(ours);
    EXPECT_TRUE(up(ping6(on_link ? kPeerLinkLocal : kSubscriber6, ours)).empty());
    const wire::Ipv6Header reply = expect_icmpv6(to_client(), 129);
    EXPECT_EQ(reply.source, ours);
    EXPECT_EQ(reply.destination, on_link ? kPeerLinkLocal : kSubscriber6);
    EXPECT_EQ(reply.hop_limit, 64);
  }
  EXPECT_TRUE(up(ping6(kBehind6, kGateway6)).empty());
  EXPECT_EQ(expect_icmpv6(to_client(), 129).destination, kBehind6) << "a host behind the subscriber's router";
  EXPECT_TRUE(up(datagram6(kSubscriber6, kGateway6)).empty());
  EXPECT_EQ(world_.dropped(DropReason::kToGateway), 1U) << "and nothing else";
  EXPECT_TRUE(down(ping6(kHost6, kGateway6)).empty());
  EXPECT_EQ(world_.dropped(DropReason::kToGateway), 2U) << "the subscriber would send it back";
  EXPECT_TRUE(to_client().empty());
}

TEST_F(Ipv6Path, IP6_14_OurEndAnswersNeighbourSolicitationsForItself) {
  const wire::Ipv6Address group = wire::solicited_node(kOurLinkLocal);
  EXPECT_TRUE(up(solicitation(kPeerLinkLocal, kOurLinkLocal, group)).empty());
  wire::Ipv6Header answer = expect_icmpv6(to_client(), 136);
  EXPECT_EQ(answer.source, kOurLinkLocal);
  EXPECT_EQ(answer.destination, kPeerLinkLocal);
  EXPECT_EQ(answer.hop_limit, 255);
  // Unicast: is the neighbour still there (RFC 4861 §7.3)?
  EXPECT_TRUE(up(solicitation(kPeerLinkLocal, kOurLinkLocal, kOurLinkLocal)).empty());
  expect_icmpv6(to_client(), 136);
  EXPECT_TRUE(up(solicitation(kPeerLinkLocal, kGateway6, group)).empty());
  EXPECT_EQ(expect_icmpv6(to_client(), 136).source, kGateway6);
  // RFC 4862 §5.4: somebody would like our address. Everybody hears whose it is.
  EXPECT_TRUE(up(solicitation({}, kOurLinkLocal, group)).empty());
  EXPECT_EQ(expect_icmpv6(to_client(), 136).destination, wire::kAllNodes);
  // Duplicate address detection of its own, a scan of its /64, and one that a router has passed on: silence.
  EXPECT_TRUE(up(solicitation({}, kPeerLinkLocal, wire::solicited_node(kPeerLinkLocal))).empty());
  EXPECT_TRUE(up(solicitation(kPeerLinkLocal, {kLink, 0x99}, wire::solicited_node({kLink, 0x99}))).empty());
  Octets forwarded = solicitation(kPeerLinkLocal, kOurLinkLocal, group);
  forwarded[7] = 254;
  EXPECT_TRUE(up(forwarded).empty());
  EXPECT_TRUE(to_client().empty());
  // From another address than its own.
  EXPECT_TRUE(up(solicitation(wire::link_local(9), kOurLinkLocal, group)).empty());
  EXPECT_EQ(world_.dropped(DropReason::kSpoofedSource), 1U);
  EXPECT_TRUE(to_client().empty());
}

TEST_F(Ipv6Path, IP6_14_ControlHearsRouterSolicitationsAndDhcp) {
  const Octets rs = icmpv6(kPeerLinkLocal, wire::kAllRouters, {133, 0, 0, 0, 0, 0, 0, 0});
  const Octets dhcp =
      ipv6(kPeerLinkLocal, wire::kAllDhcpAgents, PacketBuilder(Octets{1, 0, 0, 1}).udp(546, 547).octets());
  for (const Octets& message : {rs, dhcp}) {
    EXPECT_TRUE(up(message).empty());
    Octets expected{0x00, 0x57};
    expected.insert(expected.end(), message.begin(), message.end());
    EXPECT_EQ(world_.ppp_frame(), expected);
  }
  // What hosts say to each other, and a rogue Router Advertisement, go nowhere.
  EXPECT_TRUE(
      up(icmpv6(kPeerLinkLocal, {0xff02'0000'0000'0000, 0x16}, {143, 0, 0, 0, 0, 0, 0, 0}, 1)).empty());
  EXPECT_TRUE(up(ipv6(kPeerLinkLocal, {0xff02'0000'0000'0000, 0xfb},
                      PacketBuilder(Octets(20)).udp(5353, 5353).octets()))
                  .empty());
  EXPECT_EQ(world_.dropped(DropReason::kLinkMulticast), 2U);
  EXPECT_TRUE(
      up(icmpv6(kPeerLinkLocal, wire::kAllNodes, Octets{134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0}))
          .empty());
  EXPECT_EQ(world_.dropped(DropReason::kToGateway), 1U);
  EXPECT_FALSE(world_.ppp_frame().has_value());
}

TEST_F(Ipv6Path, IP6_04_AFloodOfSolicitationsLeavesRoomForLcp) {
  const Octets rs = icmpv6(kPeerLinkLocal, wire::kAllRouters, {133, 0, 0, 0, 0, 0, 0, 0});
  for (int n = 0; n < 500; ++n) {
    world_.arrive(kAccessSide, peer_.data6(rs));
    world_.settle();
  }
  std::size_t heard = 0;
  while (world_.ppp_frame()) {
    ++heard;
  }
  EXPECT_EQ(heard, kIpv6MessageCapacity);
  EXPECT_EQ(world_.dropped(DropReason::kPppFlood), 500 - kIpv6MessageCapacity);
  world_.arrive(kAccessSide, peer_.control(wire::PppProtocol::kLcp, {9, 1, 0, 8, 0, 0, 0, 0}));
  world_.settle();
  EXPECT_TRUE(world_.ppp_frame().has_value());
  world_.pass_ms(1000);
  world_.arrive(kAccessSide, peer_.data6(rs));
  world_.settle();
  EXPECT_TRUE(world_.ppp_frame().has_value());
  to_client();
}

/// conformance: the table of IPv6's sizes, both ways, exact.
TEST_F(Ipv6Path, IP6_12_TheLargestPacketIsExactAndWhatIsLargerIsToldSo) {
  const std::uint16_t mtu = 1500 - 36 - 4;  // outer IPv4 and GRE, PPP
  EXPECT_EQ(down(datagram6(kHost6, kSubscriber6, mtu)).size(), 1U);
  EXPECT_TRUE(down(datagram6(kHost6, kSubscriber6, mtu + 1U)).empty());
  const std::vector<Octets> told = world_.sent(kCoreSide);
  ASSERT_EQ(told.size(), 1U);
  const Octets error(told[0].begin() + 14, told[0].end());
  EXPECT_EQ(error.size(), wire::kIpv6MinMtu) << "RFC 4443 §3.2: as much as fits";
  EXPECT_EQ(wire::Ipv6View(error.data()).source(), kGateway6);
  EXPECT_EQ(wire::Ipv6View(error.data()).destination(), kHost6);
  EXPECT_EQ(error[wire::kIpv6Size], 2);
  EXPECT_EQ(wire::load_be<std::uint32_t>(error.data() + wire::kIpv6Size + 4), mtu);
  EXPECT_EQ(world_.dropped(DropReason::kTooBig), 1U);

  // MPPE takes 4 more, and the peer's MRU counts them.
  world_.tell(call_, peer_.enable_send(call_));
  world_.settle();
  const std::uint16_t encrypted = mtu - 4;
  world_.arrive(kCoreSide, PacketBuilder(datagram6(kHost6, kSubscriber6, encrypted))
                               .ethernet(kCoreMac, kRouterMac, 0x86DD)
                               .octets());
  world_.settle();
  const std::vector<Octets> frames = world_.sent(kAccessSide);
  ASSERT_EQ(frames.size(), 1U);
  const Octets plain = peer_.decrypt6(read_gre(frames[0]));
  EXPECT_EQ(plain, datagram6(kHost6, kSubscriber6, encrypted, 63));
  EXPECT_TRUE(down(datagram6(kHost6, kSubscriber6, encrypted + 1U)).empty());
  const std::vector<Octets> again = world_.sent(kCoreSide);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(wire::load_be<std::uint32_t>(again[0].data() + 14 + wire::kIpv6Size + 4), encrypted);
}

TEST_F(Ipv6Path, IP6_12_MssIsClampedBothWays) {
  const auto syn = [](const wire::Ipv6Address& from, const wire::Ipv6Address& to) {
    Octets segment(24);
    segment[12] = 0x60;
    segment[13] = 0x02;  // SYN
    segment[20] = 2;
    segment[21] = 4;
    wire::store_be<std::uint16_t>(segment.data() + 22, 1440);
    Octets packet = ipv6(from, to, segment, {.next_header = wire::kIpProtocolTcp});
    const wire::Bytes upper = wire::Bytes(packet).subspan(wire::kIpv6Size);
    wire::store_be(packet.data() + wire::kIpv6Size + 16,
                   wire::upper_layer_checksum(packet.data(), upper, wire::kIpProtocolTcp));
    return packet;
  };
  const auto expect_clamped = [](const Octets& packet) {
    ASSERT_EQ(packet.size(), 64U);
    EXPECT_EQ(wire::load_be<std::uint16_t>(packet.data() + 62), 1460 - 60);
    EXPECT_EQ(
        wire::upper_layer_checksum(packet.data(), wire::Bytes(packet).subspan(40), wire::kIpProtocolTcp), 0);
  };
  expect_clamped(up(syn(kSubscriber6, kHost6)));
  const std::vector<Octets> to_subscriber = down(syn(kHost6, kSubscriber6));
  ASSERT_EQ(to_subscriber.size(), 1U);
  expect_clamped(to_subscriber[0]);
}

TEST_F(Ipv6Path, IP6_15_MppeCarriesBothFamilies) {
  world_.tell(call_, peer_.enable_receive(call_));
  world_.tell(call_, peer_.enable_send(call_));
  world_.settle();
  EXPECT_TRUE(up(datagram6(kSubscriber6, kHost6)).empty());
  EXPECT_EQ(world_.dropped(DropReason::kClearRefused), 1U);
  const auto encrypted = [this](const Octets& inner, std::uint8_t protocol) {
    Octets plaintext{0x00, protocol};
    plaintext.insert(plaintext.end(), inner.begin(), inner.end());
    world_.arrive(kAccessSide, peer_.encrypted_plaintext(plaintext));
  };
  encrypted(datagram6(kSubscriber6, kHost6), 0x57);
  encrypted(inner_packet(kSubscriber, kHost), 0x21);
  encrypted(datagram6(kSubscriber6, kHost6, 700), 0x57);
  world_.settle();
  const std::vector<Octets> out = world_.sent(kCoreSide);
  ASSERT_EQ(out.size(), 3U);
  EXPECT_EQ(out[0].size(), 114U);
  EXPECT_EQ(out[1].size(), 78U);
  EXPECT_EQ(out[2].size(), 714U);
  // Our own answers are encrypted as well.
  Octets plaintext{0x00, 0x57};
  const Octets ping = ping6(kPeerLinkLocal, kOurLinkLocal);
  plaintext.insert(plaintext.end(), ping.begin(), ping.end());
  world_.arrive(kAccessSide, peer_.encrypted_plaintext(plaintext));
  world_.settle();
  Octets reply;
  for (const Octets& frame : world_.sent(kAccessSide)) {
    if (const SentGre gre = read_gre(frame); gre.sequence) {
      reply = peer_.decrypt6(gre);
    }
  }
  expect_icmpv6({reply}, 129);
}

TEST_F(Ipv6Path, IP6_15_WhatControlSendsIsTheCallsNextPacketAndEncrypted) {
  const Octets advertisement =
      icmpv6(kOurLinkLocal, wire::kAllNodes, Octets{134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0});
  world_.send_ipv6(call_, advertisement);
  world_.settle();
  EXPECT_EQ(to_client(), std::vector<Octets>{advertisement});
  world_.tell(call_, peer_.enable_send(call_));
  world_.send_ipv6(call_, advertisement);
  world_.settle();
  const std::vector<Octets> frames = world_.sent(kAccessSide);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(peer_.decrypt6(read_gre(frames[0])), advertisement);
  // Keys are gone: nothing of a call that has been encrypted is ever in clear.
  world_.tell(call_, contract::DisableMppe{call_});
  world_.send_ipv6(call_, advertisement);
  world_.settle();
  EXPECT_TRUE(world_.sent(kAccessSide).empty());
  EXPECT_EQ(world_.dropped(DropReason::kNoClearSent), 1U);
}

TEST_F(Ipv6Path, SubscribersReachEachOther) {
  const contract::CallRef other = world_.install_up(1);
  enable(other, kOtherLink, kOtherDelegated, 77);
  map(other, kOtherLink, kOtherDelegated);
  EXPECT_TRUE(up(datagram6(kSubscriber6, {kOtherDelegated | 7, 1})).empty());
  EXPECT_EQ(to_client(), std::vector<Octets>{datagram6(kSubscriber6, {kOtherDelegated | 7, 1}, 100, 63)});
  // To itself, by way of us: its router has no route for what it does not use (RFC 7084 WPD-5).
  EXPECT_TRUE(up(datagram6(kSubscriber6, {kDelegated | 9, 1})).empty());
  EXPECT_EQ(world_.dropped(DropReason::kMartian), 1U);
  EXPECT_EQ(expect_icmpv6(to_client(), 1).destination, kSubscriber6);
}

TEST_F(Ipv6Path, RoutesAndNeighboursAreTheKernels) {
  const wire::Ipv6Address nowhere{0x2001'0db8'dead'0000, 1};
  const wire::Ipv6Address on_link{0x2001'0db8'5555'0000, 9};
  const RouteEntry6 link = route_to({0x2001'0db8'5555'0000, 0}, 64, {RoutePath6{.ifindex = kCoreIfindex}});
  const RouteEntry6 hole = route_to({0x2001'0db8'b1ac'0000, 0}, 48, {});
  world_.publish_ipv6(std::array{link, hole}, std::array<NeighbourEntry6, 0>{});
  EXPECT_TRUE(up(datagram6(kSubscriber6, nowhere)).empty());
  EXPECT_EQ(world_.dropped(DropReason::kNoRoute), 1U);
  EXPECT_EQ(expect_icmpv6(to_client(), 1).source, kGateway6);
  EXPECT_TRUE(up(datagram6(kSubscriber6, {0x2001'0db8'b1ac'0000, 1})).empty());
  EXPECT_EQ(world_.dropped(DropReason::kBlackhole), 1U);
  // Held until the kernel has found the neighbour.
  EXPECT_TRUE(up(datagram6(kSubscriber6, on_link)).empty());
  const auto asked = world_.told<contract::ResolveNextHop6>();
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->destination, on_link);
  const NeighbourEntry6 found{.ifindex = kCoreIfindex, .address = on_link, .mac = kRouterMac};
  world_.publish_ipv6(std::array{link, hole}, std::array{found});
  world_.settle();
  EXPECT_EQ(world_.sent(kCoreSide).size(), 1U);
}

TEST_F(Ipv6Path, TheMachinesOwnPrefixIsNobodys) {
  ASSERT_TRUE(world_.index().map_machine(wire::Ipv6Prefix{.address = kSubscriber6, .length = 128}));
  EXPECT_TRUE(down(datagram6(kHost6, kSubscriber6)).empty());
  EXPECT_EQ(world_.dropped(DropReason::kUnknownSubscriber), 1U);
  EXPECT_EQ(down(datagram6(kHost6, {kLink, 9})).size(), 1U);
  world_.index().unmap_route(wire::Ipv6Prefix{.address = kSubscriber6, .length = 128});
  EXPECT_EQ(down(datagram6(kHost6, kSubscriber6)).size(), 1U);
}

TEST_F(Ipv6Path, ACallWithoutAPrefixOfItsLinkHearsErrorsFromTheLink) {
  enable(call_, 0, kDelegated, kPeerId6);
  EXPECT_TRUE(up(datagram6(kBehind6, kHost6, 100, 1)).empty());
  EXPECT_EQ(expect_icmpv6(to_client(), 3).source, kOurLinkLocal);
  // The core's hosts cannot be told by an address of the link.
  EXPECT_TRUE(down(datagram6(kHost6, kBehind6, 1461)).empty());
  EXPECT_EQ(world_.dropped(DropReason::kTooBig), 1U);
  EXPECT_TRUE(world_.sent(kCoreSide).empty());
  EXPECT_TRUE(up(datagram6(kSubscriber6, kHost6)).empty());
  EXPECT_EQ(world_.dropped(DropReason::kSpoofedSource), 1U) << "the /64 is not its own any more";
}

TEST_F(Ipv6Path, OurAddressInItsPrefixIsNotTheSubscribers) {
  EXPECT_TRUE(up(datagram6(kGateway6, kHost6)).empty());
  EXPECT_EQ(world_.dropped(DropReason::kSpoofedSource), 1U);
}

TEST_F(Ipv6Path, AnAnswerThatDoesNotFitTheTunnelIsNotSent) {
  Octets message(1700);
  message[0] = 128;
  EXPECT_TRUE(up(icmpv6(kPeerLinkLocal, kOurLinkLocal, message, 64)).empty());
  EXPECT_TRUE(to_client().empty());
  EXPECT_EQ(world_.dropped(DropReason::kTooBig), 1U);
}

class Ipv6SmallCore : public Ipv6Path {
 protected:
  Ipv6SmallCore() : Ipv6Path({.core_mtu = 1300}) {}
};

/// conformance: the way up.
TEST_F(Ipv6SmallCore, IP6_12_AnUplinkPacketLargerThanTheCorePortIsToldSo) {
  EXPECT_EQ(up(datagram6(kSubscriber6, kHost6, 1300)).size(), 1300U);
  EXPECT_TRUE(up(datagram6(kSubscriber6, kHost6, 1301)).empty());
  const std::vector<Octets> told = to_client();
  EXPECT_EQ(expect_icmpv6(told, 2).source, kGateway6);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(wire::load_be<std::uint32_t>(told[0].data() + wire::kIpv6Size + 4), 1300U);
}

class Ipv6Limited : public Ipv6Path {};

TEST_F(Ipv6Limited, IP6_15_OneBucketForBothFamilies) {
  world_.tell(call_, contract::UpdateLimits{.call = call_, .up = 15'000, .down = 15'000});
  world_.settle();
  std::size_t passed = 0;
  for (int n = 0; n < 20; ++n) {
    passed += up(datagram6(kSubscriber6, kHost6, 1000)).empty() ? 0 : 1;
    world_.arrive(kAccessSide, peer_.clear(inner_packet(kSubscriber, kHost, 1000)));
    world_.settle();
    passed += world_.sent(kCoreSide).size();
  }
  EXPECT_EQ(passed, 15U);
  EXPECT_EQ(world_.dropped(DropReason::kRateUp), 25U);
}

class Ipv6Workers : public Ipv6Path {
 protected:
  Ipv6Workers() : Ipv6Path({.workers = 2}) {}
};

TEST_F(Ipv6Workers, APacketAtTheWrongWorkerGetsToItsOwner) {
  world_.arrive(
      kCoreSide,
      PacketBuilder(datagram6(kHost6, kSubscriber6)).ethernet(kCoreMac, kRouterMac, 0x86DD).octets(), 1);
  world_.settle();
  EXPECT_EQ(to_client().size(), 1U);
  EXPECT_EQ(world_.counters(1).steer_miss.read(), 1U);
}

class Ipv6Punting : public Ipv6Path {
 protected:
  Ipv6Punting() : Ipv6Path({.punts = true}) {}
};

TEST_F(Ipv6Punting, WhatIsNotASubscribersIsTheKernels) {
  const Octets to_machine = PacketBuilder(datagram6(kHost6, {0x2001'0db8'5555'0000, 1}))
                                .ethernet(kCoreMac, kRouterMac, 0x86DD)
                                .octets();
  world_.arrive(kCoreSide, to_machine);
  world_.settle();
  EXPECT_EQ(world_.punted(), std::vector<Octets>{to_machine});
  EXPECT_EQ(down(datagram6(kHost6, kSubscriber6)).size(), 1U);
}

}  // namespace
}  // namespace adit::dataplane::path
