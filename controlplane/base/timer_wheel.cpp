// SPDX-License-Identifier: Apache-2.0
#include "controlplane/base/timer_wheel.hpp"

#include <algorithm>

namespace adit::control {

void Timer::arm(Duration after) {
  cancel();
  const Duration due = wheel_.now_.since_start + std::max(after, Duration{0});
  const auto due_tick =
      static_cast<std::uint64_t>((due + TimerWheel::kTick - Duration{1}) / TimerWheel::kTick);
  due_tick_ = std::max(due_tick, wheel_.current_tick_ + 1);
  Timer** head = &wheel_.slots_[due_tick_ % TimerWheel::kSlots];
  next_ = *head;
  if (next_ != nullptr) {
    next_->previous_ = &next_;
  }
  *head = this;
  previous_ = head;
  ++wheel_.armed_;
}

void Timer::cancel() {
  if (previous_ == nullptr) {
    return;
  }
  *previous_ = next_;
  if (next_ != nullptr) {
    next_->previous_ = previous_;
  }
  previous_ = nullptr;
  next_ = nullptr;
  --wheel_.armed_;
}

void TimerWheel::advance(Instant now) {
  const auto target = static_cast<std::uint64_t>(now.since_start / kTick);
  while (current_tick_ < target) {
    if (armed_ == 0) {
      current_tick_ = target;
      break;
    }
    ++current_tick_;
    const Instant due{kTick * static_cast<std::int64_t>(current_tick_)};
    now_ = std::max(now_, due);
    fire_slot(current_tick_, now - due);
  }
  now_ = std::max(now_, now);
}

// Due timers are moved to a separate list before the first one fires: callbacks arm, cancel and destroy at
// will, and a timer that re-arms itself for a full revolution later must not fire again in this pass.
void TimerWheel::fire_slot(std::uint64_t tick, Duration late) {
  Timer* due = nullptr;
  for (Timer* timer = slots_[tick % kSlots]; timer != nullptr;) {
    Timer* next = timer->next_;
    if (timer->due_tick_ <= tick) {
      timer->cancel();
      ++armed_;  // still armed, on the due list
      timer->next_ = due;
      if (due != nullptr) {
        due->previous_ = &timer->next_;
      }
      due = timer;
      timer->previous_ = &due;
    }
    timer = next;
  }
  while (due != nullptr) {
    Timer* timer = due;
    timer->cancel();
    lateness_.observe(static_cast<std::uint64_t>(late.count()));
    timer->fire_(timer->owner_);
  }
}

std::optional<Duration> TimerWheel::next_wait() const {
  if (armed_ == 0) {
    return std::nullopt;
  }
  for (std::uint64_t ahead = 1; ahead <= 100; ++ahead) {  // one second ahead is far enough to sleep
    if (slots_[(current_tick_ + ahead) % kSlots] != nullptr) {
      const Duration due = kTick * static_cast<std::int64_t>(current_tick_ + ahead);
      return std::max(due - now_.since_start, Duration{0});
    }
  }
  return Duration{1000};
}

}  // namespace adit::control
