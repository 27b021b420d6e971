// SPDX-License-Identifier: Apache-2.0
// The runner's dealings with the traffic worker: load on, load off, what arrived; and the search for the highest rate.
#include <algorithm>
#include <cmath>
#include <limits>

#include "app/adit-blast/runner.hpp"
#include "app/adit-blast/traffic/offered_load.hpp"

namespace adit::app::blast {

using control::Duration;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

/// How long packets may be under way once nothing is sent any more: a direction that was silent for this long is done.
constexpr milliseconds kDrainSilence{300};
constexpr seconds kDrainLimit{5};

}  // namespace

// ---- traffic -------------------------------------------------------------------------------------------------------

void Runner::command(TrafficCommand::Kind kind, const OfferedLoad* load) {
  TrafficCommand command{.kind = kind, .load = load};
  while (!fleet_.command(command)) {
    turn(Duration{1});
  }
}

/// When it returns, the worker has carried out all that it was asked before.
void Runner::synchronise() {
  TrafficCommand command{.kind = TrafficCommand::Kind::kSync, .number = ++syncs_};
  while (!fleet_.command(command)) {
    turn(Duration{1});
  }
  while (runtime_.worker().synced() < syncs_) {
    turn(Duration{1});
  }
}

Runner::Traffic Runner::start_traffic(const Rate& up, const Rate& down, const SizeMix& wanted) {
  turn_until([this] { return fleet_.settled(); }, Clock::time_point::max());
  const SizeMix sizes = cut(wanted, largest_packet_);
  loads_.push_back(make_load(plan_.traffic, up, down, sizes));
  command(TrafficCommand::Kind::kReset);
  command(TrafficCommand::Kind::kLoad, &loads_.back());
  sampled_up_ = sampled_down_ = 0;
  return {.sizes = sizes.name, .mode = plan_.traffic, .began = Clock::now()};
}

TrafficResult Runner::stop_traffic(const Traffic& traffic) {
  TrafficResult result;
  result.sizes = traffic.sizes;
  result.mode = traffic.mode;
  command(TrafficCommand::Kind::kLoad);
  synchronise();
  result.seconds = std::chrono::duration<double>(Clock::now() - traffic.began).count();
  const TrafficTable& table = runtime_.worker().table();
  const auto arrived = [&] { return table.up.received.read() + table.down.received.read(); };
  std::uint64_t before = arrived();
  auto since = Clock::now();
  const auto limit = since + kDrainLimit;
  while (Clock::now() - since < kDrainSilence && Clock::now() < limit) {
    turn(Duration{5});
    if (const std::uint64_t now = arrived(); now != before) {
      before = now;
      since = Clock::now();
    }
  }
  synchronise();
  result.up = direction(table.up, table.calls_up());
  result.down = direction(table.down, table.calls_down());
  return result;
}

DirectionResult Runner::direction(const DirectionTotals& totals, const CallsByOutcome& calls) const {
  DirectionResult result;
  result.sent = totals.sent.read();
  result.received = totals.received.read();
  result.lost = result.sent > result.received ? result.sent - result.received : 0;
  result.duplicated = totals.duplicated.read();
  result.reordered = totals.reordered.read();
  result.corrupted = totals.corrupted.read();
  result.sent_octets = totals.sent_octets.read();
  result.received_octets = totals.received_octets.read();
  result.calls = calls.sent;
  result.calls_silent = calls.silent;
  result.calls_lossy = calls.lossy;
  result.latency = percentiles_of(totals.latency);
  return result;
}

// ---- throughput: RFC 2544 §26.1, the highest rate whose loss is within the limit --------------------------------------

namespace {

/// How much of a trial's rate goes up; the rest goes down. A direction that is not wanted gets nothing.
double share_up(const Phase& phase, TrafficMode mode) {
  if (mode == TrafficMode::kEcho || !has_rate(phase.down)) {
    return 1;
  }
  return has_rate(phase.up) ? 0.5 : 0;
}

/// The highest rate worth trying, packets a second of both directions.
double most_pps(const Phase& phase, double octets) {
  double most = 0;
  for (const Rate& rate : {phase.up, phase.down}) {
    switch (rate.unit) {
      case Rate::Unit::kMaximum:
        return std::numeric_limits<double>::infinity();
      case Rate::Unit::kPackets:
        most += rate.per_second;
        break;
      case Rate::Unit::kBits:
        most += rate.per_second / (octets * 8);
        break;
    }
  }
  return most > 0 ? most : std::numeric_limits<double>::infinity();
}

}  // namespace

ThroughputTrial Runner::trial(const Phase& phase, const SizeMix& sizes, double pps) {
  const double up = share_up(phase, plan_.traffic);
  const Traffic traffic = start_traffic({.per_second = pps * up}, {.per_second = pps * (1 - up)}, sizes);
  turn_until([] { return false; }, Clock::now() + phase.duration);
  const TrafficResult result = stop_traffic(traffic);
  const auto sent = static_cast<double>(result.up.sent + result.down.sent);
  const auto lost = static_cast<double>(result.up.lost + result.down.lost);
  ThroughputTrial trial;
  trial.offered_pps = pps;
  trial.achieved_pps = sent / result.seconds;
  trial.loss = sent > 0 ? lost / sent : 1;
  // What this machine could not offer, the server cannot have carried.
  constexpr double kOffered = 0.97;
  trial.passed = trial.loss <= phase.loss_limit && trial.achieved_pps >= pps * kOffered;
  return trial;
}

ThroughputResult Runner::search(const Phase& phase, const SizeMix& wanted) {
  constexpr double kFirst = 4000;
  constexpr double kLeast = 50;
  constexpr double kResolution = 1.05;
  const SizeMix sizes = cut(wanted, largest_packet_);
  const double most = most_pps(phase, mean_size(sizes));
  ThroughputResult result;
  result.sizes = sizes.name;
  result.loss_limit = phase.loss_limit;
  double low = 0, high = 0;
  const auto attempt = [&](double pps) {
    phase_progress_.note = sizes.name + ", trial " + std::to_string(result.trials.size() + 1) + " at " +
                           std::to_string(static_cast<std::uint64_t>(pps)) + " pps";
    result.trials.push_back(trial(phase, sizes, pps));
    (result.trials.back().passed ? low : high) = pps;
  };
  for (double pps = std::min(kFirst, most); high == 0 && low < most && interrupts_ == 0;
       pps = std::min(pps * 2, most)) {
    attempt(pps);
  }
  for (double pps = high / 2; low == 0 && pps > kLeast && interrupts_ == 0; pps /= 2) {
    attempt(pps);
  }
  while (low > 0 && high / low > kResolution && interrupts_ == 0) {
    attempt(std::sqrt(low * high));
  }
  result.pps = low;
  result.mbps = low * mean_size(sizes) * 8 / 1e6;
  return result;
}

void Runner::throughput(const Phase& phase, PhaseResult& result) {
  for (const SizeMix& sizes : phase.sizes) {
    if (interrupts_ == 0) {
      result.throughput.push_back(search(phase, sizes));
    }
  }
}

}  // namespace adit::app::blast
