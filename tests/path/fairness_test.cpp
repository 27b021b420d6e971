// SPDX-License-Identifier: Apache-2.0
// What a worker does for packets besides forwarding them (ICMP errors and replies, questions about neighbours, room to
// wait for the answers) is limited for each side of each call: junk from one subscriber, or to one, takes nothing from others.
#include <algorithm>
#include <deque>

#include "dataplane/wire/icmp.hpp"
#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

constexpr wire::Ipv4Address subscriber(std::uint16_t number) {
  return wire::Ipv4Address(kSubscriber.value + number);
}
constexpr wire::Ipv4Address neighbour(std::uint32_t number) {  // on the core's own network
  return wire::Ipv4Address(0xc6336400 + number);
}

class Fairness : public testing::Test {
 protected:
  static constexpr std::uint32_t kJunk = 1000;

  explicit Fairness(std::uint16_t subscribers = 2) {
    for (std::uint16_t number = 0; number < subscribers; ++number) {
      world_.install_up(number);
      peers_.emplace_back(number);
    }
  }
  void up(std::uint16_t number, const Octets& inner) {
    world_.arrive(kAccessSide, peers_[number].clear(inner));
    world_.settle();
  }
  void down(const Octets& inner) {
    world_.arrive(kCoreSide, core_frame(inner));
    world_.settle();
  }
  void forget_sent() {
    world_.sent(kAccessSide);
    world_.sent(kCoreSide);
  }
  /// A packet that does not fit the tunnel and must not be cut.
  static Octets too_large(wire::Ipv4Address from, std::uint16_t to) {
    return inner_packet(from, subscriber(to), 1500, 64, true);
  }
  static Octets ping(std::uint16_t number) {
    Octets echo{8, 0, 0, 0, 0x12, 0x34, 0, 1};
    wire::store_be(echo.data() + 2, wire::internet_checksum(echo));
    return PacketBuilder(echo).ip(subscriber(number), kGateway, wire::kIpProtocolIcmp).octets();
  }
  /// The types of the ICMP messages that were sent to the core, and to a subscriber's client.
  std::vector<int> to_core() {
    std::vector<int> types;
    for (const Octets& frame : world_.sent(kCoreSide)) {
      if (const Sent sent = read_sent(frame); sent.ip.source == kGateway) {
        types.push_back(sent.payload()[0]);
      }
    }
    return types;
  }
  std::vector<int> to_client(std::uint16_t number) {
    std::vector<int> types;
    for (const Octets& frame : world_.sent(kAccessSide)) {
      const SentGre gre = read_gre(frame);
      const auto ppp = wire::parse_ppp(gre.ppp);
      if (read_sent(frame).ip.destination.value != kClient.value + number || !gre.sequence || !ppp) {
        continue;
      }
      const wire::Ipv4View inner(gre.ppp.data() + ppp->header_length);
      if (inner.source() == kGateway) {
        types.push_back(gre.ppp[ppp->header_length + wire::kIpv4Size]);
      }
    }
    return types;
  }
  void expect_answers(std::uint16_t number) {
    forget_sent();
    down(too_large(kHost, number));
    EXPECT_EQ(to_core(), std::vector{3})
        << "fragmentation needed, which keeps connections of " << number << " alive";
    up(number, inner_packet(subscriber(number), kHost, 64, 1));
    EXPECT_EQ(to_client(number), std::vector{11}) << "traceroute";
    up(number, ping(number));
    EXPECT_EQ(to_client(number), std::vector{0}) << "ping";
  }

  World world_;
  std::deque<Peer> peers_;
};

TEST_F(Fairness, JunkThatDeservesNoAnswerTakesNothing) {
  for (std::uint32_t n = 0; n < kJunk; ++n) {
    up(0, inner_packet(subscriber(0), kGateway));
  }
  expect_answers(0);
  expect_answers(1);
}

