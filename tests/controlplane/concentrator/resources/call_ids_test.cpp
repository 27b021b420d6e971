// SPDX-License-Identifier: Apache-2.0
// Call IDs: slices, randomness, exhaustion, quarantine, one space per local address.
#include "controlplane/concentrator/resources/call_ids.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "tests/kit/seeded_entropy.hpp"

namespace adit::control {
namespace {

using contract::WorkerId;
using wire::Ipv4Address;
using wire::LocalCallId;

constexpr Ipv4Address kLocal(192, 0, 2, 1);
constexpr Ipv4Address kOther(192, 0, 2, 2);
constexpr Ipv4Address kPeer(198, 51, 100, 1);
constexpr Ipv4Address kAnotherPeer(198, 51, 100, 2);

struct Fixture {
  explicit Fixture(std::uint16_t workers, std::uint32_t seed = 1)
      : entropy(seed), ids(workers, Duration(60'000), wheel, entropy) {}
  TimerWheel wheel;
  test::SeededEntropy entropy;
  CallIds ids;
};

TEST(CallIds, CTL_17_EveryIdOnceAndThenNone) {
  for (const std::uint16_t workers : std::vector<std::uint16_t>{1, 2, 3, 7}) {
    Fixture f(workers);
    std::set<std::uint16_t> seen;
    for (std::uint16_t worker = 0; worker < workers; ++worker) {
      while (const auto id = f.ids.allocate(kLocal, kPeer, WorkerId{worker})) {
        ASSERT_NE(id->value, 0);
        ASSERT_EQ(id->value % workers, worker);
        ASSERT_EQ(f.ids.owner(*id), WorkerId{worker});
        ASSERT_TRUE(seen.insert(id->value).second);
      }
    }
    EXPECT_EQ(seen.size(), 65'535u) << workers;
    EXPECT_FALSE(f.ids.allocate(kLocal, kPeer, WorkerId{0}).has_value());
  }
}

TEST(CallIds, CTL_17_OneExhaustedSliceLeavesTheOthers) {
  Fixture f(4);
  while (f.ids.allocate(kLocal, kPeer, WorkerId{2})) {
  }
  EXPECT_TRUE(f.ids.allocate(kLocal, kPeer, WorkerId{3}).has_value());
  EXPECT_TRUE(f.ids.allocate(kOther, kPeer, WorkerId{2}).has_value())
      << "another local address has IDs of its own";
}

TEST(CallIds, AnIdRestsAsLongAsThereAreOthers) {
  Fixture f(1);
  std::vector<LocalCallId> all;
  while (const auto id = f.ids.allocate(kLocal, kPeer, WorkerId{0})) {
    all.push_back(*id);
  }
  f.ids.release(kLocal, kPeer, all[100]);
  f.wheel.advance(f.wheel.now() + Duration(30'000));
  f.ids.release(kLocal, kPeer, all[200]);
  f.wheel.advance(f.wheel.now() + Duration(30'000));
  EXPECT_EQ(f.ids.allocate(kLocal, kPeer, WorkerId{0}), all[100]) << "rested; the other is not";
  EXPECT_EQ(f.ids.allocate(kLocal, kPeer, WorkerId{0}), all[200]) << "there is no other";
  EXPECT_FALSE(f.ids.allocate(kLocal, kPeer, WorkerId{0}).has_value());
}

TEST(CallIds, SEC_10_AllIdsRestAndAnotherPeerGetsOne) {
  Fixture f(2);
  std::vector<LocalCallId> order;  // of their release by worker 0
  for (int i = 0; i < 65'535; ++i) {
    const WorkerId worker{static_cast<std::uint16_t>(i % 2 == 0 ? 1 : 0)};
    const auto id = f.ids.allocate(kLocal, kPeer, worker);
    ASSERT_TRUE(id);
    f.ids.release(kLocal, kPeer, *id);
    if (worker == WorkerId{0}) {
      order.push_back(*id);
    }
  }
  std::set<std::uint16_t> given;
  for (int i = 0; i < 1000; ++i) {
    const auto id = f.ids.allocate(kLocal, kAnotherPeer, WorkerId{0});
    ASSERT_TRUE(id) << "kept out by another's dials";
    ASSERT_TRUE(given.insert(id->value).second);
    const auto rank = std::ranges::find(order, *id) - order.begin();
    EXPECT_LT(rank, 32'767 / 2 + 1 + 1000) << "one that has rested longer than most";
  }
  const auto first_thousand = std::count_if(order.begin(), order.begin() + 1000,
                                            [&](LocalCallId id) { return given.contains(id.value); });
  EXPECT_LT(first_thousand, 200) << "SEC-01: whoever knows the order cannot guess the next";
}

TEST(CallIds, ARestingIdGoesToAnotherPeerThanItsLast) {
  Fixture f(1);
  std::vector<LocalCallId> all;
  while (const auto id = f.ids.allocate(kLocal, kPeer, WorkerId{0})) {
    all.push_back(*id);
  }
  for (std::size_t i = 0; i < 100; ++i) {
    f.ids.release(kLocal, i % 2 == 0 ? kPeer : kAnotherPeer, all[i]);
  }
  int own = 0;
  for (int i = 0; i < 10; ++i) {
    const auto id = f.ids.allocate(kLocal, kPeer, WorkerId{0});
    ASSERT_TRUE(id);
    own += (std::ranges::find(all, *id) - all.begin()) % 2 == 0;
  }
  EXPECT_LE(own, 1) << "eight looks miss all of another's one time in 256";
}

TEST(CallIds, ReleasingTwiceOrWhatWasNeverGivenIsNothing) {
  Fixture f(1);
  f.ids.release(kLocal, kPeer, LocalCallId(7));
  const auto id = f.ids.allocate(kLocal, kPeer, WorkerId{0});
  f.ids.release(kLocal, kPeer, *id);
  f.ids.release(kLocal, kPeer, *id);
  f.ids.release(kOther, kPeer, *id);
  f.ids.release(kLocal, kPeer, LocalCallId(0));
  f.wheel.advance(f.wheel.now() + Duration(61'000));
  std::set<std::uint16_t> seen;
  while (const auto again = f.ids.allocate(kLocal, kPeer, WorkerId{0})) {
    ASSERT_TRUE(seen.insert(again->value).second);
  }
  EXPECT_EQ(seen.size(), 65'535u);
}

TEST(CallIds, SEC_01_IdsFollowTheEntropyAndSpreadOverTheWholeSpace) {
  Fixture a(1, 1);
  Fixture b(1, 2);
  int equal = 0;
  int above_half = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto first = a.ids.allocate(kLocal, kPeer, WorkerId{0});
    equal += first == b.ids.allocate(kLocal, kPeer, WorkerId{0});
    above_half += first->value > 32'768;
  }
  EXPECT_LT(equal, 5);
  EXPECT_GT(above_half, 400);
  EXPECT_LT(above_half, 600);
}

}  // namespace
}  // namespace adit::control
