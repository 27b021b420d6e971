// SPDX-License-Identifier: Apache-2.0
// IPv6's netlink messages in, routes and neighbours out. The messages are those that Linux 6.18 sent for the `ip` commands
// that stand at them, octet by octet; what the families have in common is in kernel_table_test.cpp.
#include <gtest/gtest.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "app/host/netlink/kernel_table.hpp"

namespace adit::app {
namespace {

using Effect = TableEffect;
using dataplane::RoutePath6;
using wire::Ipv6Address;
using wire::Ipv6Prefix;

/// A message, and nothing behind it, so that a sanitizer sees what is read beyond.
class KernelMessage {
 public:
  KernelMessage(std::uint16_t type, unsigned flags, std::string_view body) : octets_(NLMSG_HDRLEN) {
    for (std::size_t at = 0; at < body.size(); at += 2) {
      octets_.push_back(static_cast<std::uint8_t>(std::stoul(std::string(body.substr(at, 2)), nullptr, 16)));
    }
    set_header({.nlmsg_len = static_cast<std::uint32_t>(octets_.size()),
                .nlmsg_type = type,
                .nlmsg_flags = static_cast<std::uint16_t>(flags),
                .nlmsg_seq = 0,
                .nlmsg_pid = 0});
  }
  /// Its first octets.
  [[nodiscard]] KernelMessage cut(std::size_t size) const {
    KernelMessage part = *this;
    part.octets_.resize(NLMSG_ALIGN(size));
    nlmsghdr header = part;
    header.nlmsg_len = static_cast<std::uint32_t>(size);
    part.set_header(header);
    return part;
  }
  [[nodiscard]] std::vector<std::uint8_t>& octets() { return octets_; }
  operator const nlmsghdr&() const {  // NOLINT: for apply()
    return *reinterpret_cast<const nlmsghdr*>(octets_.data());
  }

