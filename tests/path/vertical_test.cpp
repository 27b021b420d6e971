// SPDX-License-Identifier: Apache-2.0
// A call's whole life at a worker: installed, PPP control both ways, MPPE on, IP both ways, removed.
#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

TEST(Vertical, ACallLivesAndEnds) {
  World world;
  Peer peer;
  const contract::CallRef call = world.install();

  // GRE-11: the first LCP frame after the Outgoing-Call-Reply is not lost.
  const Octets lcp{1, 1, 0, 4};
  world.arrive(kAccessSide, peer.control(wire::PppProtocol::kLcp, lcp));
  world.turn();
  EXPECT_EQ(world.ppp_frame(), (Octets{0xc0, 0x21, 1, 1, 0, 4}));

  const Octets ours{0xff, 0x03, 0xc0, 0x21, 2, 1, 0, 4};
  world.send_ppp(call, ours);
  world.turn();
  std::vector<Octets> out = world.sent(kAccessSide);
  ASSERT_EQ(out.size(), 1U);
  const SentGre first = read_gre(out[0]);
  EXPECT_EQ(first.call_id, kPeerId.value);
  EXPECT_EQ(first.sequence, 0U);
  EXPECT_EQ(first.ack, 0U);
  EXPECT_EQ(first.ppp, ours);

  world.tell(call, peer.enable_receive(call));
  world.tell(call, peer.enable_send(call));
  world.tell(call, contract::EnableIp{
                       .call = call, .subscriber = kSubscriber, .peer_mru = 1400, .require_mppe = true});
  world.index().map_subscriber(kSubscriber, call);

  const Octets up = inner_packet(kSubscriber, kHost, 100);
  world.arrive(kAccessSide, peer.encrypted(up));
  world.turn();
  out = world.sent(kCoreSide);
  ASSERT_EQ(out.size(), 1U);
  const Sent forwarded = read_sent(out[0]);
  EXPECT_EQ(forwarded.to, kRouterMac);
  EXPECT_EQ(forwarded.packet, PacketBuilder(up).ttl(63).octets());

  const Octets down = inner_packet(kHost, kSubscriber, 1000);
  world.arrive(kCoreSide, core_frame(down));
  world.turn();
  out = world.sent(kAccessSide);
  ASSERT_EQ(out.size(), 1U);
  const SentGre second = read_gre(out[0]);
  EXPECT_EQ(second.sequence, 1U);
  EXPECT_EQ(second.ack, 1U);
  EXPECT_EQ(peer.decrypt(second), PacketBuilder(down).ttl(63).octets());

  EXPECT_EQ(world.all_drops(), 0U);
  world.tell(call, contract::RemoveCall{call});
  world.turn();
  const auto removed = world.told<contract::CallRemoved>();
  ASSERT_TRUE(removed);
  EXPECT_EQ(removed->call, call);
  EXPECT_EQ(removed->totals.uplink_packets, 1U);
  EXPECT_EQ(removed->totals.uplink_octets, 100U);
  EXPECT_EQ(removed->totals.downlink_packets, 1U);
  EXPECT_EQ(removed->totals.downlink_octets, 1000U);
  EXPECT_EQ(removed->totals.drops, 0U);

  world.arrive(kAccessSide, peer.control(wire::PppProtocol::kLcp, lcp));
  world.turn();
  EXPECT_EQ(world.dropped(DropReason::kUnknownCall), 1U);
}

}  // namespace
}  // namespace adit::dataplane::path
