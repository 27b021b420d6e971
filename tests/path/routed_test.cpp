// SPDX-License-Identifier: Apache-2.0
// Networks behind subscribers, packets refused for options or settings, and next hops that are not resolved
// yet.
#include "dataplane/wire/icmp.hpp"
#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

constexpr wire::Ipv4Address kRouted{10, 200, 7, 9};
constexpr wire::Ipv4Prefix kNetwork{.address = wire::Ipv4Address(10, 200, 7, 0), .length = 24};
constexpr wire::Ipv4Address kNeighbour{198, 51, 100, 77};  // on the core's own network

/// One call, with or without a network behind it, and what it sends and receives.
class Routed : public testing::Test {
 protected:
  explicit Routed(WorldOptions options = {}) : world_(options) { call_ = world_.install_up(); }
  void give_network() {
    world_.tell(call_, contract::EnableIp{.call = call_, .subscriber = kSubscriber, .has_routes = true});
    EXPECT_TRUE(world_.index().map_route(kNetwork, call_));
    world_.settle();
  }
  /// The number of packets sent to the core.
  std::size_t up(const Octets& inner) {
    world_.arrive(kAccessSide, peer_.clear(inner));
    world_.settle();
    return world_.sent(kCoreSide).size();
  }
  /// The inner packets that reached the client.
  std::vector<Octets> to_client() {
    std::vector<Octets> packets;
    for (const Octets& frame : world_.sent(kAccessSide)) {
      if (const SentGre gre = read_gre(frame); gre.sequence) {
        packets.emplace_back(gre.ppp.begin() + 4, gre.ppp.end());
      }
    }
    return packets;
  }
  std::size_t down(const Octets& inner) {
    world_.arrive(kCoreSide, core_frame(inner));
    world_.settle();
    return to_client().size();
  }
  World world_;
  Peer peer_;
  contract::CallRef call_{};
};

TEST_F(Routed, NetworkBehindASubscriberBothWays) {
  EXPECT_EQ(up(inner_packet(kRouted, kHost)), 0U);
  EXPECT_EQ(world_.dropped(DropReason::kSpoofedSource), 1U);
  EXPECT_EQ(down(inner_packet(kHost, kRouted)), 0U);
  EXPECT_EQ(world_.dropped(DropReason::kUnknownSubscriber), 1U);
  give_network();
  EXPECT_EQ(up(inner_packet(kRouted, kHost)), 1U);
  EXPECT_EQ(up(inner_packet(kSubscriber, kHost)), 1U);
  EXPECT_EQ(down(inner_packet(kHost, kRouted)), 1U);
  EXPECT_EQ(down(inner_packet(kHost, kSubscriber)), 1U);
  EXPECT_EQ(up(inner_packet(wire::Ipv4Address(10, 200, 8, 1), kHost)), 0U)
      << "the next network is not its own";
  EXPECT_EQ(world_.dropped(DropReason::kSpoofedSource), 2U);
  world_.index().unmap_route(kNetwork);
  EXPECT_EQ(up(inner_packet(kRouted, kHost)), 0U);
  EXPECT_EQ(down(inner_packet(kHost, kRouted)), 0U);
}

TEST_F(Routed, AnothersAddressInsideTheNetworkStaysAnothers) {
  const contract::CallRef other = world_.install_up(1);
  EXPECT_TRUE(world_.index().map_subscriber(kRouted, other));
  give_network();
  EXPECT_EQ(up(inner_packet(kRouted, kHost)), 0U);
  EXPECT_EQ(world_.dropped(DropReason::kSpoofedSource), 1U);
  world_.index().unmap_route(kNetwork);
  EXPECT_TRUE(CallIndex::read(world_.index().locate_subscriber(kRouted)).known);
}

