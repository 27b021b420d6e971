// SPDX-License-Identifier: Apache-2.0
// Netlink messages in, routes and neighbours out. The messages are built as the kernel builds them (rtnetlink(7)); that
// the kernel really sends these is seen in tests/system.
#include "app/host/netlink/kernel_table.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cstring>
#include <random>
#include <vector>

namespace adit::app {
namespace {

using Effect = KernelTable::Effect;
using wire::Ipv4Address;

constexpr dataplane::MacAddress kMac{2, 0, 0, 0, 0, 1};
constexpr dataplane::MacAddress kOtherMac{2, 0, 0, 0, 0, 2};

/// A message with room to grow.
class Message {
 public:
  explicit Message(std::uint16_t type, std::uint16_t flags = 0) {
    mnl_nlmsg_put_header(bytes_.data());
    get().nlmsg_type = type;
    get().nlmsg_flags = flags;
  }
  template <typename T>
  T& put() {
    return *static_cast<T*>(mnl_nlmsg_put_extra_header(&get(), sizeof(T)));
  }
  Message& attribute(std::uint16_t type, Ipv4Address address) {
    mnl_attr_put_u32(&get(), type, htonl(address.value));
    return *this;
  }
  Message& attribute(std::uint16_t type, std::uint32_t value) {
    mnl_attr_put_u32(&get(), type, value);
    return *this;
  }
  Message& attribute(std::uint16_t type, const void* data, std::size_t size) {
    mnl_attr_put(&get(), type, size, data);
    return *this;
  }
  [[nodiscard]] nlmsghdr& get() { return *reinterpret_cast<nlmsghdr*>(bytes_.data()); }
  operator const nlmsghdr&() { return get(); }  // NOLINT: for apply()

