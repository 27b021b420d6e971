// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/operator_view.hpp"

#include <rte_cycles.h>
#include <rte_mempool.h>

#include <algorithm>

#include "dataplane/base/drop_reason.hpp"

namespace adit::app {

using contract::WorkerId;
using dataplane::DropReason;
using dataplane::WorkerCounter;

OperatorView::OperatorView(control::Concentrator& concentrator, Runtime& runtime, control::TimerWheel& wheel,
                           RadiusService& radius, Chores& chores, Loop loop, const RunningConfig& config,
                           Log& log)
    : concentrator_(concentrator),
      runtime_(runtime),
      wheel_(wheel),
      radius_(radius),
      chores_(chores),
      loop_(std::move(loop)),
      config_(config),
      log_(log),
      inquiries_(wheel,
                 [&runtime](const contract::ReadCall& question) {
                   return runtime.data_plane().mailbox(question.call.worker).to_worker.push(question);
                 }),
      began_(rte_rdtsc()),
      tracing_(tracing_host()) {}

NextSessions OperatorView::sessions(control::CallPlace from) const {
  return [this, walk = control::CallWalk(from)](const std::function<bool(const SessionRow&)>& visit) mutable {
    concentrator_.visit_calls(walk, [&](const control::CallStatus& call) { return visit(row_of(call)); });
    return !walk.done();
  };
}

NextSources OperatorView::limited_sources() const {
  return [this, walk = control::SourceHistories::Walk()](
             const std::function<void(const control::SourceStatus&)>& visit) mutable {
    return concentrator_.visit_limited(walk, visit);
  };
}

SessionRow OperatorView::row_of(const control::CallStatus& call) const {
  return {.call = call,
          .totals = runtime_.totals(call.call).value_or(contract::CallTotals{}),
          .uptime = wheel_.now() - call.session.up_since.value_or(call.since)};
}

SessionInFull OperatorView::in_full(const control::CallDetails& details) const {
  SessionInFull session{.row = row_of(details.status), .details = details, .drops = {}, .state = {}};
  const dataplane::CallTable& calls = runtime_.worker(details.status.call.worker).calls();
  calls.drops_of(details.status.call).for_each([&](DropReason reason, std::uint64_t packets) {
    session.drops.emplace_back(dataplane::describe(reason).name, packets);
  });
  const auto saved = calls.mppc_saved(details.status.call);
  session.rx_saved = saved ? saved->uplink : 0;
  session.tx_saved = saved ? saved->downlink : 0;
  if (!calls.totals(details.status.call)) {
    session.drops.clear();  // they may be the next call's
  }
  return session;
}

void OperatorView::inspect(const control::SessionSelector& selector, Inspected done) {
  constexpr std::size_t kMost = 8;
  struct Inspection {
    std::vector<SessionInFull> sessions;
    std::size_t calls = 0, missing = 0;
    Inspected done;
  };
  const auto inspection = std::make_shared<Inspection>();
  inspection->done = std::move(done);
  inspection->calls = concentrator_.find_details(selector, kMost, [&](const control::CallDetails& details) {
    inspection->sessions.push_back(in_full(details));
  });
  inspection->missing = inspection->sessions.size();
  for (std::size_t at = 0; at < inspection->sessions.size(); ++at) {
    inquiries_.ask(inspection->sessions[at].row.call.call,
                   [inspection, at](const std::optional<contract::CallState>& state) {
                     inspection->sessions[at].state = state;
                     if (--inspection->missing == 0) {
                       inspection->done(inspection->sessions, inspection->calls);
                     }
                   });
  }
  if (inspection->sessions.empty()) {
    inspection->done({}, 0);
  }
}

control::ConcentratorStats OperatorView::stats() const {
  return concentrator_.stats();
}

std::vector<DropRow> OperatorView::drops() const {
  std::vector<DropRow> rows;
  for (std::size_t i = 0; i < dataplane::kDropReasons; ++i) {
    const auto reason = static_cast<DropReason>(i);
    DropRow row{dataplane::describe(reason).name, dataplane::describe(reason).text, 0};
    for (std::uint16_t w = 0; w < runtime_.worker_count(); ++w) {
      row.packets += runtime_.worker(WorkerId{w}).counters().dropped(reason);
    }
    rows.push_back(row);
  }
  return rows;
}

std::vector<WorkerRow> OperatorView::workers() const {
  const std::uint64_t elapsed = std::max<std::uint64_t>(rte_rdtsc() - began_, 1);
  std::vector<WorkerRow> rows;
  for (std::uint16_t w = 0; w < runtime_.worker_count(); ++w) {
    rows.push_back(row_of(WorkerId{w}, elapsed));
  }
  return rows;
}

WorkerRow OperatorView::row_of(WorkerId worker, std::uint64_t elapsed_cycles) const {
  const dataplane::WorkerCounters& counters = runtime_.worker(worker).counters();
  WorkerRow row;
  row.worker = worker.value;
  row.lcore = runtime_.lcore(worker);
  row.counters = counters.read();
  row.busy = std::min(1.0, static_cast<double>(row.counters[WorkerCounter::kBusyCycles]) /
                               static_cast<double>(elapsed_cycles));
  for (std::size_t i = 0; i < dataplane::kDropReasons; ++i) {
    row.drops_by[i] = counters.dropped(static_cast<DropReason>(i));
    row.drops += row.drops_by[i];
  }
  row.busy_seconds =
      static_cast<double>(row.counters[WorkerCounter::kBusyCycles]) / static_cast<double>(rte_get_tsc_hz());
  row.histograms = counters.histograms.read();
  row.rings = runtime_.rings(worker);
  return row;
}

std::vector<control::PoolStatus> OperatorView::pools() const {
  return concentrator_.pools();
}

std::vector<BufferRow> OperatorView::buffers() const {
  std::vector<BufferRow> rows;
  for (const dataplane::OpenPort& port : runtime_.ports()) {
    const std::string name = port.pool->name;
    if (std::ranges::find(rows, name, &BufferRow::name) == rows.end()) {
      rows.push_back({name, port.pool->size, rte_mempool_avail_count(port.pool)});
    }
  }
  return rows;
}

std::vector<SteeringRow> OperatorView::steering() const {
  std::vector<SteeringRow> rows;
  for (const dataplane::OpenPort& port : runtime_.ports()) {
    SteeringRow row;
    row.port = port.name;
    row.role = to_text(port.port.role);
    row.queues = port.rx_queues;
    row.by = to_text(port.steering.by);
    row.table = port.steering.rss.reta.size();
    row.rules = port.steering.rules.size();
    for (std::uint16_t w = 0; w < runtime_.worker_count(); ++w) {
      const dataplane::PortArrivals& arrivals =
          runtime_.worker(WorkerId{w}).counters().arrivals[port.port.id];
      row.packets += arrivals.packets.read();
      row.missed += arrivals.steer_miss.read();
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<PortRow> OperatorView::ports() const {
  std::vector<PortRow> rows;
  for (std::size_t at = 0; at < runtime_.ports().size(); ++at) {
    const dataplane::OpenPort& open = runtime_.ports()[at];
    const PortSupervisor::State& state = runtime_.port_supervisor().state(at);
    const dataplane::Device::Link link = open.device->link();
    const dataplane::DeviceTotals totals = device_totals(open);
    PortRow row{.name = open.name,
                .driver = to_text(open.driver),
                .role = to_text(open.port.role),
                .device = open.port.id,
                .vlan = wire::to_string(open.port.vlan),
                .interface = open.interface,
                .mac = wire::to_string(open.port.mac),
                .link_up = link.up,
                .mbit = link.mbit,
                .mtu = open.port.mtu,
                .rx_queues = open.device->rx_queues(),
                .tx_queues = open.tx_queues,
                .rx_packets = totals.rx_packets,
                .tx_packets = totals.tx_packets,
                .rx_missed = totals.rx_missed,
                .rx_bytes = totals.rx_bytes,
                .tx_bytes = totals.tx_bytes,
                .rx_errors = totals.rx_errors,
                .tx_errors = totals.tx_errors,
                .arrivals = {},
                .flaps = state.flaps,
                .restarts = state.restarts};
    for (std::uint16_t w = 0; w < runtime_.worker_count(); ++w) {
      row.arrivals += runtime_.worker(WorkerId{w}).counters().arrivals[open.port.id].read();
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

void OperatorView::restart_port(const std::string& name, Restarted done) {
  if (const auto begun = runtime_.port_supervisor().begin_restart(name, done); !begun) {
    done(begun);
  } else {
    loop_.on_restart();
  }
}

std::vector<MemoryRow> OperatorView::memory() const {
  const control::ConcentratorStats stats = concentrator_.stats();
  const std::uint64_t calls = stats.calls_starting + stats.calls_active + stats.calls_finishing;
  std::vector<MemoryRow> rows = runtime_.memory();
  rows.front().used = calls;
  const auto histories = std::ranges::find(rows, kMppcHistories, &MemoryRow::table);
  histories->used = stats.mppc_histories;
  rows.push_back(
      {.table = "control records", .used = calls, .octets = calls * control::control_octets_per_call()});
  rows.push_back({.table = "ended calls",
                  .used = stats.stories,
                  .entries = 3 * control::kStoriesKept,
                  .octets = stats.story_octets});
  rows.push_back({.table = "events", .used = log_.feed().rows(), .octets = log_.feed().octets()});
  return rows;
}

bool OperatorView::use_worker(std::uint16_t worker, bool in_use) {
  return concentrator_.use_worker(WorkerId{worker}, in_use);
}

void OperatorView::set_rate(control::SessionSelector selector, std::optional<control::SubscriberRate> rate,
                            Counted done) {
  walk(
      std::move(selector),
      [this, rate](control::CallWalk& walk) { return concentrator_.set_rate(walk, rate); }, std::move(done));
}

void OperatorView::terminate(control::SessionSelector selector, bool hard, const std::string& by,
                             Counted done) {
  walk(
      std::move(selector),
      [this, hard, why = "adit terminate by " + by](control::CallWalk& walk) {
        return concentrator_.terminate(walk, hard, why);
      },
      std::move(done));
}

void OperatorView::walk(control::SessionSelector selector,
                        std::function<std::size_t(control::CallWalk&)> slice, Counted done) {
  chores_.add([walk = control::CallWalk(std::move(selector)), slice = std::move(slice),
               done = std::move(done), calls = std::size_t{0}]() mutable {
    calls += slice(walk);
    if (walk.done()) {
      done(calls);
    }
    return !walk.done();
  });
}

OperatorView::FoundCalls OperatorView::find_calls(const control::SessionSelector& selector) const {
  constexpr std::size_t kMost = 16;
  FoundCalls found;
  found.count = concentrator_.find_calls(
      selector, kMost, [&](const control::CallStatus& call) { found.calls.push_back(call); });
  return found;
}

Tracing::Host OperatorView::tracing_host() {
  return {.ring = [this](WorkerId worker) -> contract::TraceRing& {
            return runtime_.data_plane().trace_ring(worker);
          },
          .post =
              [this](WorkerId worker, const contract::ToWorker& message) {
                return runtime_.data_plane().mailbox(worker).to_worker.push(message);
              },
          .tsc = [] { return rte_rdtsc(); },
          .tsc_per_second = rte_get_tsc_hz(),
          .note =
              [this](const std::string& by, const std::string& whom, const std::string& result) {
                note({.by = by, .method = "trace", .params = whom, .result = result});
              }};
}

void OperatorView::note(const Action& action) {
  log_.event(control::Severity::kRecord, "admin",
             {{"by", std::string(action.by)},
              {"method", std::string(action.method)},
              {"params", action.params},
              {"result", action.result}});
}

}  // namespace adit::app
