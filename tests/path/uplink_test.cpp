// SPDX-License-Identifier: Apache-2.0
// The uplink with hostile and odd GRE: what is accepted, and the drop reason for everything else
// (conformance: GRE).
#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

const Octets kInner = inner_packet(kSubscriber, kHost, 60);

Octets data(std::uint32_t sequence) {
  return access_frame(PacketBuilder(kInner).ppp(wire::PppProtocol::kIpv4).gre(sequence));
}

/// A frame whose outer IP packet was modified by `change` before the Ethernet header was added.
template <typename Change>
Octets outer_changed(const Octets& gre, Change&& change) {
  Octets packet = PacketBuilder(gre).ip(kClient, kServer, wire::kIpProtocolGre).octets();
  change(packet);
  return PacketBuilder(packet).ethernet(kAccessMac, kClientMac).octets();
}

TEST(Uplink, GRE_01_EveryFirstWordHasItsVerdict) {
  World world;
  const contract::CallRef call = world.install_up();
  std::uint32_t sequence = 0;
  std::uint64_t forwarded = 0;
  for (std::uint32_t word = 0; word <= 0xffff; ++word) {
    Octets gre = PacketBuilder(kInner).ppp(wire::PppProtocol::kIpv4).gre(++sequence, 0).octets();
    wire::store_be(gre.data(), static_cast<std::uint16_t>(word));
    world.arrive(kAccessSide, access_frame(PacketBuilder(gre)));
    world.turn();
    const std::size_t out = world.sent(kCoreSide).size();
    forwarded += out;
    // With S only, the four octets of the acknowledgement count as PPP: protocol 0, which goes to control.
    ASSERT_EQ(out, word == 0x3081 ? 1U : 0U) << std::hex << word;
    ASSERT_EQ(world.ppp_frame().has_value(), word == 0x3001) << std::hex << word;
  }
  EXPECT_EQ(forwarded, 1U);
  EXPECT_EQ(world.dropped(DropReason::kGreNoOp), 1U);  // 0x2001
  // 0x2081 is an acknowledgement, not a drop; version 1 with other bits is bad, other versions are not PPTP.
  EXPECT_EQ(world.dropped(DropReason::kGreBadFlags), 8192U - 4);
  EXPECT_EQ(world.dropped(DropReason::kGreNotEnhanced), 65536U - 8192);
  EXPECT_EQ(world.totals(call).uplink_packets, 1U);
  world.sent(kAccessSide);
}

TEST(Uplink, GRE_03_AnyFirstNumberAndTheWrap) {
  for (const std::uint32_t first : {0U, 1U, 1000U, 0xfffffffeU}) {
    World world;
    world.install_up();
    for (std::uint32_t i = 0; i < 4; ++i) {
      world.arrive(kAccessSide, data(first + i));
      world.turn();
      ASSERT_EQ(world.sent(kCoreSide).size(), 1U) << first << "+" << i;
    }
    EXPECT_EQ(world.all_drops(), 0U);
  }
}

TEST(Uplink, GRE_04_OnlyTheSessionTripleOpensTheCall) {
  World world;
  world.install_up();
  const PacketBuilder gre = PacketBuilder(kInner).ppp(wire::PppProtocol::kIpv4).gre(5);
  const wire::Ipv4Address stranger(192, 0, 2, 66);
  world.arrive(kAccessSide, access_frame(gre, stranger, kServer));
  world.arrive(kAccessSide, access_frame(gre, kClient, stranger));
  world.arrive(kAccessSide, access_frame(gre, stranger, stranger));
  world.arrive(kAccessSide,
               access_frame(PacketBuilder(kInner)
                                .ppp(wire::PppProtocol::kIpv4)
                                .gre(5, std::nullopt, static_cast<std::uint16_t>(kLocalId.value ^ 0x100))));
  world.turn();
  EXPECT_TRUE(world.sent(kCoreSide).empty());
  EXPECT_EQ(world.dropped(DropReason::kWrongPeer), 1U);
  EXPECT_EQ(world.worker().wrong_peers().find(kServer, kLocalId), stranger)
      << "control can say where it came from";
  EXPECT_EQ(world.dropped(DropReason::kUnknownCall), 3U);
  world.arrive(kAccessSide, data(0));  // the strangers' numbers have moved nothing
  world.turn();
  EXPECT_EQ(world.sent(kCoreSide).size(), 1U);
}

