// SPDX-License-Identifier: Apache-2.0
// The route snapshot against hand-made tables and, over random ones, against a linear longest-prefix match.
#include "dataplane/path/next_hops.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <optional>
#include <random>

namespace adit::dataplane {
namespace {

using wire::Ipv4Address;

constexpr MacAddress kPortMac{2, 0, 0, 0, 0, 7};
constexpr MacAddress kGatewayMac{2, 0, 0, 0, 0, 1};
constexpr MacAddress kHostMac{2, 0, 0, 0, 0, 2};
const std::vector<Port> kPorts{{.id = 3, .ifindex = 10, .mac = kPortMac}, {.id = 4, .ifindex = 11}};

TEST(NextHops, AnEmptySnapshotKnowsNoWay) {
  EXPECT_EQ(NextHops().find(Ipv4Address(1, 2, 3, 4)), nullptr);
  const NextHops built({}, {}, kPorts);
  EXPECT_EQ(built.find(Ipv4Address(0)), nullptr);
  EXPECT_EQ(built.find(Ipv4Address(0xffffffff)), nullptr);
  EXPECT_FALSE(built.needs_resolving(Ipv4Address(1, 2, 3, 4)));
  EXPECT_EQ(built.neighbour_of(Ipv4Address(1, 2, 3, 4)).ifindex, 0U);
}

TEST(NextHops, EachSideHasItsTable) {
  const Ipv4Address everywhere;
  const std::vector<Port> ports{{.id = 0, .role = PortRole::kAccess, .ifindex = 10, .table = 100},
                                {.id = 1, .role = PortRole::kCore, .ifindex = 11, .table = 200}};
  const std::vector<RouteEntry> routes{
      {.prefix = everywhere,
       .length = 0,
       .paths = {{.ifindex = 10, .gateway = Ipv4Address(192, 0, 2, 254)}},
       .table = 100},
      {.prefix = everywhere,
       .length = 0,
       .paths = {{.ifindex = 11, .gateway = Ipv4Address(198, 51, 100, 1)}},
       .table = 200},
      {.prefix = Ipv4Address(203, 0, 113, 0), .length = 24, .paths = {{.ifindex = 10}}, .table = 254}};
  const std::vector<NeighbourEntry> neighbours{{10, Ipv4Address(192, 0, 2, 254), kGatewayMac},
                                               {11, Ipv4Address(198, 51, 100, 1), kHostMac}};
  const NextHops hops(routes, neighbours, ports);
  const Ipv4Address anyone(203, 0, 113, 5);
  ASSERT_NE(hops.find(anyone), nullptr);
  EXPECT_EQ(hops.find(anyone)->port, 1);
  ASSERT_NE(hops.towards_peers().find(anyone), nullptr);
  EXPECT_EQ(hops.towards_peers().find(anyone)->port, 0);
  EXPECT_EQ(hops.route_count(), 2U);
}

TEST(NextHops, OneTableForBothSidesIsHeldOnce) {
  const std::vector<RouteEntry> routes{
      {.prefix = Ipv4Address(192, 0, 2, 0), .length = 24, .paths = {{.ifindex = 10}}}};
  const NextHops hops(routes, {}, kPorts);
  EXPECT_EQ(&hops.towards_peers(), &hops);
}

TEST(NextHops, LeadsThroughTheGatewayOrToTheHostItself) {
  const std::vector<RouteEntry> routes{{.prefix = Ipv4Address(),
                                        .length = 0,
                                        .paths = {{.ifindex = 10, .gateway = Ipv4Address(192, 0, 2, 254)}}},
                                       {.prefix = Ipv4Address(192, 0, 2, 77),
                                        .length = 24,
                                        .paths = {{.ifindex = 10}}}};  // host bits are of no account
  const std::vector<NeighbourEntry> neighbours{{10, Ipv4Address(192, 0, 2, 254), kGatewayMac},
                                               {10, Ipv4Address(192, 0, 2, 9), kHostMac}};
  const NextHops hops(routes, neighbours, kPorts);

  const NextHop* far = hops.find(Ipv4Address(203, 0, 113, 5));
  ASSERT_NE(far, nullptr);
  EXPECT_EQ(far->port, 3);
  EXPECT_EQ(far->link, wire::LinkHeader(kGatewayMac, kPortMac, {}, wire::EtherType::kIpv4));
  const NextHop* near = hops.find(Ipv4Address(192, 0, 2, 9));
  ASSERT_NE(near, nullptr);
  EXPECT_EQ(near->link.destination(), kHostMac);

  EXPECT_EQ(hops.find(Ipv4Address(192, 0, 2, 10)), nullptr);
  EXPECT_TRUE(hops.needs_resolving(Ipv4Address(192, 0, 2, 10)));
  EXPECT_EQ(hops.neighbour_of(Ipv4Address(192, 0, 2, 10)).address, Ipv4Address(192, 0, 2, 10));
  EXPECT_EQ(hops.neighbour_of(Ipv4Address(8, 8, 8, 8)).address, Ipv4Address(192, 0, 2, 254));
  EXPECT_FALSE(hops.needs_resolving(Ipv4Address(8, 8, 8, 8)));
}

TEST(NextHops, EqualWaysShareTheFlowsByWeight) {
  const std::vector<RouteEntry> routes{
      {.prefix = {},
       .length = 0,
       .paths = {{.ifindex = 10, .gateway = Ipv4Address(192, 0, 2, 1)},
                 {.ifindex = 11, .gateway = Ipv4Address(192, 0, 2, 2), .weight = 3}}}};
  std::vector<NeighbourEntry> neighbours{{10, Ipv4Address(192, 0, 2, 1), kGatewayMac},
                                         {11, Ipv4Address(192, 0, 2, 2), kHostMac}};
  const NextHops both(routes, neighbours, kPorts);
  int second = 0;
  for (std::uint32_t flow = 0; flow < 400; ++flow) {
    const NextHop* hop = both.find(Ipv4Address(8, 8, 8, 8), flow);
    ASSERT_EQ(hop, both.find(Ipv4Address(8, 8, 8, 8), flow)) << "a flow keeps its way";
    second += hop->port == 4 ? 1 : 0;
  }
  EXPECT_EQ(second, 300);
  neighbours.pop_back();
  const NextHops one(routes, neighbours, kPorts);
  for (std::uint32_t flow = 0; flow < 4; ++flow) {
    ASSERT_NE(one.find(Ipv4Address(8, 8, 8, 8), flow), nullptr) << "the other way serves all";
  }
}

TEST(NextHops, ABlackholeShadowsWhatIsLessSpecific) {
  const std::vector<RouteEntry> routes{
      {.prefix = {}, .length = 0, .paths = {{.ifindex = 10, .gateway = Ipv4Address(192, 0, 2, 254)}}},
      {.prefix = Ipv4Address(10, 0, 0, 0), .length = 8},
      {.prefix = Ipv4Address(10, 1, 0, 0),
       .length = 16,
       .paths = {{.ifindex = 10, .gateway = Ipv4Address(192, 0, 2, 254)}}}};
  const std::vector<NeighbourEntry> neighbours{{10, Ipv4Address(192, 0, 2, 254), kGatewayMac}};
  const NextHops hops(routes, neighbours, kPorts);
  EXPECT_EQ(hops.find(Ipv4Address(10, 2, 0, 1)), nullptr);
  EXPECT_FALSE(hops.needs_resolving(Ipv4Address(10, 2, 0, 1)));
  EXPECT_NE(hops.find(Ipv4Address(10, 1, 0, 1)), nullptr);
  EXPECT_NE(hops.find(Ipv4Address(11, 0, 0, 1)), nullptr);
}

TEST(NextHops, AHundredThousandRoutesAgainstAMapOfEachLength) {
  std::mt19937 random(100'000);
  std::vector<RouteEntry> routes;
  std::array<std::map<std::uint32_t, std::uint32_t>, 33> by_length;
  for (std::uint32_t n = 1; n <= 100'000; ++n) {
    const auto length = static_cast<std::uint8_t>(8 + random() % 25);
    const std::uint32_t mask = ~std::uint32_t{0} << (32 - length);
    const Ipv4Address gateway(n);
    const Ipv4Address prefix(static_cast<std::uint32_t>(random()) & mask);
    if (by_length[length].try_emplace(prefix.value, n).second) {
      routes.push_back({.prefix = prefix, .length = length, .paths = {{.ifindex = 10, .gateway = gateway}}});
    }
  }
  const NextHops hops(routes, {}, kPorts);
  EXPECT_EQ(hops.route_count(), routes.size());
  EXPECT_LT(hops.octets(), 100U * hops.route_count());
  for (int probe = 0; probe < 200'000; ++probe) {
    const auto any = static_cast<std::uint32_t>(random());
    const std::uint32_t to = probe % 2 == 0 ? any : routes[any % routes.size()].prefix.value + any % 300;
    std::uint32_t expected = 0;
    for (std::size_t length = 32; length >= 8 && expected == 0; --length) {
      const std::uint32_t mask = ~std::uint32_t{0} << (32 - length);
      const auto found = by_length[length].find(to & mask);
      expected = found == by_length[length].end() ? 0 : found->second;
    }
    ASSERT_EQ(hops.neighbour_of(Ipv4Address(to)).address.value, expected) << to;
  }
}

TEST(NextHops, NeighboursOfAnotherInterfaceDoNotCount) {
  const std::vector<RouteEntry> routes{
      {.prefix = Ipv4Address(10, 0, 0, 0), .length = 8, .paths = {{.ifindex = 10}}}};
  const std::vector<NeighbourEntry> neighbours{{11, Ipv4Address(10, 0, 0, 1), kHostMac}};
  EXPECT_TRUE(NextHops(routes, neighbours, kPorts).needs_resolving(Ipv4Address(10, 0, 0, 1)));
}

TEST(NextHops, RoutesThroughForeignInterfacesAreLeftOut) {
  const std::vector<RouteEntry> routes{
      {.prefix = Ipv4Address(10, 0, 0, 0), .length = 8, .paths = {{.ifindex = 99}}},
      {.prefix = Ipv4Address(11, 0, 0, 0), .length = 8, .paths = {}},
      {.prefix = Ipv4Address(12, 0, 0, 0), .length = 33, .paths = {{.ifindex = 10}}}};
  const NextHops hops(routes, {}, kPorts);
  for (const unsigned net : {10U, 11U, 12U}) {
    EXPECT_FALSE(hops.needs_resolving(Ipv4Address(net, 0, 0, 1))) << net;
  }
}

TEST(NextHops, TheLowestMetricWinsAmongEqualPrefixes) {
  const std::vector<RouteEntry> routes{{.prefix = Ipv4Address(10, 0, 0, 0),
                                        .length = 8,
                                        .paths = {{.ifindex = 10, .gateway = Ipv4Address(1)}},
                                        .metric = 200},
                                       {.prefix = Ipv4Address(10, 0, 0, 0),
                                        .length = 8,
                                        .paths = {{.ifindex = 11, .gateway = Ipv4Address(2)}},
                                        .metric = 100}};
  EXPECT_EQ(NextHops(routes, {}, kPorts).neighbour_of(Ipv4Address(10, 1, 1, 1)).ifindex, 11U);
}

TEST(NextHops, TheLastAddressOfTheSpaceHasItsRoute) {
  const std::vector<RouteEntry> routes{{.prefix = Ipv4Address(0xffffffff),
                                        .length = 32,
                                        .paths = {{.ifindex = 10, .gateway = Ipv4Address(1)}}},
                                       {.prefix = Ipv4Address(0xffff0000),
                                        .length = 16,
                                        .paths = {{.ifindex = 10, .gateway = Ipv4Address(2)}}}};
  const NextHops hops(routes, {}, kPorts);
  EXPECT_EQ(hops.neighbour_of(Ipv4Address(0xffffffff)).address, Ipv4Address(1));
  EXPECT_EQ(hops.neighbour_of(Ipv4Address(0xfffffffe)).address, Ipv4Address(2));
  EXPECT_EQ(hops.neighbour_of(Ipv4Address(0xfffeffff)).ifindex, 0U);
}

TEST(NextHops, AgreesWithALinearLongestPrefixMatch) {
  std::mt19937 random(20637);
  for (int round = 0; round < 200; ++round) {
    std::vector<RouteEntry> routes(random() % 60);
    for (RouteEntry& route : routes) {
      // few distinct high bits, so that prefixes nest and touch
      route = {.prefix = Ipv4Address((random() & 0xc0000000) | (random() & 0x000000ff)),
               .length = static_cast<std::uint8_t>(random() % 33),
               .paths = {{.ifindex = 10, .gateway = Ipv4Address(static_cast<std::uint32_t>(random() | 1))}},
               .metric = static_cast<std::uint32_t>(random())};
    }
    const NextHops hops(routes, {}, kPorts);
    for (int look = 0; look < 200; ++look) {
      const Ipv4Address to(static_cast<std::uint32_t>((random() & 0xc0000000) | (random() & 0x1ff)));
      const RouteEntry* best = nullptr;
      for (const RouteEntry& route : routes) {
        const std::uint32_t mask = route.length == 0 ? 0 : 0xffffffffU << (32 - route.length);
        const bool better = best == nullptr || route.length > best->length ||
                            (route.length == best->length && route.metric < best->metric);
        if ((to.value & mask) == (route.prefix.value & mask) && better) {
          best = &route;
        }
      }
      const NextHops::Neighbour found = hops.neighbour_of(to);
      ASSERT_EQ(found.ifindex, best == nullptr ? 0U : 10U);
      ASSERT_EQ(found.address, best == nullptr ? Ipv4Address() : best->paths[0].gateway);
    }
  }
}

TEST(NextHops, TheMachinesOwnAreAddressesAndWholePrefixes) {
  const std::vector<wire::Ipv4Prefix> own{{.address = Ipv4Address(10, 9, 0, 7)},
                                          {.address = Ipv4Address(10, 9, 0, 0), .length = 24},
                                          {.address = Ipv4Address(192, 0, 2, 1)}};
  const NextHops hops({}, {}, kPorts, own);
  for (const Ipv4Address its : {Ipv4Address(10, 9, 0, 0), Ipv4Address(10, 9, 0, 7),
                                Ipv4Address(10, 9, 0, 255), Ipv4Address(192, 0, 2, 1)}) {
    EXPECT_TRUE(hops.is_host(its)) << wire::to_string(its);
  }
  for (const Ipv4Address other : {Ipv4Address(10, 8, 255, 255), Ipv4Address(10, 9, 1, 0),
                                  Ipv4Address(192, 0, 2, 0), Ipv4Address(192, 0, 2, 2)}) {
    EXPECT_FALSE(hops.is_host(other)) << wire::to_string(other);
  }
}

TEST(NextHops, FindsEveryOneOfManyNeighbours) {
  std::vector<NeighbourEntry> neighbours;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    MacAddress mac{2, 1, 0, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
    neighbours.push_back({i % 2 == 0 ? 10U : 11U, Ipv4Address(0x0a000000 + i), mac});
  }
  const std::vector<RouteEntry> routes{
      {.prefix = Ipv4Address(10, 0, 0, 0), .length = 8, .paths = {{.ifindex = 10}}}};
  const NextHops hops(routes, neighbours, kPorts);
  for (std::uint32_t i = 0; i < 5000; ++i) {
    const NextHop* hop = hops.find(Ipv4Address(0x0a000000 + i));
    ASSERT_EQ(hop != nullptr, i % 2 == 0);
    if (hop != nullptr) {
      ASSERT_EQ(hop->link.destination(), neighbours[i].mac);
    }
  }
}

}  // namespace
}  // namespace adit::dataplane
