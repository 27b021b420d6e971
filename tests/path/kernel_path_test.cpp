// SPDX-License-Identifier: Apache-2.0
// Devices that DPDK owns: frames for the kernel reach it unchanged, each class within limits of its own, and its frames
// are sent. And ports that are taken from the workers for a restart.
#include <algorithm>
#include <functional>

#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

const Octets kUp = inner_packet(kSubscriber, kHost, 60);

Octets uplink(std::uint32_t sequence) {
  return access_frame(PacketBuilder(kUp).ppp(wire::PppProtocol::kIpv4).gre(sequence));
}
Octets tcp_to(wire::Ipv4Address address, const MacAddress& mac) {
  return PacketBuilder()
      .tcp(40000, 1723, 0x02, 1460, kClient, address)
      .ip(kClient, address, 6)
      .ethernet(mac, kClientMac)
      .octets();
}
Octets arp(const MacAddress& to) {
  return PacketBuilder(Octets(28, 1)).ethernet(to, kClientMac, 0x0806).octets();
}
constexpr MacAddress kEveryone{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr MacAddress kOspf{1, 0, 0x5e, 0, 0, 5};

TEST(KernelPath, GetsWholeFramesOfWhatIsNotOurs) {
  World world({.punts = true});
  world.install_up();
  const wire::Ipv4Address all_routers(224, 0, 0, 5);
  const std::vector<Octets> access{
      arp(kEveryone),
      arp(kAccessMac),
      tcp_to(kServer, kAccessMac),
      PacketBuilder(Octets(20, 7)).ip(kClient, kServer, 1).ethernet(kAccessMac, kClientMac).octets(),
      PacketBuilder(Octets(40, 7)).ethernet(kEveryone, kClientMac, 0x86dd).octets(),
      PacketBuilder(Octets{0, 0, 8, 0, 1, 2, 3, 4})
          .ip(kClient, kServer, 47)
          .ethernet(kAccessMac, kClientMac)
          .octets()};
  const std::vector<Octets> core{
      PacketBuilder(Octets(24, 2)).ip(kHost, all_routers, 89).ethernet(kOspf, kRouterMac).octets(),
      tcp_to(kRouterSide, kCoreMac)};
  for (const Octets& frame : access) {
    world.arrive(kAccessSide, frame);
  }
  world.turn();
  EXPECT_EQ(world.punted(), access);
  EXPECT_TRUE(world.told<contract::FramesPunted>());
  for (const Octets& frame : core) {
    world.arrive(kCoreSide, frame);
  }
  world.turn();
  auto punted = world.punted();
  EXPECT_EQ(punted, core) << "what find_subscribers did not know was put together again";
  EXPECT_EQ(world.all_drops(), 0U);
  EXPECT_EQ(world.counters().arrivals[Bench::instance().ports[kAccessSide]].punted.read(), access.size());
}

TEST(KernelPath, CallsAndSubscribersStayOurs) {
  World world({.punts = true});
  world.install_up();
  world.arrive(kAccessSide, uplink(1));
  world.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber, 60)));
  world.settle();
  EXPECT_EQ(world.sent(kCoreSide).size(), 1U);
  EXPECT_GE(world.sent(kAccessSide).size(), 1U);
  EXPECT_TRUE(world.punted().empty());
}

TEST(KernelPath, WhatIsForNobodyHereIsDropped) {
  World world({.punts = true});
  world.install_up();
  world.arrive(kAccessSide, tcp_to(wire::Ipv4Address(192, 0, 2, 77), kAccessMac));
  world.arrive(kCoreSide, core_frame(inner_packet(kHost, wire::Ipv4Address(10, 64, 9, 9), 60)));  // a scan
  world.turn();
  EXPECT_TRUE(world.punted().empty());
  EXPECT_EQ(world.dropped(DropReason::kNotForUs), 1U);
  EXPECT_EQ(world.dropped(DropReason::kUnknownSubscriber), 1U);
}

