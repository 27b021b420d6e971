// SPDX-License-Identifier: Apache-2.0
// Arithmetic of a call: MTUs, token buckets, and the grouping of a burst.
#include "dataplane/call/call.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <string>

#include "dataplane/base/drop_reason.hpp"
#include "dataplane/call/burst.hpp"

namespace adit::dataplane {
namespace {

constexpr wire::PppCompression kNone{};
constexpr wire::PppCompression kBoth{.address_and_control = true, .protocol = true};

TEST(CallMtu, FollowsTheTableForAnOuterMtuOf1500) {
  EXPECT_EQ(inner_mtu(1500, 1500, kNone, false), 1460);
  EXPECT_EQ(inner_mtu(1500, 1500, kBoth, false), 1463);
  EXPECT_EQ(inner_mtu(1500, 1500, kNone, true), 1456);
  EXPECT_EQ(inner_mtu(1500, 1500, kBoth, true), 1460);
}

TEST(CallMtu, ThePeersMruCountsMppeIn) {
  EXPECT_EQ(inner_mtu(1500, 1400, kNone, false), 1400);
  EXPECT_EQ(inner_mtu(1500, 1400, kNone, true), 1396);  // what a Windows client shows
  EXPECT_EQ(inner_mtu(1492, 1500, kNone, true), 1448);  // PPPoE beneath
  EXPECT_EQ(inner_mtu(9000, 1500, kNone, false), 1500);
}

TEST(CallMtu, NeverFallsBelowWhatIpNeeds) {
  EXPECT_EQ(inner_mtu(100, 64, kNone, true), 68);
}

TEST(TokenBucket, RefillsByTimeUpToItsCapacity) {
  TokenBucket<50, 100> bucket;
  const Milliseconds start{1'000'000};
  EXPECT_EQ(bucket.available(start), 100U);
  EXPECT_TRUE(bucket.take(100, start));
  EXPECT_FALSE(bucket.take(1, start + 19));
  EXPECT_TRUE(bucket.take(1, start + 20));
  EXPECT_FALSE(bucket.take(1, start + 21));
  EXPECT_EQ(bucket.available(start + 1'020), 50U);
  EXPECT_EQ(bucket.available(start + 1'000'000), 100U);
}

TEST(TokenBucket, TheClockMayWrap) {
  TokenBucket<1000, 10> bucket;
  const Milliseconds before{0xfffffffe};
  EXPECT_TRUE(bucket.take(10, before));
  EXPECT_EQ(bucket.available(before + 4), 4U);
}

TEST(DropReasons, HaveDistinctNamesThatMetricsCanCarry) {
  std::set<std::string_view> names;
  for (const DropReasonText& reason : kDropReasonTexts) {
    EXPECT_TRUE(names.insert(reason.name).second) << reason.name;
    EXPECT_FALSE(reason.text.empty());
    EXPECT_TRUE(std::ranges::all_of(reason.name, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    })) << reason.name;
  }
  EXPECT_EQ(describe(DropReason::kNotIpv4).name, "not_ipv4");
  EXPECT_EQ(describe(DropReason::kTransmitFull).name, "transmit_full");
}

TEST(ByCall, PutsEachCallsPacketsTogetherAndInOrder) {
  struct Packet {
    Call* call = nullptr;
    int number = 0;
  };
  std::mt19937 random(1);
  const auto calls = std::make_unique<std::array<Call, 8>>();
  ByCall<32> by_call;
  for (int round = 0; round < 500; ++round) {
    Burst<Packet, 32> burst;
    burst.clear();
    const std::size_t size = random() % 33;
    for (std::size_t i = 0; i < size; ++i) {
      burst.push({&(*calls)[random() % 8], static_cast<int>(random() % 4)});
    }
    std::vector<const Packet*> visited;
    by_call.visit(
        burst, [](const Packet& packet) { return packet.number != 0; },
        [](Call& call) -> BurstMark& { return call.uplink.mark; },
        [&](const Packet& packet) { visited.push_back(&packet); });
    std::set<const Call*> finished;
    for (std::size_t i = 0; i < visited.size(); ++i) {
      ASSERT_FALSE(finished.contains(visited[i]->call));
      if (i + 1 < visited.size()) {
        if (visited[i + 1]->call == visited[i]->call) {
          ASSERT_LT(visited[i], visited[i + 1]);
        } else {
          finished.insert(visited[i]->call);
        }
      }
    }
    const auto wanted =
        std::count_if(burst.begin(), burst.end(), [](const Packet& p) { return p.number != 0; });
    ASSERT_EQ(visited.size(), static_cast<std::size_t>(wanted));
  }
}

}  // namespace
}  // namespace adit::dataplane
