// SPDX-License-Identifier: Apache-2.0
// The MPPC decoder: published vectors, every malformed stream by its name, what peers do differently, and any octets against
// a decoder that works bit by bit; packets and results lie against inaccessible pages.
#include "crypto/mppc/mppc_decoder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>

#include "tests/crypto/guarded.hpp"
#include "tests/crypto/mppc/bits.hpp"
#include "tests/crypto/mppc/reference_mppc.hpp"
#include "tests/crypto/octets.hpp"

namespace adit::crypto {
namespace {

using test::Bits;
using test::Guarded;
using test::Octets;
using test::text;
using test::unhex;

constexpr std::size_t kMru = 1502;  // with the protocol field
constexpr MppcFlags kFlushed{.flushed = true, .at_front = false};
constexpr MppcFlags kAtFront{.flushed = false, .at_front = true};
constexpr std::string_view kBells = "for.whom.the.bell.tolls,.the.bell.tolls.for.thee!";

using Result = test::ReferenceMppc::Result;

/// With `most` octets of room, all of them against inaccessible pages.
Result decompress(const Octets& packet, std::size_t most = kMru, const MppcHistory* history = nullptr,
                  MppcFlags flags = {}) {
  static const Guarded in(16384);
  static const Guarded out(16384);
  std::uint8_t* const from = in.back(packet.size());
  std::ranges::copy(packet, from);
  const std::span<std::uint8_t> to(out.back(most), most);
  const auto size = history == nullptr ? mppc_decompress({from, packet.size()}, to)
                                       : mppc_decompress(*history, flags, {from, packet.size()}, to);
  if (!size) {
    return std::unexpected(size.error());
  }
  return Octets(to.begin(), to.begin() + static_cast<std::ptrdiff_t>(*size));
}

MppcFault fault_of(const Bits& bits, std::size_t most = kMru) {
  const Result result = decompress(bits.octets(), most);
  EXPECT_FALSE(result.has_value());
  return result ? MppcFault{0xFF} : result.error();
}

/// One after another, as a call does it.
class Receiver {
 public:
  Result operator()(MppcFlags flags, const Octets& packet, std::size_t most = kMru) {
    const Result result = decompress(packet, most, history_.get(), flags);
    if (result) {
      history_->commit(flags, *result);
    }
    return result;
  }
  void uncompressed(MppcFlags flags) { history_->commit(flags, {}); }