 private:
  void set_header(const nlmsghdr& header) { std::memcpy(octets_.data(), &header, sizeof header); }
  std::vector<std::uint8_t> octets_;
};

// RTA_CACHEINFO and RTA_PREF, with which every route ends.
const std::string kTail = std::string("24000c00") + std::string(64, '0') + "0500140000000000";
const std::string kHead =
    "0a300000fe0c000100000000"
    "08000f00fe000000"
    "14000100"
    "20010db8000100000000000000000000"
    "0800060000040000";
// ip -6 route add 2001:db8:1::/48 proto bird nexthop via fe80::1 dev e0 weight 1 nexthop via fe80::2 dev e0 weight 3
const KernelMessage kTwoGateways(RTM_NEWROUTE, NLM_F_CREATE,
                                 kHead +
                                     "3c000900"
                                     "1c0000000300000014000500fe800000000000000000000000000001"
                                     "1c0000020300000014000500fe800000000000000000000000000002" +
                                     kTail);
// ip -6 route append 2001:db8:1::/48 proto bird via fe80::3 dev e0
const KernelMessage kThirdGateway(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_APPEND,
                                  kHead +
                                      "58000900"
                                      "1c0000000300000014000500fe800000000000000000000000000003"
                                      "1c0000000300000014000500fe800000000000000000000000000001"
                                      "1c0000020300000014000500fe800000000000000000000000000002" +
                                      kTail);
const std::string kThroughTwo = kHead +
                                "14000500fe800000000000000000000000000002"
                                "0800040003000000" +
                                kTail;
// ip -6 route del 2001:db8:1::/48 via fe80::2 dev e0
const KernelMessage kSecondGone(RTM_DELROUTE, 0, kThroughTwo);
// ip -6 route replace 2001:db8:1::/48 via fe80::9 dev e0
const std::string kThroughNine =
    "0a300000fe03000100000000"
    "08000f00fe000000"
    "14000100"
    "20010db8000100000000000000000000"
    "0800060000040000"
    "14000500fe800000000000000000000000000009"
    "0800040003000000" +
    kTail;
const KernelMessage kReplaced(RTM_NEWROUTE, NLM_F_REPLACE, kThroughNine);
// ip -6 route add blackhole 2001:db8:2::/48
const KernelMessage kBlackhole(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
                               "0a300000fe03000600000000"
                               "08000f00fe000000"
                               "14000100"
                               "20010db8000200000000000000000000"
                               "0800060000040000"
                               "0800040001000000" +
                                   kTail);
// ip -6 addr add 2001:db8::1/64 dev e0: the network, the address; and with forwarding = 1, the routers' anycast address
const std::string kNetworkBody =
    "0a400000fe02000100000000"
    "08000f00fe000000"
    "14000100"
    "20010db8000000000000000000000000"
    "0800060000010000"
    "0800040003000000" +
    kTail;
const std::string kAddressBody =
    "0a800000ff02000200000000"
    "08000f00ff000000"
    "14000100"
    "20010db8000000000000000000000001"
    "0800060000000000"
    "0800040003000000" +
    kTail;
const std::string kAnycastBody =
    "0a800000ff02000400000000"
    "08000f00ff000000"
    "14000100"
    "20010db8000000000000000000000000"
    "0800060000000000"
    "0800040003000000" +
    kTail;
const KernelMessage kNetwork(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, kNetworkBody);
const KernelMessage kAddress(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, kAddressBody);
const KernelMessage kAnycast(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, kAnycastBody);
// ip link set e0 up: fe80::/64 and its address, ff00::/8
const KernelMessage kLinkLocalNetwork(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
                                      "0a400000fe02000100000000"
                                      "08000f00fe000000"
                                      "14000100"
                                      "fe800000000000000000000000000000"
                                      "0800060000010000"
                                      "0800040003000000" +
                                          kTail);
const KernelMessage kLinkLocalAddress(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
                                      "0a800000ff02000200000000"
                                      "08000f00ff000000"
                                      "14000100"
                                      "fe80000000000000b466a2fffe7f5f52"
                                      "0800060000000000"
                                      "0800040003000000" +
                                          kTail);
const KernelMessage kMulticast(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
                               "0a080000ff02000500000000"
                               "08000f00ff000000"
                               "14000100"
                               "ff000000000000000000000000000000"
                               "0800060000010000"
                               "0800040003000000" +
                                   kTail);
// ip -6 neigh add fe80::1 lladdr 02:00:00:00:00:01 dev e0 nud permanent
const std::string kNeighbourBody =
    "0a000000030000008000000114000100fe800000000000000000000000000001"
    "0a00020002000000000100000800040000000000140003000000000000000000"
    "0000000001000000";
const KernelMessage kNeighbour(RTM_NEWNEIGH, 0, kNeighbourBody);
// A group that the kernel has reported to (MLD)
const KernelMessage kGroup(RTM_NEWNEIGH, 0,
                           "0a000000030000004000000514000100ff020000000000000000000000000016"
                           "0a0002003333000000160000080004000000000014000300c919000059010000"
                           "5901000000000000");

RoutePath6 through(std::uint64_t router, std::uint8_t weight = 1) {
  return {.ifindex = 3, .gateway = wire::link_local(router), .weight = weight};
}

std::vector<RoutePath6> paths_of(const KernelTable6& table) {
  const auto routes = table.routes();
  return routes.size() == 1 ? routes[0].paths : std::vector<RoutePath6>();
}

TEST(KernelTable6, GatewaysComeAndGoOneByOne) {
  KernelTable6 table;
  EXPECT_EQ(table.apply(kTwoGateways), Effect::kChanged);
  ASSERT_EQ(table.routes().size(), 1U);
  EXPECT_EQ(table.routes()[0].prefix, wire::parse_ipv6_address("2001:db8:1::"));
  EXPECT_EQ(table.routes()[0].length, 48);
  EXPECT_EQ(table.routes()[0].metric, 1024U);
  EXPECT_EQ(paths_of(table), (std::vector{through(1), through(2, 3)}));
  EXPECT_EQ(table.apply(kTwoGateways), Effect::kNothing) << "told by a dump and by itself";
  EXPECT_EQ(table.apply(kThirdGateway), Effect::kChanged);
  EXPECT_EQ(paths_of(table), (std::vector{through(1), through(2, 3), through(3)}));
  EXPECT_EQ(table.apply(kSecondGone), Effect::kChanged) << "told without its weight";
  EXPECT_EQ(paths_of(table), (std::vector{through(1), through(3)}));
  EXPECT_EQ(table.apply(kSecondGone), Effect::kNothing);
  EXPECT_EQ(table.apply(kReplaced), Effect::kChanged);
  EXPECT_EQ(paths_of(table), std::vector{through(9)}) << "of all of them";
  EXPECT_EQ(table.apply(KernelMessage(RTM_DELROUTE, 0, kThroughNine)), Effect::kChanged);
  EXPECT_TRUE(table.routes().empty());
}

TEST(KernelTable6, GatewaysToldOneByOneAreOneMultipath) {
  KernelTable6 table;
  EXPECT_EQ(table.apply(KernelMessage(RTM_NEWROUTE, NLM_F_CREATE, kThroughTwo)), Effect::kChanged);
  EXPECT_EQ(table.apply(KernelMessage(RTM_NEWROUTE, NLM_F_CREATE, kThroughNine)), Effect::kChanged);
  EXPECT_EQ(paths_of(table), (std::vector{through(2), through(9)}));
}

TEST(KernelTable6, ANetworkOnTwoLinksIsReachedThroughTheFirst) {
  std::string elsewhere = kNetworkBody;
  elsewhere.replace(elsewhere.find("0800040003000000"), 16, "0800040004000000");
  KernelTable6 table;
  table.apply(kNetwork);
  EXPECT_EQ(table.apply(KernelMessage(RTM_NEWROUTE, NLM_F_CREATE, elsewhere)), Effect::kChanged);
  EXPECT_EQ(paths_of(table), std::vector{RoutePath6{.ifindex = 3}});
  table.apply(KernelMessage(RTM_DELROUTE, 0, kNetworkBody));
  EXPECT_EQ(paths_of(table), std::vector{RoutePath6{.ifindex = 4}});
}

TEST(KernelTable6, ABlackholeLeadsNowhere) {
  KernelTable6 table;
  EXPECT_EQ(table.apply(kBlackhole), Effect::kChanged);
  ASSERT_EQ(table.routes().size(), 1U);
  EXPECT_TRUE(table.routes()[0].paths.empty());
  KernelMessage gone = kBlackhole;
  nlmsghdr header = gone;
  header.nlmsg_type = RTM_DELROUTE;
  std::memcpy(gone.octets().data(), &header, sizeof header);
  EXPECT_EQ(table.apply(gone), Effect::kChanged);
  EXPECT_TRUE(table.routes().empty());
}

TEST(KernelTable6, KnowsItsOwnAddressesAndNetworksAndNoneOfTheLinksThemselves) {
  KernelTable6 table;
  for (const KernelMessage& message : {kNetwork, kAddress, kAnycast, kLinkLocalAddress}) {
    EXPECT_EQ(table.apply(message), Effect::kChanged);
  }
  for (const KernelMessage& message : {kLinkLocalNetwork, kMulticast}) {
    EXPECT_EQ(table.apply(message), Effect::kNothing);
  }
  const Ipv6Address subnet = wire::parse_ipv6_address("2001:db8::").value();
  const Ipv6Address own = wire::parse_ipv6_address("2001:db8::1").value();
  const std::vector<KernelTable6::OwnNetwork> expected{
      {.prefix = {.address = subnet}, .ifindex = 3, .own_address = true},
      {.prefix = {.address = own}, .ifindex = 3, .own_address = true},
      {.prefix = {.address = subnet, .length = 64}, .ifindex = 3}};
  EXPECT_EQ(table.own_networks(), expected);
  const Ipv6Address on_link = wire::parse_ipv6_address("fe80::b466:a2ff:fe7f:5f52").value();
  EXPECT_EQ(table.hosts(), (std::vector<Ipv6Prefix>{{subnet}, {own}, {on_link}}));
  // ip -6 addr del
  EXPECT_EQ(table.apply(KernelMessage(RTM_DELROUTE, 0, kAddressBody)), Effect::kChanged);
  EXPECT_EQ(table.apply(KernelMessage(RTM_DELROUTE, 0, kAnycastBody)), Effect::kChanged);
  EXPECT_EQ(table.hosts(), (std::vector<Ipv6Prefix>{{on_link}}));
}

TEST(KernelTable6, ARouteThatAsksForASourceIsNotForAll) {
  KernelMessage asks(RTM_NEWROUTE, NLM_F_CREATE, kThroughNine);
  asks.octets()[NLMSG_HDRLEN + offsetof(rtmsg, rtm_src_len)] = 48;
  KernelTable6 table;
  EXPECT_EQ(table.apply(asks), Effect::kNothing);
}

TEST(KernelTable6, OurOwnAnnouncementsAreNoRoutes) {
  KernelMessage announced = kBlackhole;
  announced.octets()[NLMSG_HDRLEN + offsetof(rtmsg, rtm_protocol)] = kSubscriberProtocol;
  KernelTable6 table;
  EXPECT_EQ(table.apply(announced), Effect::kNothing);
}

TEST(KernelTable6, NeighboursAreRoutersAndHostsNotGroups) {
  KernelTable6 table;
  EXPECT_EQ(table.apply(kNeighbour), Effect::kChanged);
  EXPECT_EQ(table.apply(kGroup), Effect::kNothing);
  ASSERT_EQ(table.neighbours().size(), 1U);
  EXPECT_EQ(table.neighbours()[0].ifindex, 3U);
  EXPECT_EQ(table.neighbours()[0].address, wire::link_local(1));
  EXPECT_EQ(table.neighbours()[0].mac, (dataplane::MacAddress{2, 0, 0, 0, 0, 1}));
  EXPECT_EQ(table.apply(KernelMessage(RTM_DELNEIGH, 0, kNeighbourBody)), Effect::kChanged);
  EXPECT_TRUE(table.neighbours().empty());
}

TEST(KernelTable6, EachFamilysTableTakesItsOwnMessages) {
  KernelTable ipv4;
  for (const KernelMessage& message : {kTwoGateways, kBlackhole, kNetwork, kAddress, kNeighbour}) {
    EXPECT_EQ(ipv4.apply(message), Effect::kNothing);
    KernelMessage other = message;
    other.octets()[NLMSG_HDRLEN] = AF_INET;
    KernelTable6 ipv6;
    EXPECT_EQ(ipv6.apply(other), Effect::kNothing);
  }
}

TEST(KernelTable6, EveryTruncationAndRandomChangeIsHarmless) {
  std::mt19937 random(8200);  // NOLINT: a fixed seed on purpose
  for (const KernelMessage& message : {kThirdGateway, kSecondGone, kAddress, kNeighbour}) {
    const std::uint32_t length = static_cast<const nlmsghdr&>(message).nlmsg_len;
    for (std::uint32_t size = sizeof(nlmsghdr); size < length; ++size) {
      KernelTable6 table;
      table.apply(message.cut(size));
    }
    for (int round = 0; round < 5000; ++round) {
      KernelTable6 table;
      KernelMessage changed = message;
      changed.octets()[sizeof(nlmsghdr) + random() % (length - sizeof(nlmsghdr))] =
          static_cast<std::uint8_t>(random());
      table.apply(changed);
      EXPECT_LE(table.routes().size() + table.neighbours().size(), 1U);
    }
  }
}

}  // namespace
}  // namespace adit::app
