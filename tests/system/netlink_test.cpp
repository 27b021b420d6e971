// SPDX-License-Identifier: Apache-2.0
// Links and routes of the kernel's, made, changed, read and removed in a network namespace of this test's own. Needs root;
// exit 77 (skipped) otherwise.
#include "app/host/netlink/socket.hpp"

#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <vector>

#include "app/host/netlink/interface_reader.hpp"
#include "app/host/netlink/link_changes.hpp"
#include "app/host/netlink/route_messages.hpp"
#include "app/host/netlink/subscriber_routes.hpp"

namespace adit::app {
namespace {

constexpr dataplane::MacAddress kMac{0x02, 0, 0, 0, 0, 7};

netlink::Request link_of_kind(const char* name, const char* kind) {
  netlink::Request request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
  request.put_text(IFLA_IFNAME, name);
  request.nest(IFLA_LINKINFO, [&] { request.put_text(IFLA_INFO_KIND, kind); });
  return request;
}

std::uint32_t add_device(const char* name) {
  const auto made = netlink::execute(link_of_kind(name, "veth"));
  EXPECT_TRUE(made) << made.error().text();
  return ::if_nametoindex(name);
}

std::vector<wire::Ipv4Prefix> subscribers_in(std::uint32_t table) {
  std::vector<wire::Ipv4Prefix> found;
  const auto read = netlink::dump({RTM_GETROUTE, 0, rtmsg{}}, [&](const nlmsghdr& message) {
    const auto route = netlink::body_of<rtmsg>(message);
    if (route && route->header.rtm_protocol == kSubscriberProtocol &&
        route->attributes.u32(RTA_TABLE) == table) {
      found.push_back({.address = route->attributes.ipv4(RTA_DST), .length = route->header.rtm_dst_len});
    }
  });
  EXPECT_TRUE(read) << read.error().text();
  return found;
}

TEST(Links, UpWithAddressAndMtu) {
  const std::uint32_t index = add_device("up0");
  const auto up = set_link_up("up0", kMac, 1400);
  ASSERT_TRUE(up) << up.error();
  const auto read = read_kernel_interface("up0");
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->ifindex, index);
  EXPECT_EQ(read->mtu, 1400);
  EXPECT_TRUE(read->up);
}

TEST(Links, VlansAreMadeOnceAndReadDownToTheDevice) {
  const std::uint32_t device = add_device("dev0");
  const auto outer = add_vlan_link("dev0.200", device, 200, wire::EtherType::kServiceVlan);
  if (!outer && outer.error().find("Operation not supported") != std::string::npos) {
    GTEST_SKIP() << "this kernel has no VLAN interfaces";
  }
  ASSERT_TRUE(outer) << outer.error();
  const auto inner = add_vlan_link("customers", *outer, 100, wire::EtherType::kVlan);
  ASSERT_TRUE(inner) << inner.error();
  EXPECT_EQ(add_vlan_link("customers", *outer, 100, wire::EtherType::kVlan), *inner) << "is there already";
  dataplane::PortSettings port;
  port.name = "access";
  port.interface = "customers";
  const auto stacks = read_interfaces_of(std::vector{port});
  ASSERT_TRUE(stacks) << stacks.error();
  const dataplane::InterfaceStack& stack = stacks->front();
  ASSERT_EQ(stack.size(), 3U);
  EXPECT_EQ(stack[0].ifindex, *inner);
  EXPECT_EQ(stack[0].vlan_id, 100);
  EXPECT_EQ(stack[0].vlan_type, wire::EtherType::kVlan);
  EXPECT_EQ(stack[1].name, "dev0.200");
  EXPECT_EQ(stack[1].vlan_id, 200);
  EXPECT_EQ(stack[1].vlan_type, wire::EtherType::kServiceVlan);
  EXPECT_EQ(stack[2].name, "dev0");
  EXPECT_EQ(stack[2].vlan_id, 0);
}

TEST(Links, RefusalsBeginWithTheErrorsText) {
  const auto vlan = add_vlan_link("orphan0", 9999, 100, wire::EtherType::kVlan);
  ASSERT_FALSE(vlan);
  EXPECT_TRUE(vlan.error().starts_with("VLAN interface 'orphan0': ")) << vlan.error();
  const auto unknown = netlink::execute(link_of_kind("odd0", "no-such-kind"));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, EOPNOTSUPP);
  EXPECT_TRUE(unknown.error().text().starts_with("Operation not supported")) << unknown.error().text();
}

