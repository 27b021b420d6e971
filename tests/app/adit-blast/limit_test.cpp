// SPDX-License-Identifier: Apache-2.0
// What a report says kept a rate from being higher: the load that was asked for, adit-blast itself, the server's pings, or
// the server. The figures of adit-blast must not pass for those of the server.
#include "app/adit-blast/results/limit.hpp"

#include <gtest/gtest.h>

#include "app/adit-blast/results/verdict.hpp"

namespace adit::app::blast {
namespace {

/// So many are up at its end.
PhaseResult with_calls(std::uint64_t up = 1'000, std::uint64_t ended = 0) {
  PhaseResult phase;
  phase.calls_at_end = up;
  if (ended > 0) {
    phase.lost_calls = {{"the server closed the connection", ended}};
  }
  return phase;
}

/// 120,000 pps passed; at 126,000, 1 % was lost.
ThroughputResult search(TrafficMode mode) {
  ThroughputResult result;
  result.sizes = "64";
  result.pps = 120'000;
  result.mode = mode;
  ThroughputTrial passed{.offered_pps = 120'000, .achieved_pps = 120'000, .loss = 0, .passed = true};
  ThroughputTrial failed{.offered_pps = 126'000, .achieved_pps = 126'000, .loss = 0.01, .passed = false};
  ThroughputTrial far{.offered_pps = 240'000, .achieved_pps = 150'000, .loss = 0.3, .passed = false};
  failed.lost = 6'300;
  failed.generator.worker_busy = 0.41;
  result.trials = {passed, far, failed};
  return result;
}

TEST(Limit, TheTrialJustAboveTheBestDecides) {
  const Limit limit = limit_of(search(TrafficMode::kCore), with_calls());
  EXPECT_EQ(limit.by, LimitedBy::kServer);
  EXPECT_EQ(
      in_words(limit),
      "the server or the link: 1 % of 126,000 pps were lost, and adit-blast could have done more: its worker "
      "was busy for 41 % of the time");
}

TEST(Limit, PingsAreNotForwarding) {
  ThroughputResult result = search(TrafficMode::kEcho);
  EXPECT_EQ(limit_of(result, with_calls()).by, LimitedBy::kServerPings);
  EXPECT_NE(limit_of(result, with_calls())
                .why.find("aditd answers 10 a second for each call, 10,000 for each worker"),
            std::string::npos);
  EXPECT_NE(limit_of(result, with_calls()).why.find("--core-address"), std::string::npos);
  RunResult run;
  run.phases.resize(1);
  run.phases[0].throughput = {result};
  ASSERT_EQ(remarks_of(run).size(), 1U) << "a success of pings says what it is a success of";
  run.phases[0].throughput[0].mode = TrafficMode::kCore;
  EXPECT_TRUE(remarks_of(run).empty());
}

TEST(Limit, WhatTheGeneratorCouldNotSendIsItsOwn) {
  ThroughputResult result = search(TrafficMode::kCore);
  result.trials[2].achieved_pps = 110'000;
  result.trials[2].generator.worker_busy = 0.993;
  const Limit limit = limit_of(result, with_calls());
  EXPECT_EQ(limit.by, LimitedBy::kGeneratorCpu);
  EXPECT_EQ(limit.why,
            "adit-blast sent 110,000 of 126,000 pps, its worker was busy for 99.3 % of the time; give it a "
            "faster core, or one of its own");
}

TEST(Limit, AWorkerThatHadTimeWasNotRunning) {
  ThroughputResult result = search(TrafficMode::kCore);
  result.trials[2].achieved_pps = 110'000;
  result.trials[2].generator.worker_busy = 0.13;
  EXPECT_EQ(limit_of(result, with_calls()).why,
            "adit-blast sent 110,000 of 126,000 pps, its worker was busy for 13 % of the time; give it a "
            "core of its "
            "own, which something else took");
}

TEST(Limit, AWorkerWithoutTimeMayHaveLostThem) {
  ThroughputResult result = search(TrafficMode::kEcho);
  result.trials[2].generator.worker_busy = 0.99;
  EXPECT_EQ(limit_of(result, with_calls()).by, LimitedBy::kGeneratorCpu);
}

TEST(Limit, WhatFoundNoRoomHereIsNotTheServers) {
  ThroughputResult result = search(TrafficMode::kCore);
  result.trials[2].generator.losses = {{"rx_missed", 6'200}};
  const Limit limit = limit_of(result, with_calls());
  EXPECT_EQ(limit.by, LimitedBy::kGeneratorRings);
  EXPECT_EQ(limit.why, "of 6,300 packets lost, adit-blast had no room for 6,200 (rx_missed 6,200)");
  result.trials[2].generator.losses = {{"rx_missed", 7}};
  EXPECT_EQ(limit_of(result, with_calls()).by, LimitedBy::kServer) << "7 of 6,300 decide nothing";
}

TEST(Limit, ASearchMayEndBecauseItWasToldTo) {
  ThroughputResult result = search(TrafficMode::kCore);
  result.trials.resize(1);
  EXPECT_EQ(limit_of(result, with_calls()).by, LimitedBy::kUnknown) << "interrupted";
  result.most_pps = 120'000;
  EXPECT_EQ(limit_of(result, with_calls()).by, LimitedBy::kOffered);
  result.trials = search(TrafficMode::kCore).trials;
  result.impaired = true;
  EXPECT_EQ(limit_of(result, with_calls()).by, LimitedBy::kImpairment);
}

TEST(Limit, OfTraffic) {
  TrafficResult traffic;
  traffic.seconds = 10;
  traffic.offered_pps = 1'000;
  traffic.up.sent = traffic.up.received = 10'000;
  EXPECT_EQ(in_words(limit_of(traffic, with_calls())), "what was asked for: 1,000 pps were sent and arrived");
  traffic.up.lost = 100;
  EXPECT_EQ(limit_of(traffic, with_calls()).by, LimitedBy::kServer);
  traffic.up.sent = 9'000;
  EXPECT_EQ(limit_of(traffic, with_calls()).by, LimitedBy::kGeneratorCpu);
  traffic.offered_pps = 0;
  traffic.up.lost = 0;
  EXPECT_EQ(in_words(limit_of(traffic, with_calls())),
            "our own CPU: 900 pps are as much as adit-blast can send, and none were lost");
}

TEST(Limit, NothingIsSentWhereNoCallIsUp) {
  TrafficResult traffic;
  traffic.seconds = 10;
  traffic.offered_pps = 1'000;
  traffic.generator.worker_busy = 0.02;
  const PhaseResult none = with_calls(0);
  EXPECT_EQ(in_words(limit_of(traffic, none)), "no calls: nothing was sent: no call was up");
  traffic.offered_pps = 0;
  EXPECT_EQ(limit_of(traffic, none).by, LimitedBy::kNoCalls) << "whatever was offered";
  EXPECT_EQ(limit_of(traffic, with_calls()).by, LimitedBy::kGeneratorCpu);
  ThroughputResult result = search(TrafficMode::kCore);
  result.pps = 0;
  result.trials = {{.offered_pps = 10'000, .achieved_pps = 0, .loss = 1, .passed = false}};
  EXPECT_EQ(limit_of(result, none).by, LimitedBy::kNoCalls);
}

TEST(Limit, CallsThatEndedCarryNothing) {
  TrafficResult traffic;
  traffic.seconds = 10;
  traffic.offered_pps = 1'000;
  traffic.up.sent = traffic.up.received = 7'500;
  traffic.generator.worker_busy = 0.99;
  EXPECT_EQ(in_words(limit_of(traffic, with_calls(750, 250))),
            "the server or the link: 250 of 1,000 calls ended without our asking (the server closed the "
            "connection 250)");
  traffic.up.sent = 0;
  EXPECT_EQ(limit_of(traffic, with_calls(0, 250)).by, LimitedBy::kServer) << "all of them, at once";
  traffic.up.sent = 10'000;
  traffic.up.lost = 2'500;
  EXPECT_EQ(limit_of(traffic, with_calls(750, 250)).by, LimitedBy::kServer) << "what was on its way to them";
  EXPECT_EQ(limit_of(traffic, with_calls(99'990, 10)).by, LimitedBy::kGeneratorCpu)
      << "10 of 100,000 decide nothing";
}

SetUpResult set_up() {
  SetUpResult dials;
  dials.dialled = dials.up = 10'000;
  dials.seconds = 5;
  dials.concurrency = 256;
  dials.time.p50_ms = 38;
  dials.time.max_ms = 450;
  return dials;
}

TEST(Limit, OfDials) {
  SetUpResult dials = set_up();
  EXPECT_EQ(limit_of(dials, PhaseKind::kSetUp).by, LimitedBy::kServer);
  dials.failures = {{"connection refused", 500}};
  EXPECT_EQ(limit_of(dials, PhaseKind::kSetUp).why,
            "500 of 10,000 dials failed, and each takes 38.0 ms (p50)");
  dials.lines_busy = 0.7;
  EXPECT_EQ(limit_of(dials, PhaseKind::kStorm).by, LimitedBy::kCallers);
  dials.window_full = 0.93;
  EXPECT_EQ(in_words(limit_of(dials, PhaseKind::kSetUp)),
            "--concurrency: all 256 dials that may be in progress were for 93 % of the time, and each takes "
            "38.0 ms "
            "(p50)");
  dials.target_rate = 2'000;
  dials.dialling_seconds = 5;
  EXPECT_EQ(in_words(limit_of(dials, PhaseKind::kStorm)), "what was asked for: --dial-rate 2,000 was kept");
  EXPECT_EQ(limit_of(dials, PhaseKind::kChurn).why, "as many as --churn hangs up");
  dials.generator.background_busy = 0.95;
  EXPECT_EQ(in_words(limit_of(dials, PhaseKind::kStorm)),
            "our own CPU: adit-blast had public-key work (eap-tls) for 95 % of the time; dial from several "
            "machines");
  dials.generator.background_busy = 0.2;
  EXPECT_EQ(limit_of(dials, PhaseKind::kStorm).by, LimitedBy::kOffered);
  dials.generator.control_busy = 0.95;
  EXPECT_EQ(limit_of(dials, PhaseKind::kStorm).by, LimitedBy::kGeneratorCpu);
  dials.generator.losses = {{"control_ring_full", 33'020}};
  EXPECT_EQ(in_words(limit_of(dials, PhaseKind::kStorm)),
            "our own rings: adit-blast had no room for 33,020 frames (control_ring_full 33,020), which are "
            "sent again "
            "after seconds; lower --concurrency or --dial-rate");
}

/// 50 calls a second take 2 s to dial, and half a second more to come up.
TEST(Limit, TheLastCallsComeUpAfterTheLastDial) {
  SetUpResult dials;
  dials.dialled = dials.up = 100;
  dials.dialling_seconds = 2;
  dials.seconds = 2.5;
  dials.target_rate = 50;
  dials.concurrency = 256;
  dials.time.p50_ms = 500;
  EXPECT_EQ(in_words(limit_of(dials, PhaseKind::kSetUp)), "what was asked for: --dial-rate 50.0 was kept");
  dials.dialling_seconds = 2.4;  // and the last was late
  EXPECT_EQ(limit_of(dials, PhaseKind::kSetUp).by, LimitedBy::kCalls);
}

TEST(Limit, AFewCallsHaveNoRate) {
  SetUpResult dials = set_up();
  dials.dialled = dials.up = 50;
  EXPECT_EQ(in_words(limit_of(dials, PhaseKind::kSetUp)),
            "--calls: all 50 were dialled at once, and the slowest took 450 ms; more calls than "
            "--concurrency give a "
            "rate");
}

TEST(Remarks, OwnLossesAreNeverSilent) {
  RunResult run;
  run.link.drops = {{"gre_late", 10}, {"control_ring_full", 33'020}, {"transmit_full", 0}};
  ASSERT_EQ(remarks_of(run).size(), 1U);
  EXPECT_TRUE(remarks_of(run)[0].starts_with(
      "33,020 frames found no room in adit-blast (control_ring_full 33,020): some of the losses"))
      << remarks_of(run)[0];
  run.link.drops.clear();
  run.link.rx_missed = 5;
  EXPECT_EQ(remarks_of(run).size(), 1U);
  run.link.rx_missed = 0;
  EXPECT_TRUE(remarks_of(run).empty());
  run.link.reconnects = 2;
  EXPECT_EQ(remarks_of(run).size(), 1U);
}

}  // namespace
}  // namespace adit::app::blast
