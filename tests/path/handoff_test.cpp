// SPDX-License-Identifier: Apache-2.0
// One owner per call, wherever its packets arrive: hand-off between two workers, and order on the wire.
// scripts/test also runs these under ThreadSanitizer.
#include <map>
#include <thread>

#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

constexpr std::uint16_t kTwo = 2;
constexpr std::array<std::uint16_t, kTwo> kQueues{0, 1};

wire::Ipv4Address subscriber(std::uint16_t number) {
  return wire::Ipv4Address(kSubscriber.value + number);
}

/// Per call: inner packets in order at the core, GRE numbers in order at the access side.
void expect_order(World& world, std::uint16_t calls, std::uint16_t packets) {
  std::map<std::uint32_t, std::vector<std::uint16_t>> up;
  for (const std::uint16_t queue : kQueues) {
    for (const Octets& frame : world.sent(kCoreSide, queue)) {
      const Sent sent = read_sent(frame);
      up[sent.ip.source.value].push_back(static_cast<std::uint16_t>(sent.packet.size()));
    }
  }
  EXPECT_EQ(up.size(), calls);
  for (const auto& [source, sizes] : up) {
    ASSERT_EQ(sizes.size(), packets);
    for (std::uint16_t i = 0; i < packets; ++i) {
      ASSERT_EQ(sizes[i], 100 + i) << to_string(wire::Ipv4Address(source));
    }
  }
  std::map<std::uint32_t, std::uint32_t> down;
  for (const std::uint16_t queue : kQueues) {
    for (const Octets& frame : world.sent(kAccessSide, queue)) {
      const SentGre gre = read_gre(frame);
      if (gre.sequence) {
        std::uint32_t& next = down[read_sent(frame).ip.destination.value];
        ASSERT_EQ(*gre.sequence, next);
        ++next;
      }
    }
  }
  EXPECT_EQ(down.size(), calls);
  for (const auto& [peer, next] : down) {
    EXPECT_EQ(next, packets) << to_string(wire::Ipv4Address(peer));
  }
}

/// Calls 0.. alternate between the two workers.
std::vector<Peer> install_calls(World& world, std::uint16_t calls) {
  std::vector<Peer> peers;
  for (std::uint16_t number = 0; number < calls; ++number) {
    peers.emplace_back(number);
    world.install_up(number, number % kTwo);
  }
  return peers;
}

/// Every call gets a packet each way, at the worker that does not own it.
void arrive_wrongly(World& world, std::vector<Peer>& peers, std::size_t size) {
  for (std::uint16_t number = 0; number < peers.size(); ++number) {
    const auto wrong = static_cast<std::uint16_t>((number + 1) % kTwo);
    world.arrive(kAccessSide, peers[number].clear(inner_packet(subscriber(number), kHost, size)), wrong);
    world.arrive(kCoreSide, core_frame(inner_packet(kHost, subscriber(number), size)), wrong);
  }
}

TEST(Handoff, GRE_15_WronglySteeredPacketsReachTheirOwnersInOrder) {
  constexpr std::uint16_t kCalls = 32;
  constexpr std::uint16_t kPackets = 40;
  World world({.workers = kTwo});
  std::vector<Peer> peers = install_calls(world, kCalls);
  for (std::uint16_t i = 0; i < kPackets; ++i) {
    arrive_wrongly(world, peers, 100U + i);
    world.settle();
  }
  EXPECT_EQ(world.all_drops(), 0U);
  const std::uint64_t misses = world.counters(0).steer_miss.read() + world.counters(1).steer_miss.read();
  EXPECT_EQ(misses, 2U * kCalls * kPackets);
  EXPECT_EQ(world.counters(0).handed_in.read() + world.counters(1).handed_in.read(), misses);
  expect_order(world, kCalls, kPackets);
}

TEST(Handoff, GRE_15_TheSameWithTwoThreads) {
  constexpr std::uint16_t kCalls = 16;
  constexpr std::uint16_t kPackets = 30;
  World world({.workers = kTwo});
  std::vector<Peer> peers = install_calls(world, kCalls);
  for (std::uint16_t i = 0; i < kPackets; ++i) {
    arrive_wrongly(world, peers, 100U + i);
  }
  const auto all_out = [&] {
    return world.counters(0).tx_packets.read() + world.counters(1).tx_packets.read() >=
           2U * kCalls * kPackets;
  };
  const auto work = [&](std::uint16_t number) {
    for (int turn = 0; turn < 2'000'000 && !all_out(); ++turn) {
      if (!world.worker(number).poll_once(world.tsc())) {
        std::this_thread::yield();
      }
    }
  };
  std::thread other(work, std::uint16_t{1});
  work(0);
  other.join();
  world.settle();
  EXPECT_EQ(world.all_drops(), 0U);
  expect_order(world, kCalls, kPackets);
}

TEST(Handoff, AFullRingDropsByName) {
  World world({.workers = kTwo, .slots = 1});
  Peer peer;
  world.install_up(0, 1);
  const std::uint64_t before = world.counters(1).handed_in.read();
  for (std::uint32_t i = 0; i < kHandoffRing + 200; ++i) {
    world.arrive(kAccessSide, peer.clear(inner_packet(kSubscriber, kHost)), 0);
    world.worker(0).poll_once(world.tsc());  // while its owner does not poll
  }
  EXPECT_EQ(world.dropped(DropReason::kHandoffFull), 201U);  // a ring of n holds n - 1
  world.settle();
  EXPECT_EQ(world.counters(1).handed_in.read() - before, kHandoffRing - 1);
  EXPECT_EQ(world.sent(kCoreSide).size(), kHandoffRing - 1);
}

