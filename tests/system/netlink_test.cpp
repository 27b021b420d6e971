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

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "app/host/netlink/interface_reader.hpp"
#include "app/host/netlink/kernel_routes.hpp"
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

wire::Ipv6Address at(std::string_view text) {
  return wire::parse_ipv6_address(text).value();
}

constexpr std::uint32_t kMainTable = RT_TABLE_MAIN;

rtmsg route_of(std::uint8_t length, std::uint8_t type) {
  rtmsg route{};
  route.rtm_family = AF_INET6;
  route.rtm_dst_len = length;
  route.rtm_protocol = RTPROT_STATIC;
  route.rtm_type = type;
  return route;
}

/// Types of IPv6 routes in a table, in the kernel's order: of one prefix, the one in force first.
std::vector<int> ipv6_types_in(std::uint32_t table) {
  std::vector<int> found;
  rtmsg all{};
  all.rtm_family = AF_INET6;
  EXPECT_TRUE(netlink::dump({RTM_GETROUTE, 0, all}, [&](const nlmsghdr& message) {
    const auto body = netlink::body_of<rtmsg>(message);
    if (body && body->attributes.u32(RTA_TABLE).value_or(body->header.rtm_table) == table) {
      found.push_back(body->header.rtm_type);
    }
  }));
  return found;
}

bool has_ipv6() {
  return std::ifstream("/proc/net/if_inet6").good();
}

TEST(Ipv6Routes, SubscribersComeBeforeAnothersRouteOfTheirPrefixAndGo) {
  if (!has_ipv6()) {
    GTEST_SKIP() << "this kernel has no IPv6";
  }
  constexpr std::uint32_t kTable = 1003;
  const wire::Ipv6Prefix link{.address = at("2001:db8:64:7::"), .length = 64};
  const wire::Ipv6Prefix host{.address = at("2001:db8:65::9"), .length = 128};
  netlink::Request anothers(RTM_NEWROUTE, NLM_F_CREATE, route_of(link.length, RTN_UNREACHABLE));
  anothers.put_address(RTA_DST, link.address);
  anothers.put_u32(RTA_TABLE, kTable);
  const auto made = netlink::execute(anothers);
  ASSERT_TRUE(made) << made.error().text();
  {
    auto routes = SubscriberRoutes::open(kTable);
    ASSERT_TRUE(routes) << routes.error();
    (*routes)->add(link);
    (*routes)->add(host);
    (*routes)->add(wire::Ipv4Prefix{.address = wire::Ipv4Address(10, 64, 0, 2), .length = 32});
    EXPECT_FALSE((*routes)->write_some());
    const auto refusals = (*routes)->take_refusals();
    EXPECT_EQ(refusals.count, 0U) << refusals.why;
    EXPECT_EQ(ipv6_types_in(kTable), (std::vector<int>{RTN_BLACKHOLE, RTN_UNREACHABLE, RTN_BLACKHOLE}));
    EXPECT_EQ(subscribers_in(kTable).size(), 3U);
    (*routes)->remove(host);
    EXPECT_FALSE((*routes)->write_some());
    EXPECT_EQ(ipv6_types_in(kTable), (std::vector<int>{RTN_BLACKHOLE, RTN_UNREACHABLE}));
    auto successor = SubscriberRoutes::open(kTable);  // as after a crash
    ASSERT_TRUE(successor) << successor.error();
    EXPECT_EQ(ipv6_types_in(kTable), std::vector<int>{RTN_UNREACHABLE});
    EXPECT_TRUE(subscribers_in(kTable).empty());
    (*successor)->add(link);
    (*successor)->write_some();
  }
  EXPECT_EQ(ipv6_types_in(kTable), std::vector<int>{RTN_UNREACHABLE});
}

/// KernelRoutes on one end of a veth pair; the kernel itself is the neighbour on the other.
class Mirrored : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_ipv6()) {
      GTEST_SKIP() << "this kernel has no IPv6";
    }
    std::ofstream("/proc/sys/net/ipv6/conf/default/accept_dad") << 0;  // addresses are valid at once
    near_ = add_device("near0");
    far_ = peer_of(near_);
    std::array<char, IF_NAMESIZE> far{};
    ASSERT_NE(::if_indextoname(far_, far.data()), nullptr);
    ASSERT_TRUE(set_link_up(far.data(), kFarMac, 1500));
    ASSERT_TRUE(set_link_up("near0", kMac, 1500));
    const std::vector<dataplane::Port> ports{{.id = 1, .role = dataplane::PortRole::kCore, .ifindex = near_}};
    auto opened = KernelRoutes::open(
        ports, [this](auto next) { hops_ = std::move(next); },
        [this](const auto&, const auto& own) { own_ = own; });
    ASSERT_TRUE(opened) << opened.error();
    routes_ = std::move(*opened);
  }
  void TearDown() override {
    if (near_ == 0) {
      return;
    }
    ifinfomsg link{};
    link.ifi_index = static_cast<int>(near_);
    EXPECT_TRUE(netlink::execute({RTM_DELLINK, 0, link}));
  }

  static std::uint32_t peer_of(std::uint32_t ifindex) {
    ifinfomsg link{};
    link.ifi_index = static_cast<int>(ifindex);
    std::uint32_t peer = 0;
    EXPECT_TRUE(netlink::ask({RTM_GETLINK, 0, link}, [&](const nlmsghdr& message) {
      const auto body = netlink::body_of<ifinfomsg>(message);
      peer = body ? body->attributes.u32(IFLA_LINK).value_or(0) : 0;
    }));
    return peer;
  }
  void add_address(std::uint32_t ifindex, std::string_view address) {
    ifaddrmsg header{};
    header.ifa_family = AF_INET6;
    header.ifa_prefixlen = 64;
    header.ifa_index = ifindex;
    netlink::Request request(RTM_NEWADDR, NLM_F_CREATE, header);
    request.put_address(IFA_LOCAL, at(address));
    const auto added = netlink::execute(request);
    ASSERT_TRUE(added) << added.error().text();
  }
  void change_route(std::uint16_t type, unsigned flags, std::string_view prefix, std::string_view gateway) {
    const auto to = wire::parse_ipv6_prefix(prefix).value();
    netlink::Request request(type, flags, route_of(to.length, RTN_UNICAST));
    request.put_address(RTA_DST, to.address);
    request.put_u32(RTA_TABLE, kMainTable);
    request.put_address(RTA_GATEWAY, at(gateway));
    request.put_u32(RTA_OIF, near_);
    const auto changed = netlink::execute(request);
    ASSERT_TRUE(changed) << changed.error().text();
  }
  template <typename Condition>
  bool comes_true(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) {
        return false;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
      routes_->on_readable();
    }
    return true;
  }
  [[nodiscard]] bool leads_to(std::string_view destination, std::string_view neighbour) const {
    const auto found = hops_->neighbour_of(at(destination));
    return found.ifindex == near_ && found.address == at(neighbour);
  }
  [[nodiscard]] bool resolves(std::string_view destination) const {
    const dataplane::NextHop* hop = hops_->find(at(destination));
    return hop != nullptr && hop->link == wire::LinkHeader(kFarMac, {}, {}, wire::EtherType::kIpv6);
  }

  static constexpr dataplane::MacAddress kFarMac{0x02, 0, 0, 0, 0, 8};
  const std::string kFarLinkLocal = "fe80::ff:fe00:8";  // of kFarMac: RFC 4291, appendix A
  std::uint32_t near_ = 0, far_ = 0;
  std::unique_ptr<dataplane::NextHops> hops_;
  std::vector<KernelTable6::OwnNetwork> own_;
  std::unique_ptr<KernelRoutes> routes_;
};