TEST(KernelPath, VlanFramesKeepTheirTags) {
  World world({.access_vlan = {.outer = 100}, .punts = true});
  world.install_up();
  const Octets ours = PacketBuilder(Octets(28, 1)).ethernet(kEveryone, kClientMac, 0x0806).vlan(100).octets();
  const Octets other = PacketBuilder(Octets(28, 1)).ethernet(kEveryone, kClientMac, 0x0806).vlan(5).octets();
  world.arrive(kAccessSide, ours);
  world.arrive(kAccessSide, other);
  world.turn();
  EXPECT_EQ(world.punted(), (std::vector{ours, other})) << "a VLAN that is none of ours may be the kernel's";
}

TEST(KernelPath, FloodOfOneKindLeavesTheOthersTheirShare) {
  World world({.punts = true});
  const contract::CallRef call = world.install_up();
  std::size_t punted = 0;
  constexpr unsigned kFlood = 5'000;
  for (unsigned n = 0; n < kFlood; ++n) {
    world.arrive(kAccessSide, arp(kEveryone));
    if (n % 64 == 0) {
      world.settle();
      punted += world.punted().size();
    }
  }
  world.settle();
  punted += world.punted().size();
  constexpr PuntShare kShare = share_of(PuntClass::kNeighbours);
  EXPECT_EQ(punted, kShare.at_once);
  EXPECT_EQ(world.dropped(DropReason::kPuntNeighbours), kFlood - kShare.at_once);
  world.arrive(kAccessSide, tcp_to(kServer, kAccessMac));
  world.arrive(kAccessSide, uplink(1));
  world.turn();
  EXPECT_EQ(world.punted().size(), 1U);
  EXPECT_EQ(world.totals(call).uplink_packets, 1U);
  world.pass_ms(100);
  for (unsigned n = 0; n < 2'000; ++n) {
    world.arrive(kAccessSide, arp(kEveryone));
    if (n % 64 == 0) {
      world.settle();
      punted += world.punted().size();
    }
  }
  world.settle();
  EXPECT_EQ(punted + world.punted().size(), kShare.at_once + kShare.per_second / 10);
  world.sent(kAccessSide);
  world.sent(kCoreSide);
}

TEST(KernelPath, AKernelThatDoesNotReadIsNotWaitedFor) {
  World world({.punts = true});
  constexpr PuntShare kShare = share_of(PuntClass::kNeighbours);
  for (unsigned second = 0; second < 3; ++second) {
    for (unsigned n = 0; n < kShare.at_once; ++n) {
      world.arrive(kAccessSide, arp(kEveryone));
      if (n % 64 == 0) {
        world.settle();
      }
    }
    world.settle();
    world.pass_ms(1000);
  }
  EXPECT_EQ(world.punted().size(), kShare.ring - 1) << "a ring of rte_ring holds one less than its size";
  EXPECT_EQ(world.dropped(DropReason::kPuntFull), 3 * kShare.at_once - (kShare.ring - 1));
}

// ---- floods: each class for itself (RFC 6192 §3.2) ------------------------------------------------------------------

constexpr std::uint8_t kTcpSyn = 0x02;
constexpr std::uint8_t kAck = 0x10;

const wire::Ipv4Address kNeighbourRouter(192, 0, 2, 250);

Octets tcp(wire::Ipv4Address from, std::uint16_t source, std::uint16_t destination, std::uint8_t flags,
           std::uint8_t ttl = 64) {
  return PacketBuilder()
      .tcp(source, destination, flags, std::nullopt, from, kServer)
      .ip(from, kServer, 6)
      .ttl(ttl)
      .ethernet(kAccessMac, kClientMac)
      .octets();
}
Octets udp(wire::Ipv4Address from, std::uint16_t destination, std::uint8_t ttl = 64) {
  return PacketBuilder(Octets(24))
      .udp(40000, destination)
      .ip(from, kServer)
      .ttl(ttl)
      .ethernet(kAccessMac, kClientMac)
      .octets();
}
Octets protocol(std::uint8_t number, std::uint8_t ttl = 1) {
  return PacketBuilder(Octets(24))
      .ip(kHost, kServer, number)
      .ttl(ttl)
      .ethernet(kAccessMac, kClientMac)
      .octets();
}
Octets multicast(Octets udp_or_ospf, std::uint8_t number, std::uint8_t last) {
  return PacketBuilder(std::move(udp_or_ospf))
      .ip(kNeighbourRouter, wire::Ipv4Address(224, 0, 0, last), number)
      .ttl(1)
      .ethernet({1, 0, 0x5e, 0, 0, last}, kClientMac)
      .octets();
}
Octets ipv6(std::uint8_t next_header, std::uint8_t hop_limit, Octets payload, std::uint16_t to = 0x2001) {
  Octets packet(40);
  wire::store_be(packet.data() + 24, to);
  packet[0] = 0x60;
  packet[6] = next_header;
  packet[7] = hop_limit;
  payload.resize(40);
  packet.insert(packet.end(), payload.begin(), payload.end());
  return PacketBuilder(packet).ethernet(kAccessMac, kClientMac, 0x86dd).octets();
}
const wire::Ipv4Address kStranger(203, 0, 113, 200);
const Octets kBgp = tcp(kNeighbourRouter, 40000, 179, kAck);
const Octets kBgpOfNeighbour = tcp(kNeighbourRouter, 40000, 179, kAck, 255);
const Octets kOspfHello = multicast(Octets(24), 89, 5);
const Octets kRip = multicast(PacketBuilder(Octets(24)).udp(520, 520).octets(), 17, 9);
const Octets kBfd = udp(kNeighbourRouter, 3784, 255);

