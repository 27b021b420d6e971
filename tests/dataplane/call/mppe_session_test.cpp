// SPDX-License-Identifier: Apache-2.0
// Which key a packet needs, RFC 3078 §8.1, and what a receiver may not believe; against a model that knows the truth.
#include "dataplane/call/mppe_session.hpp"

#include <gtest/gtest.h>

#include <random>

namespace adit::dataplane {
namespace {

using wire::CoherencyCount;
using wire::GreSeq;

CoherencyCount count(std::uint32_t value) {
  return CoherencyCount(static_cast<std::uint16_t>(value & 4095));
}

TEST(MppeReceiver, MPP_04_TheFirstPacketIsOneKeyChangeAway) {
  EXPECT_EQ(MppeReceiver(GreSeq(7)).evaluate(count(0), GreSeq(8)), 1U);
}

TEST(MppeReceiver, MPP_04_TheCountWraps) {
  MppeReceiver receiver(GreSeq(0));
  for (std::uint32_t packet = 0; packet < 10'000; ++packet) {
    ASSERT_EQ(receiver.evaluate(count(packet), GreSeq(packet + 1)), 1U) << packet;
    receiver.commit(count(packet), GreSeq(packet + 1));
  }
}

TEST(MppeReceiver, MPP_05_LossCostsExactlyWhatWasLost) {
  for (std::uint32_t lost = 1; lost <= 2047; ++lost) {
    MppeReceiver receiver(GreSeq(50));
    ASSERT_EQ(receiver.evaluate(count(lost), GreSeq(51 + lost)), lost + 1);
  }
}

TEST(MppeReceiver, MPP_06_LateAndDuplicateCountsAreRefused) {
  MppeReceiver receiver(GreSeq(0));
  receiver.commit(count(100), GreSeq(101));
  EXPECT_EQ(receiver.evaluate(count(100), GreSeq(102)).error(), MppeRefusal::kLate);
  EXPECT_EQ(receiver.evaluate(count(99), GreSeq(102)).error(), MppeRefusal::kLate);
  EXPECT_EQ(receiver.evaluate(count(100 - 2047), GreSeq(102)).error(), MppeRefusal::kLate);
  EXPECT_EQ(receiver.evaluate(count(101), GreSeq(102)), 1U);  // state intact
}

TEST(MppeReceiver, ACountAheadOfTheSequenceIsRefused) {
  MppeReceiver receiver(GreSeq(0));
  receiver.commit(count(100), GreSeq(101));
  EXPECT_EQ(receiver.evaluate(count(102), GreSeq(102)).error(), MppeRefusal::kGap);
  EXPECT_EQ(receiver.evaluate(count(100 + 2048), GreSeq(101 + 2047)).error(), MppeRefusal::kGap);
  EXPECT_EQ(receiver.evaluate(count(100 + 2048), GreSeq(101 + 2048)), 2048U);
}

TEST(MppeReceiver, MPP_07_GapsBeyondTheCountAreBridgedByTheSequence) {
  for (const std::uint32_t lost : {2048U, 3000U, 4094U, 4095U, 4096U, 4097U, 8191U, 8192U, 100'000U}) {
    MppeReceiver receiver(GreSeq(0xfffffff0));
    EXPECT_EQ(receiver.evaluate(count(lost), GreSeq(0xfffffff1 + lost)), lost + 1) << lost;
  }
}

TEST(MppeReceiver, FramesInClearTakeNoKeys) {
  MppeReceiver receiver(GreSeq(0));
  std::uint32_t sequence = 1;
  receiver.commit(count(0), GreSeq(sequence++));
  for (int echo = 0; echo < 5000; ++echo, ++sequence) {
    receiver.on_clear_frame(GreSeq(sequence));
  }
  EXPECT_EQ(receiver.evaluate(count(1), GreSeq(sequence)), 1U);
  EXPECT_EQ(receiver.evaluate(count(2), GreSeq(sequence)).error(), MppeRefusal::kGap);
}

TEST(MppeReceiver, AgreesWithASenderOverRandomLossAndClearFrames) {
  std::mt19937 random(3078);
  for (int round = 0; round < 100; ++round) {
    const auto first = static_cast<std::uint32_t>(random());
    std::uint32_t sequence = first;
    std::uint32_t encrypted = 0;  // sent so far
    std::uint32_t committed = 0;
    MppeReceiver receiver(GreSeq{first});
    for (int event = 0; event < 500; ++event) {
      ++sequence;
      const bool clear = random() % 4 == 0;
      if (random() % 3 == 0) {  // lost, one or many; clear frames are few against 4,096
        const auto lost =
            static_cast<std::uint32_t>(clear ? 1 : 1 + random() % (event % 50 == 0 ? 20'000 : 5));
        encrypted += clear ? 0 : lost;
        sequence += lost - 1;
      } else if (clear) {
        receiver.on_clear_frame(GreSeq(sequence));
      } else {
        ++encrypted;
        const auto changes = receiver.evaluate(count(encrypted - 1), GreSeq(sequence));
        // Lost clear frames widen the gap by a few; it would take 4,096 between two packets to mislead.
        ASSERT_TRUE(changes.has_value());
        ASSERT_EQ(*changes, encrypted - committed);
        receiver.commit(count(encrypted - 1), GreSeq(sequence));
        committed = encrypted;
      }
    }
  }
}

TEST(MppeReceiver, TheBudgetBoundsSkippedKeysPerSecond) {
  MppeReceiver receiver(GreSeq(0));
  const Milliseconds now{5'000};
  EXPECT_TRUE(receiver.spend(kRekeyCapacity, now));
  EXPECT_TRUE(receiver.spend(0, now));  // packets in sequence are always free
  EXPECT_FALSE(receiver.spend(1, now));
  EXPECT_TRUE(receiver.spend(kRekeysPerSecond / 10, now + 100));
  EXPECT_FALSE(receiver.spend(1, now + 100));
  EXPECT_FALSE(receiver.spend(kRekeyCapacity + 1, now + 1'000'000));
}

TEST(MppeReceiver, TellsOnceWhenTheChainsHaveParted) {
  MppeReceiver receiver(GreSeq(0));
  for (int failure = 1; failure < kImplausibleInARow; ++failure) {
    ASSERT_FALSE(receiver.on_failure());
  }
  EXPECT_TRUE(receiver.on_failure());
  for (int failure = 0; failure < 1000; ++failure) {
    ASSERT_FALSE(receiver.on_failure());
  }
  receiver.retry_notice();
  EXPECT_TRUE(receiver.on_failure());
  receiver.commit(count(0), GreSeq(1));
  for (int failure = 1; failure < kImplausibleInARow; ++failure) {
    ASSERT_FALSE(receiver.on_failure()) << "a good packet begins the row anew";
  }
}

TEST(MppeSender, CountsFromZeroAndWraps) {
  MppeSender sender;
  for (std::uint32_t packet = 0; packet < 9000; ++packet) {
    ASSERT_EQ(sender.next(), count(packet));
  }
}

}  // namespace
}  // namespace adit::dataplane
