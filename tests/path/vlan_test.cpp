// SPDX-License-Identifier: Apache-2.0
// VLANs as ports, one device for both sides, and several ports on one side: only the tags tell them apart.
#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

const Octets kInnerUp = inner_packet(kSubscriber, kHost, 60);
const Octets kInnerDown = inner_packet(kHost, kSubscriber, 60);

Octets from_client(std::uint32_t sequence) {
  return access_frame(PacketBuilder(kInnerUp).ppp(wire::PppProtocol::kIpv4).gre(sequence));
}

/// Tags a frame, the inner tag first.
Octets tagged(Octets frame, std::initializer_list<std::uint16_t> tags) {
  for (const std::uint16_t tag : tags) {
    const std::array<std::uint8_t, 4> four{0x81, 0x00, static_cast<std::uint8_t>(tag >> 8),
                                           static_cast<std::uint8_t>(tag)};
    frame.insert(frame.begin() + 12, four.begin(), four.end());
  }
  return frame;
}

wire::EthernetHeader link_of(const Octets& frame) {
  return wire::parse_ethernet(frame).value();
}

TEST(Vlan, TwoVlansOfOneDeviceAreTheTwoSides) {
  World world({.access_vlan = {.outer = 100}, .core_vlan = {.outer = 200}, .one_device = true});
  world.install_up();
  world.arrive(kAccessSide, tagged(from_client(1), {100}));
  world.settle();
  world.pass_ms(1000);
  world.settle();
  auto sent = world.sent(kAccessSide);
  ASSERT_EQ(sent.size(), 2U) << "the packet and its acknowledgement";
  std::ranges::sort(sent, {}, &Octets::size);
  EXPECT_EQ(link_of(sent[0]).tci[0], 100) << "the acknowledgement goes back to the access VLAN";
  EXPECT_EQ(link_of(sent[1]).tci[0], 200);
  EXPECT_EQ(link_of(sent[1]).tags, 1);
  EXPECT_EQ(read_sent(sent[1]).ip.destination, kHost);

  Octets down = core_frame(kInnerDown);
  std::ranges::copy(kAccessMac, down.begin());
  world.arrive(kAccessSide, tagged(down, {200}));
  world.turn();
  sent = world.sent(kAccessSide);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(link_of(sent[0]).tci[0], 100);
  EXPECT_EQ(read_sent(sent[0]).ip.destination, kClient);
  EXPECT_EQ(world.all_drops(), 0U);
}

TEST(Vlan, FramesOfTheOtherVlanOrOfNoneAreNoPort) {
  World world({.access_vlan = {.outer = 100}, .core_vlan = {.outer = 200}, .one_device = true});
  world.install_up();
  world.arrive(kAccessSide, from_client(1));                      // untagged
  world.arrive(kAccessSide, tagged(from_client(1), {101}));       // another's
  world.arrive(kAccessSide, tagged(from_client(1), {100, 300}));  // 100 inside 300
  world.turn();
  EXPECT_EQ(world.dropped(DropReason::kForeignVlan), 3U);
  world.arrive(kAccessSide, tagged(from_client(1), {200}));  // GRE on the core's VLAN is plain IP there
  world.turn();
  EXPECT_EQ(world.dropped(DropReason::kUnknownSubscriber), 1U);
  EXPECT_TRUE(world.sent(kAccessSide).empty());
}

TEST(Vlan, PriorityTagIsNoVlanAndPriorityBitsAreNobodys) {
  World world({.core_vlan = {.outer = 200}});
  world.install_up();
  world.arrive(kAccessSide, tagged(from_client(1), {0xe000}));
  world.arrive(kCoreSide, tagged(core_frame(kInnerDown), {0xa0c8}));  // 200 with a priority
  world.turn();
  EXPECT_EQ(world.sent(kCoreSide).size(), 1U);
  EXPECT_EQ(world.sent(kAccessSide).size(), 1U);
  EXPECT_EQ(world.all_drops(), 0U);
}

TEST(Vlan, QinQWritesBothTagsAndTheServiceType) {
  const wire::Vlan vlan{.outer = 300, .inner = 7, .outer_type = wire::EtherType::kServiceVlan};
  World world({.core_vlan = vlan});
  world.install_up();
  world.arrive(kAccessSide, from_client(1));
  world.turn();
  const auto sent = world.sent(kCoreSide);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(wire::load_be<std::uint16_t>(sent[0].data() + 12), 0x88a8);
  EXPECT_EQ(link_of(sent[0]).tags, 2);
  EXPECT_EQ(link_of(sent[0]).tci[0], 300);
  EXPECT_EQ(link_of(sent[0]).tci[1], 7);
  EXPECT_EQ(read_sent(sent[0]).ip.destination, kHost);
  world.arrive(kCoreSide, tagged(core_frame(kInnerDown), {7, 300}));
  world.turn();
  EXPECT_EQ(world.sent(kAccessSide).size(), 1U) << "either type is taken on receive";
}

TEST(Vlan, LargestPacketPassesTaggedToo) {
  World world({.core_vlan = {.outer = 300, .inner = 7}});
  world.install_up();
  const Octets packet = inner_packet(kSubscriber, kHost, 1400);
  world.arrive(kAccessSide, access_frame(PacketBuilder(packet).ppp(wire::PppProtocol::kIpv4).gre(1)));
  world.turn();
  const auto sent = world.sent(kCoreSide);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].size(), 1400U + 14 + 8) << "tags are no part of the MTU";
}

TEST(Vlan, ManyVlansOfOneDeviceAreFound) {
  std::vector<WorkerPort> ports;
  for (std::uint16_t id = 1; id <= wire::kMaxVlanId; ++id) {
    ports.push_back(
        {.port = {.id = 3, .vlan = {.outer = id}}, .rx_queues = {}, .tx_queue = {}, .transmitter = {}});
  }
  ports.push_back({.port = {.id = 4}, .rx_queues = {}, .tx_queue = {}, .transmitter = {}});
  const Inlet inlet(3, ports);
  for (std::uint16_t id = 1; id <= wire::kMaxVlanId; ++id) {
    ASSERT_EQ(inlet.find({.outer = id}), &ports[id - 1U].port);
    ASSERT_EQ(inlet.find({.outer = id, .inner = 1}), nullptr);
  }
  EXPECT_EQ(inlet.untagged(), nullptr);
  EXPECT_EQ(Inlet(4, ports).untagged(), &ports.back().port);
}

}  // namespace
}  // namespace adit::dataplane::path
