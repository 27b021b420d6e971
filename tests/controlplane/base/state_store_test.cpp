// SPDX-License-Identifier: Apache-2.0
// Records that outlive a process: whichever octet its death tears, the reader finds the record before or the one after.
#include "controlplane/base/state_store.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "dataplane/wire/crc32c.hpp"

namespace adit::control {
namespace {

constexpr StateStore::Shape kShape{.slots = 4, .octets = 40};

std::vector<std::byte> memory_for(const StateStore::Shape& shape) {
  return std::vector<std::byte>(StateStore::octets_for(shape));
}

std::vector<std::string> texts(const StateReader& reader) {
  std::vector<std::string> texts;
  for (const wire::Bytes record : reader.records()) {
    texts.emplace_back(wire::text_of(record));
  }
  return texts;
}

std::vector<std::string> left_in(const std::vector<std::byte>& memory) {
  const auto reader = StateReader::open(memory);
  EXPECT_TRUE(reader.has_value());
  return reader ? texts(*reader) : std::vector<std::string>{};
}

// RFC 3720 appendix B.4.
TEST(Crc32c, KnownSums) {
  std::array<std::uint8_t, 32> octets{};
  EXPECT_EQ(wire::crc32c(octets), 0x8A91'36AAU);
  octets.fill(0xFF);
  EXPECT_EQ(wire::crc32c(octets), 0x62A8'AB43U);
  EXPECT_EQ(wire::crc32c(wire::octets_of("123456789")), 0xE306'9283U);
  EXPECT_EQ(wire::crc32c(wire::octets_of("56789"), wire::crc32c(wire::octets_of("1234"))), 0xE306'9283U);
}

TEST(StateStore, TheNextProcessFindsTheLastOfEachInTheOrderInWhichTheyBegan) {
  auto memory = memory_for(kShape);
  StateStore store(memory, kShape, 1234);
  const auto first = store.take(), second = store.take(), third = store.take();
  EXPECT_TRUE(store.write(*third, wire::octets_of("third")));
  EXPECT_TRUE(store.write(*first, wire::octets_of("first")));
  EXPECT_TRUE(store.write(*second, wire::octets_of("second")));
  EXPECT_TRUE(store.write(*first, wire::octets_of("first again")));
  store.release(*second);
  const auto fourth = store.take();
  EXPECT_TRUE(store.write(*fourth, wire::octets_of("fourth")));
  EXPECT_EQ(left_in(memory), (std::vector<std::string>{"first again", "third", "fourth"}));
  EXPECT_EQ(StateReader::open(memory)->clock_zero(), 1234);
  EXPECT_EQ(StateReader::open(memory)->damaged(), 0U);
}

TEST(StateStore, HasItsPlacesAndTellsWhenTheyAreTaken) {
  auto memory = memory_for(kShape);
  StateStore store(memory, kShape, 0);
  for (std::uint32_t n = 0; n < kShape.slots; ++n) {
    EXPECT_TRUE(store.take());
  }
  EXPECT_FALSE(store.take());
  store.release(2);
  EXPECT_EQ(store.take(), 2U);
  EXPECT_EQ(store.used(), 4U);
}

TEST(StateStore, ARecordThatDoesNotFitLeavesNoneThatIsNotTrueAnyMore) {
  auto memory = memory_for(kShape);
  StateStore store(memory, kShape, 0);
  const auto slot = store.take();
  EXPECT_TRUE(store.write(*slot, wire::octets_of(std::string(40, 'a'))));
  EXPECT_FALSE(store.write(*slot, wire::octets_of(std::string(41, 'b'))));
  EXPECT_TRUE(left_in(memory).empty());
}

/// Every prefix of the octets that a write changes, and every mixture of them.
TEST(StateStore, AWriteThatIsTornAnywhereLeavesTheRecordBefore) {
  auto memory = memory_for(kShape);
  StateStore store(memory, kShape, 0);
  const auto slot = store.take();
  ASSERT_TRUE(store.write(*slot, wire::octets_of("a record that is older")));
  ASSERT_TRUE(store.write(*slot, wire::octets_of("the record before")));
  const auto before = memory;
  ASSERT_TRUE(store.write(*slot, wire::octets_of("and the record after")));
  std::vector<std::size_t> changed;
  for (std::size_t at = 0; at < memory.size(); ++at) {
    if (before[at] != memory[at]) {
      changed.push_back(at);
    }
  }
  ASSERT_GT(changed.size(), 10U);
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    auto torn = before;
    bool whole = true;
    for (std::size_t n = 0; n < changed.size(); ++n) {
      const bool done =
          round < static_cast<int>(changed.size()) ? n < static_cast<std::size_t>(round) : random() % 2 == 0;
      whole = whole && done;
      torn[changed[n]] = done ? memory[changed[n]] : before[changed[n]];
    }
    const auto left = left_in(torn);
    ASSERT_EQ(left.size(), 1U);
    ASSERT_EQ(left[0], whole ? "and the record after" : "the record before");
  }
}

TEST(StateStore, RandomOctetsInItCostTheirOwnRecordsOnly) {
  auto memory = memory_for(kShape);
  StateStore store(memory, kShape, 0);
  const auto kept = store.take(), hit = store.take();
  ASSERT_TRUE(store.write(*kept, wire::octets_of("kept")));
  ASSERT_TRUE(store.write(*hit, wire::octets_of("hit once")));
  ASSERT_TRUE(store.write(*hit, wire::octets_of("hit twice")));
  const std::size_t record = (memory.size() - 4096) / kShape.slots;
  std::mt19937 random(3);
  bool damaged = false;
  for (int round = 0; round < 2000; ++round) {
    auto torn = memory;
    const std::size_t octets = 1 + random() % record;
    for (std::size_t n = 0; n < octets; ++n) {
      torn[4096 + record * *hit + random() % record] = static_cast<std::byte>(random());
    }
    const auto reader = StateReader::open(torn);
    ASSERT_TRUE(reader);
    ASSERT_GE(reader->records().size(), 1U);
    ASSERT_EQ(texts(*reader)[0], "kept");
    if (reader->records().size() == 2) {
      ASSERT_TRUE(texts(*reader)[1].starts_with("hit"));
    }
    damaged = damaged || reader->damaged() == 1;
  }
  EXPECT_TRUE(damaged);
}

TEST(StateStore, WhatIsNoneOrOfAnotherVersionIsRefusedWhole) {
  auto memory = memory_for(kShape);
  EXPECT_EQ(StateReader::open(memory).error(), "it is no store of state");
  EXPECT_FALSE(StateReader::open(std::span(memory).first(100)));
  StateStore store(memory, kShape, 0);
  ASSERT_TRUE(StateReader::open(memory));
  auto newer = memory;
  newer[8] = std::byte{2};
  EXPECT_EQ(StateReader::open(newer).error(), "its version is 2, and only 1 can be read");
  auto other = memory;
  other[12] = std::byte{99};
  EXPECT_EQ(StateReader::open(other).error(), "its header is damaged, or part of it is missing");
  EXPECT_FALSE(StateReader::open(std::span(memory).first(memory.size() - 1)));
}

}  // namespace
}  // namespace adit::control
