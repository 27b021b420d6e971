// SPDX-License-Identifier: Apache-2.0
// The control thread's loop, shared by aditd and adit-blast: the clock, the kernel's routes, descriptors and
// signals, and a sleep in epoll that ends when a worker posts. Its owner supplies the handlers.
// Thread: control. Owner: the program's control loop.
#pragma once

#include <array>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/signal_set.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>

#include "app/host/mailboxes.hpp"
#include "app/host/netlink/kernel_routes.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "dataplane/contract/histogram.hpp"
#include "dataplane/ports/ports.hpp"

namespace adit::app {

struct TurnBounds {
  static constexpr double kUnit = 1e-6;
  static constexpr std::array<std::uint64_t, 9> kUpper{100,  250,    500,     1000,     2500,
                                                       5000, 10'000, 100'000, 1'000'000};
};

class EventLoop {
 public:
  /// `wheel` and `wake` must outlive the loop. `signals` are blocked from now on, until on_signal() installs
  /// a handler.
  EventLoop(control::TimerWheel& wheel, WorkerWake& wake, std::initializer_list<int> signals);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  [[nodiscard]] asio::io_context& io() { return io_; }

  /// Subscribes to the kernel's routes and neighbours; `publish` gets a first snapshot before this returns, and
  /// `tell_own` the machine's own networks.
  [[nodiscard]] std::expected<void, std::string> mirror_routes(
      std::span<const dataplane::OpenPort> ports, KernelRoutes::Publish publish,
      KernelRoutes::TellOwn tell_own = {}, KernelRoutes::Families families = KernelRoutes::Families::kIpv4);
  /// Only after mirror_routes().
  [[nodiscard]] KernelRoutes& routes() { return *routes_; }

  /// Calls `on_readable` whenever `fd` is readable. `fd` stays the caller's, and must outlive the loop.
  void watch(int fd, std::function<void()> on_readable);
  void on_signal(std::function<void(int)> handle);

  /// Reads the clock and fires the timers that are due.
  void tick();
  /// Begins an iteration: the clock, then the routes that have changed.
  void begin_iteration();
  /// Ends it: runs handlers that are ready, a bounded number (run_ready). Unless `busy`, it sleeps until there is one, a worker has
  /// posted, a timer is due, or `most` has passed.
  void end_iteration(bool busy, std::span<contract::Mailbox* const> mailboxes,
                     std::chrono::milliseconds most);

  /// What an iteration took, without its sleep; of the first handlers after the sleep only the thread's own time, because
  /// asio sleeps and runs them in one.
  [[nodiscard]] const contract::Histogram<TurnBounds>& turns() const { return turns_; }

 private:
  struct Watch {
    asio::posix::stream_descriptor descriptor;
    std::function<void()> on_readable;
  };
  void wait_for(Watch& watch);
  void wait_for_signal();

  asio::io_context io_;
  control::TimerWheel& wheel_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point turn_began_ = started_;
  contract::Histogram<TurnBounds> turns_;
  std::unique_ptr<KernelRoutes> routes_;
  std::deque<Watch> watches_;  // a deque, so that elements keep their addresses
  asio::signal_set signals_;
  std::function<void(int)> handle_signal_;
};

}  // namespace adit::app