TEST(Uplink, GRE_04_AnotherLocalAddressIsAnotherSession) {
  World world;
  world.install_up();
  const wire::Ipv4Address second(192, 0, 2, 99);
  world.index().add_local_address(second);
  world.arrive(kAccessSide,
               access_frame(PacketBuilder(kInner).ppp(wire::PppProtocol::kIpv4).gre(5), kClient, second));
  world.turn();
  EXPECT_EQ(world.dropped(DropReason::kUnknownCall), 1U);
}

TEST(Uplink, GRE_05_DuplicatesAndLatePacketsAreDroppedGapsAreNot) {
  World world;
  world.install_up();
  std::uint32_t sequence = 100;
  world.arrive(kAccessSide, data(sequence));
  world.settle();
  std::uint64_t sent = 1;
  std::uint64_t beyond = 0;
  for (std::uint32_t gap = 1; gap <= 5000; gap += 7, sent += 2) {
    sequence += gap;
    beyond += gap > kGreReach ? 1 : 0;  // taken when the next one confirms it
    for (const std::uint32_t each : {sequence, sequence + 1}) {
      world.arrive(kAccessSide, data(each));
      world.settle();
    }
    ++sequence;
  }
  world.arrive(kAccessSide, data(sequence));
  world.arrive(kAccessSide, data(sequence - 1));
  world.arrive(kAccessSide, data(sequence + 1));
  world.arrive(kAccessSide, data(sequence + 1));  // a duplicate within one burst
  world.arrive(kAccessSide, data(sequence - 98));
  world.settle();
  EXPECT_EQ(world.dropped(DropReason::kGreDuplicate), 2U);
  EXPECT_EQ(world.dropped(DropReason::kGreLate), 2U);
  EXPECT_EQ(world.dropped(DropReason::kGreJump), beyond);
  EXPECT_EQ(world.sent(kCoreSide).size(), sent - beyond + 1);
}

TEST(Uplink, GRE_06_AcknowledgementsWithAndWithoutData) {
  World world;
  const contract::CallRef call = world.install_up();
  world.send_ppp(call, Octets{0xff, 0x03, 0xc0, 0x21, 9, 1, 0, 4});  // number 0 is in flight
  world.settle();

  world.arrive(kAccessSide, access_frame(PacketBuilder().gre(std::nullopt, 0)));  // ack at offset 8
  world.arrive(kAccessSide,
               access_frame(PacketBuilder(Octets(40, 0xaa)).gre(std::nullopt, 0)));  // with garbage behind it
  world.turn();
  EXPECT_EQ(world.all_drops(), 0U);
  EXPECT_EQ(world.counters().acks_of_unsent.read(), 0U);

  world.arrive(kAccessSide, access_frame(PacketBuilder().gre(std::nullopt, 77)));
  world.arrive(kAccessSide, access_frame(PacketBuilder(kInner).ppp(wire::PppProtocol::kIpv4).gre(0, 1)));
  world.turn();
  EXPECT_EQ(world.counters().acks_of_unsent.read(), 2U);
  EXPECT_EQ(world.sent(kCoreSide).size(), 1U) << "the data is taken all the same";
  EXPECT_EQ(world.all_drops(), 0U);
}

TEST(Uplink, GRE_07_TruncationsAreDropped) {
  World world;
  world.install_up();
  const Octets whole = PacketBuilder(kInner).ppp(wire::PppProtocol::kIpv4).gre(0, 0).octets();
  std::uint64_t expected = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Octets cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    // Either IP's total length is short ...
    world.arrive(kAccessSide, PacketBuilder(PacketBuilder(cut).ip(kClient, kServer, 47).octets())
                                  .ethernet(kAccessMac, kClientMac)
                                  .octets());
    // ... or it exceeds the frame.
    world.arrive(kAccessSide, outer_changed(whole, [&](Octets& packet) { packet.resize(20 + size); }));
    expected += 2;
    world.turn();
  }
  EXPECT_TRUE(world.sent(kCoreSide).empty());
  EXPECT_EQ(world.all_drops(), expected);
  EXPECT_EQ(world.dropped(DropReason::kOuterHeader), expected / 2);
}

