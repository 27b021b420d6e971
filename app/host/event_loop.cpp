// SPDX-License-Identifier: Apache-2.0
#include "app/host/event_loop.hpp"

#include <time.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace adit::app {

using control::Duration;

namespace {

/// In which this thread ran.
std::chrono::nanoseconds time_of_thread() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace

EventLoop::EventLoop(control::TimerWheel& wheel, WorkerWake& wake, std::initializer_list<int> signals)
    : wheel_(wheel), signals_(io_) {
  for (const int signal : signals) {
    signals_.add(signal);
  }
  watch(wake.fd(), [&wake] { wake.clear(); });
}

EventLoop::~EventLoop() {
  for (Watch& watch : watches_) {
    watch.descriptor.release();
  }
}

std::expected<void, std::string> EventLoop::mirror_routes(std::span<const dataplane::OpenPort> ports,
                                                          KernelRoutes::Publish publish,
                                                          KernelRoutes::TellOwn tell_own,
                                                          KernelRoutes::Families families) {
  std::vector<dataplane::Port> sides;
  for (const dataplane::OpenPort& open : ports) {
    sides.push_back(open.port);
  }
  auto routes = KernelRoutes::open(sides, std::move(publish), std::move(tell_own), families);
  if (!routes) {
    return std::unexpected(std::move(routes.error()));
  }
  routes_ = std::move(*routes);
  watch(routes_->fd(), [this] { routes_->on_readable(); });
  return {};
}

void EventLoop::watch(int fd, std::function<void()> on_readable) {
  watches_.push_back({asio::posix::stream_descriptor(io_, fd), std::move(on_readable)});
  wait_for(watches_.back());
}

void EventLoop::wait_for(Watch& watch) {
  watch.descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                              [this, &watch](const asio::error_code& error) {
                                if (!error) {
                                  watch.on_readable();
                                  wait_for(watch);
                                }
                              });
}

void EventLoop::on_signal(std::function<void(int)> handle) {
  handle_signal_ = std::move(handle);
  wait_for_signal();
}

void EventLoop::wait_for_signal() {
  signals_.async_wait([this](const asio::error_code& error, int signal) {
    if (!error) {
      handle_signal_(signal);
      wait_for_signal();
    }
  });
}

void EventLoop::tick() {
  const auto elapsed = std::chrono::steady_clock::now() - started_;
  wheel_.advance(control::Instant{std::chrono::duration_cast<Duration>(elapsed)});
}

void EventLoop::begin_iteration() {
  turn_began_ = std::chrono::steady_clock::now();
  tick();
  if (routes_ != nullptr) {
    routes_->publish_due();
  }
}

void EventLoop::end_iteration(bool busy, std::span<contract::Mailbox* const> mailboxes,
                              std::chrono::milliseconds most) {
  const auto observe = [this](std::chrono::nanoseconds more) {
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(more);
    turns_.observe(static_cast<std::uint64_t>(took.count()));
  };
  if (busy) {
    run_ready(io_);
    return observe(std::chrono::steady_clock::now() - turn_began_);
  }
  Duration wait = std::min(most, wheel_.next_wait().value_or(most));
  if (routes_ != nullptr) {
    wait = std::min(wait, routes_->wait().value_or(wait));
  }
  const std::chrono::nanoseconds awake = std::chrono::steady_clock::now() - turn_began_;
  const std::chrono::nanoseconds before = time_of_thread();
  run_until_posted(io_, mailboxes, wait);
  observe(awake + time_of_thread() - before);
}

}  // namespace adit::app