 private:
  alignas(nlmsghdr) std::array<std::uint8_t, 512> bytes_{};
};

Message route(std::uint16_t type, Ipv4Address prefix, std::uint8_t length, std::uint16_t flags = 0,
              std::uint8_t route_type = RTN_UNICAST, std::uint8_t table = RT_TABLE_MAIN) {
  Message message(type, flags);
  auto& header = message.put<rtmsg>();
  header.rtm_family = AF_INET;
  header.rtm_dst_len = length;
  header.rtm_table = table;
  header.rtm_type = route_type;
  message.attribute(RTA_DST, prefix);
  return message;
}

Message neighbour(std::uint16_t type, Ipv4Address address, std::uint16_t state,
                  dataplane::MacAddress mac = kMac) {
  Message message(type);
  auto& header = message.put<ndmsg>();
  header.ndm_family = AF_INET;
  header.ndm_ifindex = 4;
  header.ndm_state = state;
  message.attribute(NDA_DST, address).attribute(NDA_LLADDR, mac.data(), mac.size());
  return message;
}

constexpr Ipv4Address kNet(198, 51, 100, 0);
const Ipv4Address kGateway(192, 0, 2, 9);
const Ipv4Address kOtherGateway(192, 0, 2, 10);

TEST(KernelTable, RouteComesAndGoes) {
  KernelTable table;
  EXPECT_EQ(table.apply(route(RTM_NEWROUTE, kNet, 24)
                            .attribute(RTA_OIF, 4U)
                            .attribute(RTA_GATEWAY, kGateway)
                            .attribute(RTA_PRIORITY, 100U)),
            Effect::kChanged);
  ASSERT_EQ(table.routes().size(), 1U);
  const auto entry = table.routes()[0];
  EXPECT_EQ(entry.prefix, kNet);
  EXPECT_EQ(entry.length, 24);
  ASSERT_EQ(entry.paths.size(), 1U);
  EXPECT_EQ(entry.paths[0].ifindex, 4U);
  EXPECT_EQ(entry.paths[0].gateway, kGateway);
  EXPECT_EQ(entry.metric, 100U);
  EXPECT_EQ(
      table.apply(route(RTM_DELROUTE, kNet, 24).attribute(RTA_OIF, 4U).attribute(RTA_GATEWAY, kGateway)),
      Effect::kNothing)
      << "another metric is another route";
  EXPECT_EQ(table.apply(route(RTM_DELROUTE, kNet, 24)
                            .attribute(RTA_OIF, 4U)
                            .attribute(RTA_GATEWAY, kGateway)
                            .attribute(RTA_PRIORITY, 100U)),
            Effect::kChanged);
  EXPECT_TRUE(table.routes().empty());
}

TEST(KernelTable, DefaultRouteHasNoDestination) {
  KernelTable table;
  Message message(RTM_NEWROUTE);
  auto& header = message.put<rtmsg>();
  header.rtm_family = AF_INET;
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_type = RTN_UNICAST;
  message.attribute(RTA_OIF, 4U).attribute(RTA_GATEWAY, kGateway);
  EXPECT_EQ(table.apply(message), Effect::kChanged);
  EXPECT_EQ(table.routes()[0].length, 0);
  EXPECT_TRUE(table.routes()[0].prefix.is_none());
}

TEST(KernelTable, ReplaceTakesThePlaceOfTheFirst) {
  KernelTable table;
  table.apply(route(RTM_NEWROUTE, kNet, 24).attribute(RTA_OIF, 4U).attribute(RTA_GATEWAY, kGateway));
  EXPECT_EQ(table.apply(route(RTM_NEWROUTE, kNet, 24, NLM_F_REPLACE)
                            .attribute(RTA_OIF, 4U)
                            .attribute(RTA_GATEWAY, kOtherGateway)),
            Effect::kChanged);
  ASSERT_EQ(table.routes().size(), 1U);
  EXPECT_EQ(table.routes()[0].paths.at(0).gateway, kOtherGateway);
}

TEST(KernelTable, AppendedRouteTakesOverWhenTheFirstGoes) {
  KernelTable table;
  table.apply(route(RTM_NEWROUTE, kNet, 24).attribute(RTA_OIF, 4U).attribute(RTA_GATEWAY, kGateway));
  table.apply(route(RTM_NEWROUTE, kNet, 24).attribute(RTA_OIF, 4U).attribute(RTA_GATEWAY, kOtherGateway));
  ASSERT_EQ(table.routes().size(), 1U);
  EXPECT_EQ(table.routes()[0].paths.at(0).gateway, kGateway);
  table.apply(route(RTM_DELROUTE, kNet, 24).attribute(RTA_OIF, 4U).attribute(RTA_GATEWAY, kGateway));
  ASSERT_EQ(table.routes().size(), 1U);
  EXPECT_EQ(table.routes()[0].paths.at(0).gateway, kOtherGateway);
}

TEST(KernelTable, TheSameRouteTwiceIsNoChange) {
  KernelTable table;
  table.apply(route(RTM_NEWROUTE, kNet, 24).attribute(RTA_OIF, 4U));
  EXPECT_EQ(table.apply(route(RTM_NEWROUTE, kNet, 24).attribute(RTA_OIF, 4U)), Effect::kNothing);
}

TEST(KernelTable, MultipathGivesAllItsNextHops) {
  struct {
    rtnexthop hop;
    nlattr gateway_header;
    std::uint32_t gateway;
  } first{.hop = {.rtnh_len = sizeof first, .rtnh_flags = 0, .rtnh_hops = 0, .rtnh_ifindex = 4},
          .gateway_header = {.nla_len = 8, .nla_type = RTA_GATEWAY},
          .gateway = htonl(kGateway.value)},
      second = first;
  second.hop.rtnh_ifindex = 5;
  second.gateway = htonl(kOtherGateway.value);
  std::array<std::uint8_t, 2 * sizeof first> hops{};
  std::memcpy(hops.data(), &first, sizeof first);
  std::memcpy(hops.data() + sizeof first, &second, sizeof second);
  KernelTable table;
  EXPECT_EQ(table.apply(route(RTM_NEWROUTE, kNet, 24).attribute(RTA_MULTIPATH, hops.data(), hops.size())),
            Effect::kChanged);
  ASSERT_EQ(table.routes().size(), 1U);
  ASSERT_EQ(table.routes()[0].paths.size(), 2U);
  EXPECT_EQ(table.routes()[0].paths[0].ifindex, 4U);
  EXPECT_EQ(table.routes()[0].paths[0].gateway, kGateway);
  EXPECT_EQ(table.routes()[0].paths[1].ifindex, 5U);
  EXPECT_EQ(table.routes()[0].paths[1].gateway, kOtherGateway);

  first.hop.rtnh_len = 4;
  EXPECT_EQ(table.apply(route(RTM_NEWROUTE, kNet, 25).attribute(RTA_MULTIPATH, &first, sizeof first)),
            Effect::kNothing);
  first.hop.rtnh_len = sizeof first + 4;
  EXPECT_EQ(table.apply(route(RTM_NEWROUTE, kNet, 25).attribute(RTA_MULTIPATH, &first, sizeof first)),
            Effect::kNothing);
}

TEST(KernelTable, OurOwnAnnouncementsAreNoRoutes) {
  Message announced = route(RTM_NEWROUTE, kNet, 24, 0, RTN_BLACKHOLE);
  static_cast<rtmsg*>(mnl_nlmsg_get_payload(&announced.get()))->rtm_protocol = kSubscriberProtocol;
  KernelTable table;
  EXPECT_EQ(table.apply(announced), Effect::kNothing);
  EXPECT_TRUE(table.routes().empty());
}

TEST(KernelTable, RefusedDestinationsLeadNowhere) {
  KernelTable table;
  for (const std::uint8_t type : {RTN_BLACKHOLE, RTN_UNREACHABLE, RTN_PROHIBIT}) {
    EXPECT_EQ(
        table.apply(route(RTM_NEWROUTE, kNet, 24, NLM_F_REPLACE, type).attribute(RTA_PRIORITY, 0U + type)),
        Effect::kChanged);
  }
  ASSERT_EQ(table.routes().size(), 3U);
  EXPECT_TRUE(table.routes()[0].paths.empty());
}

TEST(KernelTable, TablesKeepTheirRoutesApart) {
  KernelTable table({100, 254});
  const auto in = [](std::uint32_t number, std::uint32_t ifindex) {
    return route(RTM_NEWROUTE, kNet, 24, NLM_F_REPLACE, RTN_UNICAST, static_cast<std::uint8_t>(number))
        .attribute(RTA_OIF, ifindex);
  };
  EXPECT_EQ(table.apply(in(100, 4)), Effect::kChanged);
  EXPECT_EQ(table.apply(in(254, 5)), Effect::kChanged);
  EXPECT_EQ(table.apply(in(101, 6)), Effect::kNothing);
  ASSERT_EQ(table.routes().size(), 2U);
  EXPECT_EQ(table.routes()[0].table, 100U);
  EXPECT_EQ(table.routes()[0].paths.at(0).ifindex, 4U);
  EXPECT_EQ(table.routes()[1].paths.at(0).ifindex, 5U);
}

TEST(KernelTable, KnowsTheMachinesOwnAddresses) {
  KernelTable table;
  const auto on = [](std::uint16_t type, std::uint32_t ifindex) {
    return route(type, kNet, 32, 0, RTN_LOCAL, RT_TABLE_LOCAL).attribute(RTA_OIF, ifindex);
  };
  EXPECT_EQ(table.apply(on(RTM_NEWROUTE, 4)), Effect::kChanged);
  EXPECT_EQ(table.apply(on(RTM_NEWROUTE, 4)), Effect::kNothing) << "told by a dump and by itself";
  EXPECT_EQ(table.apply(on(RTM_NEWROUTE, 5)), Effect::kChanged) << "on another interface, too";
  EXPECT_TRUE(table.routes().empty());
  constexpr wire::Ipv4Prefix kHost{.address = kNet, .length = 32};
  EXPECT_EQ(table.hosts(), (std::vector{kHost, kHost}));
  EXPECT_EQ(table.apply(on(RTM_DELROUTE, 4)), Effect::kChanged);
  EXPECT_EQ(table.hosts(), std::vector{kHost});
  EXPECT_EQ(table.apply(on(RTM_DELROUTE, 5)), Effect::kChanged);
  EXPECT_EQ(table.apply(on(RTM_DELROUTE, 5)), Effect::kNothing);
  EXPECT_TRUE(table.hosts().empty());
}

TEST(KernelTable, AllOfALocalPrefixIsTheMachines) {
  KernelTable table;
  const auto local = [](Ipv4Address address, std::uint8_t length) {
    return route(RTM_NEWROUTE, address, length, 0, RTN_LOCAL, RT_TABLE_LOCAL).attribute(RTA_OIF, 1U);
  };
  EXPECT_EQ(table.apply(local(kNet, 24)), Effect::kChanged);
  EXPECT_EQ(table.apply(local({}, 0)), Effect::kNothing) << "TPROXY's, of packets that are redirected";
  constexpr wire::Ipv4Prefix kPrefix{.address = kNet, .length = 24};
  EXPECT_EQ(table.hosts(), std::vector{kPrefix});
  EXPECT_EQ(table.own_networks(),
            (std::vector<KernelTable::OwnNetwork>{{.prefix = kPrefix, .ifindex = 1, .own_address = true}}));
}

TEST(KernelTable, KnowsTheNetworksThatTheMachineIsIn) {
  constexpr Ipv4Address kOwn{10, 1, 2, 1};
  constexpr Ipv4Address kLoopback{127, 0, 0, 1};
  KernelTable table;
  EXPECT_EQ(table.apply(route(RTM_NEWROUTE, kNet, 24).attribute(RTA_OIF, 4U)), Effect::kChanged);
  table.apply(route(RTM_NEWROUTE, Ipv4Address(10, 9, 0, 0), 16)
                  .attribute(RTA_OIF, 4U)
                  .attribute(RTA_GATEWAY, Ipv4Address(10, 1, 2, 254)));
  for (const Ipv4Address address : {kOwn, kLoopback}) {
    table.apply(route(RTM_NEWROUTE, address, 32, 0, RTN_LOCAL, RT_TABLE_LOCAL).attribute(RTA_OIF, 4U));
  }
  const std::vector<KernelTable::OwnNetwork> expected{
      {.prefix = {.address = kOwn, .length = 32}, .ifindex = 4, .own_address = true},
      {.prefix = {.address = kNet, .length = 24}, .ifindex = 4}};
  EXPECT_EQ(table.own_networks(), expected) << "not what is behind a gateway, not loopback";
  table.apply(route(RTM_DELROUTE, kOwn, 32, 0, RTN_LOCAL, RT_TABLE_LOCAL).attribute(RTA_OIF, 4U));
  EXPECT_EQ(table.own_networks().size(), 1U);
}

TEST(KernelTable, OtherTablesAndTypesAreNotForwarding) {
  KernelTable table;
  EXPECT_EQ(table.apply(route(RTM_NEWROUTE, kNet, 24, 0, RTN_UNICAST, 100).attribute(RTA_OIF, 4U)),
            Effect::kNothing);
  EXPECT_EQ(table.apply(route(RTM_NEWROUTE, kNet, 32, 0, RTN_BROADCAST).attribute(RTA_OIF, 4U)),
            Effect::kNothing);
  EXPECT_EQ(
      table.apply(
          route(RTM_NEWROUTE, kNet, 24).attribute(RTA_OIF, 4U).attribute(RTA_TABLE, std::uint32_t{1000})),
      Effect::kNothing)
      << "RTA_TABLE counts where the table's number does not fit rtm_table";
  EXPECT_TRUE(table.routes().empty());
}

TEST(KernelTable, NeighbourIsUsableFromReachableToFailed) {
  KernelTable table;
  EXPECT_EQ(table.apply(neighbour(RTM_NEWNEIGH, kGateway, NUD_INCOMPLETE)), Effect::kNothing);
  EXPECT_EQ(table.apply(neighbour(RTM_NEWNEIGH, kGateway, NUD_REACHABLE)), Effect::kChanged);
  ASSERT_EQ(table.neighbours().size(), 1U);
  EXPECT_EQ(table.neighbours()[0].mac, kMac);
  EXPECT_EQ(table.apply(neighbour(RTM_NEWNEIGH, kGateway, NUD_DELAY)), Effect::kNothing)
      << "still the same address";
  EXPECT_EQ(table.apply(neighbour(RTM_NEWNEIGH, kGateway, NUD_REACHABLE, kOtherMac)), Effect::kChanged);
  EXPECT_EQ(table.neighbours()[0].mac, kOtherMac);
  EXPECT_EQ(table.apply(neighbour(RTM_NEWNEIGH, kGateway, NUD_FAILED)), Effect::kChanged);
  EXPECT_TRUE(table.neighbours().empty());
  table.apply(neighbour(RTM_NEWNEIGH, kGateway, NUD_PERMANENT));
  EXPECT_EQ(table.apply(neighbour(RTM_DELNEIGH, kGateway, NUD_PERMANENT)), Effect::kChanged);
  EXPECT_TRUE(table.neighbours().empty());
}

TEST(KernelTable, StaleNeighbourStaysUsableAndIsToldOnce) {
  KernelTable table;
  table.apply(neighbour(RTM_NEWNEIGH, kGateway, NUD_REACHABLE));
  EXPECT_TRUE(table.take_stale().empty());
  EXPECT_EQ(table.apply(neighbour(RTM_NEWNEIGH, kGateway, NUD_STALE)), Effect::kNothing);
  EXPECT_EQ(table.neighbours().size(), 1U);
  const auto stale = table.take_stale();
  ASSERT_EQ(stale.size(), 1U);
  EXPECT_EQ(stale[0].address, kGateway);
  EXPECT_TRUE(table.take_stale().empty());
}

TEST(KernelTable, WhatTheKernelDropsSilentlyNeedsANewDump) {
  KernelTable table;
  Message down(RTM_NEWLINK);
  down.put<ifinfomsg>().ifi_change = IFF_UP;
  EXPECT_EQ(table.apply(down), Effect::kDumpAgain);
  Message statistics(RTM_NEWLINK);
  statistics.put<ifinfomsg>().ifi_change = 0;
  EXPECT_EQ(table.apply(statistics), Effect::kNothing);
  EXPECT_EQ(table.apply(Message(RTM_DELADDR)), Effect::kDumpAgain);
  EXPECT_EQ(table.apply(Message(RTM_DELNEXTHOP)), Effect::kDumpAgain);
}

TEST(KernelTable, EveryTruncationAndRandomChangeIsHarmless) {
  std::mt19937 random(11);  // NOLINT: a fixed seed on purpose
  for (Message message :
       {route(RTM_NEWROUTE, kNet, 24).attribute(RTA_OIF, 4U).attribute(RTA_GATEWAY, kGateway),
        neighbour(RTM_NEWNEIGH, kGateway, NUD_REACHABLE)}) {
    const std::uint32_t length = message.get().nlmsg_len;
    for (std::uint32_t cut = sizeof(nlmsghdr); cut < length; ++cut) {
      KernelTable table;
      // Exactly sized copies, so that a sanitizer sees any octet read behind the end: of the message as netlink aligns it.
      std::vector<std::uint8_t> bytes(NLMSG_ALIGN(cut));
      message.get().nlmsg_len = cut;
      std::memcpy(bytes.data(), &message.get(), cut);
      table.apply(*reinterpret_cast<const nlmsghdr*>(bytes.data()));
    }
    message.get().nlmsg_len = length;
    for (int round = 0; round < 5000; ++round) {
      KernelTable table;
      std::vector<std::uint8_t> bytes(length);
      std::memcpy(bytes.data(), &message.get(), length);
      bytes[sizeof(nlmsghdr) + random() % (length - sizeof(nlmsghdr))] = static_cast<std::uint8_t>(random());
      table.apply(*reinterpret_cast<const nlmsghdr*>(bytes.data()));
      EXPECT_LE(table.routes().size() + table.neighbours().size(), 1U);
    }
  }
}

}  // namespace
}  // namespace adit::app
