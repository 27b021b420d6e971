// SPDX-License-Identifier: Apache-2.0
// Control packets and their options, RFC 1661 §5 and §6: lengths that lie, and frames that come back as they went.
#include "dataplane/wire/ppp_packet.hpp"

#include <gtest/gtest.h>

#include "tests/dataplane/wire/octets.hpp"

namespace adit::wire {
namespace {

using test::hex;
using test::Octets;

TEST(PppPacket, ReadsCodeIdentifierAndData) {
  const Octets octets = hex("01 05 000A 030600000000");
  const auto packet = parse_ppp_packet(octets);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->code, 1);
  EXPECT_EQ(packet->identifier, 5);
  EXPECT_EQ(test::copy(packet->data), hex("030600000000"));
  EXPECT_EQ(test::copy(packet->whole), octets);
}

TEST(PppPacket, LCP_03_LengthAgainstWhatArrived) {
  Octets octets = hex("01 05 0000 0306 0A400001");
  for (std::uint32_t length = 0; length <= 0xFFFF; ++length) {
    store_be(octets.data() + 2, static_cast<std::uint16_t>(length));
    const auto packet = parse_ppp_packet(octets);
    if (length < 4) {
      ASSERT_EQ(packet.error(), PppPacketError::kLengthTooSmall) << length;
    } else if (length > octets.size()) {
      ASSERT_EQ(packet.error(), PppPacketError::kLengthTooLarge) << length;
    } else {
      ASSERT_EQ(packet->data.size(), length - 4);  // the rest is padding
    }
  }
}

TEST(PppPacket, LCP_03_EveryTruncation) {
  test::each_truncation(hex("01 05 000A 030600000000"), [](Bytes octets) {
    const auto packet = parse_ppp_packet(octets);
    ASSERT_FALSE(packet);
    EXPECT_EQ(packet.error(),
              octets.size() < 4 ? PppPacketError::kTruncated : PppPacketError::kLengthTooLarge);
  });
}

TEST(PppOptions, LCP_03_BadLengthRejectsTheWholeList) {
  for (const std::string_view data : {
           "01",  // a type and no length
           "0100",
           "0101",                   // below 2: the loop that never ends
           "0103",                   // past the end
           "0104 05DC 05",           // good, then a lone octet
           "0104 05DC 0500",         // good, then zero
           "0104 05DC 0506 112233",  // good, then past the end
           "01FF 05DC",
       }) {
    EXPECT_FALSE(PppOptions::parse(hex(data))) << data;
  }
}

TEST(PppOptions, IteratesInOrder) {
  const Octets data = hex("0104 05DC 0506 11223344 0702 0802");
  const auto options = PppOptions::parse(data);
  ASSERT_TRUE(options);
  std::vector<int> types;
  Octets joined;
  for (const PppOption option : *options) {
    types.push_back(option.type);
    joined.insert(joined.end(), option.whole.begin(), option.whole.end());
    EXPECT_EQ(option.whole.size(), option.value.size() + 2);
  }
  EXPECT_EQ(types, (std::vector<int>{1, 5, 7, 8}));
  EXPECT_EQ(joined, data);
}

TEST(PppOptions, NumbersOnlyAtTheirExactSize) {
  const auto first = [](const Octets& data) { return *PppOptions::parse(data)->begin(); };
  EXPECT_EQ(first(hex("0104 05DC")).u16(), 1500);
  EXPECT_EQ(first(hex("0506 11223344")).u32(), 0x11223344U);
  EXPECT_FALSE(first(hex("0103 05")).u16());
  EXPECT_FALSE(first(hex("0105 0005DC")).u16());
  EXPECT_FALSE(first(hex("0505 112233")).u32());
  EXPECT_FALSE(first(hex("0507 1122334455")).u32());
}

TEST(PppOptions, EmptyListIsLegal) {
  const auto options = PppOptions::parse({});
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->empty());
  EXPECT_TRUE(options->begin() == options->end());
}

TEST(PppOptions, LCP_03_TruncationsAreRejectedUnlessBetweenOptions) {
  const Octets data = hex("0104 05DC 0506 11223344 0702 0802");
  test::each_truncation(data, [](Bytes octets) {
    const std::size_t size = octets.size();
    const bool boundary = size == 0 || size == 4 || size == 10 || size == 12;
    EXPECT_EQ(PppOptions::parse(octets).has_value(), boundary) << size;
  });
}

