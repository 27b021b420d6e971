// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/resources/mppc_histories.hpp"

#include <gtest/gtest.h>

#include <set>

namespace adit::control {
namespace {

TEST(MppcHistories, EachIsGivenOutOnceUntilItComesBack) {
  MppcHistories histories(3);
  std::set<std::uint32_t> taken;
  for (int i = 0; i < 3; ++i) {
    const std::uint32_t pair = histories.take();
    EXPECT_GE(pair, 1U);
    EXPECT_LE(pair, 3U);
    EXPECT_TRUE(taken.insert(pair).second);
  }
  EXPECT_EQ(histories.take(), 0U) << "all are taken";
  EXPECT_EQ(histories.used(), 3U);
  histories.release(2);
  EXPECT_EQ(histories.used(), 2U);
  EXPECT_EQ(histories.take(), 2U);
  EXPECT_EQ(histories.take(), 0U);
}

TEST(MppcHistories, NoneIsReleasedOfACallThatHasNone) {
  MppcHistories histories(1);
  histories.release(0);
  EXPECT_EQ(histories.used(), 0U);
  EXPECT_EQ(histories.take(), 1U);
  EXPECT_EQ(histories.take(), 0U);
}

TEST(MppcHistories, WithoutMemoryThereIsNone) {
  EXPECT_EQ(MppcHistories(0).take(), 0U);
}

}  // namespace
}  // namespace adit::control
