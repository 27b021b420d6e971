// SPDX-License-Identifier: Apache-2.0
// The MPPC coder: what it writes is read back, contains nothing that some peer cannot read, and follows the rules of A, B and
// expansion; packets and results lie against inaccessible pages.
#include "crypto/mppc/mppc_coder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>

#include "tests/crypto/guarded.hpp"
#include "tests/crypto/mppc/corpus.hpp"
#include "tests/crypto/mppc/reference_mppc.hpp"
#include "tests/crypto/octets.hpp"

namespace adit::crypto {
namespace {

using test::Corpus;
using test::Guarded;
using test::kCorpora;
using test::Octets;
using test::text;

/// Both spans against inaccessible pages; `room` octets for the result.
template <typename State>
auto compress(State& state, const Octets& packet, Octets& result, std::size_t room) {
  static const Guarded in(16384);
  static const Guarded out(16384);
  std::uint8_t* const from = in.back(packet.size());
  std::ranges::copy(packet, from);
  const std::span<std::uint8_t> to(out.back(room), room);
  const auto compressed = mppc_compress(state, {from, packet.size()}, to);
  std::size_t size = 0;
  if constexpr (std::is_same_v<State, MppcScratch>) {
    size = compressed;
  } else {
    size = compressed.size;
  }
  result.assign(to.begin(), to.begin() + static_cast<std::ptrdiff_t>(size));
  return compressed;
}

/// Sends without history, and reads it back.
class Stateless {
 public:
  /// The octets that it takes.
  std::size_t operator()(const Octets& packet) {
    Octets result;
    const std::size_t size = compress(*scratch_, packet, result, packet.size() + 8);
    if (size != 0) {
      EXPECT_LT(size, packet.size());
      test::ReferenceMppc reference;
      EXPECT_EQ(reference.decompress({.flushed = true}, result, kMppcHistoryOctets), packet);
      EXPECT_FALSE(reference.looked_behind_the_front());
      Octets plain(packet.size());
      EXPECT_EQ(mppc_decompress(result, plain), packet.size());
      EXPECT_EQ(plain, packet);
    }
    return size == 0 ? packet.size() : size;
  }

 private:
  std::unique_ptr<MppcScratch> scratch_ = std::make_unique<MppcScratch>();
};

/// The same with history.
class Stateful {
 public:
  MppcCompressed operator()(const Octets& packet) {
    Octets result;
    const MppcCompressed sent = compress(*history_, packet, result, packet.size() + 8);
    if (sent.size == 0) {
      EXPECT_FALSE(sent.flags.at_front);
      reference_.begin(sent.flags);
      return sent;
    }
    EXPECT_LT(sent.size, packet.size());
    EXPECT_EQ(reference_.decompress(sent.flags, result, kMppcHistoryOctets), packet);
    EXPECT_FALSE(reference_.looked_behind_the_front());
    // FreeRDP's decoder counts the end of the history three octets early.
    EXPECT_LE(reference_.position(), kMppcHistoryOctets - 4);
    return sent;
  }
  MppcSendHistory& history() { return *history_; }

