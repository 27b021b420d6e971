// SPDX-License-Identifier: Apache-2.0
// The automaton against RFC 1661 §4.1, entered a second time from the RFC, by state instead of by event: all
// 160 cells, through the function and through the class, then its timer and counter (§4.6).
#include "controlplane/ppp/automaton.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace adit::control {
namespace {

using enum PppState;
using enum PppEvent;
using enum PppAction;

struct Expected {
  PppEvent event;
  std::vector<PppAction> actions;
  PppState next;
};

// Cells not listed are "-" in the RFC: nothing happens.
const std::map<PppState, std::vector<Expected>>& rfc_columns() {
  static const std::map<PppState, std::vector<Expected>> kColumns = {
      {kInitial, {{kUp, {}, kClosed}, {kOpen, {kTls}, kStarting}, {kClose, {}, kInitial}}},
      {kStarting, {{kUp, {kIrc, kScr}, kReqSent}, {kOpen, {}, kStarting}, {kClose, {kTlf}, kInitial}}},
      {kClosed,
       {{kDown, {}, kInitial},
        {kOpen, {kIrc, kScr}, kReqSent},
        {kClose, {}, kClosed},
        {kRcrGood, {kSta}, kClosed},
        {kRcrBad, {kSta}, kClosed},
        {kRca, {kSta}, kClosed},
        {kRcn, {kSta}, kClosed},
        {kRtr, {kSta}, kClosed},
        {kRta, {}, kClosed},
        {kRuc, {kScj}, kClosed},
        {kRxjPermitted, {}, kClosed},
        {kRxjFatal, {kTlf}, kClosed},
        {kRxr, {}, kClosed}}},
      {kStopped,
       {{kDown, {kTls}, kStarting},
        {kOpen, {}, kStopped},
        {kClose, {}, kClosed},
        {kRcrGood, {kIrc, kScr, kSca}, kAckSent},
        {kRcrBad, {kIrc, kScr, kScn}, kReqSent},
        {kRca, {kSta}, kStopped},
        {kRcn, {kSta}, kStopped},
        {kRtr, {kSta}, kStopped},
        {kRta, {}, kStopped},
        {kRuc, {kScj}, kStopped},
        {kRxjPermitted, {}, kStopped},
        {kRxjFatal, {kTlf}, kStopped},
        {kRxr, {}, kStopped}}},
      {kClosing,
       {{kDown, {}, kInitial},
        {kOpen, {}, kStopping},
        {kClose, {}, kClosing},
        {kTimeoutRetry, {kStr}, kClosing},
        {kTimeoutGiveUp, {kTlf}, kClosed},
        {kRcrGood, {}, kClosing},
        {kRcrBad, {}, kClosing},
        {kRca, {}, kClosing},
        {kRcn, {}, kClosing},
        {kRtr, {kSta}, kClosing},
        {kRta, {kTlf}, kClosed},
        {kRuc, {kScj}, kClosing},
        {kRxjPermitted, {}, kClosing},
        {kRxjFatal, {kTlf}, kClosed},
        {kRxr, {}, kClosing}}},
      {kStopping,
       {{kDown, {}, kStarting},
        {kOpen, {}, kStopping},
        {kClose, {}, kClosing},
        {kTimeoutRetry, {kStr}, kStopping},
        {kTimeoutGiveUp, {kTlf}, kStopped},
        {kRcrGood, {}, kStopping},
        {kRcrBad, {}, kStopping},
        {kRca, {}, kStopping},
        {kRcn, {}, kStopping},
        {kRtr, {kSta}, kStopping},
        {kRta, {kTlf}, kStopped},
        {kRuc, {kScj}, kStopping},
        {kRxjPermitted, {}, kStopping},
        {kRxjFatal, {kTlf}, kStopped},
        {kRxr, {}, kStopping}}},
      {kReqSent,
       {{kDown, {}, kStarting},
        {kOpen, {}, kReqSent},
        {kClose, {kIrc, kStr}, kClosing},
        {kTimeoutRetry, {kScr}, kReqSent},
        {kTimeoutGiveUp, {kTlf}, kStopped},
        {kRcrGood, {kSca}, kAckSent},
        {kRcrBad, {kScn}, kReqSent},
        {kRca, {kIrc}, kAckRcvd},
        {kRcn, {kIrc, kScr}, kReqSent},
        {kRtr, {kSta}, kReqSent},
        {kRta, {}, kReqSent},
        {kRuc, {kScj}, kReqSent},
        {kRxjPermitted, {}, kReqSent},
        {kRxjFatal, {kTlf}, kStopped},
        {kRxr, {}, kReqSent}}},
      {kAckRcvd,
       {{kDown, {}, kStarting},
        {kOpen, {}, kAckRcvd},
        {kClose, {kIrc, kStr}, kClosing},
        {kTimeoutRetry, {kScr}, kReqSent},
        {kTimeoutGiveUp, {kTlf}, kStopped},
        {kRcrGood, {kSca, kTlu}, kOpened},
        {kRcrBad, {kScn}, kAckRcvd},
        {kRca, {kScr}, kReqSent},
        {kRcn, {kScr}, kReqSent},
        {kRtr, {kSta}, kReqSent},
        {kRta, {}, kReqSent},
        {kRuc, {kScj}, kAckRcvd},
        {kRxjPermitted, {}, kReqSent},
        {kRxjFatal, {kTlf}, kStopped},
        {kRxr, {}, kAckRcvd}}},
      {kAckSent,
       {{kDown, {}, kStarting},
        {kOpen, {}, kAckSent},
        {kClose, {kIrc, kStr}, kClosing},
        {kTimeoutRetry, {kScr}, kAckSent},
        {kTimeoutGiveUp, {kTlf}, kStopped},
        {kRcrGood, {kSca}, kAckSent},
        {kRcrBad, {kScn}, kReqSent},
        {kRca, {kIrc, kTlu}, kOpened},
        {kRcn, {kIrc, kScr}, kAckSent},
        {kRtr, {kSta}, kReqSent},
        {kRta, {}, kAckSent},
        {kRuc, {kScj}, kAckSent},
        {kRxjPermitted, {}, kAckSent},
        {kRxjFatal, {kTlf}, kStopped},
        {kRxr, {}, kAckSent}}},
      {kOpened,
       {{kDown, {kTld}, kStarting},
        {kOpen, {}, kOpened},
        {kClose, {kTld, kIrc, kStr}, kClosing},
        {kRcrGood, {kTld, kScr, kSca}, kAckSent},
        {kRcrBad, {kTld, kScr, kScn}, kReqSent},
        {kRca, {kTld, kScr}, kReqSent},
        {kRcn, {kTld, kScr}, kReqSent},
        {kRtr, {kTld, kZrc, kSta}, kStopping},
        {kRta, {kTld, kScr}, kReqSent},
        {kRuc, {kScj}, kOpened},
        {kRxjPermitted, {}, kOpened},
        {kRxjFatal, {kTld, kIrc, kStr}, kStopping},
        {kRxr, {kSer}, kOpened}}},
  };
  return kColumns;
}

Expected expected(PppState state, PppEvent event) {
  for (const Expected& cell : rfc_columns().at(state)) {
    if (cell.event == event) {
      return cell;
    }
  }
  return {event, {}, state};
}

struct Recorder final : AutomatonActions {
  std::vector<PppAction> seen;
  void this_layer_up() override { seen.push_back(kTlu); }
  void this_layer_down() override { seen.push_back(kTld); }
  void this_layer_started() override { seen.push_back(kTls); }
  void this_layer_finished() override { seen.push_back(kTlf); }
  void send_configure_request() override { seen.push_back(kScr); }
  void send_configure_ack() override { seen.push_back(kSca); }
  void send_configure_nak_or_reject() override { seen.push_back(kScn); }
  void send_terminate_request() override { seen.push_back(kStr); }
  void send_terminate_ack() override { seen.push_back(kSta); }
  void send_code_reject() override { seen.push_back(kScj); }
  void send_echo_reply() override { seen.push_back(kSer); }
};

struct Fixture {
  PppSettings settings;
  TimerWheel wheel;
  Recorder recorder;
  PppAutomaton automaton{settings, wheel, recorder};
  Instant now{};

