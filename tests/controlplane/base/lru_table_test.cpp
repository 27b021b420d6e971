// SPDX-License-Identifier: Apache-2.0
// Walks over a table that changes under them.
#include "controlplane/base/lru_table.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <string>

namespace adit::control {
namespace {

using Table = LruTable<int, int>;

class LruWalk : public testing::Test {
 protected:
  void use(int key) { table_.use(key) = key; }
  /// The keys of the next slice: "5 4"; with "." when they were the last.
  std::string slice(Table::Walk& walk, std::size_t most) {
    std::string keys;
    const bool more = table_.walk(walk, most, [&keys](int key, int value) {
      EXPECT_EQ(value, key);
      keys += (keys.empty() ? "" : " ") + std::to_string(key);
    });
    return more ? keys : keys + '.';
  }
  Table table_{5};
};

TEST_F(LruWalk, GoesFromTheLastUsedToTheFirst) {
  Table::Walk none;
  EXPECT_EQ(slice(none, 3), ".");
  for (int key = 1; key <= 5; ++key) {
    use(key);
  }
  Table::Walk walk, other;
  EXPECT_EQ(slice(walk, 2), "5 4");
  EXPECT_EQ(slice(other, 5), "5 4 3 2 1.");
  EXPECT_EQ(slice(walk, 2), "3 2");
  EXPECT_EQ(slice(walk, 2), "1.");
  EXPECT_EQ(slice(walk, 2), ".");
}

TEST_F(LruWalk, GoesOnBehindWhatWasUsedForgottenOrErased) {
  for (int key = 1; key <= 5; ++key) {
    use(key);
  }
  Table::Walk walk;
  EXPECT_EQ(slice(walk, 1), "5");
  use(4);
  EXPECT_EQ(slice(walk, 1), "3");
  table_.erase(2);
  use(6);
  use(7);  // 1 is forgotten
  EXPECT_EQ(slice(walk, 1), ".");
  Table::Walk from_the_first;
  EXPECT_EQ(slice(from_the_first, 9), "7 6 4 5 3.");
}

TEST_F(LruWalk, MayOutliveItsTable) {
  std::optional<Table> table(2);
  table->use(1) = 1;
  Table::Walk walk;
  EXPECT_FALSE(table->walk(walk, 1, [](int, int) {}));
  table.reset();
  const Table::Walk copy = walk;
}

// What nobody touches is met once, and nothing twice, whatever happens between slices.
TEST_F(LruWalk, MeetsWhatIsNotUsedOnceAtRandom) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    LruTable<int, int> table(64);
    for (int key = 0; key < 64; ++key) {
      table.use(key) = key;
    }
    std::map<int, int> met;
    std::map<int, bool> touched;
    LruTable<int, int>::Walk walk;
    while (table.walk(walk, 1 + random() % 8, [&met](int key, int) { ++met[key]; })) {
      for (int i = 0; i < 3; ++i) {
        const int key = static_cast<int>(random() % 64);
        touched[key] = true;
        if (random() % 4 == 0) {
          table.erase(key);
        } else {
          table.use(key) = key;
        }
      }
    }
    for (int key = 0; key < 64; ++key) {
      EXPECT_LE(met[key], 1) << key;
      EXPECT_TRUE(touched[key] || met[key] == 1) << key;
    }
  }
}

}  // namespace
}  // namespace adit::control
