// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/runner.hpp"

#include <rte_ethdev.h>

#include <algorithm>
#include <csignal>

#include "app/adit-blast/results/footprint.hpp"
#include "app/adit-blast/results/machine.hpp"
#include "app/adit-blast/results/verdict.hpp"
#include "app/adit-blast/traffic/offered_load.hpp"
#include "dataplane/base/drop_reason.hpp"

namespace adit::app::blast {

using control::ClientEnd;
using control::Duration;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr milliseconds kSampleInterval{200};
/// Goodbyes at once: more would only queue in the server.
constexpr std::uint64_t kHangUpsAtOnce = 1000;
constexpr seconds kTearDownLimit{120};
constexpr seconds kRoutesLimit{5};

std::map<std::string, std::uint64_t> by_text(const EndCounts& counts) {
  std::map<std::string, std::uint64_t> texts;
  for (std::size_t end = 0; end < counts.size(); ++end) {
    if (counts[end] > 0) {
      texts[std::string(to_text(static_cast<ClientEnd>(end)))] = counts[end];
    }
  }
  return texts;
}

}  // namespace

Runner::Runner(const Plan& plan, std::uint32_t lines, const ClientAddresses& addresses,
               const control::ClientSettings& settings, BlastRuntime& runtime)
    : plan_(plan),
      largest_packet_(largest_packet(settings)),
      runtime_(runtime),
      fleet_(plan, lines, addresses, settings, runtime, io_, wheel_),
      worker_wake_(io_, runtime.wake().fd()),
      netlink_(io_),
      signals_(io_, SIGINT, SIGTERM),
      progress_(stderr, plan.quiet),
      started_(Clock::now()) {}

Runner::~Runner() {
  worker_wake_.release();  // the runtime owns it
  if (netlink_.is_open()) {
    netlink_.release();  // KernelRoutes owns it
  }
}

std::expected<void, std::string> Runner::open() {
  std::vector<dataplane::Port> ports;
  for (const dataplane::OpenPort& open : runtime_.ports()) {
    ports.push_back(open.port);
  }
  auto routes = KernelRoutes::open(ports, [this](std::unique_ptr<dataplane::NextHops> hops) {
    hops_ = hops.get();
    runtime_.data_plane().publish(std::move(hops));
  });
  if (!routes) {
    return std::unexpected(std::move(routes.error()));
  }
  routes_ = std::move(*routes);
  netlink_.assign(routes_->fd());
  fleet_.resolve = [this](wire::Ipv4Address destination) { routes_->resolve(destination); };
  wait_for_workers();
  wait_for_netlink();
  wait_for_signals();
  if (hops_->neighbour_of(plan_.server).ifindex == 0) {
    return std::unexpected("no route to " + to_string(plan_.server) +
                           " through the access port; see: ip route get " + to_string(plan_.server));
  }
  Clock::time_point asked{};
  const bool known = turn_until(
      [&] {
        if (Clock::now() - asked > milliseconds{500}) {
          asked = Clock::now();
          routes_->resolve(plan_.server);
        }
        return hops_->find(plan_.server) != nullptr;
      },
      Clock::now() + kRoutesLimit);
  if (!known) {
    return std::unexpected("nobody answers for " + to_string(plan_.server) +
                           " or its gateway (ARP); is it up?");
  }
  return {};
}

RunResult Runner::run() {
  result_.started = utc_now();
  result_.machine = describe_machine();
  result_.version = ADIT_VERSION;
  result_.plan = plan_;
  started_ = Clock::now();
  result_.footprint_before = footprint_of(plan_.server_pid, 0);
  for (const Phase& phase : plan_.phases) {
    if (interrupts_ == 0 || (phase.kind == PhaseKind::kTearDown && interrupts_ == 1)) {
      result_.phases.push_back(run_phase(phase));
    }
  }
  progress_.finish();
  result_.seconds = since_start();
  result_.link = link_result();
  result_.complaints = complaints_of(result_);
  for (const auto& [text, count] : fleet_.counts().details) {
    result_.complaints.push_back(std::to_string(count) + " x " + text);
  }
  if (interrupts_ > 0) {
    result_.complaints.emplace_back("interrupted");
  }
  return result_;
}

// ---- phases --------------------------------------------------------------------------------------------------------

