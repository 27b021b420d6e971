// SPDX-License-Identifier: Apache-2.0
// Ethernet II with up to two VLAN tags.
#include "dataplane/wire/ethernet.hpp"

#include <gtest/gtest.h>

#include "tests/dataplane/wire/octets.hpp"

namespace adit::wire {
namespace {

using test::hex;

TEST(Ethernet, NoneOneAndTwoTags) {
  const auto plain = parse_ethernet(hex("020000000001 020000000002 0800"));
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->type, EtherType::kIpv4);
  EXPECT_EQ(plain->header_length, 14);
  EXPECT_EQ(plain->tags, 0);

  const auto tagged = parse_ethernet(hex("020000000001 020000000002 8100 6064 0800"));
  ASSERT_TRUE(tagged);
  EXPECT_EQ(tagged->type, EtherType::kIpv4);
  EXPECT_EQ(tagged->header_length, 18);
  EXPECT_EQ(tagged->tags, 1);
  EXPECT_EQ(tagged->tci[0], 0x6064);

  const auto stacked = parse_ethernet(hex("020000000001 020000000002 88A8 0001 8100 0FFF 86DD"));
  ASSERT_TRUE(stacked);
  EXPECT_EQ(stacked->type, EtherType::kIpv6);
  EXPECT_EQ(stacked->header_length, 22);
  EXPECT_EQ(stacked->tags, 2);
  EXPECT_EQ(stacked->tci[0], 0x0001);
  EXPECT_EQ(stacked->tci[1], 0x0FFF);
}

TEST(Ethernet, ThirdTagIsTooMany) {
  const auto header = parse_ethernet(hex("020000000001 020000000002 88A8 0001 8100 0002 8100 0003 0800"));
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error(), EthernetError::kTooManyTags);
}

TEST(Ethernet, TypesBeginAt0600) {
  auto frame = hex("0180C2000000 020000000002 0000");
  for (std::uint32_t type = 0; type <= 0xFFFF; ++type) {
    store_be(frame.data() + 12, static_cast<std::uint16_t>(type));
    const auto header = parse_ethernet(frame);
    if (type < 0x0600) {
      ASSERT_EQ(header.error(), EthernetError::kLengthField);
    } else if (type == 0x8100 || type == 0x88A8) {
      ASSERT_EQ(header.error(), EthernetError::kTruncated);
    } else {
      ASSERT_EQ(static_cast<std::uint32_t>(header->type), type);
    }
  }
}

TEST(Ethernet, EveryTruncation) {
  for (const std::string_view frame :
       {"020000000001 020000000002 0800", "020000000001 020000000002 8100 6064 0800",
        "020000000001 020000000002 88A8 0001 8100 0FFF 86DD"}) {
    test::each_truncation(hex(frame), [&](Bytes octets) {
      const auto header = parse_ethernet(octets);
      ASSERT_FALSE(header) << frame << " cut to " << octets.size();
      EXPECT_EQ(header.error(), EthernetError::kTruncated);
    });
  }
}

TEST(Ethernet, EveryBitFlipEndsWithinTheFrame) {
  test::each_bit_flip(hex("020000000001 020000000002 88A8 0001 8100 0FFF 0800"),
                      [](Bytes octets, std::size_t) {
                        const auto header = parse_ethernet(octets);
                        if (header) {
                          EXPECT_LE(header->header_length, octets.size());
                          EXPECT_EQ(header->header_length, 14 + 4 * header->tags);
                        }
                      });
}

TEST(Ethernet, WritesDestinationFirst) {
  std::uint8_t room[LinkHeader::kRoom + 1];
  room[LinkHeader::kRoom] = 0xaa;
  const LinkHeader link(MacAddress{1, 2, 3, 4, 5, 6}, MacAddress{7, 8, 9, 10, 11, 12}, {}, EtherType::kIpv4);
  link.write_before(room + LinkHeader::kRoom);
  EXPECT_EQ(room[LinkHeader::kRoom], 0xaa);
  EXPECT_EQ(link.size(), kEthernetSize);
  EXPECT_EQ(link.destination(), (MacAddress{1, 2, 3, 4, 5, 6}));
  std::uint8_t octets[kEthernetSize];
  std::copy_n(room + LinkHeader::kRoom - link.size(), kEthernetSize, octets);
  EXPECT_EQ(test::copy(octets), hex("010203040506 0708090A0B0C 0800"));
  EXPECT_EQ(parse_ethernet(octets)->type, EtherType::kIpv4);
}

}  // namespace
}  // namespace adit::wire
