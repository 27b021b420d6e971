// SPDX-License-Identifier: Apache-2.0
// A call's rate limits: the long-term rate is the limit, whatever the packet size; changed in place.
#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

struct Case {
  std::uint64_t octets_per_second;
  std::size_t packet;
};

class Police : public testing::TestWithParam<Case> {
 protected:
  World world;
  contract::CallRef call = world.install_up();
  Peer peer;

  /// Offers twice the rate each way for `ms` milliseconds; returns the octets that passed, up and down.
  std::pair<std::uint64_t, std::uint64_t> offer(std::uint64_t rate, std::size_t packet, std::uint32_t ms) {
    const auto before = world.totals(call);
    double owed = 0;
    for (std::uint32_t at = 0; at < ms; ++at) {
      for (owed += 2.0 * static_cast<double>(rate) / 1000; owed > 0; owed -= static_cast<double>(packet)) {
        world.arrive(kAccessSide, peer.clear(inner_packet(kSubscriber, kHost, packet)));
        world.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber, packet)));
        if (owed > 20'000) {
          world.settle();
        }
      }
      world.settle();
      world.sent(kAccessSide);
      world.sent(kCoreSide);
      world.pass_ms(1);
    }
    const auto after = world.totals(call);
    return {after.uplink_octets - before.uplink_octets, after.downlink_octets - before.downlink_octets};
  }
};

TEST_P(Police, WhatPassesIsTheRateWithinOnePercent) {
  const auto [rate, packet] = GetParam();
  world.tell(call, contract::UpdateLimits{call, rate, rate});
  offer(rate, packet, 500);  // uses up the burst
  const auto [up, down] = offer(rate, packet, 4000);
  EXPECT_NEAR(static_cast<double>(up), 4.0 * static_cast<double>(rate), 0.04 * static_cast<double>(rate));
  EXPECT_NEAR(static_cast<double>(down), 4.0 * static_cast<double>(rate), 0.04 * static_cast<double>(rate));
  EXPECT_GT(world.dropped(DropReason::kRateUp), 0U);
  EXPECT_GT(world.dropped(DropReason::kRateDown), 0U);
  EXPECT_GT(world.counters().policed_uplink_octets.read(), world.dropped(DropReason::kRateUp));
  EXPECT_GT(world.counters().policed_downlink_octets.read(), world.dropped(DropReason::kRateDown));
}

INSTANTIATE_TEST_SUITE_P(Rates, Police,
                         testing::Values(Case{125'000, 64}, Case{125'000, 1400}, Case{1'250'000, 576},
                                         Case{12'500'000, 1400}));

TEST_F(Police, EachDirectionByItselfAndChangedInPlace) {
  world.tell(call, contract::UpdateLimits{call, 0, 125'000});
  offer(125'000, 1000, 500);
  EXPECT_EQ(world.dropped(DropReason::kRateUp), 0U);
  const std::uint64_t slow = offer(125'000, 1000, 1000).second;
  world.tell(call, contract::UpdateLimits{call, 0, 250'000});
  offer(250'000, 1000, 500);
  const std::uint64_t fast = offer(250'000, 1000, 1000).second;
  EXPECT_NEAR(static_cast<double>(fast) / static_cast<double>(slow), 2.0, 0.05);
  world.tell(call, contract::UpdateLimits{call, 0, 0});
  world.settle();
  const std::uint64_t drops = world.dropped(DropReason::kRateDown);
  offer(1'000'000, 1000, 200);
  EXPECT_EQ(world.dropped(DropReason::kRateDown), drops) << "no limit";
}

TEST_F(Police, TheNextCallOfASlotBeginsWithout) {
  world.tell(call, contract::UpdateLimits{call, 1, 1});
  world.tell(call, contract::RemoveCall{call});
  world.settle();
  const contract::CallRef next = world.install_up();
  Peer other;
  for (int i = 0; i < 50; ++i) {
    world.arrive(kAccessSide, other.clear(inner_packet(kSubscriber, kHost, 1400)));
  }
  world.settle();
  EXPECT_EQ(world.totals(next).uplink_packets, 50U);
}

// 1 MB/s: 100 ms and 400 ms of it are 100 and 400 packets.
TEST(Bursts, EachDirectionHasItsOwn) {
  World world({.policy = {.burst = {.down_ms = 400, .up_ms = 100}}});
  const contract::CallRef call = world.install_up();
  Peer peer;
  world.tell(call, contract::UpdateLimits{call, 1'000'000, 1'000'000});
  for (int i = 0; i < 500; ++i) {
    world.arrive(kAccessSide, peer.clear(inner_packet(kSubscriber, kHost, 1000)));
    world.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber, 1000)));
    world.settle();
    world.sent(kAccessSide);
    world.sent(kCoreSide);
  }
  EXPECT_EQ(world.totals(call).uplink_packets, 100U);
  EXPECT_EQ(world.totals(call).downlink_packets, 400U);
}

}  // namespace
}  // namespace adit::dataplane::path
