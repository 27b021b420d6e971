// SPDX-License-Identifier: Apache-2.0
// How a poll loop backs off: the longer nothing came, the longer the nap, a microsecond more each time up to
// kMaxIdleSleepUs. Thread: the loop's, which it is made on. Owner: the loop.
#pragma once

#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <cstdint>

#include "dataplane/base/counters.hpp"
#include "dataplane/base/limits.hpp"

namespace adit::dataplane {

class IdleNap {
 public:
  explicit IdleNap(WorkerCounters& counters) noexcept : counters_(counters) {
    // A nap of 20 us is one of 70 with the kernel's default slack.
    prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
  }

  void on_work() noexcept { idle_turns_ = 0; }
  void on_idle() noexcept {
    if (++idle_turns_ <= kIdleLoopsBeforeSleep) {
      return;
    }
    counters_.sleeps.add();
    const std::uint32_t nap_us = std::min(idle_turns_ - kIdleLoopsBeforeSleep, kMaxIdleSleepUs);
    const timespec nap{.tv_sec = 0, .tv_nsec = static_cast<long>(nap_us) * 1000};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, nullptr);
  }

 private:
  WorkerCounters& counters_;
  std::uint32_t idle_turns_ = 0;
};

}  // namespace adit::dataplane