TEST(Uplink, GRE_07_PaddingAfterThePayloadIsNotPayload) {
  World world;
  world.install_up();
  const Octets tiny = inner_packet(kSubscriber, kHost, 28);
  Octets gre = PacketBuilder(tiny).ppp(wire::PppProtocol::kIpv4, true, true).gre(0).octets();
  gre.insert(gre.end(), 9, 0xbb);  // inside the outer IP packet, beyond Payload Length
  world.arrive(kAccessSide, access_frame(PacketBuilder(gre)));
  world.arrive(kAccessSide,
               access_frame(PacketBuilder(tiny).ppp(wire::PppProtocol::kIpv4).gre(1)));  // padded to 60
  world.turn();
  const std::vector<Octets> out = world.sent(kCoreSide);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(read_sent(out[0]).packet, PacketBuilder(tiny).ttl(63).octets());
  EXPECT_EQ(read_sent(out[1]).packet, PacketBuilder(tiny).ttl(63).octets());
}

TEST(Uplink, GRE_07_APayloadLengthBeyondThePacketIsDropped) {
  World world;
  world.install_up();
  Octets gre = PacketBuilder(kInner).ppp(wire::PppProtocol::kIpv4).gre(0).octets();
  wire::store_be(gre.data() + 4, static_cast<std::uint16_t>(gre.size() - 12 + 1));
  world.arrive(kAccessSide, access_frame(PacketBuilder(gre)));
  world.turn();
  EXPECT_EQ(world.dropped(DropReason::kGrePayloadLength), 1U);
}

TEST(Uplink, GRE_08_AnEmptyPayloadTakesItsNumberAndIsAcknowledged) {
  World world;
  world.install_up();
  world.arrive(kAccessSide, access_frame(PacketBuilder().gre(40)));
  world.turn();
  world.arrive(kAccessSide, data(40));
  world.turn();
  EXPECT_EQ(world.dropped(DropReason::kGreDuplicate), 1U);
  EXPECT_FALSE(world.ppp_frame());
  EXPECT_TRUE(world.sent(kAccessSide).empty());
  world.pass_ms(100);
  world.turn();
  const std::vector<Octets> out = world.sent(kAccessSide);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(read_gre(out[0]).ack, 40U);
  EXPECT_EQ(world.all_drops(), 1U);
}

TEST(Uplink, GRE_09_PppHeadersOfEveryForm) {
  World world;
  world.install_up();
  std::uint32_t sequence = 0;
  const auto arrive = [&](const Octets& ppp) {
    world.arrive(kAccessSide, access_frame(PacketBuilder(ppp).gre(sequence++)));
    world.turn();
  };
  const Octets lcp{9, 1, 0, 8, 1, 2, 3, 4};
  const Octets expected = PacketBuilder(lcp).ppp(wire::PppProtocol::kLcp, true).octets().size() == 12
                              ? PacketBuilder(lcp).ppp(wire::PppProtocol::kLcp).octets()
                              : Octets{};
  ASSERT_FALSE(expected.empty());  // the writer never compresses LCP, so that is done by hand below
  arrive(expected);
  EXPECT_EQ(world.ppp_frame(), (Octets{0xc0, 0x21, 9, 1, 0, 8, 1, 2, 3, 4}));
  arrive({expected.begin() + 2, expected.end()});
  EXPECT_EQ(world.ppp_frame(), (Octets{0xc0, 0x21, 9, 1, 0, 8, 1, 2, 3, 4}));
  for (const bool acfc : {false, true}) {
    for (const bool pfc : {false, true}) {
      arrive(PacketBuilder(kInner).ppp(wire::PppProtocol::kIpv4, acfc, pfc).octets());
      EXPECT_EQ(world.sent(kCoreSide).size(), 1U) << acfc << pfc;
    }
  }
  EXPECT_EQ(world.all_drops(), 0U);
  for (const Octets& bad : {Octets{0xff}, Octets{0xff, 0x04, 0xc0, 0x21}, Octets{0xff, 0x03},
                            Octets{0xff, 0x03, 0xc0}, Octets{0xc0}}) {
    arrive(bad);
  }
  EXPECT_EQ(world.dropped(DropReason::kPppHeader), 5U);
  // A compressed unknown protocol: expanded over the last octet of the GRE header, for LCP's Protocol-Reject.
  arrive({0x2d, 0xaa, 0xbb});
  EXPECT_EQ(world.ppp_frame(), (Octets{0x00, 0x2d, 0xaa, 0xbb}));
}

