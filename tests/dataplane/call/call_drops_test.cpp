// SPDX-License-Identifier: Apache-2.0
// Why packets of a call were dropped: as many reasons as there is room for, each counted by itself.
#include "dataplane/call/call_drops.hpp"

#include <gtest/gtest.h>

#include <map>

namespace adit::dataplane {
namespace {

std::map<DropReason, std::uint64_t> all(const CallDrops& drops) {
  std::map<DropReason, std::uint64_t> found;
  drops.for_each([&](DropReason reason, std::uint64_t packets) { found[reason] = packets; });
  return found;
}

TEST(CallDrops, CountEachReasonByItself) {
  CallDrops drops;
  EXPECT_TRUE(all(drops).empty());
  drops.add(static_cast<DropReason>(0));  // which is not "none"
  for (int packet = 0; packet < 300; ++packet) {
    drops.add(DropReason::kNoRoute);
  }
  drops.add(static_cast<DropReason>(0));
  EXPECT_EQ(all(drops), (std::map<DropReason, std::uint64_t>{{static_cast<DropReason>(0), 2},
                                                             {DropReason::kNoRoute, 300}}));
  drops.reset();
  EXPECT_TRUE(all(drops).empty());
}

TEST(CallDrops, HaveRoomForTheFirstReasons) {
  CallDrops drops;
  for (int round = 0; round < 3; ++round) {
    for (std::size_t reason = 0; reason < kDropReasons; ++reason) {
      drops.add(static_cast<DropReason>(reason));
    }
  }
  const auto found = all(drops);
  EXPECT_EQ(found.size(), CallDrops::kReasons);
  for (const auto& [reason, packets] : found) {
    EXPECT_LT(static_cast<std::size_t>(reason), CallDrops::kReasons);
    EXPECT_EQ(packets, 3U);
  }
}

}  // namespace
}  // namespace adit::dataplane