 private:
  std::unique_ptr<MppcSendHistory> history_ = std::make_unique<MppcSendHistory>();
  test::ReferenceMppc reference_;
};

TEST(MppcCoder, ReadsBackWithoutHistory) {
  for (const std::string_view kind : kCorpora) {
    Corpus corpus(kind);
    Stateless send;
    for (std::size_t size = 1; size < 1600; size += size < 150 ? 1 : 37) {
      send(corpus.packet(size));
      ASSERT_FALSE(testing::Test::HasFailure()) << kind << ' ' << size;
    }
    for (const std::size_t size : {8180UL, 8187UL, 8188UL, 8189UL, 8192UL, 9000UL}) {
      send(corpus.packet(size));
      ASSERT_FALSE(testing::Test::HasFailure()) << kind << ' ' << size;
    }
  }
}

TEST(MppcCoder, ReadsBackWithHistory) {
  for (const std::string_view kind : kCorpora) {
    std::mt19937 random(3);
    Corpus corpus(kind);
    Stateful send;
    for (int i = 0; i < (test::kSanitized ? 100 : 1000); ++i) {
      send(corpus.packet(1 + random() % (random() % 20 == 0 ? 8192 : 1500)));
      ASSERT_FALSE(testing::Test::HasFailure()) << kind << ' ' << i;
    }
  }
}

TEST(MppcCoder, ReadsBackWhatIsMadeToBeDifficult) {
  std::mt19937 random(11);
  Stateless stateless;
  Stateful stateful;
  for (int i = 0; i < (test::kSanitized ? 500 : 20000); ++i) {
    Octets packet(1 + random() % 400);
    const std::size_t symbols = 1 + random() % 5;  // few, so that copies overlap, touch and compete
    const std::size_t high = random() % 2 * 0x80;
    for (std::uint8_t& octet : packet) {
      octet = static_cast<std::uint8_t>(high ^ (random() % symbols + (random() % 200 == 0 ? random() : 0)));
    }
    stateless(packet);
    stateful(packet);
    ASSERT_FALSE(testing::Test::HasFailure()) << i;
  }
}

TEST(MppcCoder, EveryLengthOfACopyAtEveryKindOfOffset) {
  std::mt19937 random(5);
  Stateless send;
  for (const std::size_t offset : {1UL, 2UL, 3UL, 7UL, 8UL, 63UL, 64UL, 319UL, 320UL, 3000UL}) {
    for (std::size_t length = 3; length < 5000; length += length < 80 ? 1 : 171) {
      Octets packet = test::random_octets(random, offset);
      for (std::size_t i = 0; i < length; ++i) {
        packet.push_back(packet[packet.size() - offset]);
      }
      const std::size_t size = send(packet);
      ASSERT_LE(size, offset * 9 / 8 + 6) << offset << ' ' << length;
      ASSERT_FALSE(testing::Test::HasFailure()) << offset << ' ' << length;
    }
  }
}

TEST(MppcCoder, CompressesTextAtLeastAsItShould) {
  const auto ratio = [](std::string_view kind, auto send) {
    Corpus corpus(kind);
    std::size_t before = 0;
    std::size_t after = 0;
    for (int i = 0; i < 100; ++i) {
      const Octets packet = corpus.packet(1400);
      before += packet.size();
      if constexpr (std::is_same_v<decltype(send), Stateless>) {
        after += send(packet);
      } else {
        const std::size_t size = send(packet).size;
        after += size == 0 ? packet.size() : size;
      }
    }
    return static_cast<double>(after) / static_cast<double>(before);
  };
  EXPECT_LT(ratio("text", Stateless{}), 0.60);
  EXPECT_LT(ratio("html", Stateless{}), 0.52);
  EXPECT_LT(ratio("json", Stateless{}), 0.50);
  EXPECT_LT(ratio("zeros", Stateless{}), 0.01);
  EXPECT_LT(ratio("text", Stateful{}), 0.53);
  EXPECT_LT(ratio("html", Stateful{}), 0.41);
  EXPECT_LT(ratio("json", Stateful{}), 0.40);
  EXPECT_EQ(ratio("random", Stateless{}), 1.0);
  EXPECT_EQ(ratio("tls", Stateful{}), 1.0);
}

TEST(MppcCoder, WhatDoesNotShrinkIsSentAsItIs) {
  MppcScratch scratch;
  Octets out(2000);
  std::mt19937 random(1);
  for (const Octets& packet : {Octets{}, text("a"), text("ab"), text("abc"), text("abcdefgh"),
                               test::random_octets(random, 1400), Octets(8189, 0)}) {
    EXPECT_EQ(mppc_compress(scratch, packet, out), 0U) << packet.size();
  }
  EXPECT_EQ(mppc_compress(scratch, text("aaaaaa"), out), 3U);
}

TEST(MppcCoder, TheResultFitsIntoAllButTheLastEightOctetsOrIsNone) {
  MppcScratch scratch;
  Corpus corpus("html");
  Octets result;
  for (int i = 0; i < 20; ++i) {
    const Octets packet = corpus.packet(700);
    const std::size_t size = compress(scratch, packet, result, 800);
    ASSERT_GT(size, 0U);
    const Octets whole = result;
    for (std::size_t room = 0; room < 800; ++room) {
      const std::size_t here = compress(scratch, packet, result, room);
      ASSERT_EQ(here, room >= size + 8 ? size : 0) << room;
      ASSERT_TRUE(here == 0 || result == whole);
    }
  }
}

TEST(MppcCoder, WhatAPacketBecomesDependsOnThatPacketAlone) {
  const auto used = std::make_unique<MppcScratch>();
  Corpus corpus("json");
  Octets out;
  for (int i = 0; i < 400; ++i) {  // 64 KiB several times
    const Octets packet = corpus.packet(1 + static_cast<std::size_t>(i) * 7 % 1400);
    compress(*used, packet, out, packet.size() + 8);
    const Octets here = out;
    const auto fresh = std::make_unique<MppcScratch>();
    compress(*fresh, packet, out, packet.size() + 8);
    ASSERT_EQ(here, out) << i;
  }
}

TEST(MppcCoder, TheFirstPacketCarriesAAndEachLapBeginsWithB) {
  Corpus corpus("text");
  Stateful send;
  const MppcCompressed first = send(corpus.packet(1000));
  EXPECT_TRUE(first.flags.flushed);
  EXPECT_TRUE(first.flags.at_front);
  for (int lap = 0; lap < 20; ++lap) {
    for (int i = 1; i < 8; ++i) {
      const MppcCompressed sent = send(corpus.packet(1000));
      ASSERT_FALSE(sent.flags.flushed);
      ASSERT_FALSE(sent.flags.at_front);
    }
    const MppcCompressed sent = send(corpus.packet(1000));
    ASSERT_FALSE(sent.flags.flushed);
    ASSERT_TRUE(sent.flags.at_front);
  }
}

// RFC 2118 §4.1: the octets of a packet that is sent as it is enter neither history, and the next packet carries A.
TEST(MppcCoder, AfterAPacketThatDidNotShrinkTheNextOneCarriesA) {
  std::mt19937 random(1);
  Corpus corpus("text");
  Stateful send;
  send(corpus.packet(500));
  const MppcCompressed plain = send(test::random_octets(random, 500));
  EXPECT_EQ(plain.size, 0U);
  EXPECT_FALSE(plain.flags.flushed);
  const MppcCompressed again = send(test::random_octets(random, 500));
  EXPECT_EQ(again.size, 0U);
  EXPECT_TRUE(again.flags.flushed);
  const MppcCompressed next = send(corpus.packet(500));
  EXPECT_GT(next.size, 0U);
  EXPECT_TRUE(next.flags.flushed && next.flags.at_front);
  EXPECT_FALSE(send(corpus.packet(500)).flags.flushed);
}

TEST(MppcCoder, AFlushIsToldByTheNextPacketWhateverBecomesOfIt) {
  std::mt19937 random(1);
  Corpus corpus("text");
  Stateful send;
  send(corpus.packet(500));
  send.history().flush();
  EXPECT_TRUE(send(test::random_octets(random, 500)).flags.flushed);
  send(corpus.packet(500));
  send.history().flush();
  const MppcCompressed sent = send(corpus.packet(500));
  EXPECT_TRUE(sent.size > 0 && sent.flags.flushed && sent.flags.at_front);
}

}  // namespace
}  // namespace adit::crypto