TEST(Uplink, GRE_11_BeforeAndAfterTheCall) {
  World world;
  world.arrive(kAccessSide, data(0));  // before control has installed the call
  world.turn();
  EXPECT_EQ(world.dropped(DropReason::kUnknownCall), 1U);

  const contract::CallRef call = world.install();
  world.arrive(kAccessSide, data(1));  // installed, but IPCP is not open
  world.turn();
  EXPECT_EQ(world.dropped(DropReason::kIpNotUp), 1U);
  world.tell(call, contract::EnableIp{
                       .call = call, .subscriber = kSubscriber, .peer_mru = 1500, .require_mppe = false});
  world.arrive(kAccessSide, data(2));
  world.turn();
  EXPECT_EQ(world.sent(kCoreSide).size(), 1U);
  world.tell(call, contract::DisableIp{call});
  world.arrive(kAccessSide, data(3));
  world.turn();
  EXPECT_EQ(world.dropped(DropReason::kIpNotUp), 2U);

  world.tell(call, contract::RemoveCall{call});
  world.arrive(kAccessSide, data(4));
  world.turn();
  EXPECT_EQ(world.dropped(DropReason::kUnknownCall), 2U);
  world.index().unmap_call(kServer, kClient, kLocalId);  // the ID is in quarantine
  world.arrive(kAccessSide, data(5));
  world.turn();
  EXPECT_EQ(world.dropped(DropReason::kUnknownCall), 3U);
}

TEST(Uplink, GRE_13_OuterHeadersOfEveryKind) {
  World world;
  world.install_up();
  const auto gre = [](std::uint32_t sequence) {
    return PacketBuilder(kInner).ppp(wire::PppProtocol::kIpv4).gre(sequence).octets();
  };
  const auto repair = [](Octets& packet) {
    wire::store_be<std::uint16_t>(packet.data() + 10, 0);
    const std::size_t header = std::size_t{packet[0]} % 16 * 4;
    wire::store_be(packet.data() + 10, wire::internet_checksum({packet.data(), header}));
  };
  world.arrive(kAccessSide,
               outer_changed(gre(0), [&](Octets& packet) {  // options: two no-operations and an end
                 packet.insert(packet.begin() + 20, {1, 1, 0, 0});
                 packet[0] = 0x46;
                 wire::store_be(packet.data() + 2, static_cast<std::uint16_t>(packet.size()));
                 repair(packet);
               }));
  world.arrive(kAccessSide, outer_changed(gre(1), [&](Octets& packet) {  // for us, so its TTL does not matter
                 packet[8] = 1;
                 repair(packet);
               }));
  world.arrive(kAccessSide,
               outer_changed(gre(2), [&](Octets& packet) {  // DSCP EF, ECN CE: not copied to the inner header
                 packet[1] = 0xbb;
                 repair(packet);
               }));
  world.turn();
  const std::vector<Octets> out = world.sent(kCoreSide);
  ASSERT_EQ(out.size(), 3U);
  EXPECT_EQ(read_sent(out[2]).ip.tos, 0);

  world.arrive(kAccessSide, outer_changed(gre(3), [](Octets& packet) { packet[10] ^= 1; }));
  world.arrive(kAccessSide, outer_changed(gre(4), [](Octets& packet) { packet[0] = 0x44; }));
  world.turn();
  EXPECT_EQ(world.dropped(DropReason::kOuterHeader), 2U);
}

