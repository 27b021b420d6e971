// SPDX-License-Identifier: Apache-2.0
// How an idle poll loop backs off: each time nothing came it sleeps a microsecond longer, up to
// kMaxIdleSleepUs. Thread: the loop's, on which it must be constructed. Owner: the loop.
#pragma once

#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <cstdint>

#include "dataplane/base/counters.hpp"
#include "dataplane/base/limits.hpp"

namespace adit::dataplane {

class IdleBackoff {
 public:
  explicit IdleBackoff(WorkerCounters& counters) noexcept : counters_(counters) {
    // With the kernel's default timer slack of 50 us, a sleep of 20 us would take 70.
    prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
  }

  void on_work() noexcept { idle_loops_ = 0; }
  void on_idle() noexcept {
    if (++idle_loops_ <= kIdleLoopsBeforeSleep) {
      return;
    }
    counters_.sleeps.add();
    const std::uint32_t sleep_us = std::min(idle_loops_ - kIdleLoopsBeforeSleep, kMaxIdleSleepUs);
    const timespec sleep{.tv_sec = 0, .tv_nsec = static_cast<long>(sleep_us) * 1000};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &sleep, nullptr);
  }

 private:
  WorkerCounters& counters_;
  std::uint32_t idle_loops_ = 0;
};

}  // namespace adit::dataplane