TEST_F(Mirrored, Ipv6RoutesThroughLinkLocalGatewaysComeAndGo) {
  constexpr auto kFar = "2001:db8:1::5";
  change_route(RTM_NEWROUTE, NLM_F_CREATE, "2001:db8:1::/48", kFarLinkLocal);
  EXPECT_TRUE(comes_true([&] { return resolves(kFar); })) << "the gateway was asked for without any packet";
  change_route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_APPEND, "2001:db8:1::/48", "fe80::77");
  EXPECT_TRUE(comes_true([&] { return hops_->has_choices<wire::Ipv6Address>(); }));
  change_route(RTM_DELROUTE, 0, "2001:db8:1::/48", kFarLinkLocal);
  EXPECT_TRUE(comes_true([&] { return leads_to(kFar, "fe80::77"); }));
  EXPECT_FALSE(hops_->has_choices<wire::Ipv6Address>());
  change_route(RTM_NEWROUTE, NLM_F_REPLACE, "2001:db8:1::/48", kFarLinkLocal);
  EXPECT_TRUE(comes_true([&] { return leads_to(kFar, kFarLinkLocal); }));
  change_route(RTM_DELROUTE, 0, "2001:db8:1::/48", kFarLinkLocal);
  EXPECT_TRUE(comes_true([&] { return hops_->neighbour_of(at(kFar)).ifindex == 0; }));
}

TEST_F(Mirrored, Ipv6AddressesAreTheMachinesAndTheirNetworksNeighboursAreAskedFor) {
  add_address(near_, "2001:db8:2::1");
  const auto own = [&](std::string_view prefix, std::uint32_t ifindex, bool address) {
    const KernelTable6::OwnNetwork wanted{
        .prefix = wire::parse_ipv6_prefix(prefix).value(), .ifindex = ifindex, .own_address = address};
    return std::ranges::find(own_, wanted) != own_.end();
  };
  EXPECT_TRUE(comes_true([&] { return own("2001:db8:2::1/128", near_, true); }));
  EXPECT_TRUE(comes_true([&] { return own("2001:db8:2::/64", near_, false); }));
  EXPECT_TRUE(hops_->is_host(at("2001:db8:2::1")));
  EXPECT_FALSE(hops_->is_host(at("2001:db8:2::2")));
  EXPECT_TRUE(
      std::ranges::none_of(own_, [](const auto& one) { return wire::is_link_local(one.prefix.address); }));

  change_route(RTM_NEWROUTE, NLM_F_CREATE, "2001:db8:4::/48", "2001:db8:2::2");
  EXPECT_TRUE(comes_true([&] { return leads_to("2001:db8:4::1", "2001:db8:2::2"); }));
  EXPECT_EQ(hops_->find(at("2001:db8:2::9")), nullptr);
  EXPECT_TRUE(hops_->needs_resolving(at("2001:db8:2::9")));
  add_address(far_, "2001:db8:2::9");
  routes_->resolve(at("2001:db8:2::9"));
  EXPECT_TRUE(comes_true([&] { return resolves("2001:db8:2::9"); }));

  std::ofstream("/proc/sys/net/ipv6/conf/near0/disable_ipv6") << 1;
  EXPECT_TRUE(comes_true([&] { return !hops_->is_host(at("2001:db8:2::1")); }));
  EXPECT_EQ(hops_->neighbour_of(at("2001:db8:4::1")).ifindex, 0U);
}

TEST(Routes, ARefusedChangeIsCountedAndSaysWhy) {
  auto routes = SubscriberRoutes::open(1002);
  ASSERT_TRUE(routes) << routes.error();
  (*routes)->add(
      wire::Ipv4Prefix{.address = wire::Ipv4Address(10, 67, 0, 1), .length = 24});  // with host bits
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
