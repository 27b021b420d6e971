// SPDX-License-Identifier: Apache-2.0
// Which key a packet needs, RFC 3078 §8.1, and what a receiver may not believe.
#include "dataplane/call/mppe_session.hpp"

#include <gtest/gtest.h>

namespace adit::dataplane {
namespace {

using wire::CoherencyCount;

CoherencyCount count(std::uint32_t value) {
  return CoherencyCount(static_cast<std::uint16_t>(value & 4095));
}

/// Key changes to a packet's key; 0: refused.
std::uint32_t steps(const MppeReceiver& receiver, std::uint32_t of_count, std::uint32_t gap) {
  return receiver.evaluate(count(of_count), gap).value_or(0);
}

/// A receiver whose last good packet had this count.
MppeReceiver after(std::uint32_t last) {
  MppeReceiver receiver;
  receiver.commit(last + 1);
  return receiver;
}

TEST(MppeReceiver, MPP_04_TheFirstPacketIsOneKeyChangeAway) {
  EXPECT_EQ(steps(MppeReceiver(), 0, kGreReach), 1U);
  EXPECT_EQ(steps(MppeReceiver(), 4095, kGreReach), 4096U) << "though all before it are lost";
}

TEST(MppeReceiver, MPP_04_TheCountWraps) {
  MppeReceiver receiver;
  for (std::uint32_t packet = 0; packet < 10'000; ++packet) {
    ASSERT_EQ(steps(receiver, packet, 1), 1U) << packet;
    receiver.commit(receiver.key() + 1);
    ASSERT_EQ(receiver.key(), packet + 1);
  }
}

TEST(MppeReceiver, MPP_05_LossCostsExactlyWhatWasLost) {
  for (std::uint32_t lost = 1; lost <= 4094; ++lost) {
    ASSERT_EQ(steps(after(99), 100 + lost, lost + 1), lost + 1);
  }
}

TEST(MppeReceiver, MPP_06_LateAndDuplicateCountsAreRefused) {
  const MppeReceiver receiver = after(100);
  for (const std::uint32_t late : {0U, 1U, 50U, 2047U}) {
    EXPECT_EQ(steps(receiver, 100 - late, 1), 0U) << late;
    EXPECT_EQ(steps(receiver, 100 - late, 0), 0U) << late << ", a GRE number that tells nothing";
  }
  EXPECT_EQ(steps(receiver, 101, 1), 1U);  // state intact
}

TEST(MppeReceiver, MPP_07_TheCountMayRunAheadOfTheSequenceByHalfItsRange) {
  const MppeReceiver receiver = after(100);
  EXPECT_EQ(steps(receiver, 102, 1), 2U);
  EXPECT_EQ(steps(receiver, 100 + 2048, 1), 2048U);
  EXPECT_EQ(steps(receiver, 100 + 2049, 2048), 0U) << "rather late";
  EXPECT_EQ(steps(receiver, 100 + 2049, 2049), 2049U);
  EXPECT_EQ(steps(receiver, 100, 4096), 4096U);
}

TEST(MppeReceiver, MPP_07_TheNearestKeyComesFirstHoweverFarTheSequenceHasMoved) {
  for (const std::uint32_t gap : {1U, 4096U, 5000U, 8192U, 100'000U, 0x7fffffffU}) {
    EXPECT_EQ(steps(after(100), 101, gap), 1U) << gap;
  }
}

TEST(MppeReceiver, NumbersAgreeWhereALossOfThatLengthIsPlausible) {
  EXPECT_TRUE(MppeReceiver::agree(1, 1));
  EXPECT_TRUE(MppeReceiver::agree(1000, 1000));
  EXPECT_TRUE(MppeReceiver::agree(1000, 4096)) << "clear frames take numbers and no keys";
  EXPECT_FALSE(MppeReceiver::agree(1000, 999));
  EXPECT_FALSE(MppeReceiver::agree(1000, 4097));
  EXPECT_FALSE(MppeReceiver::agree(1000, 0));
  EXPECT_TRUE(MppeReceiver::agree(kReorderWindow, 0)) << "costs next to nothing";
}

TEST(MppeReceiver, MPP_08_ACopyIsNotAheadOfWhatIsCommitted) {
  MppeReceiver receiver = after(0xffff'fff0);
  EXPECT_FALSE(receiver.is_ahead(receiver.key()));
  EXPECT_FALSE(receiver.is_ahead(receiver.key() - 4096));
  EXPECT_TRUE(receiver.is_ahead(receiver.key() + 0x20)) << "key numbers wrap";
}

TEST(MppeReceiver, TheBudgetBoundsSkippedKeysPerSecond) {
  MppeReceiver receiver;
  const Milliseconds now{5'000};
  EXPECT_TRUE(receiver.spend(kRekeyCapacity, now));
  EXPECT_TRUE(receiver.spend(0, now));  // packets in sequence are always free
  EXPECT_FALSE(receiver.spend(1, now));
  EXPECT_TRUE(receiver.spend(kRekeysPerSecond / 10, now + 100));
  EXPECT_FALSE(receiver.spend(1, now + 100));
  EXPECT_FALSE(receiver.spend(kRekeyCapacity + 1, now + 1'000'000));
}

TEST(MppeReceiver, MPP_08_OnlyFailuresThatLastAreTold) {
  for (const std::uint32_t start : {0U, 1'000'000U, 0xffff'f000U}) {  // the clock may wrap
    MppeReceiver receiver;
    const Milliseconds begin{start};
    for (int failure = 0; failure < 1000; ++failure) {
      ASSERT_FALSE(receiver.on_failure(begin, true)) << "all at once";
    }
    ASSERT_FALSE(receiver.on_failure(begin + (kUndecipherableMs - 1), true));
    ASSERT_TRUE(receiver.on_failure(begin + (kUndecipherableMs + 1000), true));
    ASSERT_TRUE(receiver.on_failure(begin + (kUndecipherableMs + 1000), true)) << "until it could be told";
    receiver.on_told();
    for (int failure = 0; failure < 1000; ++failure) {
      ASSERT_FALSE(receiver.on_failure(begin + kUndecipherableMs + 1001, true))
          << "and again only after as long";
    }
    ASSERT_TRUE(receiver.on_failure(begin + 2 * kUndecipherableMs + 2000, true));
  }
}

TEST(MppeReceiver, MPP_08_AGoodPacketBeginsTheRowAnew) {
  MppeReceiver receiver;
  Milliseconds now{77};
  for (std::uint32_t good = 0; good < 20; ++good) {
    for (int failure = 0; failure < 200; ++failure) {
      ASSERT_FALSE(receiver.on_failure(now, true));
    }
    receiver.commit(receiver.key() + 1);
    now = now + kUndecipherableMs / 2;
  }
  for (int failure = 1; failure < kImplausibleInARow; ++failure) {
    ASSERT_FALSE(receiver.on_failure(now, true));
    now = now + kUndecipherableMs;
  }
  EXPECT_TRUE(receiver.on_failure(now, true)) << "few, but over a long time";
}

TEST(MppeReceiver, SEC_01_WhatThePeerCannotHaveSentDoesNotCount) {
  MppeReceiver receiver;
  Milliseconds now{77};
  for (int failure = 0; failure < 1000; ++failure, now = now + kUndecipherableMs) {
    ASSERT_FALSE(receiver.on_failure(now, false));
  }
  for (int failure = 0; failure < kImplausibleInARow; ++failure) {
    ASSERT_FALSE(receiver.on_failure(now, true));
  }
  EXPECT_TRUE(receiver.on_failure(now + 2 * kUndecipherableMs, false)) << "it has gone on";
}

TEST(MppeSender, CountsFromZeroAndWraps) {
  MppeSender sender;
  for (std::uint32_t packet = 0; packet < 9000; ++packet) {
    ASSERT_EQ(sender.next(), count(packet));
  }
}

}  // namespace
}  // namespace adit::dataplane
