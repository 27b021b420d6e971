// SPDX-License-Identifier: Apache-2.0
// Enhanced GRE, RFC 2637 §4.1: every first word against an oracle, every truncation, every length.
#include "dataplane/wire/gre.hpp"

#include <gtest/gtest.h>

#include "tests/dataplane/wire/octets.hpp"

namespace adit::wire {
namespace {

using test::Octets;

// Octets of a header with these flags, made of distinct numbers, and `payload` octets after it.
Octets packet(std::uint16_t flags, std::uint16_t payload_length, std::size_t payload) {
  Octets octets = test::hex("0000 880B 0000 1234 A1A2A3A4 B1B2B3B4");
  store_be(octets.data(), flags);
  store_be(octets.data() + 4, payload_length);
  octets.resize(octets.size() + payload, 0xEE);
  return octets;
}

TEST(Gre, GRE_01_EveryFirstWordAgainstTheTable) {
  Octets octets = packet(0, 4, 4);
  for (std::uint32_t word = 0; word <= 0xFFFF; ++word) {
    store_be(octets.data(), static_cast<std::uint16_t>(word));
    const auto header = parse_gre(octets);
    const bool legal = word == 0x3001 || word == 0x3081 || word == 0x2081 || word == 0x2001;
    ASSERT_EQ(header.has_value(), legal) << std::hex << word;
    if (!legal) {
      ASSERT_EQ(header.error(), (word & 7) == 1 ? GreError::kBadFlags : GreError::kNotEnhanced)
          << std::hex << word;
    }
  }
}

TEST(Gre, GRE_01_OnlyProtocol880B) {
  Octets octets = packet(0x3001, 4, 4);
  for (std::uint32_t protocol = 0; protocol <= 0xFFFF; ++protocol) {
    store_be(octets.data() + 2, static_cast<std::uint16_t>(protocol));
    const auto header = parse_gre(octets);
    ASSERT_EQ(header.has_value(), protocol == 0x880B) << std::hex << protocol;
    if (!header) {
      ASSERT_EQ(header.error(), GreError::kNotEnhanced);
    }
  }
}

TEST(Gre, ReadsSequenceAndAckWhereTheFlagsPutThem) {
  const auto both = parse_gre(packet(0x3081, 3, 3));
  ASSERT_TRUE(both);
  EXPECT_EQ(both->call_id, LocalCallId(0x1234));
  EXPECT_EQ(both->sequence, GreSeq(0xA1A2A3A4));
  EXPECT_EQ(both->ack, GreSeq(0xB1B2B3B4));
  EXPECT_EQ(both->header_length, 16);
  EXPECT_EQ(both->payload_length, 3);

  const auto sequence = parse_gre(packet(0x3001, 7, 3));
  ASSERT_TRUE(sequence);
  EXPECT_EQ(sequence->sequence, GreSeq(0xA1A2A3A4));
  EXPECT_FALSE(sequence->ack);
  EXPECT_EQ(sequence->header_length, 12);
  EXPECT_EQ(sequence->payload_length, 7);
}

TEST(Gre, GRE_06_BareAckStandsAtOffsetEight) {
  const auto ack = parse_gre(packet(0x2081, 0, 0));
  ASSERT_TRUE(ack);
  EXPECT_FALSE(ack->sequence);
  EXPECT_EQ(ack->ack, GreSeq(0xA1A2A3A4));
  EXPECT_EQ(ack->header_length, 12);
  EXPECT_EQ(ack->payload_length, 0);
}

TEST(Gre, GRE_06_PayloadWithoutSequenceIsNoPayload) {
  const auto ack = parse_gre(packet(0x2081, 5, 5));
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->ack, GreSeq(0xA1A2A3A4));
  EXPECT_EQ(ack->payload_length, 0);
}

TEST(Gre, NeitherSequenceNorAckIsANoOperation) {
  const auto none = parse_gre(packet(0x2001, 0, 0));
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->sequence);
  EXPECT_FALSE(none->ack);
  EXPECT_EQ(none->header_length, 8);
}

