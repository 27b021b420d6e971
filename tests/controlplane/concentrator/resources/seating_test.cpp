// SPDX-License-Identifier: Apache-2.0
// Which worker gets a call: the one its packets arrive at, as long as the spread is even; never an idled one;
// one with a very busy call last.
#include "controlplane/concentrator/resources/seating.hpp"

#include <gtest/gtest.h>

namespace adit::control {
namespace {

using contract::WorkerId;

void fill(Seating& seating, std::uint16_t worker, int calls) {
  for (int i = 0; i < calls; ++i) {
    seating.took(WorkerId{worker});
  }
}

TEST(Seating, FollowsTheHashAsLongAsTheSpreadIsEven) {
  Seating seating(4);
  for (std::uint16_t w = 0; w < 4; ++w) {
    fill(seating, w, 1000);
  }
  EXPECT_EQ(seating.choose(WorkerId{2}), WorkerId{2});
  fill(seating, 2, 30);
  EXPECT_EQ(seating.choose(WorkerId{2}), WorkerId{2}) << "a little more than the others";
  fill(seating, 2, 60);
  EXPECT_NE(seating.choose(WorkerId{2}), WorkerId{2}) << "too much more";
  EXPECT_EQ(seating.choose(WorkerId{3}), WorkerId{3});
}

TEST(Seating, TakesTheLeastLoadedWhereNothingIsKnown) {
  Seating seating(3);
  fill(seating, 0, 5);
  fill(seating, 1, 3);
  fill(seating, 2, 4);
  EXPECT_EQ(seating.choose(std::nullopt), WorkerId{1});
  EXPECT_EQ(seating.choose(WorkerId{77}), WorkerId{1}) << "a queue that no worker polls";
  seating.left(WorkerId{0});
  seating.left(WorkerId{0});
  seating.left(WorkerId{0});
  EXPECT_EQ(seating.choose(std::nullopt), WorkerId{0});
}

TEST(Seating, NeverAnIdledWorkerAndNeverNone) {
  Seating seating(2);
  EXPECT_FALSE(seating.set_in_use(WorkerId{2}, false)) << "there is none";
  ASSERT_TRUE(seating.set_in_use(WorkerId{0}, false));
  EXPECT_EQ(seating.choose(WorkerId{0}), WorkerId{1});
  EXPECT_FALSE(seating.set_in_use(WorkerId{1}, false)) << "the last in use";
  EXPECT_TRUE(seating.set_in_use(WorkerId{0}, false)) << "twice does no harm";
  ASSERT_TRUE(seating.set_in_use(WorkerId{0}, true));
  EXPECT_EQ(seating.choose(WorkerId{0}), WorkerId{0});
}

TEST(Seating, ElephantsKeepNewCallsAway) {
  Seating seating(3);
  seating.on_busy({0.95, 0.3, 0.3});
  EXPECT_TRUE(seating.workers()[0].pressed);
  EXPECT_NE(seating.choose(WorkerId{0}), WorkerId{0});
  EXPECT_EQ(seating.choose(WorkerId{2}), WorkerId{2});
  seating.on_busy({0.95, 0.95, 0.9});
  EXPECT_EQ(seating.choose(WorkerId{0}), WorkerId{0}) << "all work alike: nobody is spared";
  seating.on_busy({0.95, 0.3, 0.3});
  ASSERT_TRUE(seating.set_in_use(WorkerId{1}, false));
  ASSERT_TRUE(seating.set_in_use(WorkerId{2}, false));
  EXPECT_EQ(seating.choose(WorkerId{2}), WorkerId{0}) << "pressed, but the only one in use";
}

}  // namespace
}  // namespace adit::control
