// SPDX-License-Identifier: Apache-2.0
// The two sequence spaces of a call, RFC 2637 §4.2-4.3, at their edges.
#include "dataplane/call/gre_window.hpp"

#include <gtest/gtest.h>

namespace adit::dataplane {
namespace {

using wire::GreSeq;
using Verdict = GreReceiver::Verdict;

/// How many of the next 50 packets of a peer whose last one was `last` are taken, or proved.
int of_50(GreReceiver& window, std::uint32_t last, bool encrypted = false) {
  int taken = 0;
  for (std::uint32_t n = 1; n <= 50; ++n) {
    if (!encrypted) {
      taken += window.take(GreSeq(last + n)) == Verdict::kAhead ? 1 : 0;
    } else if (window.evaluate(GreSeq(last + n)) == Verdict::kAhead) {
      window.prove(GreSeq(last + n));
      ++taken;
    }
  }
  return taken;
}

/// A window that has taken 1..last, the last 50 of them at least.
GreReceiver clear_up_to(std::uint32_t last) {
  GreReceiver window;
  EXPECT_EQ(of_50(window, last - 50), 50);
  return window;
}
GreReceiver proven_up_to(std::uint32_t last) {
  GreReceiver window;
  window.await_proof();
  EXPECT_EQ(of_50(window, last - 50, true), 50);
  return window;
}

constexpr std::uint32_t kDistances[] = {
    kReorderWindow + 1, 100, 101, 4096, 4097, 65'536, 0x4000'0000, 0x7fff'ffff, 0x8000'0000, 0xf000'0000};

TEST(GreReceiver, GRE_03_TheFirstNumberMayBeAnything) {
  for (const std::uint32_t first : {0U, 1U, 1000U, 0x7fffffffU, 0x80000000U, 0xfffffffeU}) {
    GreReceiver window;
    EXPECT_EQ(window.evaluate(GreSeq(first)), Verdict::kAhead) << first;
    EXPECT_EQ(window.take(GreSeq(first)), Verdict::kAhead) << first;
    EXPECT_EQ(window.take(GreSeq(first)), Verdict::kDuplicate) << first;
    EXPECT_EQ(of_50(window, first), 50) << first;
    EXPECT_EQ(window.take(GreSeq(first)), Verdict::kLate) << first;
  }
}

TEST(GreReceiver, GRE_03_TheWrapIsNoGap) {
  GreReceiver window;
  for (std::uint32_t sequence = 0xfffffff0; sequence != 0x10; ++sequence) {
    ASSERT_EQ(window.evaluate(GreSeq(sequence)), Verdict::kAhead) << sequence;
    ASSERT_EQ(window.take(GreSeq(sequence)), Verdict::kAhead) << sequence;
  }
  EXPECT_EQ(window.take(GreSeq(0xffffffff)), Verdict::kLate);
  EXPECT_EQ(window.acknowledge(), GreSeq(0xf));
}

TEST(GreReceiver, GRE_05_GapsWithinReachAreTakenAtOnce) {
  for (std::uint32_t gap = 1; gap <= kGreReach; ++gap) {
    GreReceiver window = clear_up_to(100);
    ASSERT_EQ(window.take(GreSeq(100 + gap)), Verdict::kAhead) << gap;
    ASSERT_EQ(of_50(window, 100 + gap), 50) << gap;
  }
}

TEST(GreReceiver, GRE_05_LongerOnesCostAPacket) {
  for (const std::uint32_t gap : {kGreReach + 1, 5000U, 100'000U, 0x7fffffffU, 0x80000000U}) {
    GreReceiver window = clear_up_to(100);
    EXPECT_EQ(window.take(GreSeq(100 + gap)), Verdict::kJump) << gap;
    EXPECT_EQ(window.highest(), GreSeq(100)) << gap;
    EXPECT_EQ(of_50(window, 100 + gap), 50) << gap;
    EXPECT_EQ(window.highest(), GreSeq(150 + gap)) << gap;
  }
}

TEST(GreReceiver, GRE_05_DuplicatesAndLatePacketsAreRefused) {
  GreReceiver window = clear_up_to(1000);
  for (std::uint32_t back = 0; back < kGreMisorder; ++back) {
    const Verdict expected = back == 0 ? Verdict::kDuplicate : Verdict::kLate;
    ASSERT_EQ(window.take(GreSeq(1000 - back)), expected) << back;
  }
  EXPECT_EQ(of_50(window, 1000), 50);
  GreReceiver proven = proven_up_to(10'000);
  for (std::uint32_t back = 0; back < kGreReach; ++back) {
    ASSERT_EQ(proven.evaluate(GreSeq(10'000 - back)), back == 0 ? Verdict::kDuplicate : Verdict::kLate)
        << back;
  }
}

TEST(GreReceiver, EvaluatingMovesNothing) {
  GreReceiver window = clear_up_to(50);
  static_cast<void>(window.acknowledge());
  EXPECT_EQ(window.evaluate(GreSeq(1000)), Verdict::kAhead);
  EXPECT_EQ(window.highest(), GreSeq(50));
  EXPECT_EQ(window.unacknowledged(), 0);
  EXPECT_EQ(window.evaluate(GreSeq(51)), Verdict::kAhead);
}

TEST(GreReceiver, CountsWhatIsUnacknowledgedWithoutOverflow) {
  GreReceiver window;
  EXPECT_EQ(window.unacknowledged(), 0);
  for (std::uint32_t sequence = 0; sequence < 1000; ++sequence) {
    static_cast<void>(window.take(GreSeq(sequence)));
  }
  EXPECT_EQ(window.unacknowledged(), 255);
  EXPECT_EQ(window.acknowledge(), GreSeq(999));
  EXPECT_EQ(window.unacknowledged(), 0);
}

// ---- what a stranger can do to it, SEC-01 -------------------------------------------------------------------------

TEST(GreReceiver, SEC_01_WithoutProofTwoForgedNumbersCostThePeerNothing) {
  for (const std::uint32_t distance : kDistances) {
    for (const std::uint32_t second : {0U, 1U, 2U, 1000U, 0x1000'0000U}) {
      GreReceiver window = clear_up_to(7000);
      static_cast<void>(window.take(GreSeq(7000 + distance)));
      static_cast<void>(window.take(GreSeq(7000 + distance + second)));
      EXPECT_EQ(of_50(window, 7000), 50) << distance << '+' << second;
    }
  }
}

TEST(GreReceiver, SEC_01_WithoutProofANearGuessCostsAPacketOrTwo) {
  for (std::uint32_t distance = 1; distance <= kReorderWindow; ++distance) {
    GreReceiver window = clear_up_to(7000);
    EXPECT_EQ(window.take(GreSeq(7000 + distance)), Verdict::kAhead);
    EXPECT_EQ(of_50(window, 7000), distance == 2 ? 48 : 49) << distance;
  }
}

TEST(GreReceiver, SEC_01_WithoutProofThePeerWinsItsPlaceBackFromAnyNumberOfThem) {
  for (const std::uint32_t distance : kDistances) {
    GreReceiver window = clear_up_to(7000);
    for (std::uint32_t forged = 0; forged < 1000; ++forged) {
      static_cast<void>(window.take(GreSeq(7000 + distance + forged * 77'777)));
      static_cast<void>(window.take(GreSeq(7001 + distance + forged * 77'777)));
    }
    EXPECT_GE(of_50(window, 7000), 49) << distance;
  }
}

TEST(GreReceiver, SEC_01_TheFirstNumbersMayBeForged) {
  for (std::uint32_t distance = 3; distance <= 5000; ++distance) {  // everyone begins with 0 or 1
    GreReceiver window;
    static_cast<void>(window.take(GreSeq(distance)));
    EXPECT_EQ(of_50(window, 0), 50) << distance;
  }
  for (const std::uint32_t distance : kDistances) {
    GreReceiver window;
    static_cast<void>(window.take(GreSeq(distance)));
    static_cast<void>(window.take(GreSeq(distance * 3)));
    EXPECT_EQ(of_50(window, 0), 50) << distance;
  }
}

TEST(GreReceiver, SEC_01_BesideProvenNumbersNothingForgedCostsAnything) {
  for (const std::uint32_t distance :
       {1U, 2U, 31U, 4095U, 4096U, 4097U, 65'536U, 0x4000'0000U, 0x8000'0000U}) {
    GreReceiver window = proven_up_to(7000);
    for (std::uint32_t forged = 0; forged < 1000; ++forged) {
      const Verdict verdict = window.take(GreSeq(7000 + distance + forged % 2));
      ASSERT_EQ(verdict == Verdict::kJump, distance > kGreReach && distance < 0x8000'0000U)
          << distance << ' ' << forged;
    }
    EXPECT_EQ(window.highest(), GreSeq(7000));
    EXPECT_EQ(of_50(window, 7000, true), 50) << distance;
    EXPECT_EQ(window.acknowledge(), GreSeq(7050)) << distance;
  }
}

TEST(GreReceiver, SEC_01_WhatDecryptsFindsTheWindowAnywhere) {
  for (const std::uint32_t distance : kDistances) {
    GreReceiver window;  // the control frames before it may have been anyone's
    static_cast<void>(window.take(GreSeq(distance)));
    static_cast<void>(window.take(GreSeq(distance + 1)));
    window.await_proof();
    EXPECT_EQ(of_50(window, 0, true), 50) << distance;
    if (distance >= kGreReach) {
      EXPECT_EQ(of_50(window, distance, true), 50) << distance << ", and there";
    }
  }
}

TEST(GreReceiver, ClearFramesOfAnIdlePeerAreTakenForEver) {
  GreReceiver window = proven_up_to(7000);
  for (std::uint32_t echo = 7001; echo < 100'000; ++echo) {
    ASSERT_EQ(window.take(GreSeq(echo)), Verdict::kAhead);
    ASSERT_EQ(window.take(GreSeq(echo)), Verdict::kDuplicate);
    ASSERT_EQ(window.acknowledge(), GreSeq(echo));
  }
  EXPECT_EQ(window.gap(GreSeq(100'000)), 93'000U);
  EXPECT_EQ(of_50(window, 99'999, true), 50);
}

TEST(GreReceiver, ExpectsTheNumberAfterClearFramesToo) {
  GreReceiver window = proven_up_to(7000);
  EXPECT_EQ(window.expected(), GreSeq(7001));
  static_cast<void>(window.take(GreSeq(7001)));
  EXPECT_EQ(window.expected(), GreSeq(7002));
  static_cast<void>(window.take(GreSeq(7100)));
  EXPECT_EQ(window.expected(), GreSeq(7001)) << "far ahead, and so perhaps forged";
}

TEST(GreReceiver, AfterThePeerStopsToEncryptTheNextOneConfirms) {
  GreReceiver window = proven_up_to(7000);
  window.expect_no_proof();
  EXPECT_EQ(window.take(GreSeq(27'000)), Verdict::kJump);
  EXPECT_EQ(of_50(window, 27'000), 50);
}

TEST(GreSender, NumbersFromZeroByOne) {
  GreSender sender;
  for (std::uint32_t expected = 0; expected < 100; ++expected) {
    ASSERT_EQ(sender.next(), GreSeq(expected));
  }
  EXPECT_EQ(sender.in_flight(), 100U);
}

TEST(GreSender, GRE_06_AnAckOfWhatWasNeverSentIsTold) {
  GreSender sender;
  EXPECT_EQ(sender.on_ack(GreSeq(0)), GreSender::Ack::kUnsent);
  for (int i = 0; i < 10; ++i) {
    static_cast<void>(sender.next());
  }
  EXPECT_EQ(sender.on_ack(GreSeq(10)), GreSender::Ack::kUnsent);
  EXPECT_EQ(sender.on_ack(GreSeq(0x7fffffff)), GreSender::Ack::kUnsent);
  EXPECT_EQ(sender.in_flight(), 10U);
  EXPECT_EQ(sender.on_ack(GreSeq(3)), GreSender::Ack::kNew);
  EXPECT_EQ(sender.in_flight(), 6U);
  EXPECT_EQ(sender.on_ack(GreSeq(3)), GreSender::Ack::kOld);
  EXPECT_EQ(sender.on_ack(GreSeq(1)), GreSender::Ack::kOld);
  EXPECT_EQ(sender.on_ack(GreSeq(9)), GreSender::Ack::kNew);
  EXPECT_EQ(sender.in_flight(), 0U);
}

}  // namespace
}  // namespace adit::dataplane
