// SPDX-License-Identifier: Apache-2.0
// One link as its session sees it: what reaches router discovery and DHCPv6 and what does not, memory per link, and our
// own identifier.
#include <gtest/gtest.h>

#include "controlplane/ipv6/server_duid.hpp"
#include "crypto/library.hpp"
#include "tests/kit/ipv6_kit.hpp"

namespace adit::control {
namespace {

using test::ia_na;
using test::Ipv6World;
using test::Packet;
using wire::Dhcpv6Type;

Packet datagram(std::uint16_t port, const wire::Ipv6Address& from, const Packet& message) {
  Packet packet(wire::kIpv6Size + wire::kUdpSize);
  packet.insert(packet.end(), message.begin(), message.end());
  wire::write_udp6(packet.data(), {.source = from, .destination = wire::kAllDhcpAgents, .hop_limit = 1}, 546,
                   port, message.size());
  return packet;
}

TEST(Ipv6Link, IP6_16_DropsAndCountsWhatIsNotForIt) {
  Ipv6World world;
  world.up();
  const Packet information_request{11, 0, 0, 1};
  const wire::Ipv6Address host = wire::link_local(0xabc);
  Packet wrong_solicitation = test::router_solicitation(host);
  wrong_solicitation[7] = 64;
  Packet wrong_version = test::router_solicitation(host);
  wrong_version[0] = 0x45;
  Packet cut = test::router_solicitation(host);
  cut.pop_back();
  Packet wrong_checksum = datagram(547, host, information_request);
  wrong_checksum.back() ^= 1;
  Packet echo = test::router_solicitation(host);
  echo[40] = 128;
  Packet empty_icmp = test::router_solicitation(host);
  empty_icmp[5] = 0;
  Packet tcp = test::router_solicitation(host);
  tcp[6] = 6;
  struct Case {
    const char* what;
    Packet packet;
    bool malformed;
  };
  const Case cases[] = {
      {"nothing", {}, true},
      {"not IPv6", wrong_version, true},
      {"cut short", cut, true},
      {"a solicitation from beyond the link", wrong_solicitation, true},
      {"a datagram with a wrong checksum", wrong_checksum, true},
      {"DHCPv6 from nobody", datagram(547, {}, information_request), true},
      {"DHCPv6 from a group", datagram(547, wire::kAllNodes, information_request), true},
      {"UDP to another port", datagram(546, host, information_request), false},
      {"an echo request", echo, false},
      {"ICMPv6 without a message", empty_icmp, false},
      {"TCP", tcp, false},
  };
  for (const Case& c : cases) {
    const Ipv6Counters before = world.counters;
    world.link.on_packet(c.packet);
    EXPECT_EQ(world.counters.malformed - before.malformed, c.malformed ? 1U : 0U) << c.what;
    EXPECT_EQ(world.counters.unexpected - before.unexpected, c.malformed ? 0U : 1U) << c.what;
    EXPECT_EQ(world.counters.router_solicitations, 0U);
    EXPECT_TRUE(world.sent.empty()) << c.what;
  }
  world.link.on_packet(datagram(547, host, information_request));
  EXPECT_EQ(world.sent.size(), 1U);
  world.link.on_packet(test::router_solicitation(host));
  EXPECT_EQ(world.counters.router_solicitations, 1U);
}

TEST(Ipv6Link, WithoutDhcpv6ItOnlyAdvertises) {
  Ipv6World world;
  world.settings.dhcpv6 = false;
  world.up();
  world.deliver(Dhcpv6Type::kSolicit, world.client_id() + ia_na(1));
  EXPECT_EQ(world.counters.unexpected, 1U);
  EXPECT_TRUE(world.sent.empty());
  world.run(1s);
  EXPECT_EQ(world.sent.size(), 1U);
}

TEST(Ipv6Link, BeforeUpNothingIsSentOrAnswered) {
  Ipv6World world;
  world.solicit_router();
  world.deliver(Dhcpv6Type::kSolicit, world.client_id() + ia_na(1));
  world.run(1000s);
  EXPECT_TRUE(world.sent.empty());
  EXPECT_EQ(world.counters.unexpected, 2U);
  EXPECT_EQ(world.wheel.armed_count(), 0U) << "a link that is not up has no timer";
}

TEST(Ipv6Link, MayBeDestroyedAtAnyTime) {
  for (const Duration after : {0ms, 100ms, 1000ms, 10'000ms}) {
    Ipv6World world;
    {
      Ipv6Link link(world.settings, world.wheel, world.entropy, world.counters, world);
      link.up(world.terms);
      world.run(after);
    }
    EXPECT_EQ(world.wheel.armed_count(), 0U);
    world.run(1000s);
  }
}

TEST(Ipv6Link, IsSmall) {
  RecordProperty("octets", static_cast<int>(sizeof(Ipv6Link)));
  EXPECT_LE(sizeof(Ipv6Link), 384U) << "there are 262,144 of them";
}

TEST(Ipv6Link, IP6_16_EveryBitFlipOfASolicitIsHarmless) {
  Ipv6World world;
  world.up();
  const Packet message = world.client_id() + ia_na(1) + test::ia_pd(2, {test::net6("::/48")});
  for (std::size_t bit = 0; bit < message.size() * 8; ++bit) {
    Packet flipped = message;
    flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ 0x80 >> bit % 8);
    const std::uint64_t before =
        world.counters.dhcpv6_advertises + world.counters.malformed + world.counters.dhcpv6_discarded;
    world.deliver(Dhcpv6Type::kSolicit, flipped);
    EXPECT_EQ(world.counters.dhcpv6_advertises + world.counters.malformed + world.counters.dhcpv6_discarded,
              before + 1)
        << bit;
    world.run(200ms);
  }
}

TEST(ServerDuid, IsAUuidThatStaysAndIsNotTheMachinesId) {
  ASSERT_TRUE(crypto::initialise().has_value());
  const auto duid = server_duid("0123456789abcdef0123456789abcdef");
  ASSERT_EQ(duid.size(), 18U);
  EXPECT_TRUE(wire::is_duid(duid));
  EXPECT_EQ(duid[0], 0);
  EXPECT_EQ(duid[1], 4) << "RFC 6355";
  EXPECT_EQ(duid[8] >> 4, 5) << "RFC 4122: version 5";
  EXPECT_EQ(duid[10] >> 6, 2) << "and its variant";
  EXPECT_EQ(duid, server_duid("0123456789abcdef0123456789abcdef"));
  EXPECT_NE(duid, server_duid("0123456789abcdef0123456789abcdee"));
  const Packet id = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab};
  EXPECT_EQ(std::search(duid.begin(), duid.end(), id.begin(), id.end()), duid.end());
}

}  // namespace
}  // namespace adit::control
