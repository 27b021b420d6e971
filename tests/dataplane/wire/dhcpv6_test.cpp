// SPDX-License-Identifier: Apache-2.0
// DHCPv6: golden messages both ways, nested options, every truncation, and lengths that do not add up.
#include "dataplane/wire/dhcpv6.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "tests/dataplane/wire/octets.hpp"

namespace adit::wire {
namespace {

using test::hex;
using test::Octets;

// A Solicit with Client ID (DUID-LL), IA_NA, IA_PD with a hint ::/56, Option Request (23, 24), Elapsed Time, Rapid Commit.
Octets solicit() {
  return hex(
      "01 ABCDEF"
      "0001 000A 0003 0001 00155D010203"
      "0003 000C 00000001 00000000 00000000"
      "0019 0029 00000002 00000E10 00001518"
      "  001A 0019 00000000 00000000 38 00000000000000000000000000000000"
      "0006 0004 0017 0018"
      "0008 0002 0000"
      "000E 0000");
}

TEST(Dhcpv6, ReadsASolicit) {
  const Octets octets = solicit();
  const auto message = parse_dhcpv6(octets);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->type, 1);
  EXPECT_EQ(message->transaction_id, 0xABCDEFU);
  std::vector<std::uint16_t> codes;
  for (const Dhcpv6Option option : message->options) {
    codes.push_back(option.code);
  }
  EXPECT_EQ(codes, (std::vector<std::uint16_t>{1, 3, 25, 6, 8, 14}));
  const auto client = message->options.find(Dhcpv6Code::kClientId);
  ASSERT_TRUE(client && is_duid(*client));
  EXPECT_EQ(test::copy(*client), hex("0003 0001 00155D010203"));
  const auto na = parse_ia(*message->options.find(Dhcpv6Code::kIaNa));
  ASSERT_TRUE(na);
  EXPECT_EQ(na->iaid, 1U);
  EXPECT_FALSE(na->options.find(Dhcpv6Code::kIaAddress));
  const auto pd = parse_ia(*message->options.find(Dhcpv6Code::kIaPd));
  ASSERT_TRUE(pd);
  EXPECT_EQ(pd->iaid, 2U);
  EXPECT_EQ(pd->t1, 3600U);
  EXPECT_EQ(pd->t2, 5400U);
  const auto hint = parse_ia_prefix(*pd->options.find(Dhcpv6Code::kIaPrefix));
  ASSERT_TRUE(hint);
  EXPECT_EQ(hint->prefix, (Ipv6Prefix{{}, 56}));
  const Bytes requested = *message->options.find(Dhcpv6Code::kOptionRequest);
  EXPECT_TRUE(requests_option(requested, Dhcpv6Code::kDnsServers));
  EXPECT_TRUE(requests_option(requested, Dhcpv6Code::kDomainList));
  EXPECT_FALSE(requests_option(requested, Dhcpv6Code::kPreference));
  EXPECT_TRUE(message->options.find(Dhcpv6Code::kRapidCommit));
  EXPECT_FALSE(message->options.find(Dhcpv6Code::kServerId));
}

TEST(Dhcpv6, WritesAReply) {
  Octets buffer(500);
  Dhcpv6Writer writer(buffer, Dhcpv6Type::kReply, 0xFFABCDEF);
  writer.option(Dhcpv6Code::kClientId, hex("000300010203"));
  const std::size_t na = writer.begin(Dhcpv6Code::kIaNa);
  writer.u32(1).u32(1800).u32(2880);
  writer.ia_address({{*parse_ipv6_address("2001:db8::7"), 128}, 3600, 7200});
  writer.end(na);
  const std::size_t pd = writer.begin(Dhcpv6Code::kIaPd);
  writer.u32(2).u32(0).u32(0);
  writer.ia_prefix({*parse_ipv6_prefix("2001:db8:100::/56"), 3600, 7200});
  writer.status(Dhcpv6Status::kNoPrefixAvail, "no");
  writer.end(pd);
  EXPECT_EQ(test::copy(writer.message()),
            hex("07 ABCDEF"
                "0001 0006 000300010203"
                "0003 0028 00000001 00000708 00000B40"
                "  0005 0018 20010DB8000000000000000000000007 00000E10 00001C20"
                "0019 0031 00000002 00000000 00000000"
                "  001A 0019 00000E10 00001C20 38 20010DB8010000000000000000000000"
                "  000D 0004 0006 6E6F"));
}

TEST(Dhcpv6, WhatDoesNotFitFailsForGood) {
  for (std::size_t room = 0; room < 70; ++room) {
    Octets buffer(room);
    Dhcpv6Writer writer(buffer, Dhcpv6Type::kReply, 1);
    const std::size_t begun = writer.begin(Dhcpv6Code::kIaNa);
    writer.u32(1).u32(2).u32(3);
    writer.ia_address({{link_local(1), 128}, 1, 2});
    writer.end(begun);
    writer.option(Dhcpv6Code::kRapidCommit, {});
    EXPECT_EQ(writer.message().size(), room >= 52 ? 52U : 0U) << room;
    EXPECT_EQ(writer.room(), room >= 52 ? room - 52 : 0U);
  }
}

TEST(Dhcpv6, EveryTruncationIsMalformedOrEndsBetweenOptions) {
  const Octets whole = solicit();
  const std::size_t ends[] = {4, 18, 34, 79, 87, 93};
  test::each_truncation(whole, [&](Bytes octets) {
    const bool between = std::find(std::begin(ends), std::end(ends), octets.size()) != std::end(ends);
    EXPECT_EQ(parse_dhcpv6(octets).has_value(), between) << octets.size();
  });
}

TEST(Dhcpv6, RelaysAreNotReadFurther) {
  for (const char* type : {"0C", "0D"}) {
    const auto message = parse_dhcpv6(hex(std::string(type) + "00FE80FFFF"));
    ASSERT_TRUE(message);
    EXPECT_EQ(message->options.begin(), message->options.end());
  }
}

TEST(Dhcpv6, LengthsWithinOptions) {
  EXPECT_FALSE(parse_ia(hex("00000001 00000000 000000")));
  EXPECT_FALSE(parse_ia(hex("00000001 00000000 00000000 0005")));
  EXPECT_FALSE(parse_ia(hex("00000001 00000000 00000000 0005 0001")));
  EXPECT_TRUE(parse_ia(hex("00000001 00000000 00000000 0005 0000")));
  const Octets address = hex("20010DB8000000000000000000000007 00000E10 00001C20");
  ASSERT_TRUE(parse_ia_address(address));
  EXPECT_EQ(parse_ia_address(address)->preferred, 3600U);
  EXPECT_EQ(parse_ia_address(address)->valid, 7200U);
  test::each_truncation(address, [](Bytes octets) { EXPECT_FALSE(parse_ia_address(octets)); });
  Octets prefix = hex("00000E10 00001C20 38 20010DB8010000FF0000000000000000");
  test::each_truncation(prefix, [](Bytes octets) { EXPECT_FALSE(parse_ia_prefix(octets)); });
  for (int length = 0; length < 256; ++length) {
    prefix[8] = static_cast<std::uint8_t>(length);
    const auto binding = parse_ia_prefix(prefix);
    ASSERT_EQ(binding.has_value(), length <= 128) << length;
    if (binding) {
      EXPECT_TRUE(binding->prefix.contains(binding->prefix.address)) << "host bits are cleared: " << length;
    }
  }
  EXPECT_FALSE(parse_dhcpv6_status(hex("00")));
  EXPECT_EQ(parse_dhcpv6_status(hex("0003 6E6F")), Dhcpv6Status::kNoBinding);
  for (std::size_t size = 0; size < 140; ++size) {
    EXPECT_EQ(is_duid(Octets(size)), size >= 3 && size <= 130) << size;
  }
  EXPECT_FALSE(requests_option(hex("001700"), Dhcpv6Code::kDomainList));
}

}  // namespace
}  // namespace adit::wire
