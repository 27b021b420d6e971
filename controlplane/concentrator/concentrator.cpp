// SPDX-License-Identifier: Apache-2.0
// The control plane's interface: events and the operator's requests, each followed by a sweep of what has
// ended.
#include "controlplane/concentrator/concentrator.hpp"

#include <algorithm>
#include <iterator>

#include "controlplane/concentrator/concentrator_core.hpp"
#include "controlplane/concentrator/connection_record.hpp"

namespace adit::control {

std::size_t control_octets_per_call() {
  // Seven index entries: connection by ID and twice by address, call by session ID, user and subscriber, its
  // address's lease.
  constexpr std::size_t kIndexEntry = sizeof(std::pair<std::string, void*>) + 3 * sizeof(void*);
  constexpr std::size_t kSlot = sizeof(CallRecord*) + sizeof(contract::CallRef);
  return sizeof(ConnectionRecord) + sizeof(PptpCall*) + sizeof(CallRecord) + Session::state_octets() + kSlot +
         7 * kIndexEntry;
}

Concentrator::Concentrator(const Settings& settings, std::uint16_t workers, std::uint32_t slots_per_worker,
                           TimerWheel& wheel, Entropy& entropy, EventLog& log, AuthBackend& auth,
                           ConcentratorActions& actions, const Steering& steering, Accounting* accounting)
    : core_(std::make_unique<ConcentratorCore>(settings, workers, slots_per_worker, wheel, entropy, log, auth,
                                               actions, steering, accounting)) {}

Concentrator::~Concentrator() = default;

bool Concentrator::on_accept(ConnectionId connection, wire::Ipv4Address peer, wire::Ipv4Address local) {
  return core_->accept(connection, peer, local);
}

bool Concentrator::on_no_descriptors() {
  const bool dropped = core_->free_a_descriptor();
  core_->sweep();
  return dropped;
}

void Concentrator::on_turned_away(wire::Ipv4Address peer, Scarce what) {
  core_->turned_away(peer, what);
}

void Concentrator::on_bytes(ConnectionId connection, std::span<const std::uint8_t> octets) {
  if (ConnectionRecord* record = core_->find_connection(connection); record != nullptr) {
    core_->records.mark(*record);
    record->protocol.on_bytes(octets);
    core_->sweep();
  }
}

void Concentrator::on_closed(ConnectionId connection, EndReason reason) {
  if (ConnectionRecord* record = core_->find_connection(connection); record != nullptr) {
    record->tcp_closed = true;
    record->protocol.on_closed(reason, reason == EndReason::kOutputOverflow
                                           ? "it does not read what it is sent"
                                           : "it closed TCP without a Stop-Control-Connection-Request");
    core_->sweep();
  }
}

void Concentrator::on_worker_message(const contract::ToControl& message,
                                     std::span<const std::uint8_t> frame) {
  core_->on_worker_message(message, frame);
  core_->sweep();
}

void Concentrator::on_machine_networks(std::vector<MachineNetwork> networks) {
  core_->set_machine_networks(std::move(networks));
}

void Concentrator::on_machine_networks6(std::vector<MachineNetwork6> networks) {
  core_->set_machine_networks6(std::move(networks));
}

void Concentrator::use(SharedSettings settings) {
  core_->settings = std::move(settings);
}

void Concentrator::on_fixed_addresses(std::vector<wire::Ipv4Address> addresses) {
  core_->pools.reserve(std::move(addresses));
}

void Concentrator::on_fixed_prefixes(std::vector<wire::Ipv6Prefix> prefixes) {
  core_->pools6.reserve(std::move(prefixes));
}

void Concentrator::keep_records(StateStore& records) {
  core_->records.use(records);
}

void Concentrator::write_records() {
  while (core_->records.write(kCallsPerSlice)) {
  }
}

Adopted Concentrator::adopt(std::span<const std::uint8_t> record, Duration later) {
  return core_->adopt(record, later);
}

void Concentrator::adopted_all() {
  core_->adopted_all();
  core_->sweep();
}

bool Concentrator::has(const contract::CallRef& call) const {
  return core_->find_call(call) != nullptr;
}

bool Concentrator::has_connection(ConnectionId connection) const {
  return core_->find_connection(connection) != nullptr;
}

std::size_t Concentrator::terminate(CallWalk& walk, bool hard, std::string_view why) {
  std::size_t asked = 0;
  core_->directory.walk(walk, core_->slots(), [&](CallRecord& call) {
    asked += call.terminate(EndReason::kAdminReset, why, hard) ? 1 : 0;
    return true;
  });
  core_->sweep();
  return asked;
}

std::size_t Concentrator::set_rate(CallWalk& walk, std::optional<SubscriberRate> rate) {
  std::size_t changed = 0;
  core_->directory.walk(walk, core_->slots(), [&](CallRecord& call) {
    const bool told = call.set_rate(rate);
    changed += told ? 1 : 0;
    return told;
  });
  return changed;
}

bool Concentrator::is_same_user(std::string_view one, std::string_view other) const {
  return core_->directory.key_of(one) == core_->directory.key_of(other);
}

Removal Concentrator::remove(std::string_view session_id, std::string_view why) {
  CallRecord* call = core_->directory.with_id(session_id);
  if (call == nullptr) {
    return Removal::kUnknown;
  }
  if (call->finished()) {
    return core_->removal_waits(*call) ? Removal::kWaiting : Removal::kResidual;
  }
  call->end(EndReason::kAdminReset, why);
  core_->sweep();
  return Removal::kRemoved;
}

bool Concentrator::change(std::string_view session_id, const SessionChange& change) {
  CallRecord* call = core_->directory.with_id(session_id);
  const bool changed = call != nullptr && call->change(change);
  core_->sweep();
  return changed;
}

bool Concentrator::drain() {
  const bool more = core_->drain();
  core_->sweep();
  return more;
}

bool Concentrator::drained() const {
  return core_->draining && empty();
}

void Concentrator::take_calls(bool take) {
  core_->takes_calls = take;
}

bool Concentrator::empty() const {
  return core_->connections.empty() && core_->directory.empty();
}

bool Concentrator::use_worker(contract::WorkerId worker, bool in_use) {
  return core_->seating.set_in_use(worker, in_use);
}

void Concentrator::on_busy(const std::vector<double>& shares) {
  core_->seating.on_busy(shares);
}

const std::vector<WorkerSeats>& Concentrator::seats() const {
  return core_->seating.workers();
}

void Concentrator::for_each_call(CallWalk& walk, const std::function<void(const CallStatus&)>& visit) const {
  visit_calls(walk, [&](const CallStatus& call) {
    visit(call);
    return true;
  });
}

void Concentrator::visit_calls(CallWalk& walk, const std::function<bool(const CallStatus&)>& visit) const {
  core_->directory.walk(walk, core_->slots(), [&](const CallRecord& call) { return visit(call.status()); });
}

std::size_t Concentrator::find_calls(const SessionSelector& selector, std::size_t most,
                                     const std::function<void(const CallStatus&)>& visit) const {
  return core_->directory.visit_named(selector, most, [&](const CallRecord& call) { visit(call.status()); });
}

std::size_t Concentrator::find_details(const SessionSelector& selector, std::size_t most,
                                       const std::function<void(const CallDetails&)>& visit) const {
  return core_->directory.visit_named(selector, most, [&](const CallRecord& call) { visit(call.details()); });
}

ConcentratorStats Concentrator::stats() const {
  ConcentratorStats stats = core_->stats;
  stats.takes_calls = core_->closed().empty();
  stats.connections = core_->connections.size();
  stats.connections_before_login = core_->connection_shares.before_login();
  stats.stories = core_->stories.size();
  stats.story_octets = core_->stories.octets();
  for (const MppcHistories& histories : core_->mppc_histories) {
    stats.mppc_histories += histories.used();
  }
  for (std::size_t reason = 0; reason < core_->ended.size(); ++reason) {
    if (core_->ended[reason] != 0) {
      stats.ended.emplace_back(static_cast<EndReason>(reason), core_->ended[reason]);
    }
  }
  return stats;
}

const CallMeasures& Concentrator::measures() const {
  return core_->measures;
}

std::vector<PoolStatus> Concentrator::pools() const {
  std::vector<PoolStatus> pools = core_->pools.status();
  std::ranges::move(core_->pools6.status(), std::back_inserter(pools));
  return pools;
}

bool Concentrator::visit_limited(SourceHistories::Walk& walk,
                                 const std::function<void(const SourceStatus&)>& visit) const {
  return core_->histories.walk(walk, kSourcesPerSlice,
                               [&](wire::Ipv4Address address, const SourceHistory& history) {
                                 const FairShare::Holding holding = core_->connection_shares.holding(address);
                                 visit({.address = address,
                                        .before_login = holding.before_login,
                                        .after_login = holding.after_login,
                                        .history = history,
                                        .since = core_->wheel.now() - history.last});
                               });
}

}  // namespace adit::control
