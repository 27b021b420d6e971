// SPDX-License-Identifier: Apache-2.0
// GRE over real networks, RFC 2637 §4.3: packets that overtook others are put back in order within a window
// and a timeout, and MPPE only sees increasing sequence numbers.
#include <algorithm>
#include <numeric>
#include <random>

#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

using contract::ReorderMode;

/// One call whose n-th packet has an inner size of 100 + n, so that the output shows the order.
class Link {
 public:
  explicit Link(ReorderMode mode, bool mppe = false, std::uint32_t first = 0)
      : world({.reorder = {.mode = mode}}), call(world.install_up()), peer_(0, first) {
    if (mppe) {
      world.tell(call, peer_.enable_receive(call));
      world.settle();
    }
    for (std::uint16_t n = 0; n < 200; ++n) {
      const Octets inner = inner_packet(kSubscriber, kHost, 100U + n);
      frames_.push_back(mppe ? peer_.encrypted(inner) : peer_.clear(inner));
    }
  }
  /// The numbered packets arrive, each in its own burst.
  void arrive(std::initializer_list<std::uint16_t> numbers) {
    for (const std::uint16_t number : numbers) {
      world.arrive(kAccessSide, frames_[number]);
      world.settle();
    }
  }
  void arrive_at_once(const std::vector<std::uint16_t>& numbers) {
    for (const std::uint16_t number : numbers) {
      world.arrive(kAccessSide, frames_[number]);
    }
    world.settle();
  }
  std::vector<std::uint16_t> out() {
    std::vector<std::uint16_t> numbers;
    for (const Octets& frame : world.sent(kCoreSide)) {
      numbers.push_back(static_cast<std::uint16_t>(read_sent(frame).packet.size() - 100));
    }
    return numbers;
  }
  void wait() {
    world.pass_ms(21);
    world.settle();
  }

  World world;
  contract::CallRef call;

 private:
  Peer peer_;
  std::vector<Octets> frames_;
};

using Numbers = std::vector<std::uint16_t>;

TEST(Reorder, GRE_05_OffDiscardsWhatIsLate) {
  Link link(ReorderMode::kOff);
  link.arrive({0, 2, 1, 3});
  EXPECT_EQ(link.out(), (Numbers{0, 2, 3}));
  EXPECT_EQ(link.world.dropped(DropReason::kGreLate), 1U);
}

TEST(Reorder, GRE_05_FixedPutsThemRight) {
  for (const bool mppe : {false, true}) {
    Link link(ReorderMode::kFixed, mppe);
    link.arrive({0, 2, 3, 1, 4});
    EXPECT_EQ(link.out(), (Numbers{0, 1, 2, 3, 4})) << mppe;
    EXPECT_EQ(link.world.all_drops(), 0U);
    EXPECT_EQ(link.world.counters().reordered.read(), 1U);
    EXPECT_EQ(link.world.counters().reorder_held.read(), 2U);
    EXPECT_EQ(link.world.counters().mppe_recoveries.read(), 0U) << "nothing was lost for it";
  }
}

TEST(Reorder, GRE_05_WithinOneBurstToo) {
  for (const bool mppe : {false, true}) {
    Link link(ReorderMode::kFixed, mppe);
    link.arrive_at_once({0, 3, 1, 2, 5, 4, 6});
    EXPECT_EQ(link.out(), (Numbers{0, 1, 2, 3, 4, 5, 6})) << mppe;
  }
}

TEST(Reorder, GRE_05_TheFlushTimerGivesALossUp) {
  Link link(ReorderMode::kFixed);
  link.arrive({0, 2, 3});
  EXPECT_EQ(link.out(), Numbers{0});
  link.wait();
  EXPECT_EQ(link.out(), (Numbers{2, 3}));
  EXPECT_EQ(link.world.counters().reorder_given_up.read(), 1U);
  link.arrive({1});
  EXPECT_EQ(link.world.dropped(DropReason::kGreLate), 1U);
  link.arrive({4});
  EXPECT_EQ(link.out(), Numbers{4});
}

TEST(Reorder, GRE_05_ALaterGapHasItsOwnTime) {
  Link link(ReorderMode::kFixed);
  link.arrive({0, 2});
  link.world.pass_ms(15);
  link.arrive({1, 4});
  EXPECT_EQ(link.out(), (Numbers{0, 1, 2}));
  link.world.pass_ms(10);  // 25 ms after the first gap, 10 ms after this one
  link.world.settle();
  EXPECT_EQ(link.out(), Numbers{});
  link.arrive({3});
  EXPECT_EQ(link.out(), (Numbers{3, 4}));
}

TEST(Reorder, GRE_05_AFullWindowWaitsForNoTimer) {
  Link link(ReorderMode::kFixed);
  link.arrive({0});
  for (std::uint16_t n = 2; n < 2 + kReorderWindow; ++n) {
    link.arrive({n});
  }
  const Numbers out = link.out();
  ASSERT_FALSE(out.empty());
  EXPECT_EQ(out.size(), 1U + kReorderWindow);
  EXPECT_TRUE(std::ranges::is_sorted(out));
}

TEST(Reorder, GRE_05_WhatIsBeyondTheWindowComesAfterWhatIsHeld) {
  for (const bool mppe : {false, true}) {
    Link link(ReorderMode::kFixed, mppe);
    link.arrive({0, 2, 3});
    link.arrive({100});
    EXPECT_EQ(link.out(), (Numbers{0, 2, 3, 100})) << mppe;
    link.arrive({101});
    EXPECT_EQ(link.out(), Numbers{101});
  }
}

