// SPDX-License-Identifier: Apache-2.0
// Devices that DPDK owns: frames for the kernel reach it unchanged, within a rate limit, and its frames are
// sent. And ports that are taken from the workers for a restart.
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
  EXPECT_EQ(punted, kPuntCapacity);
  EXPECT_EQ(world.dropped(DropReason::kPuntLimit), kFlood - kPuntCapacity);
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
  EXPECT_EQ(punted + world.punted().size(), kPuntCapacity + kPuntsPerSecond / 10);
  world.sent(kAccessSide);
  world.sent(kCoreSide);
}

TEST(KernelPath, AKernelThatDoesNotReadIsNotWaitedFor) {
  World world({.punts = true});
  for (unsigned second = 0; second < 3; ++second) {
    for (unsigned n = 0; n < kPuntCapacity; ++n) {
      world.arrive(kAccessSide, arp(kEveryone));
      if (n % 64 == 0) {
        world.settle();
      }
    }
    world.settle();
    world.pass_ms(1000);
  }
  EXPECT_EQ(world.punted().size(), kPuntRing - 1) << "a ring of rte_ring holds one less than its size";
  EXPECT_EQ(world.dropped(DropReason::kPuntFull), 3 * kPuntCapacity - (kPuntRing - 1));
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