TEST_F(Routed, OfNetworksInEachOtherTheLongestHasAnAddressAndTheNextInheritsIt) {
  CallIndex& index = world_.index();
  const contract::CallRef a{{0}, 20, 1}, b{{0}, 21, 1}, c{{0}, 22, 1};
  const wire::Ipv4Prefix wide{wire::Ipv4Address(10, 1, 0, 0), 16};
  const wire::Ipv4Prefix narrow{wire::Ipv4Address(10, 1, 2, 0), 24};
  const wire::Ipv4Prefix host{wire::Ipv4Address(10, 1, 2, 9), 32};
  const wire::Ipv4Prefix own{wire::Ipv4Address(10, 1, 2, 10), 32};
  const auto slot = [&](unsigned third, unsigned fourth) {
    const auto* entry = index.locate_subscriber(wire::Ipv4Address(10, 1, third, fourth));
    return CallIndex::read(entry).known ? CallIndex::read(entry).slot : 0U;
  };
  const std::uint64_t octets = index.octets();
  index.map_machine(own);
  EXPECT_EQ(index.octets(), octets) << "where no subscriber is, it costs no page";
  EXPECT_TRUE(index.map_route(host, c));
  EXPECT_TRUE(index.map_route(narrow, b));
  EXPECT_TRUE(index.map_route(wide, a)) << "in whichever order they come";
  EXPECT_EQ(slot(1, 255), 20U);
  EXPECT_EQ(slot(2, 0), 21U);
  EXPECT_EQ(slot(2, 255), 21U);
  EXPECT_EQ(slot(2, 9), 22U);
  EXPECT_EQ(slot(2, 10), 0U) << "the machine's own is nobody's";
  EXPECT_EQ(slot(3, 0), 20U);
  index.unmap_route(narrow, wide.length, &a);
  EXPECT_EQ(slot(2, 0), 20U);
  EXPECT_EQ(slot(2, 255), 20U);
  EXPECT_EQ(slot(2, 9), 22U) << "and the end of one takes nothing from another";
  EXPECT_EQ(slot(2, 10), 0U);
  index.unmap_route(host, wide.length, &a);
  EXPECT_EQ(slot(2, 9), 20U);
  EXPECT_TRUE(index.map_route(wide, b)) << "another call has the same network now";
  EXPECT_EQ(slot(2, 9), 21U);
  index.unmap_route(wide);
  EXPECT_EQ(slot(2, 9) + slot(1, 255) + slot(3, 0), 0U);
  index.unmap_route(own);
}

TEST_F(Routed, PingOfTheGatewayFromTheNetworkIsAnsweredThere) {
  give_network();
  Octets echo(8);
  echo[0] = 8;
  wire::store_be(echo.data() + 2, wire::internet_checksum(echo));
  EXPECT_EQ(up(PacketBuilder(echo).ip(kRouted, kGateway, 1).octets()), 0U);
  const auto replies = to_client();
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(wire::Ipv4View(replies[0].data()).destination(), kRouted);
}

/// A packet with four octets of options in its header.
Octets with_options(wire::Ipv4Address from, wire::Ipv4Address to, std::array<std::uint8_t, 4> options) {
  Octets packet = inner_packet(from, to, 64);
  packet.insert(packet.begin() + 20, options.begin(), options.end());
  packet[0] = 0x46;
  wire::store_be(packet.data() + 2, static_cast<std::uint16_t>(packet.size()));
  wire::store_be<std::uint16_t>(packet.data() + 10, 0);
  wire::store_be(packet.data() + 10, wire::internet_checksum(wire::Bytes(packet.data(), 24)));
  return packet;
}

TEST_F(Routed, SourceRoutesAndMalformedOptionsAreRefused) {
  constexpr std::array<std::array<std::uint8_t, 4>, 4> kRefused{
      {{131, 3, 4, 0}, {137, 3, 4, 0}, {7, 9, 4, 0}, {1, 1, 1, 7}}};
  for (const auto& options : kRefused) {
    EXPECT_EQ(up(with_options(kSubscriber, kHost, options)), 0U) << int{options[0]};
    EXPECT_EQ(down(with_options(kHost, kSubscriber, options)), 0U) << int{options[0]};
  }
  EXPECT_EQ(world_.dropped(DropReason::kIpOptions), 2 * kRefused.size());
  constexpr std::array<std::uint8_t, 4> kRouterAlert{148, 4, 0, 0};
  EXPECT_EQ(up(with_options(kSubscriber, kHost, kRouterAlert)), 1U);
  EXPECT_EQ(down(with_options(kHost, kSubscriber, kRouterAlert)), 1U);
  EXPECT_EQ(up(with_options(kSubscriber, kHost, {0, 131, 131, 131})), 1U) << "behind the end of options";
}

class Apart : public Routed {
 protected:
  Apart() : Routed({.policy = {.between_subscribers = false}}) {}
};