PhaseResult Runner::run_phase(const Phase& phase) {
  PhaseResult result;
  result.kind = phase.kind;
  result.began = since_start();
  phase_began_ = Clock::now();
  dialled_in_phase_ = sampled_dialled_ = 0;
  fleet_.reset_counts();
  const std::uint64_t echoes_before = fleet_.echoes_answered();
  phase_progress_ = {.kind = phase.kind,
                     .of_seconds = std::chrono::duration<double>(phase.duration).count(),
                     .of_calls = phase.kind == PhaseKind::kSetUp ? phase.calls : fleet_.up()};
  switch (phase.kind) {
    case PhaseKind::kSetUp:
      phase_progress_.of_seconds = 0;
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
      phase_progress_.of_seconds = 0;
      throughput(phase, result);
      break;
    case PhaseKind::kTearDown:
      phase_progress_.of_seconds = 0;
      tear_down(phase, result);
      break;
  }
  sample(milliseconds{1});  // how it ended belongs to the picture, however short it was
  result.seconds = since_start() - result.began;
  result.calls_at_end = fleet_.up();
  result.lost_calls = by_text(fleet_.counts().lost);
  result.hung_up = fleet_.counts().hung_up;
  result.echoes_answered = fleet_.echoes_answered() - echoes_before;
  result.footprint = footprint_of(plan_.server_pid, fleet_.up());
  return result;
}

void Runner::set_up(const Phase& phase, PhaseResult& result) {
  std::uint64_t budget = phase.calls;
  dialling_since_ = Clock::now();
  turn_until(
      [&] {
        dial_due(phase, budget);
        return budget == 0 && fleet_.dialling() == 0;
      },
      Clock::time_point::max(), Duration{1});
  result.set_up = set_up_result(phase, phase.calls - budget);
}

void Runner::hold(const Phase& phase, PhaseResult& result) {
  std::optional<Traffic> traffic;
  if (has_rate(phase.up) || has_rate(phase.down)) {
    traffic = start_traffic(phase.up, phase.down, phase.sizes.front());
  }
  turn_until([] { return false; }, Clock::now() + phase.duration);
  if (traffic) {
    result.traffic = stop_traffic(*traffic);
  }
}

/// Each turn hangs up as many lines as are due by now, and dials anew whoever has let go. At the end all are up again.
void Runner::churn(const Phase& phase, PhaseResult& result) {
  std::optional<Traffic> traffic;
  if (has_rate(phase.up) || has_rate(phase.down)) {
    traffic = start_traffic(phase.up, phase.down, phase.sizes.front());
  }
  const double per_second = phase.churn * static_cast<double>(fleet_.up());
  const auto began = Clock::now();
  const auto end = began + phase.duration;
  std::uint64_t hung_up = 0, owed = 0, budget = 0;
  std::uint32_t next = 0;
  dialling_since_ = began;
  turn_until(
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
        budget = hung_up - dialled_in_phase_;
        dial_due(phase, budget);
        return Clock::now() >= end && budget == 0 && fleet_.dialling() == 0 && fleet_.ending() == 0;
      },
      end + kTearDownLimit, Duration{2});
  if (traffic) {
    result.traffic = stop_traffic(*traffic);
  }
  result.set_up = set_up_result(phase, dialled_in_phase_);
}

/// Lines that are idle now dial at the rate, hang up as soon as they are up, and dial anew in their turn. What they meet is
/// the server's admission; what counts is that the calls that were up before notice nothing.
void Runner::storm(const Phase& phase, PhaseResult& result) {
  std::optional<Traffic> traffic;
  if (has_rate(phase.up) || has_rate(phase.down)) {
    traffic = start_traffic(phase.up, phase.down, phase.sizes.front());
  }
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
  dialling_since_ = Clock::now();
  turn_until(
      [&] {
        hang_up_fresh();
        std::uint64_t budget = UINT64_MAX;
        dial_due(phase, budget);
        return false;
      },
      end, Duration{1});
  result.set_up = set_up_result(phase, dialled_in_phase_);
  turn_until(
      [&] {
        hang_up_fresh();
        return fleet_.dialling() == 0 && fleet_.ending() == 0;
      },
      end + kTearDownLimit, Duration{2});
  fleet_.came_up = nullptr;
  if (traffic) {
    result.traffic = stop_traffic(*traffic);
  }
}

void Runner::tear_down(const Phase& phase, PhaseResult&) {
  std::uint32_t next = 0;
  turn_until(
      [&] {
        while (next < fleet_.size() && fleet_.ending() < kHangUpsAtOnce) {
          Line& line = fleet_.line(next++);
          if (line.state() == Line::State::kUp) {
            line.hang_up(phase.abrupt);
          }
        }
        return next == fleet_.size() && fleet_.idle() == fleet_.size() && fleet_.open_connections() == 0;
      },
      Clock::now() + kTearDownLimit, Duration{2});
}

// ---- dialling ------------------------------------------------------------------------------------------------------

