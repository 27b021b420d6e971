// SPDX-License-Identifier: Apache-2.0
// The two sequence spaces of a call, RFC 2637 §4.2-4.3, at their edges.
#include "dataplane/call/gre_window.hpp"

#include <gtest/gtest.h>

namespace adit::dataplane {
namespace {

using wire::GreSeq;
using Verdict = GreReceiver::Verdict;

TEST(GreReceiver, GRE_03_TheFirstNumberMayBeAnything) {
  for (const std::uint32_t first : {0U, 1U, 1000U, 0x7fffffffU, 0x80000000U, 0xfffffffeU}) {
    GreReceiver window;
    EXPECT_EQ(window.evaluate(GreSeq(first)), Verdict::kAhead) << first;
    window.commit(GreSeq(first));
    EXPECT_EQ(window.evaluate(GreSeq(first)), Verdict::kDuplicate) << first;
    EXPECT_EQ(window.evaluate(GreSeq(first + 1)), Verdict::kAhead) << first;
    EXPECT_EQ(window.evaluate(GreSeq(first - 1)), Verdict::kLate) << first;
  }
}

TEST(GreReceiver, GRE_03_TheWrapIsNoGap) {
  GreReceiver window;
  for (std::uint32_t sequence = 0xfffffff0; sequence != 0x10; ++sequence) {
    ASSERT_EQ(window.evaluate(GreSeq(sequence)), Verdict::kAhead) << sequence;
    window.commit(GreSeq(sequence));
  }
  EXPECT_EQ(window.evaluate(GreSeq(0xffffffff)), Verdict::kLate);
  EXPECT_EQ(window.acknowledge(), GreSeq(0xf));
}

TEST(GreReceiver, GRE_05_GapsAreAcceptedUpToHalfTheSpace) {
  GreReceiver window;
  window.commit(GreSeq(100));
  for (std::uint32_t gap = 1; gap <= 5000; ++gap) {
    ASSERT_EQ(window.evaluate(GreSeq(100 + gap)), Verdict::kAhead) << gap;
  }
  EXPECT_EQ(window.evaluate(GreSeq(100U + 0x7fffffffU)), Verdict::kAhead);
  EXPECT_EQ(window.evaluate(GreSeq(100U + 0x80000000U)), Verdict::kLate);
}

TEST(GreReceiver, EvaluatingMovesNothing) {
  GreReceiver window;
  window.commit(GreSeq(5));
  static_cast<void>(window.acknowledge());
  EXPECT_EQ(window.evaluate(GreSeq(1000)), Verdict::kAhead);
  EXPECT_EQ(window.highest(), GreSeq(5));
  EXPECT_EQ(window.unacknowledged(), 0);
  EXPECT_EQ(window.evaluate(GreSeq(6)), Verdict::kAhead);
}

TEST(GreReceiver, CountsWhatIsUnacknowledgedWithoutOverflow) {
  GreReceiver window;
  EXPECT_EQ(window.unacknowledged(), 0);
  for (std::uint32_t sequence = 0; sequence < 1000; ++sequence) {
    window.commit(GreSeq(sequence));
  }
  EXPECT_EQ(window.unacknowledged(), 255);
  EXPECT_EQ(window.acknowledge(), GreSeq(999));
  EXPECT_EQ(window.unacknowledged(), 0);
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