TEST(Uplink, FramesThatAreNotOurs) {
  World world({.needs_mac_filter = true});
  world.install_up();
  const Octets gre = PacketBuilder(kInner).ppp(wire::PppProtocol::kIpv4).gre(0).octets();
  const Octets packet = PacketBuilder(gre).ip(kClient, kServer, 47).octets();
  const MacAddress broadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  world.arrive(kAccessSide, PacketBuilder(packet).ethernet(broadcast, kClientMac).octets());
  world.arrive(kAccessSide,
               PacketBuilder(packet).ethernet(kClientMac, kAccessMac).octets());  // the kernel's own
  world.arrive(kAccessSide, PacketBuilder(packet).ethernet(kAccessMac, kClientMac, 0x0806).octets());
  world.arrive(kAccessSide, Octets(13, 2));
  world.arrive(kAccessSide, Octets{});
  world.arrive(kAccessSide,
               PacketBuilder(kInner).ethernet(kAccessMac, kClientMac).octets());  // UDP on the access side
  world.turn();
  EXPECT_EQ(world.dropped(DropReason::kForeignMac), 2U);
  EXPECT_EQ(world.dropped(DropReason::kNotIpv4), 3U);
  EXPECT_EQ(world.dropped(DropReason::kNotForUs), 1U);
  world.arrive(kAccessSide, PacketBuilder(packet).ethernet(kAccessMac, kClientMac).vlan(7).octets());
  world.turn();
  EXPECT_EQ(world.dropped(DropReason::kForeignVlan), 1U);
  EXPECT_EQ(world.sent(kCoreSide).size(), 0U);
}

TEST(Uplink, OnAStickGreToUsGoesUpAndTheRestDown) {
  World world({.access_role = PortRole::kBoth});
  world.install_up();
  world.arrive(kAccessSide, data(0));
  const Octets down = inner_packet(kHost, kSubscriber, 64);
  world.arrive(kAccessSide, PacketBuilder(down).ethernet(kAccessMac, kRouterMac).octets());
  const Octets foreign =
      PacketBuilder(Octets(20)).ip(kHost, kSubscriber, 47).octets();  // GRE to a subscriber
  world.arrive(kAccessSide, PacketBuilder(foreign).ethernet(kAccessMac, kRouterMac).octets());
  world.turn();
  EXPECT_EQ(world.sent(kCoreSide).size(), 1U);
  EXPECT_EQ(world.sent(kAccessSide).size(), 2U);
  EXPECT_EQ(world.all_drops(), 0U);
}

TEST(Uplink, PppControlOfOneCallCannotFloodControl) {
  World world;
  Peer peer;
  world.install_up();
  for (int i = 0; i < 500; ++i) {
    world.arrive(kAccessSide, peer.control(wire::PppProtocol::kLcp, Octets{9, 1, 0, 4}));
    world.settle();
  }
  std::uint32_t frames = 0;
  while (world.ppp_frame()) {
    ++frames;
  }
  EXPECT_EQ(frames, kPppFrameCapacity);
  EXPECT_EQ(world.dropped(DropReason::kPppFlood), 500U - kPppFrameCapacity);
  world.pass_ms(1000);
  world.arrive(kAccessSide, peer.control(wire::PppProtocol::kLcp, Octets{9, 2, 0, 4}));
  world.settle();
  EXPECT_EQ(world.ppp_frame(), (Octets{0xc0, 0x21, 9, 2, 0, 4}));
}

TEST(Uplink, AFullRingToControlIsCountedAndForgotten) {
  World world({.slots = 128});
  for (std::uint16_t number = 0; number < 128; ++number) {
    world.install_up(number);
    Peer peer(number);
    for (int i = 0; i < 50; ++i) {
      world.arrive(kAccessSide, peer.control(wire::PppProtocol::kLcp, Octets{9, 1, 0, 4}));
      world.settle();
    }
  }
  EXPECT_EQ(world.dropped(DropReason::kControlRingFull), 128U * 50 - contract::kFramesToControl);
  std::uint32_t frames = 0;
  while (world.ppp_frame()) {
    ++frames;
  }
  EXPECT_EQ(frames, contract::kFramesToControl);
}

TEST(Uplink, AControlFrameMayBe1600OctetsLong) {
  World world;
  Peer peer;
  world.install();
  world.arrive(kAccessSide, peer.control(wire::PppProtocol::kLcp, Octets(contract::kMaxPppFrame - 2, 7)));
  world.arrive(kAccessSide, peer.control(wire::PppProtocol::kLcp, Octets(contract::kMaxPppFrame - 1, 7)));
  world.turn();
  EXPECT_EQ(world.ppp_frame().value_or(Octets{}).size(), contract::kMaxPppFrame);
  EXPECT_FALSE(world.ppp_frame());
  EXPECT_EQ(world.dropped(DropReason::kPppFrameTooLong), 1U);
}

}  // namespace
}  // namespace adit::dataplane::path