TEST(KernelPath, EveryFrameHasItsClass) {
  World world({.punts = true});
  world.install_up();
  Octets isis(60);
  std::ranges::copy(Octets{0x01, 0x80, 0xc2, 0, 0, 0x14, 2, 0, 0, 0, 1, 2, 0, 46, 0xfe, 0xfe, 0x03},
                    isis.begin());
  Octets bgp6(20);
  bgp6[3] = 179;
  bgp6[13] = kAck;
  Octets fragment = tcp(kStranger, 179, 179, kAck);
  fragment[14 + 6] = 0x20;  // it may hide anything
  const std::vector<std::pair<Octets, PuntClass>> rows{
      {kBgp, PuntClass::kRemoteRouting},
      {kBgpOfNeighbour, PuntClass::kRouting},  // RFC 5082 §3
      {kOspfHello, PuntClass::kRouting},
      {kRip, PuntClass::kRouting},
      {tcp(kNeighbourRouter, 179, 40000, kAck), PuntClass::kRemoteRouting},
      {tcp(kNeighbourRouter, 179, 40000, kTcpSyn | kAck), PuntClass::kRemoteRouting},
      {tcp(kNeighbourRouter, 646, 40000, kAck), PuntClass::kRemoteRouting},
      {udp(kNeighbourRouter, 3784, 255), PuntClass::kRouting},
      {udp(kNeighbourRouter, 3785, 255), PuntClass::kRouting},
      {udp(kNeighbourRouter, 4784), PuntClass::kRemoteRouting},
      {udp(kNeighbourRouter, 520), PuntClass::kRemoteRouting},
      {protocol(89), PuntClass::kRemoteRouting},
      {protocol(112, 255), PuntClass::kRouting},
      {isis, PuntClass::kRouting},
      {ipv6(6, 1, bgp6), PuntClass::kRemoteRouting},
      {ipv6(6, 1, bgp6, 0xfe80), PuntClass::kRouting},
      {ipv6(89, 1, {}), PuntClass::kRemoteRouting},
      {ipv6(89, 1, {}, 0xff02), PuntClass::kRouting},
      {ipv6(89, 1, {}, 0xff05), PuntClass::kRemoteRouting},
      {udp(kStranger, 3784), PuntClass::kOther},  // RFC 5881 §5: not sent on this link
      {protocol(112, 254), PuntClass::kOther},    // RFC 5798 §5.1.1.3
      {tcp(kStranger, 40000, 179, kTcpSyn), PuntClass::kRoutingSyn},
      {arp(kEveryone), PuntClass::kNeighbours},
      {ipv6(58, 255, {135}), PuntClass::kNeighbours},
      {ipv6(58, 64, {135}), PuntClass::kIcmp},  // RFC 4861 §7.1.1
      {ipv6(58, 64, {128}), PuntClass::kIcmp},
      {tcp(kClient, 40000, 1723, kAck), PuntClass::kPeers},
      {tcp(kStranger, 40000, 1723, kAck), PuntClass::kNewPeers},
      {tcp(kStranger, 40000, 1723, kTcpSyn), PuntClass::kNewPeersSyn},
      {tcp(kClient, 40000, 1723, kTcpSyn), PuntClass::kNewPeersSyn},
      {tcp(kStranger, 40000, 22, kAck), PuntClass::kTcp},
      {tcp(kStranger, 40000, 22, kTcpSyn), PuntClass::kTcpSyn},
      {protocol(1), PuntClass::kIcmp},
      {udp(kStranger, 1812), PuntClass::kOther},
      {fragment, PuntClass::kOther},
      {PacketBuilder(Octets(46)).ethernet(kEveryone, kClientMac, 0x8809).octets(), PuntClass::kOther},
      {Octets(5), PuntClass::kOther}};
  for (const auto& [frame, expected] : rows) {
    EXPECT_EQ(look_at(frame, world.index()).punt_class, expected) << &frame - &rows[0].first;
    for (std::size_t size = 0; size < frame.size(); ++size) {  // no over-read
      static_cast<void>(look_at(wire::Bytes(frame.data(), size), world.index()));
    }
  }
}

