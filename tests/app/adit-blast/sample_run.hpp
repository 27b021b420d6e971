// SPDX-License-Identifier: Apache-2.0
// Runs as the runner would describe them: one with a bit of everything, and one with nothing.
#pragma once

#include <cmath>

#include "app/adit-blast/results/results.hpp"

namespace adit::app::blast {

/// A bell around `centre_ms` on a logarithmic axis.
inline Percentiles sample_percentiles(double centre_ms, std::uint64_t count) {
  Histogram histogram;
  for (std::uint64_t i = 0; i < count; ++i) {
    const double at = (static_cast<double>(i) + 0.5) / static_cast<double>(count);
    const double spread = std::log(at / (1 - at)) / 4;  // logistic
    histogram.record(static_cast<std::uint64_t>(centre_ms * 1e6 * std::exp(spread)));
  }
  return percentiles_of(histogram);
}

inline DirectionResult sample_direction(std::uint64_t lost, double latency_ms) {
  DirectionResult direction;
  direction.sent = 6'000'000;
  direction.received = 6'000'000 - lost;
  direction.lost = lost;
  direction.duplicated = 3;
  direction.reordered = 1'204;
  direction.corrupted = lost > 0 ? 1 : 0;
  direction.sent_octets = direction.sent * 512;
  direction.received_octets = direction.received * 512;
  direction.calls = 10'000;
  direction.calls_silent = 0;
  direction.calls_lossy = lost;
  direction.latency = sample_percentiles(latency_ms, 20'000);
  return direction;
}

inline PhaseResult sample_phase(PhaseKind kind, double began, double seconds, std::uint64_t calls) {
  PhaseResult phase;
  phase.kind = kind;
  phase.began = began;
  phase.seconds = seconds;
  phase.calls_at_end = calls;
  return phase;
}

inline SetUpResult sample_set_up() {
  SetUpResult set_up;
  set_up.dialled = 10'000;
  set_up.up = 9'988;
  set_up.failures = {{"authentication timed out", 4}, {"the server closed the connection", 8}};
  set_up.seconds = 4.8;
  set_up.dialling_seconds = 4.7;
  set_up.rate = 2080.8;
  set_up.target_rate = 2500;
  set_up.concurrency = 256;
  set_up.time = sample_percentiles(38, 9'988);
  set_up.window_full = 0.93;
  set_up.generator = {.worker_busy = 0.2, .control_busy = 0.71, .losses = {}};
  return set_up;
}

inline GeneratorLoad sample_load(double worker_busy) {
  return {.worker_busy = worker_busy, .control_busy = 0.1, .losses = {}};
}

inline std::vector<ThroughputResult> sample_throughput() {
  return {
      {"64",
       1'450'000,
       742.4,
       0,
       {{2'000'000, 1'500'000, 0.25, false, 7'500'000, sample_load(0.993)}, {1'450'000, 1'450'000, 0, true}}},
      {"imix",
       1'120'000,
       3'203.2,
       0,
       {{1'120'000, 1'120'000, 0, true}, {1'180'000, 1'179'000, 0.002, false, 11'790, sample_load(0.71)}}},
      {"1400",
       780'000,
       8'736,
       0.001,
       {{780'000, 779'900, 0.0001, true}},
       TrafficMode::kCore,
       false,
       780'000}};
}

inline std::vector<Sample> sample_samples() {
  std::vector<Sample> samples;
  for (int tick = 0; tick <= 240; ++tick) {
    const double at = tick * 0.25;
    const bool dials = at < 4.8, sends = at >= 5 && at < 35;
    const double wave = std::sin(at * 3);
    samples.push_back({at, at > 58 ? 0 : static_cast<std::uint64_t>(std::fmin(9'988, at * 2'080)),
                       dials ? 2'080 + 220 * wave : 0, sends ? 200'000 + 1'500 * wave : 0,
                       sends ? 199'000 - 2'500 * wave : 0,
                       sends || at >= 35 ? static_cast<std::uint64_t>((std::fmin(at, 35) - 5) * 3) : 0});
  }
  return samples;
}

inline Plan sample_plan() {
  Plan plan;
  plan.server = wire::Ipv4Address(192, 0, 2, 1);
  plan.clients = {wire::Ipv4Address(10, 99, 0, 0), 16};
  plan.password = "correct horse";
  plan.access.interface = "eth1";
  plan.traffic = TrafficMode::kCore;
  plan.core_address = wire::Ipv4Address(198, 51, 100, 9);
  plan.impairment = {.loss = 0.01, .duplication = 0, .reordering = 0.02};
  for (const PhaseKind kind :
       {PhaseKind::kSetUp, PhaseKind::kTraffic, PhaseKind::kThroughput, PhaseKind::kTearDown}) {
    plan.phases.emplace_back().kind = kind;
  }
  plan.phases[0].calls = 10'000;
  return plan;
}

inline RunResult sample_run() {
  RunResult run;
  run.started = "2026-01-31T12:00:00Z";
  run.machine = "Some CPU at 3.2 GHz, 8 cores, Linux 6.1.0";
  run.version = "0.1.0";
  run.plan = sample_plan();
  run.seconds = 61.5;
  run.footprint_before = Footprint{0, 48 << 20, 31, 64 << 10};
  run.phases = {
      sample_phase(PhaseKind::kSetUp, 0, 4.8, 9'988), sample_phase(PhaseKind::kTraffic, 5, 30, 9'985),
      sample_phase(PhaseKind::kThroughput, 35, 22, 9'985), sample_phase(PhaseKind::kTearDown, 58, 2, 0)};
  run.phases[0].set_up = sample_set_up();
  run.phases[0].footprint = Footprint{9'988, std::uint64_t{72} << 20, 10'019, std::uint64_t{41} << 20};
  run.phases[1].traffic =
      TrafficResult{TrafficMode::kCore, "512", 30, sample_direction(89, 0.31), sample_direction(0, 0.22)};
  run.phases[1].traffic->offered_pps = 400'000;
  run.phases[1].traffic->impaired = true;
  run.phases[1].traffic->generator = sample_load(0.31);
  run.phases[1].lost_calls = {{"LCP echoes went unanswered </script><b>\x1b[2J", 3}};
  run.phases[1].echoes_answered = 20'113;
  run.phases[1].footprint = Footprint{9'985, std::uint64_t{73} << 20, 10'016, std::uint64_t{41} << 20};
  run.phases[2].throughput = sample_throughput();
  run.phases[3].hung_up = 9'985;
  run.samples = sample_samples();
  run.link.impaired_lost_up = 60'000;
  run.link.impaired_lost_down = 59'871;
  run.link.impaired_reordered_up = 1'200;
  run.link.drops = {{"unknown_call", 17}, {"bad_checksum", 0}};
  run.link.rx_missed = 5;
  run.remarks = {"5 frames found no room in adit-blast (rx_missed 5): some of the losses are its own"};
  run.complaints = {"12 of 10,000 dials failed", "89 packets were lost beyond the limit of 0"};
  return run;
}

}  // namespace adit::app::blast