void Runner::dial_due(const Phase& phase, std::uint64_t& budget) {
  const double elapsed = std::chrono::duration<double>(Clock::now() - dialling_since_).count();
  const auto due = phase.dial_rate > 0 ? static_cast<std::uint64_t>(elapsed * phase.dial_rate) : UINT64_MAX;
  for (std::uint32_t looked_at = 0;
       budget > 0 && dialled_in_phase_ < due && fleet_.dialling() < phase.concurrency && fleet_.idle() > 0 &&
       looked_at < fleet_.size();
       ++looked_at) {
    Line& line = fleet_.line(next_line_);
    next_line_ = next_line_ + 1 < fleet_.size() ? next_line_ + 1 : 0;
    if (line.state() == Line::State::kIdle) {
      line.dial();
      --budget;
      ++dialled_in_phase_;
    }
  }
}

SetUpResult Runner::set_up_result(const Phase& phase, std::uint64_t dialled) const {
  SetUpResult result;
  result.dialled = dialled;
  result.up = fleet_.counts().came_up;
  result.failures = by_text(fleet_.counts().failed);
  result.seconds = std::chrono::duration<double>(Clock::now() - dialling_since_).count();
  result.rate = result.seconds > 0 ? static_cast<double>(result.up) / result.seconds : 0;
  result.target_rate = phase.dial_rate;
  result.concurrency = phase.concurrency;
  result.time = percentiles_of(fleet_.set_up_times());
  return result;
}

// ---- the loop ------------------------------------------------------------------------------------------------------

void Runner::tick() {
  wheel_.advance(control::Instant{std::chrono::duration_cast<Duration>(Clock::now() - started_)});
}

void Runner::turn(Duration wait) {
  tick();
  if (routes_ != nullptr) {
    routes_->publish_due();
  }
  const bool busy = fleet_.read_mail();
  fleet_.tidy();
  if (busy) {
    io_.poll();
  } else {
    contract::Mailbox* const boxes[] = {&runtime_.mailbox()};
    run_until_mail(io_, boxes, std::min(wait, wheel_.next_wait().value_or(wait)));
  }
  fleet_.tidy();
  runtime_.data_plane().reclaim();
  sample(kSampleInterval);
}

bool Runner::turn_until(const std::function<bool()>& done, Clock::time_point deadline, Duration wait) {
  const int interrupts = interrupts_;
  while (interrupts_ == interrupts) {
    if (done()) {
      return true;
    }
    if (Clock::now() >= deadline) {
      return false;
    }
    turn(wait);
  }
  return false;
}

void Runner::sample(milliseconds least) {
  const auto now = Clock::now();
  if (now - sampled_ < least) {
    return;
  }
  const double elapsed = std::chrono::duration<double>(now - std::max(sampled_, phase_began_)).count();
  sampled_ = now;
  const TrafficTable& table = runtime_.worker().table();
  const auto rate = [&](std::uint64_t value, std::uint64_t& before) {
    const double change = value > before ? static_cast<double>(value - before) : 0;
    before = value;
    return elapsed > 0 ? change / elapsed : 0;
  };
  Sample sample;
  sample.at = since_start();
  sample.calls_up = fleet_.up();
  sample.dials_per_second = rate(fleet_.counts().came_up, sampled_dialled_);
  sample.up_pps = rate(table.up.received.read(), sampled_up_);
  sample.down_pps = rate(table.down.received.read(), sampled_down_);
  result_.samples.push_back(sample);

  phase_progress_.seconds = std::chrono::duration<double>(now - phase_began_).count();
  phase_progress_.failed = 0;
  for (std::size_t end = 0; end < control::kClientEnds; ++end) {
    phase_progress_.failed += fleet_.counts().failed[end] + fleet_.counts().lost[end];
  }
  const bool dials = phase_progress_.kind == PhaseKind::kSetUp;
  phase_progress_.p99_ms = percentiles_of(dials ? fleet_.set_up_times() : table.up.latency).p99_ms;
  progress_.show(phase_progress_, sample);
}

double Runner::since_start() const {
  return std::chrono::duration<double>(Clock::now() - started_).count();
}

void Runner::wait_for_workers() {
  worker_wake_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const asio::error_code& error) {
    if (!error) {
      runtime_.wake().clear();
      wait_for_workers();
    }
  });
}

void Runner::wait_for_netlink() {
  netlink_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const asio::error_code& error) {
    if (!error) {
      routes_->on_readable();
      wait_for_netlink();
    }
  });
}

void Runner::wait_for_signals() {
  signals_.async_wait([this](const asio::error_code& error, int) {
    if (!error) {
      ++interrupts_;
      wait_for_signals();
    }
  });
}

// ---- what our own side saw ---------------------------------------------------------------------------------------------------

LinkResult Runner::link_result() const {
  const TrafficWorker& worker = runtime_.worker();
  LinkResult link;
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