struct Flood {
  const char* name;
  std::function<Octets(unsigned)> frame;
};
std::vector<Flood> floods() {
  const auto from = [](unsigned n) { return wire::Ipv4Address(0xcb007100 + n % 251); };
  const auto port = [](unsigned n) { return static_cast<std::uint16_t>(1024 + n); };
  return {{"SYNs to 1723", [=](unsigned n) { return tcp(from(n), port(n), 1723, kTcpSyn); }},
          {"segments to 1723", [=](unsigned n) { return tcp(from(n), port(n), 1723, kAck); }},
          {"SYNs to other ports", [=](unsigned n) { return tcp(from(n), port(n), 22, kTcpSyn); }},
          {"segments to other ports", [=](unsigned n) { return tcp(from(n), port(n), 443, kAck); }},
          {"SYNs to BGP", [=](unsigned n) { return tcp(from(n), port(n), 179, kTcpSyn); }},
          {"a stranger's segments to BGP", [=](unsigned n) { return tcp(kStranger, port(n), 179, kAck); }},
          {"UDP", [=](unsigned n) { return udp(from(n), port(n)); }},
          {"BFD from afar", [=](unsigned n) { return udp(from(n), 3784, 254); }},
          {"ICMP", [](unsigned) { return protocol(1); }},
          {"ARP", [](unsigned) { return arp(kEveryone); }}};
}

constexpr unsigned kWanted =
    50;  ///< fewer than one of a source's two buckets holds: a flood may share the other

/// Floods the kernel, and lets `wanted` arrive kWanted times. Returns how many of those reach it.
std::size_t reach_kernel(World& world, const Flood& flood, const Octets& wanted, bool control_reads) {
  std::vector<Octets> punted;
  const auto read = [&] {
    const auto more = world.punted();
    punted.insert(punted.end(), more.begin(), more.end());
  };
  for (unsigned n = 1; n <= 100 * kWanted; ++n) {
    world.arrive(kAccessSide, flood.frame(n));
    if (n % 100 == 0) {
      world.arrive(kAccessSide, wanted);
      world.settle();
      if (control_reads) {
        read();
      }
    }
  }
  read();
  world.sent(kAccessSide);
  return static_cast<std::size_t>(std::ranges::count(punted, wanted));
}

