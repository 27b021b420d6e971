// SPDX-License-Identifier: Apache-2.0
// The timer wheel: exact ticks, (re-)arming, cancelling and destroying from inside callbacks, and 100,000
// timers at random against a model that simply sorts.
#include "controlplane/base/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <vector>

namespace adit::control {
namespace {

using namespace std::chrono_literals;

/// A timer that runs a function.
struct Alarm {
  Alarm(TimerWheel& wheel, std::function<void()> action)
      : run(std::move(action)), timer(wheel, on_timer<&Alarm::fire>, this) {}
  void fire() { run(); }
  std::function<void()> run;
  Timer timer;
};

void turn(TimerWheel& wheel, Duration by) {
  wheel.advance(wheel.now() + by);
}

TEST(TimerWheel, FiresOnItsTickNeitherEarlierNorLater) {
  for (const Duration after :
       {0ms, 1ms, 9ms, 10ms, 11ms, 990ms, 1000ms, 40'950ms, 40'960ms, 40'970ms, 3'600'000ms}) {
    TimerWheel wheel;
    wheel.advance(Instant{70ms});
    int fired = 0;
    Alarm alarm(wheel, [&] { ++fired; });
    alarm.timer.arm(after);
    EXPECT_TRUE(alarm.timer.armed());
    const Duration due =
        std::max((after + 9ms) / 10 * 10, 10ms);  // rounded up to the tick, never the current one
    turn(wheel, due - 1ms);
    EXPECT_EQ(fired, 0) << after.count();
    turn(wheel, 1ms);
    EXPECT_EQ(fired, 1) << after.count();
    EXPECT_FALSE(alarm.timer.armed());
    turn(wheel, 100s);
    EXPECT_EQ(fired, 1) << after.count();
    EXPECT_EQ(wheel.armed_count(), 0u);
  }
}

TEST(TimerWheel, TimeInACallbackIsThatOfTheTick) {
  TimerWheel wheel;
  std::vector<Duration> seen;
  Alarm alarm(wheel, [&] {
    seen.push_back(wheel.now().since_start);
    if (seen.size() < 4) {
      alarm.timer.arm(100ms);
    }
  });
  alarm.timer.arm(100ms);
  wheel.advance(Instant{1005ms});  // one jump over many ticks
  EXPECT_EQ(seen, (std::vector<Duration>{100ms, 200ms, 300ms, 400ms}));
  EXPECT_EQ(wheel.now(), Instant{1005ms});
  EXPECT_EQ(wheel.lateness().read().count(), 4U);
  EXPECT_EQ(wheel.lateness().read().sum, 905U + 805 + 705 + 605);
}

TEST(TimerWheel, RearmingReplacesAndCancellingSilences) {
  TimerWheel wheel;
  int fired = 0;
  Alarm alarm(wheel, [&] { ++fired; });
  alarm.timer.arm(50ms);
  alarm.timer.arm(100ms);
  EXPECT_EQ(wheel.armed_count(), 1u);
  turn(wheel, 90ms);
  EXPECT_EQ(fired, 0);
  alarm.timer.cancel();
  alarm.timer.cancel();
  EXPECT_FALSE(alarm.timer.armed());
  turn(wheel, 1s);
  EXPECT_EQ(fired, 0);
  EXPECT_EQ(wheel.armed_count(), 0u);
}

TEST(TimerWheel, AFullRevolutionLaterIsNotNow) {
  TimerWheel wheel;
  int fired = 0;
  Alarm alarm(wheel, [&] {
    if (++fired == 1) {
      alarm.timer.arm(40'960ms);  // the same slot
    }
  });
  alarm.timer.arm(10ms);
  turn(wheel, 10ms);
  EXPECT_EQ(fired, 1);
  turn(wheel, 40'950ms);
  EXPECT_EQ(fired, 1);
  turn(wheel, 10ms);
  EXPECT_EQ(fired, 2);
}

// Of several timers due in one tick, whichever fires first cancels, re-arms and destroys the others.
TEST(TimerWheel, CallbacksMayCancelRearmAndDestroyOthersOfTheSameTick) {
  TimerWheel wheel;
  int first_fired = 0, rearmed_fired = 0;
  std::vector<std::unique_ptr<Alarm>> alarms(4);
  const auto first = [&](std::size_t self) {
    if (++first_fired > 1) {
      return;
    }
    for (std::size_t other = 0; other < alarms.size(); ++other) {
      if (other == self) {
        continue;
      }
      switch ((other + 4 - self) % 4) {
        case 1:
          alarms[other]->timer.cancel();
          break;
        case 2:
          alarms[other]->run = [&] { ++rearmed_fired; };
          alarms[other]->timer.arm(20ms);
          break;
        default:
          alarms[other].reset();
          break;
      }
    }
  };
  for (std::size_t i = 0; i < alarms.size(); ++i) {
    alarms[i] = std::make_unique<Alarm>(wheel, [&first, i] { first(i); });
    alarms[i]->timer.arm(30ms);
  }
  turn(wheel, 30ms);
  EXPECT_EQ(first_fired, 1);
  EXPECT_EQ(wheel.armed_count(), 1u);
  turn(wheel, 20ms);
  EXPECT_EQ(rearmed_fired, 1);
  EXPECT_EQ(wheel.armed_count(), 0u);
}

TEST(TimerWheel, ACallbackMayDestroyItsOwnTimer) {
  TimerWheel wheel;
  int fired = 0;
  auto alarm = std::make_unique<Alarm>(wheel, [] {});
  alarm->run = [&] {
    ++fired;
    alarm.reset();
  };
  auto* raw = alarm.get();
  raw->timer.arm(10ms);
  turn(wheel, 10ms);
  EXPECT_EQ(fired, 1);
  EXPECT_EQ(alarm, nullptr);
  EXPECT_EQ(wheel.armed_count(), 0u);
}

TEST(TimerWheel, NextWaitIsNeverLate) {
  std::mt19937 random(5);
  for (int round = 0; round < 2000; ++round) {
    TimerWheel wheel;
    wheel.advance(Instant{Duration(random() % 50'000)});
    bool fired = false;
    Alarm alarm(wheel, [&] { fired = true; });
    EXPECT_FALSE(wheel.next_wait().has_value());
    alarm.timer.arm(Duration(random() % 3'000));
    for (int sleeps = 0; !fired; ++sleeps) {
      ASSERT_LT(sleeps, 100) << "sleeps for nothing";
      const auto wait = wheel.next_wait();
      ASSERT_TRUE(wait.has_value());
      if (*wait > 0ms) {
        turn(wheel, *wait - 1ms);
        EXPECT_FALSE(fired) << "was due before the end of the wait";
        turn(wheel, 1ms);
      }
    }
  }
}

TEST(TimerWheel, HundredThousandTimersAgainstAModel) {
  constexpr std::size_t kTimers = 100'000;
  TimerWheel wheel;
  std::mt19937 random(41);
  std::set<std::pair<Duration, std::size_t>> model;  // due, timer
  std::vector<Duration> due(kTimers, -1ms);
  std::vector<std::unique_ptr<Alarm>> alarms(kTimers);
  Duration last_fired = 0ms;
  std::uint64_t fired = 0;

  const auto arm = [&](std::size_t i) {
    if (due[i] >= 0ms) {
      model.erase({due[i], i});
    }
    const Duration after(random() % 4 == 0 ? random() % 200'000 : random() % 2'000);
    const Duration now_tick = wheel.now().since_start / 10 * 10;
    due[i] = std::max((wheel.now().since_start + after + 9ms) / 10 * 10, now_tick + 10ms);
    model.insert({due[i], i});
    alarms[i]->timer.arm(after);
  };
  for (std::size_t i = 0; i < kTimers; ++i) {
    alarms[i] = std::make_unique<Alarm>(wheel, [&, i] {
      ++fired;
      EXPECT_EQ(wheel.now().since_start, due[i]);
      EXPECT_GE(due[i], last_fired);
      last_fired = due[i];
      EXPECT_EQ(model.erase({due[i], i}), 1u);
      due[i] = -1ms;
      if (random() % 3 == 0) {
        arm(i);
      }
      if (random() % 16 == 0) {
        arm(random() % kTimers);
      }
      if (const std::size_t other = random() % kTimers; random() % 16 == 0 && due[other] >= 0ms) {
        model.erase({due[other], other});
        due[other] = -1ms;
        alarms[other]->timer.cancel();
      }
    });
    arm(i);
  }
  while (!model.empty()) {
    turn(wheel, Duration(random() % 700));
    ASSERT_TRUE(model.empty() || model.begin()->first > wheel.now().since_start) << "one was missed";
    ASSERT_EQ(wheel.armed_count(), model.size());
  }
  EXPECT_GT(fired, kTimers);
}

}  // namespace
}  // namespace adit::control
