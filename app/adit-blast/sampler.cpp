// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/sampler.hpp"

#include <algorithm>
#include <cstdio>

namespace adit::app::blast {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds kInterval{200};
/// Two samples need some time between them, because rates divide by it.
constexpr milliseconds kShortest{1};

}  // namespace

Sampler::Sampler(const Fleet& fleet, const TrafficWorker& worker, bool quiet)
    : fleet_(fleet), worker_(worker), progress_(stderr, quiet), started_(Clock::now()) {}

void Sampler::begin_run() {
  started_ = Clock::now();
  losses_.begin_run();
}

void Sampler::begin_phase(PhaseProgress progress) {
  phase_ = std::move(progress);
  phase_began_ = Clock::now();
  came_up_before_ = 0;
}

double Sampler::seconds_since_start() const {
  return std::chrono::duration<double>(Clock::now() - started_).count();
}

void Sampler::sample_if_due() {
  if (const auto now = Clock::now(); now - sampled_ >= kInterval) {
    sample_at(now);
  }
}

void Sampler::sample() {
  if (const auto now = Clock::now(); now - sampled_ >= kShortest) {
    sample_at(now);
  }
}

void Sampler::sample_at(Clock::time_point now) {
  const double elapsed = std::chrono::duration<double>(now - std::max(sampled_, phase_began_)).count();
  sampled_ = now;
  const TrafficTable& ipv4 = worker_.ipv4();
  const TrafficTable& ipv6 = worker_.ipv6();
  const auto rate = [&](std::uint64_t value, std::uint64_t& before) {
    const double change = value > before ? static_cast<double>(value - before) : 0;
    before = value;
    return elapsed > 0 ? change / elapsed : 0;
  };
  Sample sample;
  sample.at = seconds_since_start();
  sample.calls_up = fleet_.up();
  sample.dials_per_second = rate(fleet_.counts().came_up, came_up_before_);
  sample.up_pps = rate(ipv4.up.received.read() + ipv6.up.received.read(), up_before_);
  sample.down_pps = rate(ipv4.down.received.read() + ipv6.down.received.read(), down_before_);
  sample.lost =
      losses_.so_far(ipv4.up.missing() + ipv4.down.missing() + ipv6.up.missing() + ipv6.down.missing());
  samples_.push_back(sample);

  phase_.seconds = std::chrono::duration<double>(now - phase_began_).count();
  phase_.failed = 0;
  for (std::size_t end = 0; end < control::kClientEnds; ++end) {
    phase_.failed += fleet_.counts().failed[end] + fleet_.counts().lost[end];
  }
  const bool dials = phase_.kind == PhaseKind::kSetUp;
  phase_.p99_ms =
      (dials ? percentiles_of(fleet_.set_up_times()) : percentiles_of(ipv4.up.latency, ipv6.up.latency))
          .p99_ms;
  progress_.show(phase_, sample);
}

}  // namespace adit::app::blast
