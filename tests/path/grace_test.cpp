// SPDX-License-Identifier: Apache-2.0
// What control takes away from workers is touched again only when none can be using it: snapshots of routes,
// and devices. A worker that turns at the worst moment is played by the function that reads the counts, because
// that is where control looks at workers. tests/path/grace_stress_test.cpp has real ones.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "app/host/port_supervisor.hpp"
#include "dataplane/worker/route_snapshots.hpp"

namespace adit::dataplane {
namespace {

constexpr std::uint64_t kTurns = 41;  // completed before the test begins

std::unique_ptr<const NextHops> some_routes() {
  return std::make_unique<const NextHops>();
}

TEST(GracePeriod, TheCountsAreReadAfterTheThingIsGone) {
  bool there = true;
  const auto grace = GracePeriod::after([&] { there = false; },
                                        [&] {
                                          EXPECT_FALSE(there);
                                          return std::vector<std::uint64_t>{kTurns};
                                        });
  EXPECT_FALSE(grace.over(std::array{kTurns}));
}

TEST(GracePeriod, EndsWhenEveryWorkerHasTurnedTwice) {
  const auto grace = GracePeriod::after([] {}, [] { return std::vector<std::uint64_t>{kTurns, 7}; });
  EXPECT_FALSE(grace.over(std::array<std::uint64_t, 2>{kTurns + 1, 1000}));
  EXPECT_FALSE(grace.over(std::array<std::uint64_t, 2>{kTurns + 1000, 8}));
  EXPECT_TRUE(grace.over(std::array<std::uint64_t, 2>{kTurns + 2, 9}));
}

/// One worker, which turns whenever its count is read.
class Snapshots : public testing::Test {
 protected:
  const NextHops* turn() {
    ++turns_;
    return snapshots_.cell().load();
  }
  void publish() {
    snapshots_.publish(some_routes(), [this] { return counts(); });
  }
  std::vector<std::uint64_t> counts() const { return {turns_}; }
  RouteSnapshots snapshots_;
  std::uint64_t turns_ = kTurns;
};

TEST_F(Snapshots, AWorkerThatTurnsTwiceDuringThePublishKeepsWhatItHas) {
  publish();
  const NextHops* held = nullptr;
  snapshots_.publish(some_routes(), [&] {
    const auto sampled = counts();
    turn();
    turn();
    held = turn();  // in use from here on
    return sampled;
  });
  snapshots_.reclaim([this] { return counts(); });
  EXPECT_EQ(held, snapshots_.cell().load()) << "what may be freed now is not what it uses";
}

TEST_F(Snapshots, AreFreedInOrderTwoTurnsAfterTheirSuccessors) {
  publish();
  publish();
  turn();
  publish();
  EXPECT_EQ(snapshots_.retired(), 2U);
  turn();
  snapshots_.reclaim([this] { return counts(); });
  EXPECT_EQ(snapshots_.retired(), 1U);
  turn();
  snapshots_.reclaim([this] { return counts(); });
  EXPECT_EQ(snapshots_.retired(), 0U);
}

TEST_F(Snapshots, NothingIsReadWhereNothingWaits) {
  publish();
  snapshots_.reclaim([]() -> std::vector<std::uint64_t> {
    ADD_FAILURE() << "every iteration of the control loop comes here";
    return {};
  });
}

TEST(PortSupervisor, WorkersSeeThePortsBitBeforeTheirTurnsAreRead) {
  std::vector<OpenPort> ports(2);
  ports[1].name = "core";
  ports[1].port.id = 5;
  std::uint32_t seen = 0;
  std::vector<std::uint64_t> turns{kTurns, 7};
  app::PortSupervisor* reader = nullptr;
  app::PortSupervisor supervisor(ports, [&] {
    seen = reader->paused().load();
    return turns;
  });
  reader = &supervisor;
  EXPECT_FALSE(supervisor.begin_restart("no such port"));
  ASSERT_TRUE(supervisor.begin_restart("core"));
  EXPECT_EQ(seen, 1U << 5);
  EXPECT_FALSE(supervisor.begin_restart("core")) << "one at a time";
  turns = {kTurns + 2, 8};
  EXPECT_FALSE(supervisor.finish_restart()) << "the second worker may be polling it";
  EXPECT_EQ(supervisor.paused().load(), 1U << 5);
}

}  // namespace
}  // namespace adit::dataplane