TEST_F(Fairness, OneSubscribersPingsAndExpiredPacketsSilenceNobodyElse) {
  for (std::uint32_t n = 0; n < kJunk; ++n) {
    up(1, ping(1));
    up(1, inner_packet(subscriber(1), kHost, 64, 1));
    if (n % 64 == 0) {
      forget_sent();
    }
  }
  EXPECT_EQ(world_.counters().icmp_sent.read(), kCallIcmpCapacity);
  expect_answers(0);
  forget_sent();
  down(too_large(kHost, 1));
  EXPECT_EQ(to_core(), std::vector{3}) << "nor what is sent to it from outside";
}

TEST_F(Fairness, PacketsFromOutsideForOneSubscriberSilenceNobodyElse) {
  for (std::uint32_t n = 0; n < kJunk; ++n) {
    down(too_large(wire::Ipv4Address(kHost.value + n % 64), 1));
    if (n % 64 == 0) {
      forget_sent();
    }
  }
  EXPECT_EQ(world_.counters().icmp_sent.read(), kCallIcmpCapacity);
  expect_answers(0);
  forget_sent();
  up(1, ping(1));
  EXPECT_EQ(to_client(1), std::vector{0}) << "nor what it asks itself";
}

TEST_F(Fairness, WhatSubscribersSendEachOtherIsTheSendersCost) {
  for (std::uint32_t n = 0; n < kJunk; ++n) {
    up(1, too_large(subscriber(1), 0));
    if (n % 64 == 0) {
      forget_sent();
    }
  }
  EXPECT_GE(world_.dropped(DropReason::kTooBig), kJunk);
  EXPECT_EQ(world_.counters().icmp_sent.read(), kCallIcmpCapacity);
  expect_answers(0);
}

TEST_F(Fairness, ABudgetRefillsAndANewCallHasAWholeOne) {
  for (std::uint32_t n = 0; n < kJunk; ++n) {
    up(1, inner_packet(subscriber(1), kHost, 64, 1));
    if (n % 64 == 0) {
      forget_sent();
    }
  }
  forget_sent();
  world_.pass_ms(1000);
  for (std::uint32_t n = 0; n < kCallIcmpCapacity; ++n) {
    up(1, ping(1));
  }
  EXPECT_EQ(to_client(1).size(), kCallIcmpPerSecond);
}

// ---- neighbours -------------------------------------------------------------------------------------------------

/// A core network whose hosts are not resolved.
class Neighbours : public Fairness {
 protected:
  static constexpr std::uint16_t kSubscribers = 61;
  static_assert((kSubscribers - 1) * kNeighbourWaitShare > kNeighbourWaits);

  Neighbours() : Fairness(kSubscribers) {
    for (std::uint32_t n = 0; n < 64; ++n) {
      neighbours_.push_back({11, wire::Ipv4Address(kClient.value + n), kClientMac});
    }
    world_.publish(routes_, neighbours_);
    world_.settle();
  }
  /// Each of the hosts 1 to 199.
  void scan(std::uint16_t number) {
    for (std::uint32_t host = 1; host < 200; ++host) {
      up(number, inner_packet(subscriber(number), neighbour(host)));
      drain();
    }
  }
  void drain() {
    while (const auto message = world_.told<contract::ResolveNextHop>()) {
      asked_.push_back(message->destination);
    }
  }
  /// Subscriber 0 begins to talk to a host: it is asked for, and when it is found, the packet is sent.
  void expect_conversation(std::uint32_t host) {
    up(0, inner_packet(subscriber(0), neighbour(host)));
    drain();
    EXPECT_EQ(std::ranges::count(asked_, neighbour(host)), 1) << "the kernel was asked";
    world_.sent(kCoreSide);
    auto found = neighbours_;
    found.push_back({12, neighbour(host), kRouterMac});
    world_.publish(routes_, found);
    world_.settle();
    EXPECT_EQ(world_.sent(kCoreSide).size(), 1U) << "the first packet waited";
  }