TEST(Gre, GRE_07_EveryTruncation) {
  struct Case {
    std::uint16_t flags;
    std::size_t header;
  };
  for (const Case c : {Case{0x3001, 12}, Case{0x3081, 16}, Case{0x2081, 12}, Case{0x2001, 8}}) {
    Octets whole = packet(c.flags, 4, 4);
    whole.resize(c.header + 4);
    ASSERT_TRUE(parse_gre(whole));
    test::each_truncation(whole, [&](Bytes octets) {
      const auto header = parse_gre(octets);
      ASSERT_FALSE(header) << c.flags << " cut to " << octets.size();
      EXPECT_EQ(header.error(), octets.size() < c.header ? GreError::kTruncated : GreError::kPayloadLength);
    });
  }
}

TEST(Gre, GRE_07_PayloadLengthAgainstWhatArrived) {
  for (std::uint32_t length = 0; length <= 0xFFFF; ++length) {
    const auto header = parse_gre(packet(0x3081, static_cast<std::uint16_t>(length), 46));
    ASSERT_EQ(header.has_value(), length <= 46) << length;
    if (header) {
      ASSERT_EQ(header->payload_length, length);  // the rest is Ethernet padding
    } else {
      ASSERT_EQ(header.error(), GreError::kPayloadLength);
    }
  }
}

TEST(Gre, GRE_08_SequenceWithoutPayload) {
  const auto header = parse_gre(packet(0x3001, 0, 0));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->sequence, GreSeq(0xA1A2A3A4));
  EXPECT_EQ(header->payload_length, 0);
}

TEST(Gre, EveryBitFlipKeepsPayloadInsideThePacket) {
  const Octets whole = packet(0x3081, 20, 20);
  test::each_bit_flip(whole, [&](Bytes octets, std::size_t bit) {
    const auto header = parse_gre(octets);
    if (header) {
      EXPECT_LE(std::size_t{header->header_length} + header->payload_length, octets.size()) << bit;
    }
    if (bit >= 48) {
      EXPECT_TRUE(header) << bit;  // call ID, sequence, acknowledgement and payload are free
    }
  });
}

TEST(Gre, WritesTheOctetsOfTheRfc) {
  std::uint8_t octets[kGreMaxSize];
  const PeerCallId id(0x00FF);
  EXPECT_EQ(write_gre(octets, id, 1400, GreSeq(1), std::nullopt), 12U);
  EXPECT_EQ(test::copy(Bytes(octets, 12)), test::hex("3001 880B 0578 00FF 00000001"));
  EXPECT_EQ(write_gre(octets, id, 1, GreSeq(0xFFFFFFFF), GreSeq(2)), 16U);
  EXPECT_EQ(test::copy(Bytes(octets, 16)), test::hex("3081 880B 0001 00FF FFFFFFFF 00000002"));
  EXPECT_EQ(write_gre(octets, id, 0, std::nullopt, GreSeq(0x01020304)), 12U);
  EXPECT_EQ(test::copy(Bytes(octets, 12)), test::hex("2081 880B 0000 00FF 01020304"));
}

TEST(Gre, RoundTripOfRandomHeaders) {
  test::Random random(1);
  for (int i = 0; i < 10'000; ++i) {
    const auto sequence = random.below(2) != 0 ? std::optional(GreSeq(random.u32())) : std::nullopt;
    const auto ack = random.below(2) != 0 ? std::optional(GreSeq(random.u32())) : std::nullopt;
    const auto payload = static_cast<std::uint16_t>(sequence ? random.below(64) : 0);
    const std::uint16_t id = random.u16();
    Octets octets(kGreMaxSize + 64);
    const std::size_t size = write_gre(octets.data(), PeerCallId(id), payload, sequence, ack);
    ASSERT_EQ(size, gre_header_size(sequence.has_value(), ack.has_value()));
    const auto header = parse_gre(octets);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->call_id, LocalCallId(id));
    EXPECT_EQ(header->sequence, sequence);
    EXPECT_EQ(header->ack, ack);
    EXPECT_EQ(header->payload_length, payload);
    EXPECT_EQ(header->header_length, size);
  }
}

}  // namespace
}  // namespace adit::wire
