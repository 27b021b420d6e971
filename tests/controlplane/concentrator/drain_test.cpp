// SPDX-License-Identifier: Apache-2.0
// The drain at shutdown stops connections in slices, while peers go, answer and ask for more in between.
#include <gtest/gtest.h>

#include "tests/controlplane/concentrator/concentrator_kit.hpp"

namespace adit::control {
namespace {

using namespace pptp;

class Drain : public testing::Test {
 protected:
  /// One that has said nothing yet.
  DialIn& connect() { return clients_.emplace_back(house_, clients_.size() + 1); }
  DialIn& call() {
    DialIn& client = connect();
    client.start();
    client.call(7);
    house_.run_workers();
    return client;
  }
  /// Stops the next slice; how many connections were in it.
  std::size_t slice() {
    more_ = house_.concentrator->drain();
    std::size_t stopped = 0;
    for (DialIn& client : clients_) {
      if (!stopped_.contains(client.id) && is_stopped(client)) {
        stopped_.insert(client.id);
        ++stopped;
      }
    }
    return stopped;
  }
  bool is_stopped(DialIn& client) {
    return !client.connected() || client.received<StopControlConnectionRequest>().has_value();
  }
  void reset(DialIn& client) {
    client.reset();
    stopped_.insert(client.id);
  }

  House house_{House::settings_of_many(), 4, 1'000};
  std::deque<DialIn> clients_;
  std::set<ConnectionId> stopped_;  // or gone by themselves
  bool more_ = true;
};

TEST_F(Drain, CTL_23_StopsNoMoreThanASliceInATurnHoweverManyThereAre) {
  for (int i = 0; i < 2'000; ++i) {
    call();
    if (i % 4 == 0) {
      connect();
    }
  }
  std::mt19937 random(1);
  while (more_) {
    ASSERT_LE(slice(), kCallsPerSlice + 8) << "a bucket of the map is stopped whole";
    EXPECT_FALSE(DialIn(house_, 100'000).accepted);
    for (int i = 0; i < 5; ++i) {
      reset(clients_[random() % clients_.size()]);
      DialIn& other = clients_[random() % clients_.size()];
      if (stopped_.contains(other.id)) {
        other.send(StopControlConnectionReply{});
      } else {
        other.start();  // perhaps its first word
      }
    }
    house_.run_workers();
    house_.advance(10ms);
  }
  EXPECT_EQ(stopped_.size(), clients_.size());
  EXPECT_FALSE(house_.concentrator->drain()) << "there is nothing left to stop";
  house_.advance(3s);
  house_.run_workers();
  EXPECT_TRUE(house_.concentrator->drained());
  EXPECT_EQ(house_.log.named("connection_closed").size(), clients_.size());
  expect_baseline(house_);
}

TEST_F(Drain, AFewConnectionsWhereThereWereManyTakeAFewSlices) {
  for (int i = 0; i < 20'000; ++i) {
    connect();
  }
  for (std::size_t i = 0; i < clients_.size() - 3; ++i) {
    reset(clients_[i]);
  }
  int slices = 0;
  std::size_t stopped = 0;
  for (; more_; ++slices) {
    stopped += slice();
  }
  EXPECT_EQ(stopped, 3U);
  EXPECT_GT(slices, 1) << "empty buckets take time, too";
  EXPECT_LE(slices, 20);
  expect_baseline(house_);
}

/// Those that are not stopped yet do not get the places of those that are.
TEST_F(Drain, NoCallBeginsBetweenItsSlices) {
  house_.ring_capacity = 1;
  for (int i = 0; i < 200; ++i) {
    connect();
  }
  DialIn& asks = connect();
  asks.start();
  for (std::uint16_t worker = 0; worker < 4; ++worker) {  // their rings are full
    ASSERT_TRUE(house_.post(contract::WorkerId{worker}, contract::SendPppFrame{}));
  }
  asks.call(9);
  ASSERT_FALSE(asks.received<OutgoingCallReply>()) << "it waits";
  slice();
  ASSERT_FALSE(stopped_.contains(asks.id));
  for (auto& ring : house_.rings) {
    ring.clear();
  }
  house_.advance(20ms);
  EXPECT_FALSE(asks.received<OutgoingCallReply>());
  EXPECT_EQ(house_.concentrator->stats().calls_total, 0U);
  asks.call(10);
  EXPECT_EQ(asks.received<OutgoingCallReply>()->result, OutgoingResult::kDoNotAccept);
  while (more_) {
    slice();
  }
  EXPECT_TRUE(stopped_.contains(asks.id));
  house_.advance(3s);
  expect_baseline(house_);
}

TEST_F(Drain, AClosedDoorKeepsWhatIsInside) {
  DialIn& inside = call();
  DialIn& early = connect();  // has no call yet
  early.start();
  house_.concentrator->take_calls(false);
  EXPECT_FALSE(house_.concentrator->stats().takes_calls);
  EXPECT_FALSE(DialIn(house_, 100).accepted);
  early.call(8);
  house_.run_workers();
  const auto refused = early.received<OutgoingCallReply>();
  ASSERT_TRUE(refused);
  EXPECT_NE(refused->result, OutgoingResult::kConnected);
  EXPECT_TRUE(inside.connected());
  EXPECT_FALSE(house_.concentrator->empty());

  house_.concentrator->take_calls(true);
  EXPECT_TRUE(connect().accepted);
  EXPECT_TRUE(call().received<OutgoingCallReply>());

  house_.concentrator->take_calls(false);
  for (DialIn& client : clients_) {
    client.reset();
  }
  house_.advance(3s);
  house_.run_workers();
  EXPECT_TRUE(house_.concentrator->empty()) << "then aditd ends";
  EXPECT_FALSE(house_.concentrator->drained()) << "which nobody has been told to";
}

}  // namespace
}  // namespace adit::control
