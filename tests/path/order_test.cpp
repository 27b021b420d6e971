// SPDX-License-Identifier: Apache-2.0
// One owner per call, whatever arrives where: hand-off, order on the wire, acknowledgements, messages in their order.
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

TEST(Handoff, GRE_15_WronglySteeredPacketsReachTheirOwnersInOrder) {
  constexpr std::uint16_t kCalls = 32;
  constexpr std::uint16_t kPackets = 40;
  World world({.workers = kTwo});
  std::vector<Peer> peers;
  for (std::uint16_t number = 0; number < kCalls; ++number) {
    peers.emplace_back(number);
    world.install_up(number, number % kTwo);
  }
  for (std::uint16_t i = 0; i < kPackets; ++i) {
    for (std::uint16_t number = 0; number < kCalls; ++number) {
      const auto wrong = static_cast<std::uint16_t>((number + 1) % kTwo);
      const std::size_t size = 100U + i;
      world.arrive(kAccessSide, peers[number].clear(inner_packet(subscriber(number), kHost, size)), wrong);
      world.arrive(kCoreSide, core_frame(inner_packet(kHost, subscriber(number), size)), wrong);
    }
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
  std::vector<Peer> peers;
  for (std::uint16_t number = 0; number < kCalls; ++number) {
    peers.emplace_back(number);
    world.install_up(number, number % kTwo);
  }
  for (std::uint16_t i = 0; i < kPackets; ++i) {
    for (std::uint16_t number = 0; number < kCalls; ++number) {
      const auto wrong = static_cast<std::uint16_t>((number + 1) % kTwo);
      world.arrive(kAccessSide, peers[number].clear(inner_packet(subscriber(number), kHost, 100U + i)),
                   wrong);
      world.arrive(kCoreSide, core_frame(inner_packet(kHost, subscriber(number), 100U + i)), wrong);
    }
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
    world.worker(0).poll_once(world.tsc());  // and its owner sleeps
  }
  EXPECT_EQ(world.dropped(DropReason::kHandoffFull), 201U);  // a ring of n holds n - 1
  world.settle();
  EXPECT_EQ(world.counters(1).handed_in.read() - before, kHandoffRing - 1);
  EXPECT_EQ(world.sent(kCoreSide).size(), kHandoffRing - 1);
}

TEST(Handoff, APacketForACallThatMovedIsNotPassedOnForEver) {
  World world({.workers = kTwo});
  Peer peer;
  world.install_up(0, 1);
  world.arrive(kAccessSide, peer.clear(inner_packet(kSubscriber, kHost)), 0);
  world.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber)), 0);
  world.worker(0).poll_once(world.tsc());
  const contract::CallRef elsewhere{{0}, 5, 99};
  world.index().map_call(kServer, kLocalId, elsewhere);
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

// ---- acknowledgements ---------------------------------------------------------------------------------------------

class Acks : public testing::Test {
 protected:
  std::vector<SentGre> access() {
    std::vector<SentGre> all;
    for (const Octets& frame : world_.sent(kAccessSide)) {
      all.push_back(read_gre(frame));
    }
    return all;
  }
  World world_;
  Peer peer_{0, 1000};
  contract::CallRef call_ = world_.install_up();
};

TEST_F(Acks, ABareOneLeavesWithin100MsAndOnlyOne) {
  world_.arrive(kAccessSide, peer_.clear(inner_packet(kSubscriber, kHost)));
  world_.turn();
  EXPECT_TRUE(access().empty());
  world_.pass_ms(kBareAckDelayMs - 1);
  world_.turn();
  EXPECT_TRUE(access().empty());
  world_.pass_ms(1);
  world_.turn();
  const std::vector<SentGre> acks = access();
  ASSERT_EQ(acks.size(), 1U);
  EXPECT_FALSE(acks[0].sequence);
  EXPECT_EQ(acks[0].ack, 1000U);
  EXPECT_EQ(acks[0].call_id, kPeerId.value);
  world_.pass_ms(1000);
  world_.turn();
  EXPECT_TRUE(access().empty());
}

TEST_F(Acks, DataTakesTheAckAlongOnce) {
  world_.arrive(kAccessSide, peer_.clear(inner_packet(kSubscriber, kHost)));
  world_.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber)));
  world_.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber)));
  world_.turn();
  const std::vector<SentGre> out = access();
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[0].ack, 1000U);
  EXPECT_FALSE(out[1].ack);
  world_.pass_ms(1000);
  world_.turn();
  EXPECT_TRUE(access().empty()) << "nothing is owed";
}

TEST_F(Acks, ManyPacketsAreAcknowledgedAtOnceAndOnceABurst) {
  for (int i = 0; i < kBurst; ++i) {
    world_.arrive(kAccessSide, peer_.clear(inner_packet(kSubscriber, kHost)));
  }
  world_.turn();
  const std::vector<SentGre> acks = access();
  ASSERT_EQ(acks.size(), 1U);
  EXPECT_EQ(acks[0].ack, 1000U + kBurst - 1);
}

