// SPDX-License-Identifier: Apache-2.0
// Router Solicitations by each check of RFC 4861 §6.1.1, Router Advertisements by golden octets and by what fits, domain
// names, and UDP over IPv6.
#include "dataplane/wire/router_discovery.hpp"

#include <gtest/gtest.h>

#include "dataplane/wire/udp6.hpp"
#include "tests/dataplane/wire/octets.hpp"

namespace adit::wire {
namespace {

using test::hex;
using test::Octets;

Octets discovery(const Ipv6Address& from, std::string_view message, std::uint8_t hop_limit = 255,
                 std::uint8_t next_header = kIpProtocolIcmpv6) {
  const Octets payload = hex(message);
  Octets packet(kIpv6Size + payload.size());
  write_ipv6(packet.data(), {.source = from,
                             .destination = kAllRouters,
                             .payload_length = static_cast<std::uint16_t>(payload.size()),
                             .next_header = next_header,
                             .hop_limit = hop_limit});
  std::copy(payload.begin(), payload.end(), packet.begin() + kIpv6Size);
  if (payload.size() >= 4) {
    store_be(packet.data() + kIpv6Size + 2,
             upper_layer_checksum(packet.data(), Bytes(packet).subspan(kIpv6Size), next_header));
  }
  return packet;
}

TEST(RouterSolicitation, WithAndWithoutSourceAndOptions) {
  const Ipv6Address host = link_local(0xabc);
  EXPECT_TRUE(is_router_solicitation(discovery(host, "8500 0000 00000000")));
  EXPECT_TRUE(is_router_solicitation(discovery({}, "8500 0000 00000000")));
  EXPECT_TRUE(is_router_solicitation(discovery(host, "8500 0000 00000000 0101 00155D010203")));
  EXPECT_TRUE(is_router_solicitation(discovery({}, "8500 0000 00000000 0E01 112233445566")));
}

TEST(RouterSolicitation, EachCheckOfRfc4861Section611) {
  const Ipv6Address host = link_local(0xabc);
  struct Case {
    const char* what;
    Octets packet;
  };
  Octets wrong_checksum = discovery(host, "8500 0000 00000000");
  wrong_checksum[42] ^= 1;
  const Case cases[] = {
      {"hop limit", discovery(host, "8500 0000 00000000", 254)},
      {"checksum", wrong_checksum},
      {"code", discovery(host, "8501 0000 00000000")},
      {"type", discovery(host, "8600 0000 00000000")},
      {"length", discovery(host, "8500 0000 000000")},
      {"empty", discovery(host, "")},
      {"option of length 0", discovery(host, "8500 0000 00000000 0100 000000000000")},
      {"option beyond the end", discovery(host, "8500 0000 00000000 0102 000000000000")},
      {"no source, its link-layer address", discovery({}, "8500 0000 00000000 0101 00155D010203")},
      {"not ICMPv6", discovery(host, "8500 0000 00000000", 255, 17)},
  };
  for (const Case& c : cases) {
    EXPECT_FALSE(is_router_solicitation(c.packet)) << c.what;
  }
}

TEST(RouterAdvertisement, GoldenOctets) {
  const Ipv6Address dns[] = {*parse_ipv6_address("2001:db8::53"), *parse_ipv6_address("2001:db8::54")};
  const std::string domains[] = {"example.net", "x.org"};
  Octets packet(kRouterAdvertisementMaxSize);
  packet.resize(write_router_advertisement(
      packet.data(), link_local(1), kAllNodes,
      {.managed = true,
       .other = true,
       .router_lifetime = 1800,
       .mtu = 1396,
       .prefix = PrefixInformation{*parse_ipv6_prefix("2001:db8:64:7::/64"), 7200, 3600},
       .dns_lifetime = 1800,
       .dns = dns,
       .domains = domains}));
  ASSERT_EQ(check_ipv6(packet), Ipv6Error::kNone);
  EXPECT_EQ(upper_layer_checksum(packet.data(), Bytes(packet).subspan(40), kIpProtocolIcmpv6), 0);
  store_be<std::uint16_t>(packet.data() + 42, 0);
  EXPECT_EQ(packet,
            hex("6C000000 0080 3A FF FE800000000000000000000000000001 FF020000000000000000000000000001"
                "8600 0000 40 C0 0708 00000000 00000000"
                "0501 0000 00000574"
                "0304 40 40 00001C20 00000E10 00000000 20010DB8006400070000000000000000"
                "1905 0000 00000708 20010DB8000000000000000000000053 20010DB8000000000000000000000054"
                "1F04 0000 00000708 076578616D706C65036E6574 00 0178036F7267 00 00000000"));
}

TEST(RouterAdvertisement, PlainOneHasTheMtuAlone) {
  Octets packet(kRouterAdvertisementMaxSize);
  packet.resize(write_router_advertisement(packet.data(), link_local(1), kAllNodes, {}));
  EXPECT_EQ(test::copy(Bytes(packet).subspan(44)), hex("40 00 0000 00000000 00000000 0501 0000 00000500"));
}

TEST(RouterAdvertisement, HostsMakeAddressesIn64BitsOnly) {
  for (int length = 0; length <= 128; ++length) {
    Octets option(32);
    write_prefix_information(option.data(),
                             {{.address = {}, .length = static_cast<std::uint8_t>(length)}, 1, 1});
    EXPECT_EQ(option[3], length == 64 ? 0x40 : 0) << length;
  }
}

TEST(RouterAdvertisement, NeverAbove1280OctetsAndAlwaysWholeOptions) {
  const std::vector<Ipv6Address> dns(200, link_local(5));
  const std::vector<std::string> domains(100, "a-rather-long-name.example.net");
  for (std::size_t servers : {0, 1, 2, 60, 70, 73, 74, 75, 200}) {
    for (std::size_t names = 0; names <= 100; ++names) {
      Octets packet(kRouterAdvertisementMaxSize);
      const std::size_t size =
          write_router_advertisement(packet.data(), link_local(1), kAllNodes,
                                     {.prefix = PrefixInformation{*parse_ipv6_prefix("2001:db8::/64"), 1, 1},
                                      .dns = std::span(dns).first(servers),
                                      .domains = std::span(domains).first(names)});
      ASSERT_LE(size, kRouterAdvertisementMaxSize);
      packet.resize(size);
      ASSERT_TRUE(is_neighbour_discovery(packet, Icmpv6Type::kRouterAdvertisement, 16))
          << servers << " " << names;
    }
  }
}

// ---- domain names ----------------------------------------------------------------------------------------------

TEST(DomainName, AsRfc1035Encodes) {
  Octets at(kMaxDomainName);
  const auto encode = [&](std::string_view name) {
    return test::copy(Bytes(at).first(write_domain_name(at, name)));
  };
  EXPECT_EQ(encode("example.net"), hex("07 6578616D706C65 03 6E6574 00"));
  EXPECT_EQ(encode("example.net."), hex("07 6578616D706C65 03 6E6574 00"));
  EXPECT_EQ(encode("x"), hex("01 78 00"));
  EXPECT_EQ(encode(std::string(63, 'a')).size(), 65U);
  for (const std::string& wrong : {std::string(), std::string("."), std::string("a..b"), std::string(".a"),
                                   std::string("a.."), std::string(64, 'a')}) {
    EXPECT_EQ(encode(wrong), Octets()) << wrong;
  }
  std::string longest;
  for (int i = 0; i < 126; ++i) {
    longest += "a.";
  }
  EXPECT_EQ(encode(longest + "b").size(), 255U);
  EXPECT_EQ(encode(longest + "bc").size(), 0U);
}

TEST(DomainName, WhatDoesNotFitIsNotWritten) {
  for (std::size_t room = 0; room < 16; ++room) {
    Octets at(room);
    EXPECT_EQ(write_domain_name(at, "example.net"), room >= 13 ? 13U : 0U) << room;
  }
}

// ---- UDP -------------------------------------------------------------------------------------------------------

Octets datagram(const Octets& payload) {
  Octets packet(kIpv6Size + kUdpSize);
  packet.insert(packet.end(), payload.begin(), payload.end());
  EXPECT_EQ(
      write_udp6(packet.data(), {.source = link_local(2), .destination = kAllDhcpAgents, .hop_limit = 1}, 546,
                 547, payload.size()),
      packet.size());
  return packet;
}

TEST(Udp6, RoundTrip) {
  test::Random random(67);
  for (std::size_t size = 0; size < 300; ++size) {
    const Octets payload = random.octets(size);
    const Octets packet = datagram(payload);
    ASSERT_EQ(check_ipv6(packet), Ipv6Error::kNone);
    const auto udp = parse_udp6(packet);
    ASSERT_TRUE(udp);
    EXPECT_EQ(udp->source_port, 546);
    EXPECT_EQ(udp->destination_port, 547);
    EXPECT_EQ(test::copy(udp->payload), payload);
  }
}

TEST(Udp6, AChecksumOfZeroIsSentAsItsComplement) {
  Octets payload(2);
  const auto sum = load_be<std::uint16_t>(datagram(payload).data() + 46);
  store_be(payload.data(), sum);  // makes the sum come to zero
  const Octets packet = datagram(payload);
  EXPECT_EQ(load_be<std::uint16_t>(packet.data() + 46), 0xFFFF);
  EXPECT_TRUE(parse_udp6(packet));
}

TEST(Udp6, LengthsChecksumsAndOtherProtocols) {
  const Octets good = datagram(Octets(10, 0x5A));
  for (std::uint32_t length = 0; length <= 0xFFFF; ++length) {
    Octets packet = good;
    store_be(packet.data() + 44, static_cast<std::uint16_t>(length));
    store_be<std::uint16_t>(packet.data() + 46, 0);
    const std::size_t covered = std::min<std::size_t>(length, 18);
    store_be(packet.data() + 46, upper_layer_checksum(packet.data(), Bytes(packet).subspan(40, covered), 17));
    ASSERT_EQ(parse_udp6(packet).has_value(), length >= 8 && length <= 18) << length;
  }
  Octets packet = good;
  store_be<std::uint16_t>(packet.data() + 46, 0);
  EXPECT_FALSE(parse_udp6(packet)) << "no checksum";
  packet = good;
  packet[6] = 6;
  EXPECT_FALSE(parse_udp6(packet)) << "not UDP";
  for (std::size_t bit = 40 * 8; bit < good.size() * 8; ++bit) {
    packet = good;
    packet[bit / 8] = static_cast<std::uint8_t>(packet[bit / 8] ^ 0x80 >> bit % 8);
    EXPECT_FALSE(parse_udp6(packet)) << bit;
  }
  for (std::size_t size = kIpv6Size; size < good.size(); ++size) {
    Octets cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    store_be(cut.data() + 4, static_cast<std::uint16_t>(size - kIpv6Size));
    EXPECT_FALSE(parse_udp6(cut)) << size;
  }
}

}  // namespace
}  // namespace adit::wire
