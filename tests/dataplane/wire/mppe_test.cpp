// SPDX-License-Identifier: Apache-2.0
// The MPPE header, RFC 3078 §3.
#include "dataplane/wire/mppe.hpp"

#include <gtest/gtest.h>

#include "tests/dataplane/wire/octets.hpp"

namespace adit::wire {
namespace {

TEST(MppeHeader, MPP_04_FirstPacketIs9000AndTheCountWraps) {
  std::uint8_t octets[2];
  write_mppe(octets, {.count = CoherencyCount(0), .flushed = true});
  EXPECT_EQ(test::copy(octets), test::hex("9000"));
  write_mppe(octets, {.count = CoherencyCount(4095), .flushed = true});
  EXPECT_EQ(test::copy(octets), test::hex("9FFF"));
  write_mppe(octets, {.count = CoherencyCount(4095).next(), .flushed = true});
  EXPECT_EQ(test::copy(octets), test::hex("9000"));
}

TEST(MppeHeader, MPP_04_AAndDAreSetForEveryCount) {
  for (std::uint16_t count = 0; count < 4096; ++count) {
    std::uint8_t octets[3] = {0, 0, 0x21};
    write_mppe(octets, {.count = CoherencyCount(count), .flushed = true});
    ASSERT_EQ(octets[0] & 0xF0, 0x90);
    const auto parsed = parse_mppe(octets);
    ASSERT_TRUE(parsed);
    ASSERT_EQ(*parsed, (MppeHeader{CoherencyCount(count), true}));
  }
}

TEST(MppeHeader, MPP_10_WithoutAInStatefulMode) {
  std::uint8_t octets[3] = {0, 0, 0x21};
  write_mppe(octets, {CoherencyCount(0x0ABC), false});
  EXPECT_EQ(test::copy(octets), test::hex("1ABC21"));
  const auto parsed = parse_mppe(octets);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, (MppeHeader{CoherencyCount(0x0ABC), false}));
}

TEST(MppeHeader, MPP_09_EveryFlagNibble) {
  for (int flags = 0; flags < 16; ++flags) {
    const std::uint8_t octets[] = {static_cast<std::uint8_t>(flags << 4 | 0x0A), 0xBC, 0};
    const auto parsed = parse_mppe(octets);
    const bool a = (flags & 8) != 0;
    const bool b_or_c = (flags & 6) != 0;
    const bool d = (flags & 1) != 0;
    ASSERT_EQ(parsed.has_value(), d && !b_or_c) << flags;
    if (parsed) {
      EXPECT_EQ(*parsed, (MppeHeader{CoherencyCount(0xABC), a}));
    } else {
      EXPECT_EQ(parsed.error(), d ? MppeError::kCompressed : MppeError::kNotEncrypted) << flags;
    }
  }
}

// With and without encryption, with and without compression: what is not agreed on is refused, and the rest read.
TEST(MppeHeader, EveryFlagNibbleInEveryAgreement) {
  for (int bits = 0; bits < 64; ++bits) {
    const int flags = bits & 15;
    const MppeAgreed agreed{.encrypted = (bits & 16) != 0, .compressed = (bits & 32) != 0};
    const std::uint8_t octets[] = {static_cast<std::uint8_t>(flags << 4 | 0x0A), 0xBC, 0};
    const bool d = (flags & 1) != 0;
    const auto parsed = parse_mppe(octets, agreed);
    if (d != agreed.encrypted) {
      ASSERT_FALSE(parsed) << bits;
      EXPECT_EQ(parsed.error(), d ? MppeError::kEncrypted : MppeError::kNotEncrypted);
    } else if ((flags & 6) != 0 && !agreed.compressed) {
      ASSERT_FALSE(parsed) << bits;
      EXPECT_EQ(parsed.error(), MppeError::kCompressed);
    } else {
      ASSERT_TRUE(parsed) << bits;
      EXPECT_EQ(*parsed, (MppeHeader{.count = CoherencyCount(0xABC),
                                     .flushed = (flags & 8) != 0,
                                     .at_front = (flags & 4) != 0,
                                     .compressed = (flags & 2) != 0}));
      std::uint8_t again[] = {0, 0, 0};
      write_mppe(again, *parsed, agreed.encrypted);
      EXPECT_EQ(test::copy(again), test::copy(octets)) << bits;
    }
  }
}

TEST(MppeHeader, MPP_09_TwoOctetsCarryNothing) {
  test::each_truncation(test::hex("9000 21"), [](Bytes octets) {
    const auto parsed = parse_mppe(octets);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error(), MppeError::kTruncated);
  });
  EXPECT_TRUE(parse_mppe(test::hex("9000 21")));
}

}  // namespace
}  // namespace adit::wire