  void drive(std::initializer_list<PppEvent> events) {
    for (const PppEvent event : events) {
      automaton.on(event);
    }
  }
  void advance(Duration by) { wheel.advance(now = now + by); }
  std::size_t count(PppAction action) const {
    return static_cast<std::size_t>(std::count(recorder.seen.begin(), recorder.seen.end(), action));
  }
};

void drive_to(Fixture& f, PppState state) {
  switch (state) {
    case kInitial:
      break;
    case kStarting:
      f.drive({kOpen});
      break;
    case kClosed:
      f.drive({kUp});
      break;
    case kStopped:
      f.drive({kUp, kOpen, kRxjFatal});
      break;
    case kClosing:
      f.drive({kUp, kOpen, kClose});
      break;
    case kStopping:
      f.drive({kUp, kOpen, kRca, kRcrGood, kRtr});
      break;
    case kReqSent:
      f.drive({kUp, kOpen});
      break;
    case kAckRcvd:
      f.drive({kUp, kOpen, kRca});
      break;
    case kAckSent:
      f.drive({kUp, kOpen, kRcrGood});
      break;
    case kOpened:
      f.drive({kUp, kOpen, kRcrGood, kRca});
      break;
  }
  ASSERT_EQ(f.automaton.state(), state);
  f.recorder.seen.clear();
}

bool restart_timer_belongs_in(PppState state) {
  return state == kClosing || state == kStopping || state == kReqSent || state == kAckRcvd ||
         state == kAckSent;
}

struct CellName {
  template <typename Param>
  std::string operator()(const Param& info) const {
    return "state" + std::to_string(std::get<0>(info.param)) + "_event" +
           std::to_string(std::get<1>(info.param));
  }
};

class PppAutomatonCell : public testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(PppAutomatonCell, LCP_02_MatchesRfc1661Table) {
  const auto state = static_cast<PppState>(std::get<0>(GetParam()));
  const auto event = static_cast<PppEvent>(std::get<1>(GetParam()));
  const Expected want = expected(state, event);

