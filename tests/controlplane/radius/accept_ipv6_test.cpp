// SPDX-License-Identifier: Apache-2.0
// What an Access-Accept grants in IPv6 (RFC 3162, RFC 4818, RFC 6911), and how it says what it does not.
#include "controlplane/radius/accept_ipv6.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "controlplane/radius/framed_route.hpp"
#include "tests/controlplane/radius/reply_kit.hpp"
#include "tests/kit/ipv6_kit.hpp"

namespace adit::control::radius {
namespace {

using test::ip6;
using test::net6;

Ipv6Terms granted(const Octets& attributes) {
  const auto read = accepted(attributes);
  EXPECT_TRUE(read) << read.error();
  return read ? read->ipv6 : Ipv6Terms{};
}
std::string refusal(const Octets& attributes) {
  const auto read = accepted(attributes);
  return read ? "" : read.error();
}
Octets prefix(Type type, std::string_view value) {
  return attribute(type, hex(value));
}

const Octets kLink = prefix(Type::kFramedIpv6Prefix, "0040 20010db800640007");
const Octets kHost = prefix(Type::kFramedIpv6Prefix, "0080 20010db8006500000000000000000007");
const Octets kAddress = attribute(Type::kFramedIpv6Address, hex("20010db8006500000000000000000008"));

TEST(RadiusAcceptIpv6, NothingSaidIsFromThePools) {
  EXPECT_EQ(granted({}), Ipv6Terms{});
}

TEST(RadiusAcceptIpv6, WhatEachAttributeGrants) {
  const Ipv6Terms terms = granted(joined({
      attribute(Type::kFramedInterfaceId, hex("0011223344556677")),
      kLink,
      attribute(Type::kFramedIpv6Route, text("2001:db8:20::/48 :: 1")),
      attribute(Type::kFramedIpv6Route, text("2001:db8:21::/48 2001:db8:64:7::1 1")),
      attribute(Type::kFramedIpv6Route, text("2001:db8:20::/48")),
      attribute(Type::kFramedIpv6Pool, text("gold")),
      prefix(Type::kDelegatedIpv6Prefix, "0038 20010db8010000"),
      kAddress,
      attribute(Type::kDnsServerIpv6Address, hex("20010db8005300000000000000000001")),
      attribute(Type::kDnsServerIpv6Address, hex("20010db8005300000000000000000002")),
      attribute(Type::kDelegatedIpv6PrefixPool, text("business")),
      attribute(Type::kStatefulIpv6AddressPool, text("hosts")),
  }));
  EXPECT_FALSE(terms.denied);
  EXPECT_EQ(terms.interface_id, 0x0011'2233'4455'6677U);
  EXPECT_EQ(terms.link, net6("2001:db8:64:7::/64"));
  EXPECT_EQ(terms.address, ip6("2001:db8:65::8"));
  EXPECT_EQ(terms.delegated, net6("2001:db8:100::/56"));
  EXPECT_EQ(terms.routes, (std::vector{net6("2001:db8:20::/48"), net6("2001:db8:21::/48")})) << "once each";
  EXPECT_EQ(terms.dns, (std::vector{ip6("2001:db8:53::1"), ip6("2001:db8:53::2")}));
  EXPECT_EQ(terms.link_pool, "gold");
  EXPECT_EQ(terms.address_pool, "hosts");
  EXPECT_EQ(terms.delegated_pool, "business");
}

// RFC 3162 §2.3: the octets may be all sixteen, or end with the length. The first octet is reserved.
TEST(RadiusAcceptIpv6, PrefixesAsServersWriteThem) {
  for (const char* link : {"0040 20010db800640007", "0040 20010db8006400070000000000000000",
                           "0040 20010db80064000700", "ff40 20010db800640007"}) {
    EXPECT_EQ(granted(prefix(Type::kFramedIpv6Prefix, link)).link, net6("2001:db8:64:7::/64")) << link;
  }
  EXPECT_EQ(granted(prefix(Type::kDelegatedIpv6Prefix, "0030 20010db80100")).delegated,
            net6("2001:db8:100::/48"));
  EXPECT_EQ(granted(prefix(Type::kDelegatedIpv6Prefix, "0040 20010db801000001")).delegated,
            net6("2001:db8:100:1::/64"));
  EXPECT_EQ(granted(prefix(Type::kDelegatedIpv6Prefix, "002d 20010db80108")).delegated,
            net6("2001:db8:108::/45"));
}

TEST(RadiusAcceptIpv6, AFramedPrefixOfOneAddressIsAnAddress) {
  const Ipv6Terms terms = granted(joined({kHost, kLink}));
  EXPECT_EQ(terms.address, ip6("2001:db8:65::7"));
  EXPECT_EQ(terms.link, net6("2001:db8:64:7::/64"));
  for (const Octets& both : {joined({kHost, kAddress}), joined({kAddress, kHost})}) {
    EXPECT_EQ(granted(both).address, ip6("2001:db8:65::8")) << "the attribute for it is Framed-IPv6-Address";
  }
}

TEST(RadiusAcceptIpv6, OfSeveral) {
  const Octets other = prefix(Type::kFramedIpv6Prefix, "0040 20010db800640008");
  EXPECT_EQ(granted(joined({kLink, other})).link, net6("2001:db8:64:7::/64")) << "the first";
  Octets servers;
  for (const char* last : {"1", "2", "3", "4", "5", "6"}) {
    servers = joined({servers, attribute(Type::kDnsServerIpv6Address,
                                         hex("20010db800530000000000000000000" + std::string(last)))});
  }
  const Ipv6Terms terms = granted(servers);
  ASSERT_EQ(terms.dns.size(), 4U) << "what an advertisement has room for";
  EXPECT_EQ(terms.dns.back(), ip6("2001:db8:53::4"));
}

TEST(RadiusAcceptIpv6, APoolOfTheNameNoneDenies) {
  EXPECT_TRUE(granted(attribute(Type::kFramedIpv6Pool, text("none"))).denied);
  EXPECT_FALSE(granted(attribute(Type::kFramedIpv6Pool, text("None"))).denied);
  EXPECT_FALSE(granted(joined({attribute(Type::kFramedIpv6Pool, text("none")),
                               attribute(Type::kFramedIpv6Pool, text("gold"))}))
                   .denied)
      << "the last counts";
}

TEST(RadiusAcceptIpv6, RouteIpv6InformationIsIgnored) {
  EXPECT_EQ(granted(attribute(Type{170}, hex("ffff"))), Ipv6Terms{});
}

TEST(RadiusAcceptIpv6, EveryRefusalNamesAttributeValueAndRule) {
  for (const auto& [octets, error] : {
           std::pair(attribute(Type::kFramedInterfaceId, hex("00112233445566")),
                     "Framed-Interface-Id 0x00112233445566 is no interface identifier of eight octets"),
           std::pair(attribute(Type::kFramedInterfaceId, hex("0000000000000000")),
                     "Framed-Interface-Id 0:0:0:0 is no interface identifier of eight octets"),
           std::pair(prefix(Type::kFramedIpv6Prefix, "0038 20010db8006400"),
                     "Framed-IPv6-Prefix 2001:db8:64::/56 is neither the /64 of a link nor the /128 of an "
                     "address"),
           std::pair(prefix(Type::kFramedIpv6Prefix, "0040 20010db80064000780"),
                     "Framed-IPv6-Prefix 0x004020010db80064000780 is not an IPv6 prefix with a length and "
                     "without host bits"),
           std::pair(prefix(Type::kFramedIpv6Prefix, "0040 20010db8006400"),
                     "Framed-IPv6-Prefix 0x004020010db8006400 is not an IPv6 prefix with a length and "
                     "without host bits"),
           std::pair(prefix(Type::kFramedIpv6Prefix, "0040 fe80000000000000"),
                     "Framed-IPv6-Prefix fe80::/64 is not a prefix of /16 or longer that a subscriber can "
                     "have"),
           std::pair(prefix(Type::kFramedIpv6Prefix, "0081 20010db8006500000000000000000007"),
                     "Framed-IPv6-Prefix 0x008120010db800650000000000000000... is not an IPv6 prefix with a "
                     "length and without host bits"),
           std::pair(prefix(Type::kDelegatedIpv6Prefix, "0038 20010db801000001"),
                     "Delegated-IPv6-Prefix 0x003820010db801000001 is not an IPv6 prefix with a length and "
                     "without host bits"),
           std::pair(prefix(Type::kDelegatedIpv6Prefix, "0048 20010db80100000001"),
                     "Delegated-IPv6-Prefix 2001:db8:100:0:100::/72 is longer than a /64, of which no "
                     "network can be made"),
           std::pair(prefix(Type::kDelegatedIpv6Prefix, "000c 2000"),
                     "Delegated-IPv6-Prefix 2000::/12 is not a prefix of /16 or longer that a subscriber "
                     "can have"),
           std::pair(prefix(Type::kDelegatedIpv6Prefix, "00"),
                     "Delegated-IPv6-Prefix 0x00 is not an IPv6 prefix with a length and without host bits"),
           std::pair(attribute(Type::kFramedIpv6Address, hex("ff020000000000000000000000000001")),
                     "Framed-IPv6-Address ff02::1 is not an address that a subscriber can have"),
           std::pair(attribute(Type::kFramedIpv6Address, hex("20010db8")),
                     "Framed-IPv6-Address 0x20010db8 is not an address that a subscriber can have"),
           std::pair(attribute(Type::kDnsServerIpv6Address, hex("00000000000000000000000000000000")),
                     "DNS-Server-IPv6-Address :: is not an address"),
           std::pair(attribute(Type::kFramedIpv6Pool, Octets{}), "Framed-IPv6-Pool \"\" is no name"),
           std::pair(attribute(Type::kStatefulIpv6AddressPool, Octets{}),
                     "Stateful-IPv6-Address-Pool \"\" is no name"),
           std::pair(attribute(Type::kDelegatedIpv6PrefixPool, Octets{}),
                     "Delegated-IPv6-Prefix-Pool \"\" is no name"),
           std::pair(attribute(Type::kFramedIpv6Route, text("2001:db8:20::1/48 :: 1")),
                     "Framed-IPv6-Route \"2001:db8:20::1/48 :: 1\" is not an IPv6 network with a length and "
                     "without host bits"),
       }) {
    EXPECT_EQ(refusal(octets), error);
  }
}

TEST(RadiusAcceptIpv6, RouteGrammar) {
  const Ipv6Terms subscriber{
      .interface_id = 0x77, .link = net6("2001:db8:64:7::/64"), .address = ip6("2001:db8:65::8")};
  for (const char* good : {"2001:db8:20::/48", "2001:db8:20::/48 ::", " 2001:db8:20::/48\t::  1 ",
                           "2001:db8:20::/48 2001:db8:64:7::1 1", "2001:db8:20::/48 2001:db8:65::8 1 2 -1",
                           "2001:db8:20::/48 fe80::77 1", "2001:db8:20::9/128 :: 1"}) {
    EXPECT_TRUE(parse_framed_ipv6_route(good, subscriber)) << good;
  }
  for (const char* bad :
       {"", "2001:db8:20::", "2001:db8:20::1/48", "10.20.0.0/24", "2001:db8:20::/48 2001:db8:64:8::1",
        "2001:db8:20::/48 fe80::78", "2001:db8:20::/48 0.0.0.0 1", "2001:db8:20::/48 :: x", "::/0",
        "2000::/15", "ff02::/16", "2001:db8:20::/129", "2001:db8:20::/48;::"}) {
    EXPECT_FALSE(parse_framed_ipv6_route(bad, subscriber)) << bad;
  }
  EXPECT_FALSE(parse_framed_ipv6_route("2001:db8:20::/48 2001:db8:64:7::1", {})) << "whose is that?";
}

/// The only attribute of a packet that has nothing else.
Octets written(const std::function<void(RequestWriter&)>& fill) {
  RequestWriter writer(Code::kAccountingRequest, 0, {});
  fill(writer);
  return {writer.attributes().begin(), writer.attributes().end()};
}

TEST(RadiusAcceptIpv6, WhatIsWrittenIsWhatIsRead) {
  const auto link = written([](auto& w) { w.prefix(Type::kFramedIpv6Prefix, net6("2001:db8:64:7::/64")); });
  EXPECT_EQ(link, kLink);
  const auto odd = written([](auto& w) { w.prefix(Type::kDelegatedIpv6Prefix, net6("2001:db8:108::/45")); });
  EXPECT_EQ(odd, prefix(Type::kDelegatedIpv6Prefix, "002d 20010db80108"));
  const auto all = written([](auto& w) {
    w.interface_id(Type::kFramedInterfaceId, 7);
    w.address(Type::kFramedIpv6Address, ip6("2001:db8:65::8"));
  });
  EXPECT_EQ(granted(all).interface_id, 7U);
  EXPECT_EQ(granted(all).address, ip6("2001:db8:65::8"));
}

}  // namespace
}  // namespace adit::control::radius
