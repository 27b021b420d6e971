// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/runner.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "app/adit-blast/results/footprint.hpp"
#include "app/adit-blast/results/machine.hpp"
#include "app/adit-blast/results/verdict.hpp"
#include "app/adit-blast/throughput_search.hpp"
#include "dataplane/base/drop_reason.hpp"

namespace adit::app::blast {

using control::Duration;
using std::chrono::seconds;

namespace {

/// Calls hung up at the same time. Each takes a second, because anybody can forge the LCP Terminate-Request that begins
/// it, so that aditd asks the peer before it believes one.
constexpr std::uint64_t kHangUpsAtOnce = 8192;
/// As fast as dials come at best. All at once would overrun the links' queues.
constexpr std::chrono::microseconds kBetweenHangUps{100};
constexpr seconds kTearDownLimit{120};

/// The other kinds last until their condition is met.
bool has_duration(PhaseKind kind) {
  return kind != PhaseKind::kSetUp && kind != PhaseKind::kThroughput && kind != PhaseKind::kTearDown;
}

LinkResult since(const LinkResult& before, LinkResult now) {
  for (auto& [name, count] : now.drops) {
    const auto known = before.drops.find(name);
    count -= known == before.drops.end() ? 0 : known->second;
  }
  for (std::uint64_t LinkResult::* counter :
       {&LinkResult::impaired_lost_up, &LinkResult::impaired_lost_down, &LinkResult::impaired_duplicated_up,
        &LinkResult::impaired_duplicated_down, &LinkResult::impaired_reordered_up,
        &LinkResult::impaired_reordered_down, &LinkResult::rx_missed, &LinkResult::reconnects}) {
    now.*counter -= before.*counter;
  }
  return now;
}

}  // namespace

Runner::Runner(const Plan& plan, std::uint32_t lines, const ClientAddresses& addresses,
               const control::ClientSettings& settings, BlastRuntime& runtime)
    : plan_(plan),
      runtime_(runtime),
      loop_(plan, lines, addresses, settings, runtime),
      fleet_(loop_.fleet()),
      sampler_(fleet_, runtime.worker(), plan.quiet),
      dialler_(fleet_, runtime, loop_.background()),
      traffic_(plan, largest_packet(settings), loop_, runtime, sampler_) {
  loop_.after_iteration = [this] { sampler_.sample_if_due(); };
}

RunResult Runner::run() {
  RunResult result;
  result.started = utc_now();
  result.machine = describe_machine();
  result.version = ADIT_VERSION;
  result.plan = plan_;
  const LinkResult link_before = link_result();
  sampler_.begin_run();
  result.footprint_before = footprint_of(plan_.server_pid, 0);
  Counts details;  // run_phase() starts them anew
  for (const Phase& phase : plan_.phases) {
    if (loop_.interrupts() == 0 || (phase.kind == PhaseKind::kTearDown && loop_.interrupts() == 1)) {
      result.phases.push_back(run_phase(phase));
      for (const auto& [text, count] : fleet_.counts().details) {
        details[std::string(to_text(phase.kind)) + ": " + text] += count;
      }
    }
  }
  sampler_.finish();
  result.seconds = sampler_.seconds_since_start();
  result.samples = sampler_.take_samples();
  result.link = since(link_before, link_result());
  result.complaints = complaints_of(result);
  result.remarks = remarks_of(result);
  for (const auto& [text, count] : details) {
    result.remarks.push_back(std::to_string(count) + " x " + text);
  }
  result.interrupted = interrupted();
  if (result.interrupted) {
    result.complaints.emplace_back("interrupted");
  }
  return result;
}

// ---- phases --------------------------------------------------------------------------------------------------------

PhaseResult Runner::run_phase(const Phase& phase) {
  PhaseResult result;
  result.kind = phase.kind;
  result.began = sampler_.seconds_since_start();
  fleet_.reset_counts();
  const std::uint64_t echoes_before = fleet_.echoes_answered();
  const std::uint64_t advertisements_before = fleet_.advertisements();
  sampler_.begin_phase(
      {.kind = phase.kind,
       .of_seconds = has_duration(phase.kind) ? std::chrono::duration<double>(phase.duration).count() : 0,
       .of_calls = phase.kind == PhaseKind::kSetUp ? phase.calls : fleet_.up()});
  switch (phase.kind) {
    case PhaseKind::kSetUp:
      set_up(phase, result);
      break;
    case PhaseKind::kHold:
    case PhaseKind::kTraffic:
      hold(phase, result);
      break;
    case PhaseKind::kChurn:
      churn(phase, result);
      break;
    case PhaseKind::kStorm:
      storm(phase, result);
      break;
    case PhaseKind::kThroughput:
      throughput(phase, result);
      break;
    case PhaseKind::kTearDown:
      tear_down(phase);
      break;
  }
  sampler_.sample();  // the final state belongs in the results, however short the phase was
  result.seconds = sampler_.seconds_since_start() - result.began;
  result.calls_at_end = fleet_.up();
  result.lost_calls = by_text(fleet_.counts().lost);
  result.hung_up = fleet_.counts().hung_up;
  result.echoes_answered = fleet_.echoes_answered() - echoes_before;
  if (plan_.ipv6 != control::Ipv6Policy::kDeny) {
    result.ipv6 = fleet_.ipv6();
    result.ipv6->advertisements = fleet_.advertisements() - advertisements_before;
  }
  result.footprint = footprint_of(plan_.server_pid, fleet_.up());
  return result;
}

void Runner::set_up(const Phase& phase, PhaseResult& result) {
  std::uint64_t budget = phase.calls;
  dialler_.begin();
  loop_.run_until(
      [&] {
        dialler_.dial_due(phase, budget);
        return budget == 0 && fleet_.dialling() == 0;
      },
      Clock::time_point::max(), Duration{1});
  fleet_.abandon_dials();  // interrupted
  result.set_up = dialler_.result(phase);
  if (plan_.ipv6 != control::Ipv6Policy::kDeny) {  // bounded by Line, for each call
    loop_.run_until([this] { return fleet_.settled(); }, Clock::time_point::max());
  }
}

void Runner::hold(const Phase& phase, PhaseResult& result) {
  const auto traffic = traffic_.start(phase);
  loop_.run_until([] { return false; }, Clock::now() + phase.duration);
  if (traffic) {
    result.traffic = traffic_.stop(*traffic);
  }
}

/// Hangs up as many lines as are due by now, again and again, and redials those that are down. At the end all
/// are up.
void Runner::churn(const Phase& phase, PhaseResult& result) {
  const auto traffic = traffic_.start(phase);
  const double per_second = phase.churn * static_cast<double>(fleet_.up());
  const auto began = Clock::now();
  const auto end = began + phase.duration;
  std::uint64_t hung_up = 0, owed = 0, budget = 0;
  std::uint32_t next = 0;
  dialler_.begin();
  loop_.run_until(
      [&] {
        const double elapsed = std::chrono::duration<double>(std::min(Clock::now(), end) - began).count();
        owed = static_cast<std::uint64_t>(elapsed * per_second);
        for (std::uint32_t looked_at = 0; hung_up < owed && looked_at < fleet_.size(); ++looked_at) {
          Line& line = fleet_.line(next);
          next = next + 1 < fleet_.size() ? next + 1 : 0;
          if (line.state() == Line::State::kUp) {
            line.hang_up(phase.abrupt);
            ++hung_up;
          }
        }
        budget = hung_up - dialler_.dialled();
        dialler_.dial_due(phase, budget);
        return Clock::now() >= end && budget == 0 && fleet_.dialling() == 0 && fleet_.ending() == 0;
      },
      end + kTearDownLimit, Duration{2});
  fleet_.abandon_dials();
  if (traffic) {
    result.traffic = traffic_.stop(*traffic);
  }
  result.set_up = dialler_.result(phase);
}

/// Idle lines dial at the rate, hang up as soon as they are up, and dial again later. They test the server's
/// admission control; the calls that were up before must not be affected.
void Runner::storm(const Phase& phase, PhaseResult& result) {
  const auto traffic = traffic_.start(phase);
  std::vector<Line*> fresh;
  fleet_.came_up = [&fresh](Line& line) { fresh.push_back(&line); };
  const auto hang_up_fresh = [&] {
    for (Line* line : std::exchange(fresh, {})) {
      if (line->state() == Line::State::kUp) {
        line->hang_up(phase.abrupt);
      }
    }
  };
  const auto end = Clock::now() + phase.duration;
  dialler_.begin();
  loop_.run_until(
      [&] {
        hang_up_fresh();
        std::uint64_t budget = UINT64_MAX;
        dialler_.dial_due(phase, budget);
        return false;
      },
      end, Duration{1});
  result.set_up = dialler_.result(phase);
  loop_.run_until(
      [&] {
        hang_up_fresh();
        return fleet_.dialling() == 0 && fleet_.ending() == 0;
      },
      end + kTearDownLimit, Duration{2});
  fleet_.abandon_dials();
  fleet_.came_up = nullptr;
  if (traffic) {
    result.traffic = traffic_.stop(*traffic);
  }
}

void Runner::throughput(const Phase& phase, PhaseResult& result) {
  ThroughputSearch search(plan_, phase, loop_, traffic_, sampler_);
  for (const SizeMix& sizes : phase.sizes) {
    if (loop_.interrupts() == 0) {
      result.throughput.push_back(search.run(sizes));
    }
  }
}

/// Every phase with traffic has waited for its last packets.
void Runner::tear_down(const Phase& phase) {
  const auto began = Clock::now();
  std::uint32_t next = 0;
  std::uint64_t hung_up = 0;
  loop_.run_until(
      [&] {
        const auto due = static_cast<std::uint64_t>((Clock::now() - began) / kBetweenHangUps);
        while (next < fleet_.size() && hung_up < due && fleet_.ending() < kHangUpsAtOnce) {
          Line& line = fleet_.line(next++);
          if (line.state() == Line::State::kUp) {
            line.hang_up_now(phase.abrupt);
            ++hung_up;
          }
        }
        return next == fleet_.size() && fleet_.idle() == fleet_.size() && fleet_.open_connections() == 0;
      },
      began + kTearDownLimit, Duration{2});
}

// ---- the state of our own side ----------------------------------------------------------------------------

LinkResult Runner::link_result() const {
  const TrafficWorker& worker = runtime_.worker();
  LinkResult link;
  link.reconnects = runtime_.reconnects();
  link.impaired_lost_up = worker.impaired_up().lost.read();
  link.impaired_lost_down = worker.impaired_down().lost.read();
  link.impaired_duplicated_up = worker.impaired_up().duplicated.read();
  link.impaired_duplicated_down = worker.impaired_down().duplicated.read();
  link.impaired_reordered_up = worker.impaired_up().reordered.read();
  link.impaired_reordered_down = worker.impaired_down().reordered.read();
  for (std::size_t reason = 0; reason < dataplane::kDropReasons; ++reason) {
    const auto which = static_cast<dataplane::DropReason>(reason);
    if (const std::uint64_t count = worker.counters().dropped(which); count > 0) {
      link.drops[std::string(describe(which).name)] = count;
    }
  }
  for (const dataplane::OpenPort& port : runtime_.ports()) {
    link.rx_missed += device_totals(port).rx_missed;
  }
  return link;
}

}  // namespace adit::app::blast