  std::vector<PppAction> listed;
  for (const PppAction action : ppp_transition(state, event).actions) {
    if (action != kNone) {
      listed.push_back(action);
    }
  }
  EXPECT_EQ(listed, want.actions);
  EXPECT_EQ(ppp_transition(state, event).next, want.next);

  Fixture f;
  drive_to(f, state);
  f.automaton.on(event);
  std::vector<PppAction> visible = want.actions;
  std::erase(visible, kIrc);
  std::erase(visible, kZrc);
  EXPECT_EQ(f.recorder.seen, visible);
  EXPECT_EQ(f.automaton.state(), want.next);
  EXPECT_EQ(f.automaton.restart_timer_runs(), restart_timer_belongs_in(want.next));
}

INSTANTIATE_TEST_SUITE_P(Rfc1661, PppAutomatonCell,
                         testing::Combine(testing::Range(0, 10), testing::Range(0, 16)), CellName{});

/// When `action` was taken within the next minute, from now on.
std::vector<Duration> times_of(Fixture& f, PppAction action) {
  std::vector<Duration> times;
  const Instant began = f.now;
  std::size_t seen = f.count(action);
  while (f.now - began < 60s) {
    f.advance(TimerWheel::kTick);
    if (f.count(action) > seen) {
      seen = f.count(action);
      times.push_back(f.now - began);
    }
  }
  return times;
}

// §4.6: "Each successive value less than the final value SHOULD be at least twice the previous value."
TEST(PppAutomaton, LCP_02_01_RepetitionsBeginAfter300MsAndDoubleUpToTheRestartTimer) {
  Fixture f;
  f.drive({kUp, kOpen});
  EXPECT_EQ(times_of(f, kScr), (std::vector<Duration>{300ms, 900ms, 2100ms, 4500ms, 7500ms, 10'500ms,
                                                      13'500ms, 16'500ms, 19'500ms}));
}

TEST(PppAutomaton, LCP_02_01_MaxConfigureRequestsThenStopped) {
  Fixture f;
  f.drive({kUp, kOpen});
  f.advance(27'990ms);  // a second, and nine restart timers
  EXPECT_EQ(f.count(kScr), f.settings.max_configure);
  EXPECT_EQ(f.automaton.state(), kReqSent);
  f.advance(10ms);
  EXPECT_EQ(f.count(kScr), f.settings.max_configure);
  EXPECT_EQ(f.automaton.state(), kStopped);
  EXPECT_EQ(f.count(kTlf), 1U);
  EXPECT_FALSE(f.automaton.restart_timer_runs());
}

TEST(PppAutomaton, AShortRestartTimerIsKeptFromTheFirstRequestOn) {
  Fixture f;
  f.settings.timeout = 100ms;
  f.settings.max_configure = 3;
  f.drive({kUp, kOpen});
  EXPECT_EQ(times_of(f, kScr), (std::vector<Duration>{100ms, 200ms}));
  EXPECT_EQ(f.automaton.state(), kStopped);
}

TEST(PppAutomaton, TheOnlyRequestWaitsForASecond) {
  Fixture f;
  f.settings.max_configure = 1;
  f.drive({kUp, kOpen});
  EXPECT_EQ(times_of(f, kTlf), std::vector<Duration>{1s});
}

// Each end's repeats reach the other in Opened, where the round trip is longer than the timer.
TEST(PppAutomaton, ANegotiationThatBeginsAnewKeepsTheTimerItHasArrivedAt) {
  Fixture f;
  f.drive({kUp, kOpen});
  f.advance(300ms);
  f.advance(600ms);
  f.drive({kRcrGood, kRca});
  ASSERT_EQ(f.automaton.state(), kOpened);
  f.automaton.on(kRcrGood);
  EXPECT_EQ(times_of(f, kScr).front(), 1200ms);

  f.drive({kDown, kUp});
  EXPECT_EQ(times_of(f, kScr).front(), 300ms);
}

TEST(PppAutomaton, LCP_02_01_MaxTerminateRequestsThenClosed) {
  Fixture f;
  drive_to(f, kOpened);
  f.automaton.on(kClose);
  f.advance(300ms);
  EXPECT_EQ(f.count(kStr), f.settings.max_terminate);
  f.advance(3'690ms);
  EXPECT_EQ(f.automaton.state(), kClosing);
  f.advance(10ms);
  EXPECT_EQ(f.count(kStr), f.settings.max_terminate);
  EXPECT_EQ(f.automaton.state(), kClosed);
  EXPECT_EQ(f.count(kTlf), 1U);
}

TEST(PppAutomaton, LCP_02_01_AfterTerminateRequestWaitsOnePeriodInStopping) {
  Fixture f;
  drive_to(f, kOpened);
  f.automaton.on(kRtr);
  f.advance(f.settings.timeout - 10ms);
  EXPECT_EQ(f.automaton.state(), kStopping);
  f.automaton.on(kRtr);  // a repeated Terminate-Request is answered again
  EXPECT_EQ(f.count(kSta), 2U);
  f.advance(10ms);
  EXPECT_EQ(f.automaton.state(), kStopped);
  EXPECT_EQ(f.count(kTlf), 1U);
}

TEST(PppAutomaton, AckRestoresTheFullRetryBudget) {
  Fixture f;
  f.drive({kUp, kOpen});
  f.advance(1s);
  f.advance(6s);  // four requests sent
  f.automaton.on(kRca);
  f.recorder.seen.clear();
  f.advance(200s);
  EXPECT_EQ(f.count(kScr), f.settings.max_configure);
  EXPECT_EQ(f.automaton.state(), kStopped);
}

TEST(PppAutomaton, NothingFiresAfterDown) {
  Fixture f;
  f.drive({kUp, kOpen, kDown});
  f.recorder.seen.clear();
  f.advance(60s);
  EXPECT_TRUE(f.recorder.seen.empty());
}

}  // namespace
}  // namespace adit::control
