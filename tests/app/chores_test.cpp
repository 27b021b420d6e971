// SPDX-License-Identifier: Apache-2.0
// One slice a turn, and every chore in its turn.
#include "app/chores.hpp"

#include <gtest/gtest.h>

#include <string>

namespace adit::app {
namespace {

class ChoresTest : public testing::Test {
 protected:
  void add(char name, int slices) {
    chores_.add([this, name, slices]() mutable {
      done_ += name;
      return --slices > 0;
    });
  }
  Chores chores_;
  std::string done_;
};

TEST_F(ChoresTest, ATurnIsOneSlice) {
  EXPECT_FALSE(chores_.turn());
  add('a', 3);
  EXPECT_EQ(done_, "");
  EXPECT_TRUE(chores_.turn());
  EXPECT_EQ(done_, "a");
  EXPECT_TRUE(chores_.turn());
  EXPECT_FALSE(chores_.turn());
  EXPECT_EQ(done_, "aaa");
  EXPECT_FALSE(chores_.turn());
  EXPECT_EQ(done_, "aaa");
}

TEST_F(ChoresTest, ALongOneDoesNotHoldUpAShortOne) {
  add('a', 1'000);
  chores_.turn();
  add('b', 1);
  add('c', 2);
  for (int turn = 0; turn < 6; ++turn) {
    chores_.turn();
  }
  EXPECT_EQ(done_, "aabcaca");
}

TEST_F(ChoresTest, OneMayLeadToAnother) {
  chores_.add([this] {
    add('b', 1);
    return false;
  });
  EXPECT_TRUE(chores_.turn());
  EXPECT_EQ(done_, "");
  EXPECT_FALSE(chores_.turn());
  EXPECT_EQ(done_, "b");
}

}  // namespace
}  // namespace adit::app