  std::vector<NeighbourEntry> neighbours_;
  const std::vector<RouteEntry> routes_{
      {.prefix = wire::Ipv4Address(192, 0, 2, 0), .length = 24, .paths = {{.ifindex = 11}}},
      {.prefix = neighbour(0), .length = 24, .paths = {{.ifindex = 12}}}};
  std::vector<wire::Ipv4Address> asked_;
};

TEST_F(Neighbours, AScanByOneSubscriberHasItsShareOnly) {
  scan(1);
  EXPECT_EQ(asked_.size(), kCallResolveCapacity);
  EXPECT_EQ(world_.dropped(DropReason::kUnresolved), 199U - kNeighbourWaitShare);
  expect_conversation(200);
}

TEST_F(Neighbours, ScansByManySubscribersLeaveRoomForOneWhoDoesNot) {
  for (std::uint16_t number = 1; number <= 10; ++number) {
    scan(number);
  }
  for (std::uint16_t number = 11; number < kSubscribers; ++number) {
    for (std::uint32_t host = 1; host <= kNeighbourWaitShare; ++host) {
      up(number, inner_packet(subscriber(number), neighbour(100 + host)));
      drain();
      world_.pass_ms(2);  // their questions are within the worker's rate
    }
  }
  expect_conversation(201);
}

TEST_F(Neighbours, WhatThePacketsOfTwoSubscribersWaitForIsTheSameHost) {
  for (const std::uint16_t number : {std::uint16_t{1}, std::uint16_t{0}}) {
    for (unsigned n = 0; n < 2U * kNeighbourWaitPackets; ++n) {
      up(number, inner_packet(subscriber(number), neighbour(202)));
    }
  }
  drain();
  auto found = neighbours_;
  found.push_back({12, neighbour(202), kRouterMac});
  world_.publish(routes_, found);
  world_.settle();
  EXPECT_EQ(world_.sent(kCoreSide).size(), 2U * kNeighbourWaitPackets) << "one cannot take the other's room";
}

TEST_F(Neighbours, AnErrorAboutWhatHasWaitedMayHaveToWaitItself) {
  auto routes = routes_;  // with the sender's call gone, its address is a host like others
  routes.push_back({.prefix = subscriber(0), .length = 16, .paths = {{.ifindex = 12}}});
  world_.publish(routes, neighbours_);
  const auto wait_for = [&](std::uint16_t number, std::uint32_t host) {
    up(number, inner_packet(subscriber(number), neighbour(host)));
    drain();
  };
  auto found = neighbours_;
  for (std::uint32_t host = 1; host < kNeighbourWaitShare; ++host) {
    wait_for(1, host);
    found.push_back({12, neighbour(host), kRouterMac});
  }
  wait_for(1, 100);
  wait_for(1, 100);
  world_.publish(routes, found);
  world_.settle();
  world_.pass_ms(kNeighbourWaitMs / 2);
  std::uint32_t waits = 1;  // the last of its owner's share, so the first to yield
  for (std::uint32_t host = 101; waits < kNeighbourWaits; ++host) {
    for (std::uint16_t number = 2; number < kSubscribers && waits < kNeighbourWaits; ++number, ++waits) {
      wait_for(number, host);
    }
  }
  ASSERT_EQ(world_.dropped(DropReason::kUnresolved), 0U);
  forget_sent();
  world_.index().unmap_route({subscriber(1), 32});
  world_.pass_ms(kNeighbourWaitMs / 2);
  world_.settle();
  drain();
  EXPECT_EQ(world_.dropped(DropReason::kUnresolved), 2U) << "its two packets, each once";
  found.push_back({12, subscriber(1), kRouterMac});
  world_.publish(routes, found);
  world_.settle();
  EXPECT_EQ(to_core(), (std::vector{3, 3})) << "host unreachable";
}

}  // namespace
}  // namespace adit::dataplane::path