TEST(Routes, SubscribersComeAndGo) {
  constexpr std::uint32_t kTable = 1000;
  const wire::Ipv4Prefix one{.address = wire::Ipv4Address(10, 64, 0, 2), .length = 32};
  const wire::Ipv4Prefix network{.address = wire::Ipv4Address(10, 65, 0, 0), .length = 16};
  {
    auto routes = SubscriberRoutes::open(kTable);
    ASSERT_TRUE(routes) << routes.error();
    (*routes)->add(one);
    (*routes)->add(network);
    EXPECT_FALSE((*routes)->write_some());
    EXPECT_EQ(subscribers_in(kTable), (std::vector{one, network}));
    (*routes)->remove(one);
    EXPECT_FALSE((*routes)->write_some());
    EXPECT_EQ(subscribers_in(kTable), std::vector{network});
    EXPECT_EQ((*routes)->take_refusals().count, 0U);
    auto successor = SubscriberRoutes::open(kTable);  // as after a crash
    ASSERT_TRUE(successor) << successor.error();
    EXPECT_TRUE(subscribers_in(kTable).empty());
    (*successor)->add(one);
    (*successor)->write_some();
  }
  EXPECT_TRUE(subscribers_in(kTable).empty());
}

TEST(Routes, AnothersRouteOfThePrefixIsInForceAgainWhenTheSubscriberGoes) {
  constexpr std::uint32_t kTable = 1001;
  const wire::Ipv4Prefix network{.address = wire::Ipv4Address(10, 66, 0, 0), .length = 24};
  rtmsg route{};
  route.rtm_family = AF_INET;
  route.rtm_dst_len = network.length;
  route.rtm_protocol = RTPROT_STATIC;
  route.rtm_type = RTN_UNREACHABLE;
  netlink::Request request(RTM_NEWROUTE, NLM_F_CREATE, route);
  request.put_ipv4(RTA_DST, network.address);
  request.put_u32(RTA_TABLE, kTable);
  ASSERT_TRUE(netlink::execute(request));
  const auto types = [&] {
    std::vector<int> found;
    rtmsg all{};
    all.rtm_family = AF_INET;
    EXPECT_TRUE(netlink::dump({RTM_GETROUTE, 0, all}, [&](const nlmsghdr& message) {
      const auto body = netlink::body_of<rtmsg>(message);
      if (body && body->attributes.u32(RTA_TABLE).value_or(body->header.rtm_table) == kTable) {
        found.push_back(body->header.rtm_type);
      }
    }));
    return found;
  };
  {
    auto routes = SubscriberRoutes::open(kTable);
    ASSERT_TRUE(routes) << routes.error();
    (*routes)->add(network);
    EXPECT_FALSE((*routes)->write_some());
    EXPECT_EQ(types(), (std::vector<int>{RTN_BLACKHOLE, RTN_UNREACHABLE}));
    EXPECT_EQ((*routes)->take_refusals().count, 0U);
  }
  EXPECT_EQ(types(), std::vector<int>{RTN_UNREACHABLE});
}

TEST(Routes, ARefusedChangeIsCountedAndSaysWhy) {
  auto routes = SubscriberRoutes::open(1002);
  ASSERT_TRUE(routes) << routes.error();
  (*routes)->add({.address = wire::Ipv4Address(10, 67, 0, 1), .length = 24});  // with host bits
  EXPECT_FALSE((*routes)->write_some());
  const auto refusals = (*routes)->take_refusals();
  EXPECT_EQ(refusals.count, 1U);
  EXPECT_TRUE(refusals.why.starts_with("Invalid argument")) << refusals.why;
  EXPECT_EQ((*routes)->take_refusals().count, 0U) << "told once";
}

}  // namespace
}  // namespace adit::app

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (::unshare(CLONE_NEWNET) != 0) {
    std::perror("skipped: a network namespace needs root");
    return 77;
  }
  return RUN_ALL_TESTS();
}