TEST_F(Apart, SubscribersCannotReachEachOtherWhenDenied) {
  world_.install_up(1);
  EXPECT_EQ(up(inner_packet(kSubscriber, wire::Ipv4Address(kSubscriber.value + 1))), 0U);
  EXPECT_EQ(world_.dropped(DropReason::kBetweenSubscribers), 1U);
  EXPECT_TRUE(to_client().empty());
  EXPECT_EQ(up(inner_packet(kSubscriber, kHost, 64, 1)), 0U);
  EXPECT_EQ(to_client().size(), 1U) << "our own ICMP errors still do";
}

// ---- next hops ------------------------------------------------------------------------------------------------------

class Unresolved : public Routed {
 protected:
  const std::vector<RouteEntry> routes_{
      {.prefix = wire::Ipv4Address(192, 0, 2, 0), .length = 24, .paths = {{.ifindex = 11}}},
      {.prefix = wire::Ipv4Address(198, 51, 100, 0), .length = 24, .paths = {{.ifindex = 12}}},
      {.prefix = wire::Ipv4Address(203, 0, 113, 0), .length = 24, .paths = {}}};
  const std::vector<NeighbourEntry> client_{{11, kClient, kClientMac}};
  void SetUp() override { world_.publish(routes_, client_); }
  /// The ICMP error that reached the client, as type and code.
  std::pair<int, int> error() {
    const auto packets = to_client();
    if (packets.size() != 1 || wire::Ipv4View(packets[0].data()).protocol() != 1) {
      return {-1, static_cast<int>(packets.size())};
    }
    return {packets[0][20], packets[0][21]};
  }
};

TEST_F(Unresolved, FirstPacketsWaitForTheNeighbour) {
  for (std::size_t n = 0; n < kNeighbourWaitPackets + 2U; ++n) {
    EXPECT_EQ(up(inner_packet(kSubscriber, kNeighbour, 100 + n)), 0U);
  }
  EXPECT_TRUE(world_.told<contract::ResolveNextHop>());
  EXPECT_EQ(world_.dropped(DropReason::kUnresolved), 2U);
  world_.pass_ms(kNeighbourWaitMs - 1);
  world_.settle();
  auto neighbours = client_;
  neighbours.push_back({12, kNeighbour, kRouterMac});
  world_.publish(routes_, neighbours);
  world_.settle();
  const auto sent = world_.sent(kCoreSide);
  ASSERT_EQ(sent.size(), kNeighbourWaitPackets);
  for (std::size_t n = 0; n < sent.size(); ++n) {
    EXPECT_EQ(read_sent(sent[n]).ip.total_length, 100 + n) << "in order";
  }
  EXPECT_EQ(up(inner_packet(kSubscriber, kNeighbour)), 1U);
}

TEST_F(Unresolved, NobodyThereIsToldAfterASecond) {
  EXPECT_EQ(up(inner_packet(kSubscriber, kNeighbour)), 0U);
  to_client();
  world_.pass_ms(kNeighbourWaitMs);
  world_.settle();
  EXPECT_EQ(world_.dropped(DropReason::kUnresolved), 1U);
  EXPECT_EQ(error(), std::pair(3, 1));
}

TEST_F(Unresolved, AScanOfTheLinkFillsItsRoomAndNoMore) {
  for (std::uint32_t host = 1; host < 255; ++host) {
    up(inner_packet(kSubscriber, wire::Ipv4Address(0xc6336400 + host)));
  }
  EXPECT_EQ(world_.dropped(DropReason::kUnresolved), 254U - kNeighbourWaitShare);
  world_.pass_ms(kNeighbourWaitMs);
  world_.settle();
  EXPECT_EQ(world_.dropped(DropReason::kUnresolved), 254U);
  to_client();
}

TEST_F(Unresolved, NoRouteIsToldAndABlackholeIsNot) {
  EXPECT_EQ(up(inner_packet(kSubscriber, wire::Ipv4Address(8, 8, 8, 8))), 0U);
  EXPECT_EQ(world_.dropped(DropReason::kNoRoute), 1U);
  EXPECT_EQ(error(), std::pair(3, 0));
  EXPECT_EQ(up(inner_packet(kSubscriber, kHost)), 0U);
  EXPECT_EQ(world_.dropped(DropReason::kBlackhole), 1U);
  EXPECT_TRUE(to_client().empty());
}

}  // namespace
}  // namespace adit::dataplane::path
