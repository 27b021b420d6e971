// SPDX-License-Identifier: Apache-2.0
// Threads for the work that control must not wait for: public-key operations. One by default, on control's CPU as all its
// helpers are: workers have the others, and a login may wait for a millisecond. Thread: control; run() alone is called on
// the others. Owner: the control loop.
#pragma once

#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "controlplane/base/background.hpp"

namespace adit::app {

/// A quarter of a second at a millisecond each. Who would wait longer is better refused.
inline constexpr std::size_t kMostBackgroundWork = 256;

class BackgroundThreads final : public control::Background {
 public:
  struct Measures {
    std::size_t waiting = 0;  ///< or running
    std::size_t most = 0;     ///< may be
    std::uint64_t done = 0;
    std::uint64_t refused = 0;
    std::chrono::nanoseconds busy{0};  ///< all threads together
  };

  /// `loop` outlives this; `before` is called on it before each finished(), to bring the clock up to date.
  BackgroundThreads(asio::io_context& loop, std::function<void()> before, std::size_t threads = 1,
                    std::size_t most = kMostBackgroundWork)
      : loop_(loop), before_(std::move(before)), most_(most), threads_(threads) {}
  /// Waits for what runs; what waits is not begun.
  ~BackgroundThreads() override { threads_.stop(); }
  BackgroundThreads(const BackgroundThreads&) = delete;
  BackgroundThreads& operator=(const BackgroundThreads&) = delete;

  [[nodiscard]] bool start(std::shared_ptr<control::BackgroundWork> work) override;
  [[nodiscard]] Measures measures() const {
    return {.waiting = waiting_, .most = most_, .done = done_, .refused = refused_, .busy = busy_};
  }

 private:
  void finish(control::BackgroundWork& work, std::chrono::nanoseconds took);

  asio::io_context& loop_;
  const std::function<void()> before_;
  const std::size_t most_;
  std::size_t waiting_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t refused_ = 0;
  std::chrono::nanoseconds busy_{0};
  asio::thread_pool threads_;  // last: joined while the other members still exist
};

}  // namespace adit::app
