// SPDX-License-Identifier: Apache-2.0
// EAP-TLS' fragments: what is cut is put together again, for every size, and nothing that a peer says about lengths is
// believed. The lies are those of CVE-2018-11574 (pppd: a length that wraps) and of its later fixes.
#include "controlplane/auth/eap_tls_fragments.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace adit::control {
namespace {

using Octets = std::vector<std::uint8_t>;
using Next = TlsFragments::Next;

constexpr std::uint8_t kL = tls_flags::kLength;
constexpr std::uint8_t kM = tls_flags::kMore;

Octets counting(std::size_t size) {
  Octets octets(size);
  std::iota(octets.begin(), octets.end(), std::uint8_t{1});
  return octets;
}

/// A Response's data: flags, the length if it is said, `size` octets.
Octets said(std::uint8_t flags, std::uint32_t total, std::size_t size) {
  Octets data = {flags};
  if ((flags & kL) != 0) {
    data.resize(5);
    wire::store_be(&data[1], total);
  }
  data.resize(data.size() + size, 0x16);
  return data;
}

Octets ack() {
  return said(0, 0, 0);
}

/// What the last of these Responses leads to.
std::expected<Next, TlsFragmentFault> after(TlsFragments& fragments,
                                            std::initializer_list<Octets> responses) {
  std::expected<Next, TlsFragmentFault> next = Next::kPacket;
  for (const Octets& response : responses) {
    EXPECT_EQ(next, Next::kPacket);
    next = fragments.on_packet(response);
  }
  return next;
}

std::expected<Next, TlsFragmentFault> after(std::initializer_list<Octets> responses) {
  TlsFragments fragments(1000);
  return after(fragments, responses);
}

TEST(TlsFragments, EverySizeArrivesWhole) {
  for (const std::size_t fits : {std::size_t{0}, kLeastTlsFragment, std::size_t{296}, std::size_t{1390}}) {
    for (const std::size_t size : {1, 63, 64, 65, 128, 295, 296, 1389, 1390, 1391, 2778, 3000}) {
      TlsFragments ours(fits);
      TlsFragments peers(fits);
      ours.send(counting(size));
      Next next = Next::kPacket;
      while (true) {
        const Octets data = ours.packet();
        ASSERT_LE(data.size(), std::max(fits, kLeastTlsFragment));
        const auto taken = peers.on_packet(data);
        ASSERT_TRUE(taken.has_value()) << to_text(taken.error()) << " at " << size << " by " << fits;
        next = *taken;
        if (next == Next::kMessage) {
          break;
        }
        EXPECT_EQ(peers.packet(), ack());
        ASSERT_EQ(ours.on_packet(ack()), Next::kPacket);
      }
      EXPECT_EQ(peers.take_message(), counting(size));
    }
  }
}

TEST(TlsFragments, TheFirstOfSeveralSaysTheLengthAndNoOther) {
  TlsFragments fragments(100);
  fragments.send(counting(200));
  Octets first = fragments.packet();
  EXPECT_EQ(first.size(), 100U);
  EXPECT_EQ(Octets(first.begin(), first.begin() + 5), (Octets{kL | kM, 0, 0, 0, 200}));
  ASSERT_EQ(fragments.on_packet(ack()), Next::kPacket);
  EXPECT_EQ(fragments.packet()[0], kM);
  ASSERT_EQ(fragments.on_packet(ack()), Next::kPacket);
  EXPECT_EQ(fragments.packet()[0], 0);
}

TEST(TlsFragments, OneFragmentSaysNoLength) {
  TlsFragments fragments(100);
  fragments.send(counting(99));
  const Octets only = fragments.packet();
  EXPECT_EQ(only.size(), 100U);
  EXPECT_EQ(only[0], 0);
}

TEST(TlsFragments, APeerMaySayTheLengthEachTime) {  // as Windows does
  TlsFragments fragments(1000);
  EXPECT_EQ(after(fragments, {said(kL | kM, 300, 100), said(kL | kM, 300, 100), said(kL, 300, 100)}),
            Next::kMessage);
  EXPECT_EQ(fragments.take_message().size(), 300U);
}

TEST(TlsFragments, OneFragmentMayHaveItsLength) {
  EXPECT_EQ(after({said(kL, 100, 100)}), Next::kMessage);
}

TEST(TlsFragments, NothingIsAnAcknowledgementOfTheEnd) {
  TlsFragments fragments(1000);
  EXPECT_EQ(after(fragments, {ack()}), Next::kMessage);
  EXPECT_TRUE(fragments.take_message().empty());
}

TEST(TlsFragments, AUT_14_CutWithinFlagsOrLength) {
  EXPECT_EQ(after({Octets{}}), std::unexpected(TlsFragmentFault::kTruncated));
  for (std::size_t size = 1; size < 5; ++size) {
    Octets cut = said(kL, 0, 0);
    cut.resize(size);
    EXPECT_EQ(after({cut}), std::unexpected(TlsFragmentFault::kTruncated));
  }
}

TEST(TlsFragments, AUT_14_LengthGreaterThanAllFragments) {
  EXPECT_EQ(after({said(kL, 101, 100)}), std::unexpected(TlsFragmentFault::kUnderrun));
  EXPECT_EQ(after({said(kL | kM, 300, 100), said(0, 0, 100)}), std::unexpected(TlsFragmentFault::kUnderrun));
}

TEST(TlsFragments, AUT_14_LengthLessThanItsFragment) {
  EXPECT_EQ(after({said(kL, 99, 100)}), std::unexpected(TlsFragmentFault::kOverrun));
  EXPECT_EQ(after({said(kL | kM, 0, 100)}), std::unexpected(TlsFragmentFault::kOverrun));
}

TEST(TlsFragments, AUT_14_CVE_2018_11574_MoreOctetsThanTheFirstFragmentSaid) {
  EXPECT_EQ(after({said(kL | kM, 150, 100), said(kM, 0, 100)}), std::unexpected(TlsFragmentFault::kOverrun));
  EXPECT_EQ(after({said(kL | kM, 100, 100), said(0, 0, 1)}), std::unexpected(TlsFragmentFault::kOverrun));
}

TEST(TlsFragments, AUT_14_CVE_2018_11574_LengthThatWraps) {
  EXPECT_EQ(after({said(kL | kM, 0xffff'ffff, 100)}), std::unexpected(TlsFragmentFault::kTooLong));
  EXPECT_EQ(after({said(kL | kM, kMaxTlsMessage + 1, 100)}), std::unexpected(TlsFragmentFault::kTooLong));
  EXPECT_EQ(after({said(kL | kM, 300, 100), said(kL | kM, 0xffff'ffff, 100)}),
            std::unexpected(TlsFragmentFault::kTooLong));
}

TEST(TlsFragments, AUT_14_SecondLengthThatDiffers) {
  EXPECT_EQ(after({said(kL | kM, 300, 100), said(kL | kM, 301, 100)}),
            std::unexpected(TlsFragmentFault::kLengthChanged));
  EXPECT_EQ(after({said(kL | kM, 300, 100), said(kL, 200, 100)}),
            std::unexpected(TlsFragmentFault::kLengthChanged));
}

TEST(TlsFragments, AUT_14_SeveralWithoutALength) {
  EXPECT_EQ(after({said(kM, 0, 100)}), std::unexpected(TlsFragmentFault::kNoLength));
}

TEST(TlsFragments, AUT_14_FragmentsWithoutAnOctet) {
  EXPECT_EQ(after({said(kL | kM, 100, 0)}), std::unexpected(TlsFragmentFault::kEmpty));
  EXPECT_EQ(after({said(kL | kM, 300, 100), said(kM, 0, 0)}), std::unexpected(TlsFragmentFault::kEmpty));
  EXPECT_EQ(after({said(kL | kM, 300, 100), ack()}), std::unexpected(TlsFragmentFault::kUnderrun));
}

TEST(TlsFragments, AUT_14_MoreForEver) {
  TlsFragments fragments(1000);
  for (unsigned round = 0; round < kMaxTlsRounds; ++round) {
    ASSERT_EQ(fragments.on_packet(said(round == 0 ? kL | kM : kM, kMaxTlsMessage, 1)), Next::kPacket);
    EXPECT_EQ(fragments.packet(), ack());
  }
  EXPECT_EQ(fragments.on_packet(said(kM, 0, 1)), std::unexpected(TlsFragmentFault::kTooManyRounds));
}

TEST(TlsFragments, AUT_14_AcknowledgementsForEver) {
  TlsFragments fragments(1000);
  for (unsigned round = 0; round < kMaxTlsRounds; ++round) {
    ASSERT_EQ(fragments.on_packet(ack()), Next::kMessage);
  }
  EXPECT_EQ(fragments.on_packet(ack()), std::unexpected(TlsFragmentFault::kTooManyRounds));
}

TEST(TlsFragments, AUT_14_AFragmentOfOursIsAnsweredByData) {
  for (const Octets& answer : {said(0, 0, 1), said(kM, 0, 0), said(kL, 0, 0), said(kL | kM, 300, 100)}) {
    TlsFragments fragments(100);
    fragments.send(counting(200));
    (void)fragments.packet();
    EXPECT_EQ(fragments.on_packet(answer), std::unexpected(TlsFragmentFault::kNotAck));
  }
}

TEST(TlsFragments, ReservedBitsAreIgnored) {
  EXPECT_EQ(after({said(0x3f, 0, 100)}), Next::kMessage);
}

}  // namespace
}  // namespace adit::control