TEST_F(Acks, DueOnesOfManyCallsArePaidAFewATurn) {
  for (std::uint16_t number = 1; number < 64; ++number) {
    world_.install_up(number);
  }
  world_.arrive(kAccessSide, peer_.clear(inner_packet(kSubscriber, kHost)));
  for (std::uint16_t number = 1; number < 64; ++number) {
    world_.arrive(kAccessSide, Peer(number).clear(inner_packet(subscriber(number), kHost)));
  }
  world_.settle();
  world_.pass_ms(100);
  world_.settle();
  EXPECT_EQ(access().size(), 64U);
}

TEST_F(Acks, ACallThatEndedOwesNothing) {
  world_.arrive(kAccessSide, peer_.clear(inner_packet(kSubscriber, kHost)));
  world_.turn();
  world_.tell(call_, contract::RemoveCall{call_});
  world_.settle();
  world_.install_up();  // the slot again, with another generation
  world_.pass_ms(100);
  world_.settle();
  EXPECT_TRUE(access().empty());
}

// ---- messages -----------------------------------------------------------------------------------------------------

TEST(Messages, FramesAndKeysKeepTheirOrder) {
  World world;
  Peer peer;
  const contract::CallRef call = world.install_up();
  const Octets ack{0xff, 3, 0x80, 0xfd, 2, 1, 0, 4};
  world.send_ppp(call, ack);
  world.tell(call, peer.enable_send(call));
  world.send_ppp(call, Octets{0xff, 3, 0x80, 0x21, 1, 1, 0, 4});
  world.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber)));
  world.turn();
  const std::vector<Octets> out = world.sent(kAccessSide);
  ASSERT_EQ(out.size(), 3U);
  EXPECT_EQ(read_gre(out[0]).ppp, ack);
  EXPECT_EQ(read_gre(out[1]).ppp[2], 0x80) << "PPP control stays in clear";
  EXPECT_FALSE(peer.decrypt(read_gre(out[2])).empty());
}

TEST(Messages, StaleReferencesAreCountedAndTakeTheirFramesAlong) {
  World world;
  const contract::CallRef call = world.install();
  contract::CallRef stale = call;
  stale.generation += 1;
  const contract::CallRef beyond{{0}, 9999, 1};
  world.send_ppp(stale, Octets{0xff, 3, 1});
  world.send_ppp(beyond, Octets{0xff, 3, 2});
  world.tell(stale, contract::DisableIp{stale});
  world.tell(stale, contract::RemoveCall{stale});
  world.tell(call, contract::InstallCall{.call = stale,
                                         .local = kServer,
                                         .peer = kClient,
                                         .local_id = kLocalId,
                                         .peer_id = kPeerId});  // control must wait for CallRemoved
  const Octets frame{0xff, 3, 0xc0, 0x21, 3};
  world.send_ppp(call, frame);
  world.turn();
  const std::vector<Octets> out = world.sent(kAccessSide);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(read_gre(out[0]).ppp, frame);
  EXPECT_EQ(world.counters().stale_messages.read(), 5U);
  EXPECT_FALSE(world.told<contract::CallRemoved>());
}

TEST(Messages, CallRemovedIsNeverLost) {
  World world;
  const contract::CallRef call = world.install();
  contract::Mailbox& box = world.mailbox();
  world.settle();
  std::uint32_t filled = 0;
  while (box.to_control.push(contract::ResolveNextHop{kHost})) {  // control does not read
    ++filled;
  }
  world.tell(call, contract::RemoveCall{call});
  world.turn();
  world.turn();
  for (; filled > 0; --filled) {
    ASSERT_TRUE(world.told<contract::ResolveNextHop>());
  }
  world.turn();
  const auto removed = world.told<contract::CallRemoved>();
  ASSERT_TRUE(removed);
  EXPECT_EQ(removed->call, call);
}

TEST(Messages, ATurnReadsABoundedNumber) {
  World world;
  const contract::CallRef call = world.install();
  for (std::uint32_t i = 0; i < kMessagesPerLoop * 2; ++i) {
    world.tell(call, contract::DisableIp{call});
  }
  world.turn();
  EXPECT_EQ(world.counters().messages.read(), kMessagesPerLoop);
  world.settle();
  EXPECT_EQ(world.counters().messages.read(), kMessagesPerLoop * 2 + 1);
}

TEST(Messages, TotalsAreReadWhileTheCallLives) {
  World world;
  Peer peer;
  const contract::CallRef call = world.install_up();
  world.arrive(kAccessSide, peer.clear(inner_packet(kSubscriber, kHost, 200)));
  world.arrive(kAccessSide, peer.clear(inner_packet(kHost, kHost, 200)));  // spoofed
  world.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber, 300)));
  world.turn();
  const contract::CallTotals totals = world.totals(call);
  EXPECT_EQ(totals.uplink_packets, 1U);
  EXPECT_EQ(totals.uplink_octets, 200U);
  EXPECT_EQ(totals.downlink_packets, 1U);
  EXPECT_EQ(totals.downlink_octets, 300U);
  EXPECT_EQ(totals.drops, 1U);
  contract::CallRef stale = call;
  stale.generation += 1;
  EXPECT_FALSE(world.worker().calls().totals(stale));
}

}  // namespace
}  // namespace adit::dataplane::path