TEST(Handoff, StrangersDoNotFillTheRing) {
  World world({.workers = kTwo, .slots = 1});
  Peer peer;
  world.install_up(0, 1);
  const Octets forged = access_frame(
      PacketBuilder(inner_packet(kSubscriber, kHost)).ppp(wire::PppProtocol::kIpv4).gre(0), kHost);
  for (std::uint32_t i = 0; i < 2 * kHandoffRing; ++i) {
    world.arrive(kAccessSide, forged, 0);
    world.worker(0).poll_once(world.tsc());  // while its owner does not poll
  }
  world.arrive(kAccessSide, peer.clear(inner_packet(kSubscriber, kHost)), 0);
  world.settle();
  EXPECT_EQ(world.sent(kCoreSide).size(), 1U);
  EXPECT_EQ(world.dropped(DropReason::kWrongPeer), 2 * kHandoffRing);
  EXPECT_EQ(world.all_drops(), 2 * kHandoffRing);
}

TEST(Handoff, APacketForACallThatMovedIsNotPassedOnForEver) {
  World world({.workers = kTwo});
  Peer peer;
  world.install_up(0, 1);
  world.arrive(kAccessSide, peer.clear(inner_packet(kSubscriber, kHost)), 0);
  world.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber)), 0);
  world.worker(0).poll_once(world.tsc());
  const contract::CallRef elsewhere{{0}, 5, 99};
  world.index().map_call(kServer, kClient, kLocalId, elsewhere);
  world.index().map_subscriber(kSubscriber, elsewhere);
  world.settle();
  EXPECT_EQ(world.dropped(DropReason::kHandoffStale), 2U);
}

TEST(Handoff, SubscribersOfTwoWorkersReachEachOther) {
  World world({.workers = kTwo});
  Peer peer;
  world.install_up(0, 0);
  const contract::CallRef other = world.install_up(1, 1);
  const Octets inner = inner_packet(kSubscriber, subscriber(1), 300);
  world.arrive(kAccessSide, peer.clear(inner), 0);
  world.settle();
  const std::vector<Octets> out = world.sent(kAccessSide, 1);
  ASSERT_EQ(out.size(), 1U);
  const Octets ppp = read_gre(out[0]).ppp;
  EXPECT_EQ(Octets(ppp.begin() + 4, ppp.end()), PacketBuilder(inner).ttl(63).octets());
  EXPECT_EQ(world.totals(other).downlink_packets, 1U);
}

TEST(Handoff, AWorkerWithoutATransmitQueueSendsThroughAnother) {
  World world({.workers = kTwo, .one_transmit_queue = true});
  Peer peer;
  const contract::CallRef call = world.install_up(0, 1);
  for (int i = 0; i < 10; ++i) {
    world.arrive(kAccessSide, peer.clear(inner_packet(kSubscriber, kHost)), 1);
    world.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber)), 1);
  }
  world.send_ppp(call, Octets{0xff, 3, 0xc0, 0x21, 9, 1, 0, 4});
  world.settle();
  EXPECT_TRUE(world.sent(kAccessSide, 1).empty());
  EXPECT_TRUE(world.sent(kCoreSide, 1).empty());
  EXPECT_EQ(world.sent(kCoreSide, 0).size(), 10U);
  std::uint32_t next = 0;
  for (const Octets& frame : world.sent(kAccessSide, 0)) {
    if (const SentGre gre = read_gre(frame); gre.sequence) {
      EXPECT_EQ(*gre.sequence, next++);
    }
  }
  EXPECT_EQ(next, 11U);
  EXPECT_EQ(world.all_drops(), 0U);
}

TEST(Handoff, IPv6AtTheWrongWorkerIsHandedOverAndCountedTheSame) {
  World world({.workers = kTwo, .slots = 4});
  Peer peer(0);
  const contract::CallRef call = world.install_up(0, 1);
  constexpr wire::Ipv6Address kOwn{0x2001'0db8'0064'0000, 0x99};
  constexpr wire::Ipv6Address kFar{0x2001'0db8'ffff'0000, 5};
  world.tell(call, contract::EnableIpv6{
                       .call = call, .peer_mru = 1500, .interface_id = 0x42, .link_prefix = kOwn.high});
  ASSERT_TRUE(world.index().map_route(wire::Ipv6Prefix{.address = {kOwn.high, 0}, .length = 64}, call));
  RouteEntry6 route;
  route.paths = {RoutePath6{.ifindex = kCoreIfindex, .gateway = kRouter6}};
  const NeighbourEntry6 router{.ifindex = kCoreIfindex, .address = kRouter6, .mac = kRouterMac};
  world.publish_ipv6(std::array{route}, std::array{router});
  const auto packet = [](const wire::Ipv6Address& from, const wire::Ipv6Address& to) {
    Octets octets(wire::kIpv6Size);
    wire::write_ipv6(octets.data(), {.source = from, .destination = to, .next_header = 59, .hop_limit = 64});
    return octets;
  };
  world.arrive(kCoreSide, PacketBuilder(packet(kFar, kOwn)).ethernet(kCoreMac, kRouterMac, 0x86DD).octets(),
               0);
  world.arrive(kAccessSide, peer.data6(packet(kOwn, kFar)), 0);
  world.settle();
  for (const Side side : {kAccessSide, kCoreSide}) {
    EXPECT_EQ(world.counters(0).arrivals[Bench::instance().ports[side]].steer_miss.read(), 1U);
  }
  EXPECT_EQ(world.counters(1).downlink_packets.read(), 1U);
  EXPECT_EQ(world.counters(1).uplink_packets.read(), 1U);
}

}  // namespace
}  // namespace adit::dataplane::path
