// SPDX-License-Identifier: Apache-2.0
// A turn of the control loop is bounded by count, whatever is ready.
#include "app/host/event_loop.hpp"

#include <gtest/gtest.h>

#include <array>
#include <asio/post.hpp>

namespace adit::app {
namespace {

TEST(EventLoop, SEC_06_PeersThatAlwaysHaveSomethingDoNotKeepItFromATurnsEnd) {
  control::TimerWheel wheel;
  auto wake = WorkerWake::open();
  ASSERT_TRUE(wake);
  EventLoop loop(wheel, *wake, {});
  std::array<int, 4> served{};
  std::array<std::function<void()>, 4> always;  // as a connection whose peer sends octet by octet
  for (std::size_t i = 0; i < always.size(); ++i) {
    always[i] = [&, i] {
      ++served[i];
      asio::post(loop.io(), always[i]);
    };
    asio::post(loop.io(), always[i]);
  }
  bool once = false;
  asio::post(loop.io(), [&] { once = true; });
  for (const bool busy : {true, false}) {
    served.fill(0);
    loop.begin_iteration();
    loop.end_iteration(busy, {}, std::chrono::milliseconds{0});
    int all = 0;
    for (const int times : served) {
      all += times;
      EXPECT_NEAR(times, served[0], 1) << "in turn";
    }
    EXPECT_GE(all, 32);
    EXPECT_LE(all, 65);
    EXPECT_TRUE(once);
  }
  loop.io().stop();
}

}  // namespace
}  // namespace adit::app
