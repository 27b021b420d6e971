// SPDX-License-Identifier: Apache-2.0
// The control plane's only timer wheel, and its clock: nothing else in controlplane/ knows the time.
// Hashed wheel: arm and cancel are O(1); a timer is checked once per revolution (41 s) until it is due.
// Thread: control. Owner: whoever embeds a Timer; a Timer cancels itself when destroyed.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "dataplane/contract/histogram.hpp"

namespace adit::control {

using Duration = std::chrono::milliseconds;

/// Milliseconds since the process started; advanced by the wheel's owner, never read from a clock here.
struct Instant {
  Duration since_start{0};
  friend constexpr auto operator<=>(Instant, Instant) = default;
  friend constexpr Instant operator+(Instant i, Duration d) { return Instant{i.since_start + d}; }
  friend constexpr Duration operator-(Instant a, Instant b) { return a.since_start - b.since_start; }
};

class TimerWheel;

/// Intrusive, pinned timer. `fire` runs on the control thread from TimerWheel::advance, when the timer is
/// already disarmed: it may re-arm itself, cancel others, or destroy its owner.
class Timer {
 public:
  using Fire = void (*)(void* owner);
  Timer(TimerWheel& wheel, Fire fire, void* owner) : wheel_(wheel), fire_(fire), owner_(owner) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { cancel(); }

  /// (Re-)arms to fire once, `after` from now (rounded up to the wheel's tick; negative is now).
  void arm(Duration after);
  void cancel();
  [[nodiscard]] bool armed() const { return previous_ != nullptr; }
  /// Until it fires, to a tick; while armed.
  [[nodiscard]] Duration left() const;

 private:
  friend class TimerWheel;
  TimerWheel& wheel_;
  Fire fire_;
  void* owner_;
  std::uint64_t due_tick_ = 0;
  Timer** previous_ = nullptr;  // the pointer that points to this timer
  Timer* next_ = nullptr;
};

/// A Timer's `fire` that calls a member function: Timer t{wheel, on_timer<&Echo::on_silence>, this}.
template <auto kMember>
struct TimerCallback;
template <typename Owner, void (Owner::*kMember)()>
struct TimerCallback<kMember> {
  static void fire(void* owner) { (static_cast<Owner*>(owner)->*kMember)(); }
};
template <auto kMember>
inline constexpr Timer::Fire on_timer = &TimerCallback<kMember>::fire;

struct TimerLateBounds {
  static constexpr double kUnit = 1e-3;
  static constexpr std::array<std::uint64_t, 8> kUpper{1, 2, 5, 10, 20, 50, 100, 500};
};

class TimerWheel {
 public:
  static constexpr Duration kTick{10};

  TimerWheel() = default;
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  /// The time of the last advance().
  [[nodiscard]] Instant now() const { return now_; }

  /// Moves the clock (never back) and fires every timer that is due, earliest tick first.
  void advance(Instant now);

  /// Time until something may be due: 0 when overdue, nothing when no timer is armed. May be early, never
  /// late.
  [[nodiscard]] std::optional<Duration> next_wait() const;

  [[nodiscard]] std::size_t armed_count() const { return armed_; }
  /// How long after its tick each timer fired.
  [[nodiscard]] const contract::Histogram<TimerLateBounds>& lateness() const { return lateness_; }

 private:
  friend class Timer;
  static constexpr std::uint64_t kSlots = 4096;
  void fire_slot(std::uint64_t tick, Duration late);

  std::array<Timer*, kSlots> slots_{};
  std::uint64_t current_tick_ = 0;  // every tick up to and including this one has been fired
  std::size_t armed_ = 0;
  Instant now_{};
  contract::Histogram<TimerLateBounds> lateness_;
};

inline Duration Timer::left() const {
  return static_cast<Duration::rep>(due_tick_) * TimerWheel::kTick - wheel_.now().since_start;
}

}  // namespace adit::control
