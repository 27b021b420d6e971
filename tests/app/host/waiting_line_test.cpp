// SPDX-License-Identifier: Apache-2.0
#include "app/host/net/waiting_line.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <random>

namespace adit::app {
namespace {

using wire::Ipv4Address;

constexpr Ipv4Address kA(192, 0, 2, 1), kB(192, 0, 2, 2), kC(192, 0, 2, 3);
using Line = WaitingLine<std::unique_ptr<int>>;

void add(Line& line, Ipv4Address source, int thing) {
  line.add(source, std::make_unique<int>(thing));
}

TEST(WaitingLine, SourcesAreServedInTurn) {
  Line line(100);
  for (int i = 0; i < 50; ++i) {
    add(line, kA, i);
  }
  add(line, kB, 100);
  add(line, kB, 101);
  add(line, kC, 200);
  std::vector<int> served;
  for (int i = 0; i < 7; ++i) {
    served.push_back(*line.next());
  }
  EXPECT_EQ(served, (std::vector<int>{0, 100, 200, 1, 101, 2, 3}));
  EXPECT_EQ(line.size(), 46U);
}

TEST(WaitingLine, WhenItIsFullTheOneWithMostLosesItsNewest) {
  Line line(4);
  add(line, kA, 0);
  add(line, kA, 1);
  add(line, kA, 2);
  add(line, kB, 100);
  EXPECT_FALSE(line.full()) << "there is somebody with more than one";
  EXPECT_EQ(line.add(kC, std::make_unique<int>(200)), kA) << "the source of the one that is gone";
  EXPECT_EQ(line.add(kA, std::make_unique<int>(3)), kA);
  EXPECT_EQ(line.size(), 4U);
  std::vector<int> served;
  while (!line.empty()) {
    served.push_back(*line.next());
  }
  EXPECT_EQ(served, (std::vector<int>{0, 100, 200, 1}));
}

TEST(WaitingLine, IsFullWhenEachHasOne) {
  Line line(3);
  add(line, kA, 0);
  add(line, kB, 1);
  EXPECT_FALSE(line.full());
  add(line, kC, 2);
  EXPECT_TRUE(line.full());
  EXPECT_EQ(*line.next(), 0);
  EXPECT_FALSE(line.full());
}

Ipv4Address one_of(std::uint32_t n) {
  return Ipv4Address(0x0A000000 + n);
}

// Ten thousand addresses of one stranger's, each of which comes back a while after it has been served: when it has
// been turned out of what it was let into, and the line has long emptied itself of it.
TEST(WaitingLine, SEC_02_WhoComesOnceIsServedBeforeThoseWhoComeBack) {
  constexpr std::uint32_t kMany = 10'000;
  constexpr std::size_t kInside = 5'000;
  WaitingLine<std::uint32_t> line(16'384);
  for (std::uint32_t n = 0; n < kMany; ++n) {
    line.add(one_of(n), n);
  }
  std::deque<std::uint32_t> inside;
  const auto serve = [&] {
    const std::uint32_t source = line.next();
    if (source < kMany) {
      inside.push_back(source);
      if (inside.size() > kInside) {
        line.add(one_of(inside.front()), inside.front());
        inside.pop_front();
      }
    }
    return source;
  };
  for (std::uint32_t n = 0; n < 2 * kMany; ++n) {
    serve();
  }
  for (const int round : {1, 2}) {  // the second time, they too come back, but later than the others do
    for (std::uint32_t honest = kMany; honest < kMany + 100; ++honest) {
      line.add(one_of(honest), honest);
      int turns = 1;
      while (serve() != honest) {
        ASSERT_LT(++turns, 5) << "round " << round;
      }
      for (int others = 0; others < 150; ++others) {
        serve();
      }
    }
  }
}

TEST(WaitingLine, WhoWasServedLatelyStillHasATurnOfFour) {
  WaitingLine<int> line(1000);
  line.add(kA, 0);
  line.add(kA, 0);
  static_cast<void>(line.next());
  int turns = 1;
  for (std::uint32_t n = 0; line.add(one_of(n), 1), line.next() != 0; ++n) {
    ++turns;
  }
  EXPECT_LE(turns, 4);
}

TEST(WaitingLine, RandomRunsKeepItsOwnAccounts) {
  std::mt19937 random(7);
  Line line(40);
  std::map<Ipv4Address, int> waiting;
  for (int step = 0; step < 50'000; ++step) {
    const Ipv4Address source(10, 0, 0, static_cast<std::uint8_t>(random() % 60));
    if (random() % 3 != 0 && !line.full()) {
      const std::size_t before = line.size();
      line.add(source, std::make_unique<int>(static_cast<int>(source.value)));
      ++waiting[source];
      if (line.size() == before) {  // somebody with most has lost one: find out by serving all below
        while (!line.empty()) {
          --waiting[Ipv4Address(static_cast<std::uint32_t>(*line.next()))];
        }
        int lost = 0;
        for (auto& [address, count] : waiting) {
          lost += count;
          count = 0;
        }
        ASSERT_EQ(lost, 1);
      }
    } else if (!line.empty()) {
      const Ipv4Address served(static_cast<std::uint32_t>(*line.next()));
      ASSERT_GT(waiting[served]--, 0);
    }
    int total = 0;
    int most = 0;
    for (const auto& [address, count] : waiting) {
      total += count;
      most = std::max(most, count);
    }
    ASSERT_EQ(line.size(), static_cast<std::size_t>(total));
    ASSERT_EQ(line.longest(), static_cast<std::size_t>(most));
  }
}

}  // namespace
}  // namespace adit::app
