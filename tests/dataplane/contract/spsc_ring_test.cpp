// SPDX-License-Identifier: Apache-2.0
// The ring between control and a worker: order, bounds, index wrap; and with two threads, for ThreadSanitizer to watch
// (scripts/test runs this executable in a -Db_sanitize=thread build).
#include "dataplane/contract/spsc_ring.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace adit::contract {
namespace {

TEST(SpscRing, EmptyAndFullAreOutcomes) {
  SpscRing<int, 4> ring;
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(ring.front(), nullptr);
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(ring.push(i));
  }
  EXPECT_FALSE(ring.push(4));
  EXPECT_EQ(ring.claim(), nullptr);
  ASSERT_NE(ring.front(), nullptr);
  EXPECT_EQ(*ring.front(), 0);
  ring.release();
  EXPECT_TRUE(ring.push(4));
  EXPECT_FALSE(ring.push(5));
}

TEST(SpscRing, SomeMayFillOnlyAPartOfIt) {
  SpscRing<int, 8> ring;
  for (int i = 0; i < 20; ++i) {  // past the index wrap of the slots, and with a stale look at the consumer
    ASSERT_NE(ring.claim(2), nullptr) << i;
    EXPECT_TRUE(ring.push(i));
    ASSERT_NE(ring.claim(2), nullptr) << i;
    EXPECT_TRUE(ring.push(i));
    EXPECT_EQ(ring.claim(2), nullptr) << i;
    ASSERT_NE(ring.claim(), nullptr) << "the others have the rest";
    EXPECT_TRUE(ring.push(i));
    ring.release();
    EXPECT_EQ(ring.claim(2), nullptr) << "it counts what is in the ring, whoever put it there";
    ring.release();
    ring.release();
  }
  EXPECT_TRUE(ring.empty());
}

TEST(SpscRing, KeepsOrderOverManyTurns) {
  SpscRing<std::uint32_t, 8> ring;
  std::uint32_t pushed = 0;
  std::uint32_t popped = 0;
  for (std::uint32_t turn = 0; turn < 10'000; ++turn) {
    for (std::uint32_t n = turn % 9; n > 0 && ring.push(pushed); --n) {
      ++pushed;
    }
    for (std::uint32_t n = turn % 7; n > 0 && ring.front() != nullptr; --n) {
      ASSERT_EQ(*ring.front(), popped++);
      ring.release();
    }
    ASSERT_LE(pushed - popped, 8U);
    ASSERT_EQ(ring.empty(), pushed == popped);
  }
  EXPECT_GT(popped, 10'000U);
}

TEST(SpscRing, ClaimedSlotIsInvisibleUntilPublished) {
  SpscRing<int, 2> ring;
  int* slot = ring.claim();
  ASSERT_NE(slot, nullptr);
  *slot = 7;
  EXPECT_EQ(ring.front(), nullptr);
  EXPECT_EQ(ring.claim(), slot);  // claiming again is the same slot
  ring.publish();
  ASSERT_NE(ring.front(), nullptr);
  EXPECT_EQ(*ring.front(), 7);
  EXPECT_EQ(ring.front(), slot);  // in place
}

TEST(SpscRing, TwoThreadsKeepEveryValueInOrder) {
  struct Value {
    std::uint64_t number = 0;
    std::uint64_t check = 0;
  };
  constexpr std::uint64_t kValues = 200'000;
  const auto ring = std::make_unique<SpscRing<Value, 1024>>();  // a turn of the scheduler each time it fills
  std::thread producer([&] {
    for (std::uint64_t number = 0; number < kValues;) {
      if (Value* slot = ring->claim()) {
        *slot = {number, ~number};
        ring->publish();
        ++number;
      } else {
        std::this_thread::yield();
      }
    }
  });
  std::uint64_t expected = 0;
  std::uint64_t wrong = 0;
  while (expected < kValues) {
    if (const Value* value = ring->front()) {
      wrong += value->number != expected || value->check != ~expected ? 1U : 0U;
      ring->release();
      ++expected;
    } else {
      std::this_thread::yield();
    }
  }
  producer.join();
  EXPECT_EQ(wrong, 0U);
  EXPECT_TRUE(ring->empty());
}

}  // namespace
}  // namespace adit::contract
