// SPDX-License-Identifier: Apache-2.0
// The PPP header, RFC 1661 §2: compressed and full forms, both ways.
#include "dataplane/wire/ppp.hpp"

#include <gtest/gtest.h>

#include "tests/dataplane/wire/octets.hpp"

namespace adit::wire {
namespace {

TEST(Ppp, GRE_09_EveryFormOfTheHeader) {
  struct Case {
    std::string_view octets;
    PppProtocol protocol;
    std::uint8_t length;
  };
  const Case cases[] = {
      {"FF03 C021 01", PppProtocol::kLcp, 4},  {"C021 01", PppProtocol::kLcp, 2},
      {"FF03 0021 45", PppProtocol::kIpv4, 4}, {"FF03 21 45", PppProtocol::kIpv4, 3},
      {"0021 45", PppProtocol::kIpv4, 2},      {"21 45", PppProtocol::kIpv4, 1},
      {"FF03 00FD 90", PppProtocol::kMppe, 4}, {"FF03 FD 90", PppProtocol::kMppe, 3},
      {"00FD 90", PppProtocol::kMppe, 2},      {"FD 90", PppProtocol::kMppe, 1},
      {"57", PppProtocol::kIpv6, 1},           {"8021", PppProtocol::kIpcp, 2},
      {"FF03 80FD", PppProtocol::kCcp, 4},
  };
  for (const Case& c : cases) {
    for (std::size_t shift = 0; shift < 4; ++shift) {  // at any alignment
      test::Octets octets(shift, 0);
      const test::Octets frame = test::hex(c.octets);
      octets.insert(octets.end(), frame.begin(), frame.end());
      const auto header = parse_ppp(Bytes(octets).subspan(shift));
      ASSERT_TRUE(header) << c.octets;
      EXPECT_EQ(header->protocol, c.protocol) << c.octets;
      EXPECT_EQ(header->header_length, c.length) << c.octets;
    }
  }
}

TEST(Ppp, GRE_09_TruncatedHeaders) {
  for (const std::string_view octets : {"", "FF", "FF03", "C0", "FF03C0", "00", "FF0300"}) {
    const auto header = parse_ppp(test::hex(octets));
    ASSERT_FALSE(header) << octets;
    EXPECT_EQ(header.error(), PppError::kTruncated) << octets;
  }
}

TEST(Ppp, GRE_09_AllStationsWithAnotherControl) {
  for (int control = 0; control < 256; ++control) {
    const std::uint8_t octets[] = {0xFF, static_cast<std::uint8_t>(control), 0xC0, 0x21};
    const auto header = parse_ppp(octets);
    ASSERT_EQ(header.has_value(), control == 3) << control;
    if (!header) {
      EXPECT_EQ(header.error(), PppError::kAddressAndControl);
    }
  }
}

TEST(Ppp, MPP_04_InnerProtocolInBothForms) {
  const auto full = parse_ppp_protocol(test::hex("0021 45"));
  ASSERT_TRUE(full);
  EXPECT_EQ(full->protocol, PppProtocol::kIpv4);
  EXPECT_EQ(full->header_length, 2);
  const auto compressed = parse_ppp_protocol(test::hex("21 45"));
  ASSERT_TRUE(compressed);
  EXPECT_EQ(compressed->protocol, PppProtocol::kIpv4);
  EXPECT_EQ(compressed->header_length, 1);
  EXPECT_FALSE(parse_ppp_protocol({}));
  EXPECT_FALSE(parse_ppp_protocol(test::hex("00")));
  // No Address and Control inside MPPE: FF would be protocol 00FF, which nobody has.
  EXPECT_EQ(static_cast<int>(parse_ppp_protocol(test::hex("FF03"))->protocol), 0xFF);
}

TEST(Ppp, MPP_09_WhatMayBeEncrypted) {
  for (std::uint32_t value = 0; value <= 0xFFFF; ++value) {
    ASSERT_EQ(is_mppe_payload(PppProtocol{static_cast<std::uint16_t>(value)}), value >= 0x21 && value <= 0xFA)
        << std::hex << value;
  }
  EXPECT_FALSE(is_mppe_payload(PppProtocol::kMppe));  // no recursion
  EXPECT_FALSE(is_mppe_payload(PppProtocol::kLcp));
}

TEST(Ppp, ControlBeginsAt4000) {
  EXPECT_FALSE(is_control(PppProtocol::kIpv4));
  EXPECT_FALSE(is_control(PppProtocol::kMppe));
  EXPECT_FALSE(is_control(PppProtocol{0x3FFF}));
  EXPECT_TRUE(is_control(PppProtocol{0x4000}));
  EXPECT_TRUE(is_control(PppProtocol::kIpcp));
  EXPECT_TRUE(is_control(PppProtocol::kLcp));
}

TEST(Ppp, WritesWhatThePeerAllows) {
  const auto written = [](PppProtocol protocol, bool acfc, bool pfc) {
    std::uint8_t octets[4];
    const PppCompression compression{acfc, pfc};
    const std::size_t size = write_ppp(octets, protocol, compression);
    EXPECT_EQ(size, ppp_header_size(protocol, compression));
    return test::copy(Bytes(octets, size));
  };
  EXPECT_EQ(written(PppProtocol::kMppe, false, false), test::hex("FF0300FD"));
  EXPECT_EQ(written(PppProtocol::kMppe, true, false), test::hex("00FD"));
  EXPECT_EQ(written(PppProtocol::kMppe, false, true), test::hex("FF03FD"));
  EXPECT_EQ(written(PppProtocol::kMppe, true, true), test::hex("FD"));
  EXPECT_EQ(written(PppProtocol::kIpcp, true, true), test::hex("8021"));
  EXPECT_EQ(written(PppProtocol::kLcp, true, true), test::hex("FF03C021"));  // RFC 1661 §6.6: always
}

TEST(Ppp, RoundTripOfRandomProtocols) {
  test::Random random(2);
  for (int i = 0; i < 10'000; ++i) {
    // RFC 1661 §2: the first octet is even, the second odd.
    const PppProtocol protocol{static_cast<std::uint16_t>((random.u16() & 0xFEFF) | 1)};
    const PppCompression compression{random.below(2) != 0, random.below(2) != 0};
    std::uint8_t octets[4];
    const std::size_t size = write_ppp(octets, protocol, compression);
    const auto header = parse_ppp(Bytes(octets, size));
    if (static_cast<int>(protocol) == 0xFF) {
      continue;  // reserved so that Address and Control can be told from it
    }
    ASSERT_TRUE(header);
    EXPECT_EQ(header->protocol, protocol);
    EXPECT_EQ(header->header_length, size);
  }
}

TEST(Ppp, EveryBitFlipEndsWithinTheFrame) {
  for (const std::string_view frame : {"FF03C021", "FF0321", "00FD", "FD"}) {
    test::each_bit_flip(test::hex(frame), [&](Bytes octets, std::size_t bit) {
      const auto header = parse_ppp(octets);
      if (header) {
        EXPECT_LE(header->header_length, octets.size()) << frame << " bit " << bit;
      }
    });
  }
}

}  // namespace
}  // namespace adit::wire
