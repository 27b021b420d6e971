// SPDX-License-Identifier: Apache-2.0
// Requests and messages octet by octet; what the kernel does with them is in tests/system.
#include "app/host/netlink/socket.hpp"

#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace adit::app::netlink {
namespace {

rtmsg ipv4_route() {
  rtmsg route{};
  route.rtm_family = AF_INET;
  return route;
}

// Little-endian, as on every CPU that Adit runs on.
TEST(Netlink, RequestIsWhatTheKernelReads) {
  Request request(RTM_NEWROUTE, NLM_F_CREATE, ipv4_route());
  request.put_ipv4(RTA_DST, wire::Ipv4Address(192, 0, 2, 1));
  request.put_text(IFLA_IFNAME, "a0");
  request.set_sequence(7);
  const std::vector<std::uint8_t> wanted = {
      44, 0, 0, 0, 24,  0,   1, 4, 7, 0, 0, 0, 0, 0, 0, 0,  // length, type, flags, sequence, port
      2,  0, 0, 0, 0,   0,   0, 0, 0, 0, 0, 0,              // rtmsg
      8,  0, 1, 0, 192, 0,   2, 1,                          // RTA_DST
      7,  0, 3, 0, 'a', '0', 0, 0};                         // the terminating zero, then padding
  EXPECT_EQ(std::vector(request.octets().begin(), request.octets().end()), wanted);
}

TEST(Netlink, NestsAreReadBack) {
  Request request(RTM_NEWLINK, 0, ifinfomsg{});
  request.nest(IFLA_LINKINFO, [&] {
    request.put_text(IFLA_INFO_KIND, "vlan");
    request.nest(IFLA_INFO_DATA, [&] { request.put_u16(IFLA_VLAN_ID, 100); });
  });
  request.put_u32(IFLA_MTU, 1400);
  int messages = 0;
  for_each_message(request.octets(), [&](const nlmsghdr& message) {
    ++messages;
    const auto body = body_of<ifinfomsg>(message);
    ASSERT_TRUE(body);
    const Attributes info = body->attributes.nested(IFLA_LINKINFO);
    EXPECT_EQ(info.text(IFLA_INFO_KIND), "vlan");
    EXPECT_EQ(info.nested(IFLA_INFO_DATA).u16(IFLA_VLAN_ID), 100);
    EXPECT_EQ(body->attributes.u32(IFLA_MTU), 1400U);
    EXPECT_EQ(body->attributes.u16(IFLA_MTU), std::nullopt) << "of another length";
    EXPECT_FALSE(body->attributes.has(IFLA_ADDRESS));
    EXPECT_EQ(body->attributes.text(IFLA_IFNAME), "");
    EXPECT_TRUE(body->attributes.ipv4(IFLA_ADDRESS).is_none());
  });
  EXPECT_EQ(messages, 1);
}

TEST(Netlink, AttributesEndWhereTheirLengthsLie) {
  alignas(nlattr) const std::uint8_t octets[] = {8, 0, 1, 0, 1, 2, 3, 4, 9, 0, 2, 0, 1, 2, 3, 4};
  const Attributes attributes{Bytes(octets)};
  EXPECT_TRUE(attributes.has(1));
  EXPECT_FALSE(attributes.has(2)) << "claims one octet more than there is";
  EXPECT_FALSE(Attributes(Bytes(octets).first(3)).has(1));
  EXPECT_FALSE(Attributes(Bytes(octets).first(7)).has(1));
  alignas(nlattr) const std::uint8_t unterminated[] = {6, 0, 1, 0, 'a', 'b', 0, 0};
  EXPECT_EQ(Attributes(Bytes(unterminated)).text(1), "ab");
}

TEST(Netlink, WhatDoesNotFitIsNotSent) {
  Request request(RTM_NEWLINK, 0, ifinfomsg{});
  request.put_text(IFLA_IFNAME, std::string(2000, 'x'));
  request.put_u32(IFLA_MTU, 1400);
  EXPECT_TRUE(request.octets().empty());
  const auto done = execute(request);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, EMSGSIZE);
}

// The kernel's answer to a request of 36 octets, whole and cut down to its header, with a text behind it.
TEST(Netlink, RefusalsAreReadWithTheKernelsText) {
  for (const bool capped : {false, true}) {
    alignas(nlmsghdr) std::array<std::uint8_t, 128> buffer{};
    const std::size_t text_at = NLMSG_HDRLEN + sizeof(nlmsgerr) + (capped ? 0 : 20);
    const std::uint8_t text[] = {10, 0, NLMSGERR_ATTR_MSG, 0, 'w', 'r', 'o', 'n', 'g', 0};
    std::memcpy(buffer.data() + text_at, text, sizeof text);
    auto& message = *reinterpret_cast<nlmsghdr*>(buffer.data());
    message.nlmsg_type = NLMSG_ERROR;
    message.nlmsg_len = static_cast<std::uint32_t>(text_at + 12);
    message.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_ACK_TLVS | (capped ? NLM_F_CAPPED : 0));
    auto& error = *reinterpret_cast<nlmsgerr*>(buffer.data() + NLMSG_HDRLEN);
    error.error = -EINVAL;
    error.msg.nlmsg_len = 36;
    const auto failure = read_error(message);
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code, EINVAL);
    EXPECT_EQ(failure->text(), "Invalid argument (wrong)");
    message.nlmsg_flags = 0;
    EXPECT_EQ(read_error(message)->text(), "Invalid argument");
    message.nlmsg_len = NLMSG_HDRLEN + 2;
    EXPECT_EQ(read_error(message)->code, EPROTO);
    message.nlmsg_type = RTM_NEWLINK;
    EXPECT_FALSE(read_error(message));
  }
}

TEST(Netlink, KernelAnswersADump) {
  int links = 0;
  const auto read = dump({RTM_GETLINK, 0, ifinfomsg{}}, [&](const nlmsghdr& message) {
    const auto body = body_of<ifinfomsg>(message);
    links += body && body->attributes.text(IFLA_IFNAME) == "lo" ? 1 : 0;
  });
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_GE(links, 1);
}

TEST(Netlink, SilenceEndsAfterItsTime) {
  auto socket = Socket::open();
  ASSERT_TRUE(socket) << socket.error().text();
  const auto nothing = socket->receive_within(std::chrono::milliseconds{1});
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, ETIMEDOUT);
}

}  // namespace
}  // namespace adit::app::netlink