TEST(KernelPath, NoFloodCostsRoutingProtocolsAFrame) {
  for (const Flood& flood : floods()) {
    for (const bool control_reads : {true, false}) {
      World world({.punts = true});
      world.install_up();
      EXPECT_EQ(reach_kernel(world, flood, kBgp, control_reads), kWanted) << flood.name << control_reads;
      EXPECT_GT(world.all_drops(), 2'000U) << flood.name;
    }
  }
}

TEST(KernelPath, NoFloodOfForgedRoutingCostsANeighbourAFrame) {
  const auto from = [](unsigned n) { return wire::Ipv4Address(0xcb007100 + n % 251); };
  const Flood segments{"segments", [=](unsigned n) { return tcp(from(n), 40000, 179, kAck); }};
  const Flood bfd{"BFD over several hops", [=](unsigned n) { return udp(from(n), 4784, 254); }};
  const Flood ospf{"OSPF", [](unsigned) { return protocol(89); }};
  for (const Flood& flood : {segments, bfd, ospf}) {
    for (const Octets& wanted : {kBgpOfNeighbour, kOspfHello, kRip, kBfd}) {
      World world({.punts = true});
      EXPECT_EQ(reach_kernel(world, flood, wanted, true), kWanted) << flood.name;
      EXPECT_GT(world.dropped(DropReason::kPuntRemoteRouting), 2'000U) << flood.name;
    }
  }
}

TEST(KernelPath, NoFloodOfStrangersCostsAPeersControlConnectionASegment) {
  const Octets echo = tcp(kClient, 40000, 1723, kAck);
  for (const Flood& flood : floods()) {
    for (const bool control_reads : {true, false}) {
      World world({.punts = true});
      world.install_up();
      EXPECT_EQ(reach_kernel(world, flood, echo, control_reads), kWanted) << flood.name << control_reads;
    }
  }
}

TEST(KernelPath, NoPeersFloodCostsAnotherPeersControlConnectionASegment) {
  const Octets echo = tcp(wire::Ipv4Address(kClient.value + 1), 40000, 1723, kAck);
  const Flood flood{"segments of a peer", [](unsigned n) {
                      return tcp(kClient, static_cast<std::uint16_t>(1024 + n), 1723, kAck);
                    }};
  constexpr PuntShare kShare = share_of(PuntClass::kPeers);
  for (const bool control_reads : {true, false}) {
    World world({.punts = true});
    world.install_up();  // no login is needed to be a peer
    world.install_up(1);
    EXPECT_EQ(reach_kernel(world, flood, echo, control_reads), kWanted) << control_reads;
    EXPECT_GE(world.dropped(DropReason::kPuntPeers), 100 * kWanted - 2 * kShare.source_at_once);
    EXPECT_EQ(world.dropped(DropReason::kPuntFull), 0U);
  }
}

TEST(KernelPath, AFloodOnOneDeviceLeavesTheOthersRate) {
  World world({.punts = true});
  world.install_up();
  const Octets radius = PacketBuilder(Octets(20))
                            .udp(1812, 40000)
                            .ip(kHost, kRouterSide)
                            .ethernet(kCoreMac, kRouterMac)
                            .octets();
  std::size_t answers = 0;
  for (unsigned n = 1; n <= 5'000; ++n) {
    world.arrive(kAccessSide, udp(kStranger, 53));
    if (n % 50 == 0) {
      world.arrive(kCoreSide, radius);
      world.settle();
      answers += static_cast<std::size_t>(std::ranges::count(world.punted(), radius));
    }
  }
  EXPECT_EQ(answers, 100U);
}

TEST(KernelPath, SendsWhatTheKernelSends) {
  World world({.workers = 2, .punts = true});
  const Octets reply = arp(kClientMac);
  world.inject(kAccessSide, reply);
  world.inject(kCoreSide, reply);
  world.turn();
  EXPECT_EQ(world.sent(kAccessSide), (std::vector<Octets>{reply}));
  EXPECT_EQ(world.sent(kCoreSide), (std::vector<Octets>{reply}));
  EXPECT_EQ(world.counters().injected.read(), 2U);
}

TEST(KernelPath, APausedPortIsNotTouched) {
  World world;
  const contract::CallRef call = world.install_up();
  world.pause(kCoreSide, true);
  world.arrive(kAccessSide, uplink(1));
  world.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber, 60)));
  world.turn();
  EXPECT_EQ(world.dropped(DropReason::kPortRestarts), 1U) << "what was to leave by it";
  EXPECT_TRUE(world.sent(kCoreSide).empty());
  EXPECT_EQ(world.totals(call).downlink_packets, 0U) << "and nothing is received";
  world.pause(kCoreSide, false);
  world.arrive(kAccessSide, uplink(2));
  world.settle();
  EXPECT_EQ(world.sent(kCoreSide).size(), 1U) << "the call has lived on";
  EXPECT_EQ(world.totals(call).downlink_packets, 1U);
  world.sent(kAccessSide);
}

}  // namespace
}  // namespace adit::dataplane::path