TEST(PppOptions, AcceptedListsAreCoveredExactly) {
  test::Random random(3);
  int accepted = 0;
  for (int i = 0; i < 100'000; ++i) {
    Octets data = random.octets(random.below(24));
    for (std::size_t at = 1; at < data.size(); at += 2) {
      data[at] = static_cast<std::uint8_t>(random.below(8));  // plausible lengths
    }
    const auto options = PppOptions::parse(data);
    if (!options) {
      continue;
    }
    ++accepted;
    std::size_t total = 0;
    for (const PppOption option : *options) {
      total += option.whole.size();
    }
    ASSERT_EQ(total, data.size());
  }
  EXPECT_GT(accepted, 1000);
}

TEST(PppOptions, EveryBitFlipStaysInside) {
  test::each_bit_flip(hex("0104 05DC 0506 11223344 0702 0802"), [](Bytes octets, std::size_t) {
    if (const auto options = PppOptions::parse(octets)) {
      std::size_t total = 0;
      for (const PppOption option : *options) {
        total += option.whole.size();
      }
      EXPECT_EQ(total, octets.size());
    }
  });
}

TEST(PppFrameWriter, WritesAConfigureRequest) {
  PppFrameWriter writer(PppProtocol::kLcp, PppCode::kConfigureRequest, 7);
  EXPECT_TRUE(writer.empty());
  writer.option_u16(1, 1400).option_u32(5, 0xA1B2C3D4).option(7).option(8);
  EXPECT_FALSE(writer.empty());
  EXPECT_EQ(test::copy(writer.frame()), hex("FF03C021 01 07 0012 0104 0578 0506 A1B2C3D4 0702 0802"));
  EXPECT_EQ(test::copy(writer.data()), hex("0104 0578 0506 A1B2C3D4 0702 0802"));
}

TEST(PppFrameWriter, CopiesOptionsAsTheyCame) {
  const Octets data = hex("0506 11223344 D105 010203");
  PppFrameWriter writer(PppProtocol::kLcp, PppCode::kConfigureReject, 1);
  const auto options = PppOptions::parse(data);
  ASSERT_TRUE(options);
  for (const PppOption option : *options) {
    writer.option(option);
  }
  EXPECT_EQ(test::copy(writer.data()), data);
}

TEST(PppFrameWriter, FailsRatherThanCuts) {
  PppFrameWriter writer(PppProtocol::kLcp, PppCode::kEchoReply, 1);
  const std::size_t room = writer.room();
  EXPECT_EQ(room, 1496U);  // 1500 of the default MRU, less code, identifier and length
  const Octets filler(room);
  writer.octets(filler);
  EXPECT_EQ(writer.frame().size(), PppFrameWriter::kCapacity);
  writer.u8(1);
  EXPECT_FALSE(writer.ok());
  EXPECT_TRUE(writer.frame().empty());
  EXPECT_EQ(writer.room(), 0U);
  writer.octets({});
  EXPECT_FALSE(writer.ok());  // and stays so

  PppFrameWriter option(PppProtocol::kLcp, PppCode::kConfigureRequest, 1);
  option.option(1, Octets(253));
  EXPECT_TRUE(option.ok());
  option.option(1, Octets(254));  // has no length octet
  EXPECT_FALSE(option.ok());
}

TEST(PppFrameWriter, RoundTripOfRandomOptions) {
  test::Random random(4);
  for (int i = 0; i < 2'000; ++i) {
    PppFrameWriter writer(PppProtocol::kIpcp, PppCode::kConfigureNak, random.octet());
    std::vector<std::pair<std::uint8_t, Octets>> written;
    for (std::uint64_t n = random.below(6); n > 0; --n) {
      written.emplace_back(random.octet(), random.octets(random.below(40)));
      writer.option(written.back().first, written.back().second);
    }
    const auto header = parse_ppp(writer.frame());
    ASSERT_EQ(header->protocol, PppProtocol::kIpcp);
    const auto packet = parse_ppp_packet(writer.frame().subspan(header->header_length));
    ASSERT_TRUE(packet);
    const auto options = PppOptions::parse(packet->data);
    ASSERT_TRUE(options);
    std::size_t at = 0;
    for (const PppOption option : *options) {
      ASSERT_LT(at, written.size());
      EXPECT_EQ(option.type, written[at].first);
      EXPECT_EQ(test::copy(option.value), written[at].second);
      ++at;
    }
    EXPECT_EQ(at, written.size());
  }
}

}  // namespace
}  // namespace adit::wire
