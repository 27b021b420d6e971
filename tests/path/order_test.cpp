// SPDX-License-Identifier: Apache-2.0
// A worker's obligations to peers and control: acknowledgements, messages in order.
#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

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
  world_.pass_ms(contract::AckPolicy{}.bare_after_ms - 1);
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
    world_.arrive(kAccessSide,
                  Peer(number).clear(inner_packet(wire::Ipv4Address(kSubscriber.value + number), kHost)));
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
  world_.install_up();  // the same slot with another generation
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
