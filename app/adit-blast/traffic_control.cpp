// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/traffic_control.hpp"

namespace adit::app::blast {

using control::Duration;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

/// After the load has stopped, a direction in which nothing arrives for this long is done.
constexpr milliseconds kDrainSilence{300};
constexpr seconds kDrainLimit{5};

/// Since the start of the worker.
CompressionResult compressed_by(const dataplane::WorkerCounters& counters) {
  return {.up = {.plain = counters.mppc_downlink_plain.read(), .line = counters.mppc_downlink_octets.read()},
          .down = {.plain = counters.mppc_uplink_plain.read(), .line = counters.mppc_uplink_octets.read()}};
}

CompressionResult::Way operator-(const CompressionResult::Way& after, const CompressionResult::Way& before) {
  return {.plain = after.plain - before.plain, .line = after.line - before.line};
}

/// Of one family.
DirectionResult direction(const DirectionTotals& totals, const CallsByOutcome& calls) {
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

/// Of both together.
DirectionResult sum(const DirectionResult& ipv4, const DirectionResult& ipv6, const Percentiles& latency) {
  DirectionResult all = ipv4;
  for (std::uint64_t DirectionResult::* count :
       {&DirectionResult::sent, &DirectionResult::received, &DirectionResult::lost,
        &DirectionResult::duplicated, &DirectionResult::reordered, &DirectionResult::corrupted,
        &DirectionResult::sent_octets, &DirectionResult::received_octets, &DirectionResult::calls,
        &DirectionResult::calls_silent, &DirectionResult::calls_lossy}) {
    all.*count += ipv6.*count;
  }
  all.latency = latency;
  return all;
}

}  // namespace

TrafficControl::TrafficControl(const Plan& plan, std::uint16_t largest_packet, RunLoop& loop,
                               BlastRuntime& runtime, Sampler& sampler)
    : plan_(plan),
      largest_packet_(largest_packet),
      loop_(loop),
      runtime_(runtime),
      sampler_(sampler),
      meter_(runtime, loop.background()) {}

void TrafficControl::push(const TrafficCommand& command) {
  while (!loop_.fleet().command(command)) {
    loop_.run_once(Duration{1});
  }
}

void TrafficControl::command(TrafficCommand::Kind kind, const OfferedLoad* load) {
  push({.kind = kind, .load = load});
}

/// When it returns, the worker has carried out everything asked before.
void TrafficControl::synchronise() {
  push({.kind = TrafficCommand::Kind::kSync, .number = ++syncs_});
  while (runtime_.worker().synced() < syncs_) {
    loop_.run_once(Duration{1});
  }
}

TrafficControl::Offered TrafficControl::start(const Rate& up, const Rate& down, const SizeMix& wanted,
                                              Families families) {
  loop_.run_until([this] { return loop_.fleet().settled(); }, Clock::time_point::max());
  const SizeMix sizes = carried(wanted);
  loads_.push_back(make_load(plan_.traffic, up, down, sizes, families));
  command(TrafficCommand::Kind::kReset);
  command(TrafficCommand::Kind::kLoad, &loads_.back());
  sampler_.begin_traffic();
  meter_.begin();
  return {.sizes = sizes.name,
          .families = families,
          .mode = plan_.traffic,
          .pps = offered_pps(up, down, mean_size(sizes)),
          .began = Clock::now(),
          .compressed = compressed_by(runtime_.worker().counters())};
}

std::optional<TrafficControl::Offered> TrafficControl::start(const Phase& phase) {
  if (!has_rate(phase.up) && !has_rate(phase.down)) {
    return std::nullopt;
  }
  return start(phase.up, phase.down, phase.sizes.front(), phase.families);
}

TrafficResult TrafficControl::stop(const Offered& offered) {
  TrafficResult result;
  result.sizes = offered.sizes;
  result.mode = offered.mode;
  command(TrafficCommand::Kind::kLoad);
  synchronise();
  result.seconds = std::chrono::duration<double>(Clock::now() - offered.began).count();
  result.offered_pps = offered.pps;
  result.impaired = plan_.impairment.any();
  result.generator = meter_.since_begin();
  wait_for_silence();
  synchronise();
  const CompressionResult compressed = compressed_by(runtime_.worker().counters());
  result.compression = {.up = compressed.up - offered.compressed.up,
                        .down = compressed.down - offered.compressed.down};
  const TrafficTable& ipv4 = runtime_.worker().ipv4();
  const TrafficTable& ipv6 = runtime_.worker().ipv6();
  const FamilyResult of4{false, direction(ipv4.up, ipv4.calls_up()), direction(ipv4.down, ipv4.calls_down())};
  const FamilyResult of6{true, direction(ipv6.up, ipv6.calls_up()), direction(ipv6.down, ipv6.calls_down())};
  result.up = sum(of4.up, of6.up, percentiles_of(ipv4.up.latency, ipv6.up.latency));
  result.down = sum(of4.down, of6.down, percentiles_of(ipv4.down.latency, ipv6.down.latency));
  if (sends_ipv6(offered.families)) {
    result.families.push_back(of6);
    if (sends_ipv4(offered.families)) {
      result.families.insert(result.families.begin(), of4);
    }
  }
  return result;
}

void TrafficControl::wait_for_silence() {
  const TrafficTable& ipv4 = runtime_.worker().ipv4();
  const TrafficTable& ipv6 = runtime_.worker().ipv6();
  const auto arrived = [&] {
    return ipv4.up.received.read() + ipv4.down.received.read() + ipv6.up.received.read() +
           ipv6.down.received.read();
  };
  std::uint64_t before = arrived();
  auto since = Clock::now();
  const auto limit = since + kDrainLimit;
  while (Clock::now() - since < kDrainSilence && Clock::now() < limit) {
    loop_.run_once(Duration{5});
    if (const std::uint64_t now = arrived(); now != before) {
      before = now;
      since = Clock::now();
    }
  }
}

}  // namespace adit::app::blast
