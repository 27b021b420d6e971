// SPDX-License-Identifier: Apache-2.0
// Our MPPC against FreeRDP's, which was written independently: what either writes the other reads. Some thousand packets;
// ADIT_MPPC_PACKETS=1000000 makes each test that long.
// FreeRDP differs in what no sender does, and there our decoder is compared with the bit-by-bit one instead: a copy whose
// source runs over the end of the history goes on behind it, not at the front; truncated tokens are read as if zeros
// followed; offset 0 and offsets of 8,192 and more are taken.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>

#include "crypto/mppc/mppc_coder.hpp"
#include "crypto/mppc/mppc_decoder.hpp"
#include "tests/crypto/mppc/bits.hpp"
#include "tests/crypto/mppc/corpus.hpp"
#include "tests/crypto/mppc/freerdp.hpp"
#include "tests/crypto/mppc/reference_mppc.hpp"
#include "tests/crypto/octets.hpp"

namespace adit::crypto {
namespace {

using test::Bits;
using test::Corpus;
using test::FreerdpCoder;
using test::FreerdpDecoder;
using test::Octets;

std::size_t packets() {
  const char* const wanted = std::getenv("ADIT_MPPC_PACKETS");
  return wanted != nullptr ? std::strtoul(wanted, nullptr, 10) : test::kSanitized ? 1000 : 6000;
}

/// Texts, packets, zeros, noise, and few symbols in which copies overlap and compete; of all lengths up to 1,502 octets.
class Mixture {
 public:
  Octets next() {
    if (random_() % 8 == 0) {
      Octets packet(3 + random_() % 600);
      const std::size_t symbols = 1 + random_() % 6;
      const std::size_t high = random_() % 2 * 0x80;
      for (std::uint8_t& octet : packet) {
        octet = static_cast<std::uint8_t>(high ^ random_() % symbols);
      }
      return packet;
    }
    return corpora_[random_() % corpora_.size()].packet(random_() % 3 == 0 ? 1400 : 3 + random_() % 1500);
  }

 private:
  std::mt19937 random_{2};
  std::vector<Corpus> corpora_{Corpus("text"),    Corpus("text", 2), Corpus("html"),
                               Corpus("html", 2), Corpus("json"),    Corpus("json", 2),
                               Corpus("tls"),     Corpus("zeros"),   Corpus("random")};
};

TEST(MppcOracle, TheirsReadsOursWithoutHistory) {
  Mixture mixture;
  FreerdpDecoder theirs;
  const auto scratch = std::make_unique<MppcScratch>();
  Octets result(2048);
  std::size_t shrunk = 0;
  for (std::size_t i = 0; i < packets(); ++i) {
    const Octets packet = mixture.next();
    if (const std::size_t size = mppc_compress(*scratch, packet, result); size != 0) {
      const auto plain =
          theirs.decompress({.flushed = true, .at_front = i % 2 == 0}, std::span(result).first(size));
      ASSERT_TRUE(plain && std::ranges::equal(*plain, packet)) << i;
      ++shrunk;
    }
  }
  EXPECT_GT(shrunk, packets() / 2);
}

TEST(MppcOracle, TheirsReadsOursWithHistory) {
  Mixture mixture;
  FreerdpDecoder theirs;
  const auto history = std::make_unique<MppcSendHistory>();
  Octets result(2048);
  for (std::size_t i = 0; i < packets(); ++i) {
    const Octets packet = mixture.next();
    const MppcCompressed sent = mppc_compress(*history, packet, result);
    if (sent.size == 0) {
      theirs.uncompressed(sent.flags);
      continue;
    }
    const auto plain = theirs.decompress(sent.flags, std::span(result).first(sent.size));
    ASSERT_TRUE(plain && std::ranges::equal(*plain, packet)) << i;
    if (i % 500 == 0) {
      history->flush();
    }
  }
}

TEST(MppcOracle, OursReadsTheirsWithHistory) {
  Mixture mixture;
  FreerdpCoder theirs;
  const auto history = std::make_unique<MppcHistory>();
  Octets plain(2048);
  for (std::size_t i = 0; i < packets(); ++i) {
    const Octets packet = mixture.next();
    const FreerdpCoder::Sent sent = theirs.compress(packet);
    if (sent.octets.empty()) {
      history->commit(sent.flags, {});
      continue;
    }
    const auto size = mppc_decompress(*history, sent.flags, sent.octets, std::span(plain).first(1502));
    ASSERT_TRUE(size.has_value()) << i << ' ' << static_cast<int>(size.error());
    ASSERT_TRUE(std::ranges::equal(std::span(plain).first(*size), packet)) << i;
    history->commit(sent.flags, std::span(plain).first(*size));
  }
}

TEST(MppcOracle, OursReadsTheirsWithoutHistory) {
  Mixture mixture;
  FreerdpCoder theirs;
  Octets plain(2048);
  for (std::size_t i = 0; i < packets(); ++i) {
    const Octets packet = mixture.next();
    theirs.reset();
    const FreerdpCoder::Sent sent = theirs.compress(packet);
    if (!sent.octets.empty()) {
      const auto size = mppc_decompress(sent.octets, plain);
      ASSERT_TRUE(size && std::ranges::equal(std::span(plain).first(*size), packet)) << i;
    }
  }
}

/// Tokens that a sender could write, but hardly does: any offset and length, A and B anywhere.
TEST(MppcOracle, BothReadAnyTokensAlike) {
  std::mt19937 random(4);
  std::size_t compared = 0;
  FreerdpDecoder theirs;
  test::ReferenceMppc reference;
  const auto history = std::make_unique<MppcHistory>();
  Octets plain(2048);
  for (std::size_t i = 0; i < packets(); ++i) {
    Bits bits;
    for (std::size_t tokens = 1 + random() % 60; tokens > 0; --tokens) {
      random() % 2 == 0 ? bits.literal(static_cast<std::uint8_t>(random()))
                        : bits.copy(1 + random() % (random() % 4 == 0 ? 8191 : 400),
                                    3 + random() % (random() % 10 == 0 ? 200 : 12));
    }
    const MppcFlags flags{.flushed = i == 0 || random() % 50 == 0, .at_front = random() % 20 == 0};
    test::ReferenceMppc trial = reference;
    const auto expected = trial.decompress(flags, bits.octets(), 1502);
    const auto size = mppc_decompress(*history, flags, bits.octets(), std::span(plain).first(1502));
    ASSERT_EQ(size.has_value(), expected.has_value()) << i;
    // Theirs is not asked where it is known to differ, and its history stays as ours.
    if (!size || trial.ran_over_the_end() || trial.position() > kMppcHistoryOctets - 2) {
      trial = reference;
      continue;
    }
    ASSERT_TRUE(std::ranges::equal(*expected, std::span(plain).first(*size))) << i;
    const auto other = theirs.decompress(flags, bits.octets());
    ASSERT_TRUE(other && std::ranges::equal(*other, *expected)) << i;
    reference = trial;
    history->commit(flags, std::span(plain).first(*size));
    ++compared;
  }
  EXPECT_GT(compared, packets() / 2);
}

}  // namespace
}  // namespace adit::crypto
