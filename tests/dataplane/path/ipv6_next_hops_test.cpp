// SPDX-License-Identifier: Apache-2.0
// IPv6 in the route snapshot: what differs from IPv4 (gateways on the link, 128 bits, the EtherType), and random tables
// against a linear longest-prefix match.
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <set>

#include "dataplane/path/next_hops.hpp"

namespace adit::dataplane::ipv6_next_hops {
namespace {

using wire::Ipv4Address;
using wire::Ipv6Address;
using wire::Ipv6Prefix;

constexpr MacAddress kOurMac{2, 0, 0, 0, 0, 7};
constexpr MacAddress kRouterMac{2, 0, 0, 0, 0, 1};
constexpr MacAddress kNearMac{2, 0, 0, 0, 0, 2};
const std::vector<Port> kCorePorts{
    {.id = 3, .role = PortRole::kCore, .ifindex = 10, .mac = kOurMac, .mtu = 1480, .vlan = {.outer = 200}},
    {.id = 4, .role = PortRole::kCore, .ifindex = 11}};

Ipv6Address at(std::string_view text) {
  return wire::parse_ipv6_address(text).value();
}

RouteEntry6 route(std::string_view text, std::vector<RoutePath6> paths, std::uint32_t metric = 1024) {
  const Ipv6Prefix prefix = wire::parse_ipv6_prefix(text).value();
  return {.prefix = prefix.address, .length = prefix.length, .paths = std::move(paths), .metric = metric};
}

NextHops build(std::span<const RouteEntry6> routes, std::span<const NeighbourEntry6> neighbours = {},
               std::span<const Ipv6Prefix> hosts = {}) {
  return NextHops({}, {}, kCorePorts, {}, {.routes = routes, .neighbours = neighbours, .hosts = hosts});
}

const Ipv6Address kGateway = at("fe80::1");
const Ipv6Address kFar = at("2001:db8:ff::5");

TEST(Ipv6NextHops, AnEmptySnapshotKnowsNoWay) {
  EXPECT_EQ(NextHops().find(kFar), nullptr);
  const NextHops built = build({});
  EXPECT_EQ(built.find(Ipv6Address{}), nullptr);
  EXPECT_EQ(built.find(at("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")), nullptr);
  EXPECT_FALSE(built.needs_resolving(kFar));
  EXPECT_EQ(built.neighbour_of(kFar).ifindex, 0U);
}

TEST(Ipv6NextHops, LeadsThroughTheLinkLocalGatewayOrToTheHostItself) {
  const std::vector routes{route("::/0", {{.ifindex = 10, .gateway = kGateway}}),
                           route("2001:db8::/64", {{.ifindex = 10}}, 256)};
  const std::vector<NeighbourEntry6> neighbours{{10, kGateway, kRouterMac},
                                                {10, at("2001:db8::9"), kNearMac}};
  const NextHops hops = build(routes, neighbours);

  const NextHop* far = hops.find(kFar);
  ASSERT_NE(far, nullptr);
  EXPECT_EQ(far->port, 3);
  EXPECT_EQ(far->mtu, 1480);
  EXPECT_EQ(far->link, wire::LinkHeader(kRouterMac, kOurMac, {.outer = 200}, wire::EtherType::kIpv6));
  const NextHop* near = hops.find(at("2001:db8::9"));
  ASSERT_NE(near, nullptr);
  EXPECT_EQ(near->link.destination(), kNearMac);

  EXPECT_EQ(hops.find(at("2001:db8::a")), nullptr);
  EXPECT_TRUE(hops.needs_resolving(at("2001:db8::a")));
  EXPECT_EQ(hops.neighbour_of(at("2001:db8::a")).address, at("2001:db8::a"));
  EXPECT_EQ(hops.neighbour_of(kFar).address, kGateway);
  EXPECT_EQ(hops.neighbour_of(kFar).ifindex, 10U);
  EXPECT_FALSE(hops.needs_resolving(kFar));
}

TEST(Ipv6NextHops, OneGatewayAddressOnTwoLinksIsTwoNeighbours) {
  const std::vector routes{route("2001:db8:a::/48", {{.ifindex = 10, .gateway = kGateway}}),
                           route("2001:db8:b::/48", {{.ifindex = 11, .gateway = kGateway}}),
                           route("2001:db8:c::/48", {{.ifindex = 12, .gateway = kGateway}})};
  const std::vector<NeighbourEntry6> neighbours{{10, kGateway, kRouterMac}, {11, kGateway, kNearMac}};
  const NextHops hops = build(routes, neighbours);
  ASSERT_NE(hops.find(at("2001:db8:a::1")), nullptr);
  EXPECT_EQ(hops.find(at("2001:db8:a::1"))->link.destination(), kRouterMac);
  ASSERT_NE(hops.find(at("2001:db8:b::1")), nullptr);
  EXPECT_EQ(hops.find(at("2001:db8:b::1"))->link.destination(), kNearMac);
  EXPECT_EQ(hops.neighbour_of(at("2001:db8:c::1")).ifindex, 0U) << "not a port of ours";
}

TEST(Ipv6NextHops, EqualWaysShareTheFlowsByWeight) {
  const std::vector routes{route("::/0", {{.ifindex = 10, .gateway = kGateway},
                                          {.ifindex = 11, .gateway = at("fe80::2"), .weight = 3}})};
  std::vector<NeighbourEntry6> neighbours{{10, kGateway, kRouterMac}, {11, at("fe80::2"), kNearMac}};
  const NextHops both = build(routes, neighbours);
  EXPECT_TRUE(both.has_choices<Ipv6Address>());
  EXPECT_FALSE(both.has_choices()) << "IPv4 has none";
  int second = 0;
  for (std::uint32_t flow = 0; flow < 400; ++flow) {
    second += both.find(kFar, flow)->port == 4 ? 1 : 0;
  }
  EXPECT_EQ(second, 300);
  neighbours.pop_back();
  const NextHops one = build(routes, neighbours);
  for (std::uint32_t flow = 0; flow < 4; ++flow) {
    ASSERT_NE(one.find(kFar, flow), nullptr) << "the other way serves all";
  }
}

TEST(Ipv6NextHops, ABlackholeShadowsWhatIsLessSpecific) {
  const std::vector routes{route("::/0", {{.ifindex = 10, .gateway = kGateway}}), route("2001:db8::/32", {}),
                           route("2001:db8:1::/48", {{.ifindex = 10, .gateway = kGateway}})};
  const std::vector<NeighbourEntry6> neighbours{{10, kGateway, kRouterMac}};
  const NextHops hops = build(routes, neighbours);
  EXPECT_EQ(hops.find(at("2001:db8:2::1")), nullptr);
  EXPECT_TRUE(hops.is_blackhole(at("2001:db8:2::1")));
  EXPECT_FALSE(hops.needs_resolving(at("2001:db8:2::1")));
  EXPECT_NE(hops.find(at("2001:db8:1::1")), nullptr);
  EXPECT_NE(hops.find(at("2001:db9::1")), nullptr);
}

TEST(Ipv6NextHops, OnlyTheCoreSidesTableCounts) {
  const std::vector<Port> ports{{.id = 0, .role = PortRole::kAccess, .ifindex = 10, .table = 100},
                                {.id = 1, .role = PortRole::kCore, .ifindex = 11, .table = 200}};
  std::vector routes{route("::/0", {{.ifindex = 10, .gateway = kGateway}}),
                     route("::/0", {{.ifindex = 11, .gateway = kGateway}}),
                     route("::/0", {{.ifindex = 11, .gateway = at("fe80::2")}}, 1)};
  routes[0].table = 100;
  routes[1].table = 200;
  const std::vector<NeighbourEntry6> neighbours{{10, kGateway, kRouterMac}, {11, kGateway, kNearMac}};
  const NextHops hops({}, {}, ports, {}, {.routes = routes, .neighbours = neighbours});
  ASSERT_NE(hops.find(kFar), nullptr);
  EXPECT_EQ(hops.find(kFar)->port, 1);
  EXPECT_EQ(hops.towards_peers().find(kFar), nullptr) << "peers have IPv4";
  EXPECT_EQ(hops.route_count(), 1U);
}

TEST(Ipv6NextHops, TheFamiliesDoNotMeet) {
  const std::vector<RouteEntry> ipv4{
      {.prefix = {}, .length = 0, .paths = {{.ifindex = 11, .gateway = Ipv4Address(192, 0, 2, 254)}}}};
  const std::vector<NeighbourEntry> neighbours{{11, Ipv4Address(192, 0, 2, 254), kNearMac}};
  const std::vector routes{route("::/0", {{.ifindex = 10, .gateway = kGateway}})};
  const std::vector<NeighbourEntry6> neighbours6{{10, kGateway, kRouterMac}};
  const NextHops hops(ipv4, neighbours, kCorePorts, {}, {.routes = routes, .neighbours = neighbours6});
  const NextHop* four = hops.find(Ipv4Address(203, 0, 113, 5));
  const NextHop* six = hops.find(kFar);
  ASSERT_NE(four, nullptr);
  ASSERT_NE(six, nullptr);
  EXPECT_EQ(four->link, wire::LinkHeader(kNearMac, {}, {}, wire::EtherType::kIpv4));
  EXPECT_EQ(six->link, wire::LinkHeader(kRouterMac, kOurMac, {.outer = 200}, wire::EtherType::kIpv6));
  EXPECT_EQ(hops.route_count(), 2U);
}

TEST(Ipv6NextHops, PrefixesMeetAtTheMiddleAndAtBothEndsOfTheSpace) {
  const std::string ones = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  const std::vector routes{route(ones + "/128", {{.ifindex = 10, .gateway = at("fe80::1")}}),
                           route("ffff::/16", {{.ifindex = 10, .gateway = at("fe80::2")}}),
                           route("::/128", {{.ifindex = 10, .gateway = at("fe80::3")}}),
                           route("2001:db8::/64", {{.ifindex = 10, .gateway = at("fe80::4")}}),
                           route("2001:db8:0:1::/64", {{.ifindex = 10, .gateway = at("fe80::5")}})};
  const NextHops hops = build(routes);
  const auto through = [&](std::string_view text) { return hops.neighbour_of(at(text)).address; };
  EXPECT_EQ(through(ones), at("fe80::1"));
  EXPECT_EQ(through("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"), at("fe80::2"));
  EXPECT_TRUE(through("fffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff").is_none());
  EXPECT_EQ(through("::"), at("fe80::3"));
  EXPECT_TRUE(through("::1").is_none());
  EXPECT_TRUE(through("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff").is_none());
  EXPECT_EQ(through("2001:db8::ffff:ffff:ffff:ffff"), at("fe80::4"));
  EXPECT_EQ(through("2001:db8:0:1::"), at("fe80::5"));
  EXPECT_EQ(through("2001:db8:0:1:ffff:ffff:ffff:ffff"), at("fe80::5"));
  EXPECT_TRUE(through("2001:db8:0:2::").is_none());
}

TEST(Ipv6NextHops, AgreesWithALinearLongestPrefixMatch) {
  std::mt19937_64 random(8200);
  // Few distinct bits, on both sides of the middle, so that prefixes nest and touch.
  const auto address = [&] {
    return Ipv6Address{random() & 0xc000'0000'0000'000f, random() & 0xf000'0000'0000'00ff};
  };
  for (int round = 0; round < 200; ++round) {
    const bool many = round % 20 == 0;  // enough for the index of the first 16 bits
    std::vector<RouteEntry6> routes(random() % (many ? 2000 : 60));
    for (RouteEntry6& route : routes) {
      route = {.prefix = address(),
               .length = static_cast<std::uint8_t>(random() % 129),
               .paths = {{.ifindex = 10, .gateway = {0xfe80'0000'0000'0000, random() | 1}}},
               .metric = static_cast<std::uint32_t>(random())};
    }
    const NextHops hops = build(routes);
    for (int look = 0; look < 200; ++look) {
      const Ipv6Address to = address();
      const RouteEntry6* best = nullptr;
      for (const RouteEntry6& route : routes) {
        const bool better = best == nullptr || route.length > best->length ||
                            (route.length == best->length && route.metric < best->metric);
        if (Ipv6Prefix::cut(to, route.length) == Ipv6Prefix::cut(route.prefix, route.length) && better) {
          best = &route;
        }
      }
      const auto found = hops.neighbour_of(to);
      ASSERT_EQ(found.ifindex, best == nullptr ? 0U : 10U);
      ASSERT_EQ(found.address, best == nullptr ? Ipv6Address() : best->paths[0].gateway);
    }
  }
}

TEST(Ipv6NextHops, TheMachinesOwnAreAddressesAndWholePrefixes) {
  const std::vector<Ipv6Prefix> own{{.address = at("2001:db8:9::7")},
                                    {.address = at("2001:db8:9::"), .length = 64},
                                    {.address = at("2001:db8::1")}};
  const NextHops hops = build({}, {}, own);
  for (const auto its : {"2001:db8:9::", "2001:db8:9::7", "2001:db8:9::ffff:ffff:ffff:ffff", "2001:db8::1"}) {
    EXPECT_TRUE(hops.is_host(at(its))) << its;
  }
  for (const auto other : {"2001:db8:8:ffff::", "2001:db8:9:1::", "2001:db8::", "2001:db8::2"}) {
    EXPECT_FALSE(hops.is_host(at(other))) << other;
  }
  EXPECT_FALSE(hops.is_host(Ipv4Address(10, 0, 0, 1)));
}

TEST(Ipv6NextHops, FindsEveryOneOfManyNeighboursWhicheverBitsTheyDifferIn) {
  const std::vector routes{route("2001:db8::/32", {{.ifindex = 10}})};
  for (int shift = 0; shift <= 48; shift += 8) {
    std::vector<NeighbourEntry6> neighbours;
    for (std::uint64_t i = 0; i < 3000; ++i) {
      const MacAddress mac{2, 1, 0, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
      neighbours.push_back({i % 2 == 0 ? 10U : 11U, {0x2001'0db8'0000'0000, i << shift}, mac});
    }
    const NextHops hops = build(routes, neighbours);
    for (const NeighbourEntry6& neighbour : neighbours) {
      const NextHop* hop = hops.find(neighbour.address);
      ASSERT_EQ(hop != nullptr, neighbour.ifindex == 10);
      if (hop != nullptr) {
        ASSERT_EQ(hop->link.destination(), neighbour.mac);
      }
    }
  }
}

}  // namespace
}  // namespace adit::dataplane::ipv6_next_hops
