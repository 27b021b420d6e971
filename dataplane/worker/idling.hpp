// SPDX-License-Identifier: Apache-2.0
// How an idle poll loop backs off: it polls on for about as long as a sleep costs, then it sleeps, each time half as long as
// nothing has come. A packet waits for at most half the pause before it, and a worker that shares its core leaves it to
// others after microseconds, however long its devices take to say that they have nothing (AF_XDP: a system call each).
// Thread: the loop's, on which it must be constructed. Owner: the loop.
#pragma once

#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <cstdint>

#include "dataplane/base/counters.hpp"
#include "dataplane/base/limits.hpp"

namespace adit::dataplane {

/// How long to sleep when nothing has come for so long; 0: not yet.
[[nodiscard]] constexpr std::uint32_t idle_sleep_us(std::uint64_t idle_us) noexcept {
  return idle_us < kIdleSpinUs
             ? 0
             : static_cast<std::uint32_t>(std::min<std::uint64_t>(idle_us / 2, kMaxIdleSleepUs));
}

class IdleBackoff {
 public:
  IdleBackoff(WorkerCounters& counters, std::uint64_t tsc_per_ms) noexcept
      : counters_(counters), tsc_per_us_(std::max<std::uint64_t>(tsc_per_ms / 1000, 1)) {
    // With the kernel's default timer slack of 50 us, a sleep of 20 us would take 70.
    prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
  }

  /// `tsc`: now.
  void on_work(std::uint64_t tsc) noexcept { worked_at_ = tsc; }
  void on_idle(std::uint64_t tsc) noexcept {
    const std::uint32_t sleep_us = idle_sleep_us((tsc - worked_at_) / tsc_per_us_);
    if (sleep_us == 0) {
      return;
    }
    counters_.sleeps.add();
    const timespec sleep{.tv_sec = 0, .tv_nsec = static_cast<long>(sleep_us) * 1000};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &sleep, nullptr);
  }

 private:
  WorkerCounters& counters_;
  const std::uint64_t tsc_per_us_;
  std::uint64_t worked_at_ = 0;
};

}  // namespace adit::dataplane
