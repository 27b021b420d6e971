// SPDX-License-Identifier: Apache-2.0
// Accepting over loopback, where every 127.0.0.0/8 address is a source of its own. Nothing here depends on how
// long it takes: only on the order, and on what comes at all.
#include "app/host/net/tcp_listener.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <asio/ip/address_v4.hpp>
#include <functional>
#include <optional>
#include <vector>

namespace adit::app {
namespace {

using asio::ip::tcp;
using wire::Ipv4Address;

constexpr Ipv4Address kServer(127, 0, 0, 1), kGreedy(127, 0, 0, 2), kOther(127, 0, 0, 3);

class Listening : public testing::Test, public AcceptEvents, public TcpEvents {
 protected:
  void listen(std::uint32_t rate) {
    listener_.emplace(io_, connections_, *this, rate);
    for (port_ = 20'000; port_ < 30'000; ++port_) {
      if (listener_->listen(kServer, port_, {})) {
        return;
      }
    }
    FAIL() << "no port is free";
  }
  void dial(Ipv4Address from) {
    tcp::socket& socket = clients_.emplace_back(io_);
    socket.open(tcp::v4());
    socket.bind({asio::ip::address_v4(from.value), 0});
    socket.connect({asio::ip::address_v4(kServer.value), port_});
  }
  void run_until(const std::function<bool()>& done) {
    for (int i = 0; i < 10'000 && !done(); ++i) {
      io_.run_one_for(std::chrono::milliseconds{100});
    }
    EXPECT_TRUE(done());
  }

  bool is_refused(Ipv4Address from) {
    tcp::socket& socket = clients_.emplace_back(io_);
    socket.open(tcp::v4());
    socket.bind({asio::ip::address_v4(from.value), 0});
    asio::error_code error;
    socket.connect({asio::ip::address_v4(kServer.value), port_}, error);
    return error == asio::error::connection_refused;
  }

  /// With room for no more than four descriptors besides those that are open.
  void run_with_few_descriptors(const std::function<bool()>& done) {
    rlimit limit{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlimit few{static_cast<rlim_t>(clients_.back().native_handle()) + 5, limit.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
    run_until(done);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  }

  bool on_accept(control::ConnectionId id, Ipv4Address peer, Ipv4Address) override {
    came_.push_back(peer);
    if (refuse_) {
      return false;
    }
    open_.push_back(id);
    return true;
  }
  bool on_accept_failed(const std::string&) override {
    ++failed_;
    if (open_.empty()) {
      return false;
    }
    connections_.drop(open_.front());
    open_.erase(open_.begin());
    return true;
  }
  void on_turned_away(Ipv4Address peer, control::Scarce) override { turned_away_.push_back(peer); }
  std::uint64_t turns_taken() override {
    ++asked_;
    return taken_;
  }
  void on_bytes(control::ConnectionId, std::span<const std::uint8_t>) override {}
  void on_closed(control::ConnectionId, control::EndReason) override {}

  asio::io_context io_;
  TcpConnections connections_{io_, *this, 1024};
  std::optional<TcpListener> listener_;
  std::uint16_t port_ = 0;
  std::vector<tcp::socket> clients_;
  std::vector<Ipv4Address> came_, turned_away_;
  std::vector<control::ConnectionId> open_;
  int failed_ = 0, asked_ = 0;
  std::uint64_t taken_ = 0;  // each time that it is asked
  bool refuse_ = false;
};

TEST_F(Listening, SEC_04_OneThatDialsWithoutEndDelaysItselfAndNobodyElse) {
  listen(100);  // three at once, then one in 10 ms
  for (int i = 0; i < 300; ++i) {
    dial(kGreedy);
  }
  run_until([&] { return came_.size() >= 10; });
  dial(kOther);
  const auto before = static_cast<std::ptrdiff_t>(came_.size());
  run_until([&] { return std::ranges::count(came_, kOther) == 1; });
  const auto turn = std::ranges::find(came_, kOther) - came_.begin() - before;
  EXPECT_LE(turn, 20)
      << "of 290 that wait, it does not wait for more than those admitted before it was accepted";
}

TEST_F(Listening, RefusedConnectionsDoNotUseUpTheRate) {
  listen(1);  // one at once, then one in a second
  refuse_ = true;
  for (int i = 0; i < 500; ++i) {
    dial(kGreedy);
  }
  int turns = 0;
  run_until([&] { return ++turns > 2'000 || came_.size() == 500; });
  EXPECT_EQ(came_.size(), 500U);
  refuse_ = false;
  dial(kOther);
  run_until([&] { return !open_.empty(); });
  EXPECT_EQ(came_.back(), kOther);
}

TEST_F(Listening, TurnsThatLoginsTakeAreNotThereForConnections) {
  listen(100);
  taken_ = 1'000;
  dial(kOther);
  run_until([&] { return asked_ == 20; });
  EXPECT_TRUE(came_.empty());
  taken_ = 0;
  run_until([&] { return !came_.empty(); });
}

TEST_F(Listening, WhoHasGoneBeforeItsTurnCostsNobodyElseOne) {
  listen(10);  // one at once, then one in 100 ms
  dial(kGreedy);
  run_until([&] { return came_.size() == 1; });
  for (int i = 0; i < 5; ++i) {
    dial(kGreedy);
  }
  clients_.erase(clients_.begin() + 1, clients_.end());
  dial(kOther);
  run_until([&] { return came_.size() == 2; });
  EXPECT_EQ(came_.back(), kOther);
}

TEST_F(Listening, WhoIsRefusedIsToldAtOnceUntilItListensAgain) {
  listen(1);  // one at once, then one in a second
  dial(kGreedy);
  dial(kGreedy);
  run_until([&] { return came_.size() == 1; });
  listener_->refuse();
  EXPECT_TRUE(is_refused(kOther));
  io_.restart();
  io_.run_for(std::chrono::milliseconds{50});
  EXPECT_EQ(came_.size(), 1U) << "who waited for its turn is not served";
  EXPECT_EQ(failed_, 0) << "nothing tried to accept";
  EXPECT_TRUE(listener_->listen_again());
  dial(kOther);
  io_.restart();
  run_until([&] { return came_.size() == 2; });
  EXPECT_EQ(came_.back(), kOther);
}

TEST_F(Listening, SEC_10_WhoIsTurnedAwayForWantOfDescriptorsIsReported) {
  listen(1);  // the others wait
  for (int i = 0; i < 20; ++i) {
    dial(kGreedy);
  }
  run_with_few_descriptors([&] { return turned_away_.size() >= 10; });
  EXPECT_EQ(std::ranges::count(turned_away_, kGreedy), static_cast<std::ptrdiff_t>(turned_away_.size()));
}

TEST_F(Listening, SEC_10_WithoutDescriptorsOthersGiveWay) {
  listen(0);
  for (int i = 0; i < 20; ++i) {
    dial(kGreedy);
  }
  run_with_few_descriptors([&] { return came_.size() == 20; });
  EXPECT_GE(failed_, 10) << "the test has not run out of descriptors";
  EXPECT_LT(open_.size(), 10U);
}

}  // namespace
}  // namespace adit::app