TEST(Reorder, GRE_05_DuplicatesOfHeldOnes) {
  Link link(ReorderMode::kFixed);
  link.arrive({0, 2, 2, 1, 2, 1});
  EXPECT_EQ(link.out(), (Numbers{0, 1, 2}));
  EXPECT_EQ(link.world.dropped(DropReason::kGreDuplicate), 2U);
  EXPECT_EQ(link.world.dropped(DropReason::kGreLate), 1U);
}

TEST(Reorder, GRE_03_NumbersWrap) {
  Link link(ReorderMode::kFixed, false, 0xfffffffe);
  link.arrive({0, 3, 2, 1, 5, 4});
  EXPECT_EQ(link.out(), (Numbers{0, 1, 2, 3, 4, 5}));
}

TEST(Reorder, GRE_03_TheFirstMayBeAny) {
  Link link(ReorderMode::kFixed, false, 1000);
  link.arrive({7, 8, 10, 9});
  EXPECT_EQ(link.out(), (Numbers{7, 8, 9, 10}));
}

TEST(Reorder, AdaptiveWaitsOnceItHasSeenALatePacket) {
  Link link(ReorderMode::kAdaptive);
  link.arrive({0, 2});
  EXPECT_EQ(link.out(), (Numbers{0, 2})) << "nothing was ever late: a gap is a loss";
  link.arrive({1});
  EXPECT_EQ(link.world.dropped(DropReason::kGreLate), 1U);
  link.arrive({4, 3, 5});
  EXPECT_EQ(link.out(), (Numbers{3, 4, 5}));
  EXPECT_EQ(link.world.counters().reordered.read(), 1U);
}

TEST(Reorder, AdaptiveStopsWaitingForWhatNeverComes) {
  Link link(ReorderMode::kAdaptive);
  link.arrive({0, 2, 1});
  static_cast<void>(link.out());
  std::uint16_t next = 4;
  for (int gap = 0; gap < kReorderCredit; ++gap, next = static_cast<std::uint16_t>(next + 2)) {
    link.arrive({next});
    ASSERT_EQ(link.out(), Numbers{}) << gap;
    link.wait();
    ASSERT_EQ(link.out(), Numbers{next});
  }
  link.arrive({next});
  EXPECT_EQ(link.out(), Numbers{next}) << "it loses packets, and does not reorder them";
}

TEST(Reorder, AdaptiveLearnsNothingFromWhatIsLateElsewhere) {
  Link link(ReorderMode::kAdaptive);
  link.arrive({0, 1, 150, 148});  // the last two: somebody else's, far from the peer's
  EXPECT_EQ(link.out(), (Numbers{0, 1, 150}));
  EXPECT_EQ(link.world.dropped(DropReason::kGreLate), 1U);
  link.arrive({3});
  EXPECT_EQ(link.out(), Numbers{3}) << "nothing of the peer's was late";
}

TEST(Reorder, AdaptiveIsPatientAsFarAsItWasOvertaken) {
  Link link(ReorderMode::kAdaptive);
  link.arrive({0, 2, 1});  // overtaken by one
  static_cast<void>(link.out());
  link.arrive({4, 5, 6});
  EXPECT_EQ(link.out(), Numbers{});
  link.arrive({7});  // by four: twice that, and two more
  EXPECT_EQ(link.out(), (Numbers{4, 5, 6, 7})) << "without the timer";
}

TEST(Reorder, MPP_05_AForgedPacketAheadMovesNothing) {
  Link link(ReorderMode::kFixed, true);
  link.arrive({0});
  Peer forger(0, 0);
  link.world.arrive(kAccessSide, forger.forged(1, 1));
  link.world.settle();
  link.arrive({1, 3, 2});
  EXPECT_EQ(link.out(), (Numbers{0, 1, 2, 3}));
}

TEST(Reorder, ACallThatEndsLosesNoBuffer) {
  Link link(ReorderMode::kFixed);
  link.arrive({0, 2, 3, 4});
  link.world.tell(link.call, contract::RemoveCall{link.call});
  link.world.settle();
  link.wait();
  EXPECT_EQ(link.out(), Numbers{0});
}  // World's destructor checks for lost buffers

TEST(Reorder, GRE_05_AnyOrderWithinTheWindowComesOutRight) {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    Link link(ReorderMode::kFixed, round % 2 == 1);
    link.arrive({0});
    Numbers numbers(150);
    std::iota(numbers.begin(), numbers.end(), std::uint16_t{1});
    const std::size_t span = 2 + random() % (kReorderWindow - 2);
    for (std::size_t at = 0; at + span <= numbers.size(); at += span) {
      std::shuffle(numbers.begin() + static_cast<std::ptrdiff_t>(at),
                   numbers.begin() + static_cast<std::ptrdiff_t>(at + span), random);
    }
    for (std::size_t at = 0; at < numbers.size();) {
      const std::size_t size = std::min<std::size_t>(1 + random() % 40, numbers.size() - at);
      link.arrive_at_once({numbers.begin() + static_cast<std::ptrdiff_t>(at),
                           numbers.begin() + static_cast<std::ptrdiff_t>(at + size)});
      at += size;
    }
    const Numbers out = link.out();
    ASSERT_EQ(link.world.all_drops(), 0U)
        << link.world.dropped(DropReason::kGreLate) << ' ' << link.world.dropped(DropReason::kGreDuplicate);
    ASSERT_EQ(out.size(), 151U) << round;
    ASSERT_TRUE(std::ranges::is_sorted(out)) << round;
  }
}

}  // namespace
}  // namespace adit::dataplane::path
