// SPDX-License-Identifier: Apache-2.0
// Call IDs: slices, randomness, exhaustion, quarantine, one space per local address.
#include "controlplane/concentrator/resources/call_ids.hpp"

#include <gtest/gtest.h>

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
      while (const auto id = f.ids.allocate(kLocal, WorkerId{worker})) {
        ASSERT_NE(id->value, 0);
        ASSERT_EQ(id->value % workers, worker);
        ASSERT_EQ(f.ids.owner(*id), WorkerId{worker});
        ASSERT_TRUE(seen.insert(id->value).second);
      }
    }
    EXPECT_EQ(seen.size(), 65'535u) << workers;
    EXPECT_FALSE(f.ids.allocate(kLocal, WorkerId{0}).has_value());
  }
}

TEST(CallIds, CTL_17_OneExhaustedSliceLeavesTheOthers) {
  Fixture f(4);
  while (f.ids.allocate(kLocal, WorkerId{2})) {
  }
  EXPECT_TRUE(f.ids.allocate(kLocal, WorkerId{3}).has_value());
  EXPECT_TRUE(f.ids.allocate(kOther, WorkerId{2}).has_value()) << "another local address has IDs of its own";
}

TEST(CallIds, AnIdRestsBeforeItIsGivenAgain) {
  Fixture f(1);
  std::vector<LocalCallId> all;
  while (const auto id = f.ids.allocate(kLocal, WorkerId{0})) {
    all.push_back(*id);
  }
  f.ids.release(kLocal, all[100]);
  f.wheel.advance(f.wheel.now() + Duration(30'000));
  f.ids.release(kLocal, all[200]);
  f.wheel.advance(f.wheel.now() + Duration(29'980));
  EXPECT_FALSE(f.ids.allocate(kLocal, WorkerId{0}).has_value());
  f.wheel.advance(f.wheel.now() + Duration(40));
  EXPECT_EQ(f.ids.allocate(kLocal, WorkerId{0}), all[100]);
  EXPECT_FALSE(f.ids.allocate(kLocal, WorkerId{0}).has_value());
  f.wheel.advance(f.wheel.now() + Duration(30'000));
  EXPECT_EQ(f.ids.allocate(kLocal, WorkerId{0}), all[200]);
}

TEST(CallIds, ReleasingTwiceOrWhatWasNeverGivenIsNothing) {
  Fixture f(1);
  f.ids.release(kLocal, LocalCallId(7));
  const auto id = f.ids.allocate(kLocal, WorkerId{0});
  f.ids.release(kLocal, *id);
  f.ids.release(kLocal, *id);
  f.ids.release(kOther, *id);
  f.ids.release(kLocal, LocalCallId(0));
  f.wheel.advance(f.wheel.now() + Duration(61'000));
  std::set<std::uint16_t> seen;
  while (const auto again = f.ids.allocate(kLocal, WorkerId{0})) {
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
    const auto first = a.ids.allocate(kLocal, WorkerId{0});
    equal += first == b.ids.allocate(kLocal, WorkerId{0});
    above_half += first->value > 32'768;
  }
  EXPECT_LT(equal, 5);
  EXPECT_GT(above_half, 400);
  EXPECT_LT(above_half, 600);
}

}  // namespace
}  // namespace adit::control
