// SPDX-License-Identifier: Apache-2.0
// What a worker tells of one call when it is asked, and that it waits for nobody who does not listen.
#include <map>
#include <utility>

#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

class ReadCallTest : public testing::Test {
 protected:
  contract::CallState state() {
    world.tell(call, contract::ReadCall{call});
    world.settle();
    const auto state = world.told<contract::CallState>();
    EXPECT_TRUE(state.has_value());
    return state.value_or(contract::CallState{});
  }
  std::map<std::string_view, std::uint64_t> drops() {
    std::map<std::string_view, std::uint64_t> found;
    std::as_const(world.worker())
        .calls()
        .drops_of(call)
        .for_each([&](DropReason reason, std::uint64_t packets) { found[describe(reason).name] = packets; });
    return found;
  }
  void from_peer(std::size_t packets) {
    for (std::size_t packet = 0; packet < packets; ++packet) {
      world.arrive(kAccessSide, peer.clear(inner_packet(kSubscriber, kHost, 100)));
    }
    world.settle();
  }
  void to_peer(std::size_t packets) {
    for (std::size_t packet = 0; packet < packets; ++packet) {
      world.arrive(kCoreSide, core_frame(inner_packet(kHost, kSubscriber, 100)));
    }
    world.settle();
  }

  World world;
  contract::CallRef call = world.install_up();
  Peer peer;
};

TEST_F(ReadCallTest, TellsWhereBothSequenceSpacesAre) {
  const contract::CallState before = state();
  EXPECT_EQ(before.call, call);
  EXPECT_FALSE(before.has_received);
  EXPECT_FALSE(before.has_acknowledged);
  EXPECT_EQ(before.next_sequence, 0U);
  from_peer(3);
  EXPECT_EQ(state().unacknowledged, 3U);
  to_peer(2);
  const contract::CallState after = state();
  EXPECT_TRUE(after.has_received);
  EXPECT_TRUE(after.has_acknowledged);
  EXPECT_EQ(after.acknowledged, after.received) << "the packets down carried it";
  EXPECT_EQ(after.unacknowledged, 0U);
  EXPECT_EQ(after.next_sequence, 2U);
  EXPECT_EQ(after.in_flight, 2U);
  EXPECT_GT(after.inner_mtu, 1300U);
}

TEST_F(ReadCallTest, ACallThatIsGoneIsNotAnswered) {
  world.tell(call, contract::RemoveCall{call});
  world.tell(call, contract::ReadCall{call});
  world.settle();
  EXPECT_TRUE(world.told<contract::CallRemoved>());
  EXPECT_FALSE(world.told<contract::CallState>());
}

TEST_F(ReadCallTest, AWorkerIsNotHeldUpByAFullRing) {
  while (world.mailbox().to_control.push(contract::FramesPunted{})) {
  }
  const std::uint64_t lost = world.counters().notices_lost.read();
  world.tell(call, contract::ReadCall{call});
  from_peer(3);
  EXPECT_EQ(world.totals(call).uplink_packets, 3U) << "the worker went on";
  EXPECT_EQ(world.counters().notices_lost.read(), lost + 1);
}

TEST_F(ReadCallTest, DropsAreCountedByReasonAndByCall) {
  EXPECT_TRUE(drops().empty());
  world.arrive(kAccessSide,
               peer.clear(inner_packet(kHost, kSubscriber, 100)));  // a source that is not its own
  world.settle();
  const auto found = drops();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.begin()->second, 1U);
  EXPECT_EQ(world.totals(call).drops, 1U);
  world.tell(call, contract::RemoveCall{call});
  world.settle();
  EXPECT_TRUE(world.told<contract::CallRemoved>());
}

}  // namespace
}  // namespace adit::dataplane::path