 private:
  std::unique_ptr<MppcHistory> history_ = std::make_unique<MppcHistory>();
};

TEST(MppcDecoder, TextOfMsRdpbcgr) {
  EXPECT_EQ(decompress(unhex("666f722e77686f6d2e7468652e62656c6c2e746f6c6c732cf4372e66fa1f199484")),
            text(kBells));
}

TEST(MppcDecoder, TheSameTextByLongestCopies) {
  EXPECT_EQ(decompress(unhex("666f722e77686f6d2e7468652e62656c6c2e746f6c6c732cf4372efa23d3329080")),
            text(kBells));
}

TEST(MppcDecoder, SmallOnes) {
  EXPECT_EQ(decompress(unhex("41f06c")), text("AAAAAAAA"));
  EXPECT_EQ(decompress(unhex("bff820")), unhex("ffffffff"));
  EXPECT_EQ(decompress(unhex("616263f0e0")), text("abcabca"));
  EXPECT_EQ(decompress(unhex("803f80")), unhex("807f"));
  EXPECT_EQ(decompress(unhex("41")), text("A"));
}

TEST(MppcDecoder, EveryLengthAtEveryKindOfOffset) {
  for (const std::uint32_t offset :
       {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U, 15U, 16U, 17U, 63U, 64U, 319U, 320U, 2000U}) {
    for (std::uint32_t length = 3; length <= 4200; length += length < 70 ? 1 : 251) {
      Bits bits;
      Octets expected;
      for (std::uint32_t i = 0; i < offset; ++i) {
        expected.push_back(static_cast<std::uint8_t>(i * 7 + i / 256));
        bits.literal(expected.back());
      }
      bits.copy(offset, length).literal(0x55);
      for (std::uint32_t i = 0; i < length; ++i) {
        expected.push_back(expected[expected.size() - offset]);
      }
      expected.push_back(0x55);
      for (const std::size_t room : {std::size_t{0}, std::size_t{1}, std::size_t{20}, std::size_t{100}}) {
        ASSERT_EQ(decompress(bits.octets(), expected.size() + room), expected)
            << offset << ' ' << length << ' ' << room;
      }
      ASSERT_EQ(decompress(bits.octets(), expected.size() - 1), Result(std::unexpected(MppcFault::kTooLong)));
    }
  }
}

TEST(MppcDecoder, Malformed_Empty) {
  EXPECT_EQ(fault_of({}), MppcFault::kEmpty);
}

TEST(MppcDecoder, Malformed_OneOctetThatBeginsALongerToken) {
  EXPECT_EQ(fault_of(Bits().put(0b10101010, 8)), MppcFault::kTruncated);
  EXPECT_EQ(fault_of(Bits().put(0b11111111, 8)), MppcFault::kTruncated);
}

// Eight bits are left, and a token of nine or more begins: counting down would go below zero.
TEST(MppcDecoder, Malformed_LongerTokenInTheLastEightBits) {
  for (const std::size_t before : {0UL, 1UL, 6UL, 7UL, 20UL, 100UL}) {
    EXPECT_EQ(fault_of(Bits().literals(before, 'a').put(0b10111111, 8)), MppcFault::kTruncated) << before;
    EXPECT_EQ(fault_of(Bits().literals(before, 'a').put(0b11000001, 8)), MppcFault::kTruncated) << before;
    EXPECT_EQ(fault_of(Bits().literals(before, 'a').put(0b11110001, 8)), MppcFault::kTruncated) << before;
  }
}

TEST(MppcDecoder, Malformed_EveryTruncationOfACopy) {
  for (const auto& [offset, length] :
       {std::pair{1U, 3U}, {64U, 5U}, {320U, 100U}, {400U, 1000U}, {1U, 8191U}}) {
    const Octets whole = Bits().literals(400, 'x').copy(offset, length).octets();
    for (std::size_t size = 402; size < whole.size(); ++size) {
      const Octets cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_EQ(decompress(cut, 8192), Result(std::unexpected(MppcFault::kTruncated)))
          << offset << ' ' << length << ' ' << size;
    }
  }
}

TEST(MppcDecoder, Malformed_OffsetZero) {
  EXPECT_EQ(fault_of(Bits().literal('a').put(0b1111 << 6, 10).length(3)), MppcFault::kOffsetZero);
  EXPECT_EQ(fault_of(Bits().literals(100, 'a').put(0b1111 << 6, 10).length(3).literals(100, 'a')),
            MppcFault::kOffsetZero);
}

TEST(MppcDecoder, Malformed_OffsetBeyondTheHistory) {
  for (std::uint32_t offset = 8192; offset < 8192 + 320; ++offset) {
    ASSERT_EQ(fault_of(Bits().literals(100, 'a').copy(offset, 3).literals(20, 'a')),
              MppcFault::kOffsetBeyondHistory)
        << offset;
    ASSERT_EQ(fault_of(Bits().copy(offset, 3)), MppcFault::kOffsetBeyondHistory) << offset;
  }
}

TEST(MppcDecoder, Malformed_LengthOfTwelveOnesAndMore) {
  for (int ones = 12; ones <= 32; ++ones) {
    Bits bits;
    bits.literal('a').offset(1);
    for (int i = 0; i < ones; ++i) {
      bits.put(1, 1);
    }
    ASSERT_EQ(fault_of(bits.put(0, 30), 8192), MppcFault::kLengthCode) << ones;
  }
}

TEST(MppcDecoder, Malformed_LengthBombIsBoundedByTheRoom) {
  EXPECT_EQ(fault_of(Bits().literal('a').copy(1, 8191)), MppcFault::kTooLong);
  Bits bombs;
  for (int i = 0; i < 100; ++i) {
    bombs.literal('a').copy(1, 1400);
  }
  EXPECT_EQ(fault_of(bombs), MppcFault::kTooLong);
  EXPECT_EQ(decompress(Bits().literal('a').copy(1, 8191).octets(), 8192)->size(), 8192U);
}

TEST(MppcDecoder, Malformed_MoreLiteralsThanRoom) {
  for (const std::uint8_t octet : {std::uint8_t{'a'}, std::uint8_t{0xAA}}) {
    for (const std::size_t room : {0UL, 1UL, 7UL, 47UL, 48UL, 60UL}) {
      EXPECT_EQ(fault_of(Bits().literals(room + 1, octet), room), MppcFault::kTooLong);
      if (room > 0) {
        EXPECT_EQ(decompress(Bits().literals(room, octet).octets(), room), Octets(room, octet));
      }
    }
  }
}

TEST(MppcDecoder, Malformed_PacketOverTheEndOfTheHistory) {
  EXPECT_EQ(decompress(Bits().literal('a').copy(1, 8191).literal('b').octets(), 9000),
            Result(std::unexpected(MppcFault::kBeyondEnd)));
  Receiver receive;
  ASSERT_TRUE(receive(kFlushed, Bits().literal('a').copy(1, 8000).octets(), 8192));
  EXPECT_EQ(receive({}, Bits().literal('b').copy(1, 191).octets()),
            Result(std::unexpected(MppcFault::kBeyondEnd)));
  EXPECT_EQ(receive({}, Bits().literals(192, 'c').octets()), Result(std::unexpected(MppcFault::kBeyondEnd)));
  EXPECT_TRUE(receive({}, Bits().literal('b').copy(1, 190).octets()));
  EXPECT_EQ(receive({}, Bits().literal('b').octets()), Result(std::unexpected(MppcFault::kBeyondEnd)));
  EXPECT_TRUE(receive(kAtFront, Bits().literal('b').octets()));
}

TEST(MppcDecoder, AFaultChangesNothing) {
  Receiver receive;
  ASSERT_TRUE(receive(kFlushed, Bits().literals(20, 'a').octets()));
  EXPECT_FALSE(receive({}, Bits().literals(20, 'b').put(0b1111 << 6, 10).length(3).octets()));
  EXPECT_FALSE(receive(kAtFront, Bits().literals(20, 'b').put(0b10111111, 8).octets()));
  EXPECT_FALSE(receive(kFlushed, Bits().literals(20, 'b').copy(8500, 3).octets()));
  EXPECT_EQ(receive({}, Bits().copy(20, 20).octets()), Octets(20, 'a'));
}

TEST(MppcDecoder, ATrialThatNobodyCommitsChangesNothing) {
  MppcHistory history;
  history.commit(kFlushed, text("abc"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(decompress(Bits().copy(3, 5).octets(), kMru, &history), text("abcab"));
    EXPECT_EQ(decompress(Bits().literal('x').octets(), kMru, &history, kFlushed), text("x"));
  }
}

// RFC 2118 says that nothing refers to what was not written; MS-RDPBCGR says that the zeroed history is there from the start.
TEST(MppcDecoder, Tolerant_WhatWasNeverWrittenIsZero) {
  for (const std::uint32_t offset : {1U, 5U, 63U, 64U, 400U, 8191U}) {
    EXPECT_EQ(decompress(Bits().copy(offset, 3).octets()), Octets(3));
    Receiver receive;
    EXPECT_EQ(receive(kFlushed, Bits().copy(offset, 40).octets()), Octets(40));
    EXPECT_EQ(receive({}, Bits().literal('a').copy(offset, 3).octets())->front(), 'a');
  }
  const Octets mixed = *decompress(Bits().literals(2, 'a').copy(4, 7).literals(40, 'b').octets());
  EXPECT_EQ(Octets(mixed.begin(), mixed.begin() + 9), unhex("6161 0000 6161 0000 61"));
}

TEST(MppcDecoder, Tolerant_AfterBTheFormerLapCanBeReferredTo) {
  Receiver receive;
  ASSERT_TRUE(receive(kFlushed, Bits().literals(100, 'a').literals(100, 'b').octets()));
  // From the front, 100 octets further on are the b's of the former lap.
  EXPECT_EQ(receive(kAtFront, Bits().copy(8192 - 100, 10).octets()), Octets(10, 'b'));
  // Where this lap has not been yet, the former one still lies.
  EXPECT_EQ(receive({}, Bits().copy(8192 - 100, 10).octets()), Octets(10, 'b'));
  EXPECT_EQ(receive({}, Bits().copy(20, 20).octets()), Octets(20, 'b'));
}

TEST(MppcDecoder, Tolerant_ACopyRunsOverTheEndOfTheFormerLapIntoThisOne) {
  Receiver receive;
  ASSERT_TRUE(receive(kFlushed, Bits().literal('a').copy(1, 8191).octets(), 8192));
  EXPECT_EQ(receive(kAtFront, Bits().literals(2, 'b').copy(5, 8).octets()), text("bbaaabbaaa"));
}

TEST(MppcDecoder, Tolerant_AAndBOnAnyPacket) {
  for (const MppcFlags flags : {kFlushed, kAtFront, MppcFlags{.flushed = true, .at_front = true}}) {
    Receiver receive;
    ASSERT_TRUE(receive(kFlushed, Bits().literals(50, 'a').octets()));
    ASSERT_TRUE(receive({}, Bits().literals(50, 'b').octets()));
    ASSERT_TRUE(receive(flags, Bits().literals(10, 'c').octets()));
    EXPECT_EQ(receive({}, Bits().copy(10, 5).octets()), Octets(5, 'c'));
    // 8,192 back from position 15 and then some: the former lap, or nothing after A.
    EXPECT_EQ(receive({}, Bits().copy(8192 - 60, 5).octets()), Octets(5, flags.flushed ? 0 : 'b'));
  }
}

TEST(MppcDecoder, AnUncompressedPacketsFlagsCountAndItsOctetsDoNot) {
  Receiver receive;
  ASSERT_TRUE(receive(kFlushed, Bits().literals(50, 'a').octets()));
  receive.uncompressed({});
  EXPECT_EQ(receive({}, Bits().copy(50, 5).octets()), Octets(5, 'a'));
  receive.uncompressed(kFlushed);
  EXPECT_EQ(receive({}, Bits().copy(50, 5).octets()), Octets(5));
}

/// Tokens as they come, of all kinds, some of them wrong.
Bits random_stream(std::mt19937& random) {
  Bits bits;
  for (std::size_t tokens = 1 + random() % 60; tokens > 0; --tokens) {
    switch (random() % 8) {
      case 0:
      case 1:
        bits.literal(static_cast<std::uint8_t>(random()));
        break;
      case 2:
        bits.literals(random() % 12, static_cast<std::uint8_t>(random() % 128));
        break;
      case 3:
        bits.copy(random() % 8 == 0 ? random() % 8512 : 1 + random() % 8000, 3 + random() % 40);
        break;
      case 4:
        bits.copy(1 + random() % 20, 3 + random() % (random() % 20 == 0 ? 3000 : 30));
        break;
      default:
        bits.copy(1 + random() % 320, 3 + random() % 12);
    }
  }
  return bits;
}

TEST(MppcDecoder, AnyOctetsAsBitByBit) {
  std::mt19937 random(7);
  std::size_t good = 0;
  std::size_t faults[8] = {};
  for (int call = 0; call < (test::kSanitized ? 100 : 1000); ++call) {
    Receiver receive;
    test::ReferenceMppc reference;
    for (int i = 0; i < 60; ++i) {
      const MppcFlags flags{.flushed = random() % 100 == 0, .at_front = random() % 60 == 0};
      Octets packet = random() % 10 == 0 ? test::random_octets(random, 1 + random() % 60)
                                         : random_stream(random).octets();
      if (random() % 4 == 0 && !packet.empty()) {
        packet[random() % packet.size()] ^= static_cast<std::uint8_t>(1 << random() % 8);
      }
      if (random() % 4 == 0 && !packet.empty()) {
        packet.resize(random() % (packet.size() + 1));
      }
      if (random() % 20 == 0) {
        packet.insert(packet.end(), 3, 0xFF);  // a copy, and ones that begin no length
      }
      const std::size_t most = random() % 3 == 0 ? 1 + random() % 200 : kMru;
      const Result expected = reference.decompress(flags, packet, most);
      ASSERT_EQ(receive(flags, packet, most), expected) << test::hex(packet);
      good += expected ? 1 : 0;
      faults[expected ? 7 : static_cast<std::size_t>(expected.error())] += 1;
    }
  }
  EXPECT_GT(good, 100U);
  for (const MppcFault fault :
       {MppcFault::kEmpty, MppcFault::kTruncated, MppcFault::kOffsetZero, MppcFault::kOffsetBeyondHistory,
        MppcFault::kLengthCode, MppcFault::kTooLong, MppcFault::kBeyondEnd}) {
    EXPECT_GT(faults[static_cast<std::size_t>(fault)], 0U) << static_cast<int>(fault);
  }
}

TEST(MppcDecoder, EveryTruncationAndEveryBitFlipAsBitByBit) {
  const Octets packets[] = {
      unhex("666f722e77686f6d2e7468652e62656c6c2e746f6c6c732cf4372e66fa1f199484"),
      Bits().literals(30, 'a').copy(29, 300).literals(5, 0xF0).copy(320, 9).copy(64, 31).octets()};
  for (const Octets& packet : packets) {
    for (std::size_t size = 0; size <= packet.size(); ++size) {
      const Octets cut(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_EQ(decompress(cut), test::ReferenceMppc().decompress({}, cut, kMru)) << size;
    }
    for (std::size_t bit = 0; bit < 8 * packet.size(); ++bit) {
      Octets flipped = packet;
      flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      ASSERT_EQ(decompress(flipped), test::ReferenceMppc().decompress({}, flipped, kMru)) << bit;
    }
  }
}

}  // namespace
}  // namespace adit::crypto
