// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/adoption.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "controlplane/concentrator/concentrator_core.hpp"
#include "controlplane/concentrator/connection_record.hpp"

namespace adit::control {
namespace {

void move(Instant& time, Duration later) {
  time = time + later;
}

void move(std::optional<Instant>& time, Duration later) {
  if (time) {
    move(*time, later);
  }
}

void move(CarriedConnection& connection, Duration later) {
  move(connection.since, later);
  move(connection.started, later);
}

/// All Instants of the call, to this process' clock.
void move(CarriedCall& call, Duration later) {
  move(call.since, later);
  move(call.up_since, later);
  move(call.session.up_since, later);
  move(call.session.desynchronised, later);
  move(call.story.begun, later);
  if (call.accounting) {
    move(call.accounting->interim_due, later);
    move(call.accounting->change_due, later);
    move(call.accounting->next_change, later);
  }
}

constexpr std::string_view kLost = "its record was lost or could not be gone on from";

}  // namespace

Adopted CallAdoption::adopt(wire::Bytes record, Duration later) {
  auto carried = read_record(record);
  if (!carried) {
    ++refused_;
    core_.log.event(Severity::kError, "record_refused", {{"why", carried.error()}});
    return {.outcome = Adopted::Outcome::kRefused, .why = carried.error()};
  }
  return std::visit(
      [&](auto& structure) {
        move(structure, later);
        return take(structure);
      },
      *carried);
}

Adopted CallAdoption::take(CarriedConnection& from) {
  if (core_.find_connection(from.id) != nullptr) {
    return {.outcome = Adopted::Outcome::kRefused, .why = "a connection has its number"};
  }
  auto record = std::make_unique<ConnectionRecord>(core_, from.id, from.peer, from.local, from.since);
  if (!record->adopt(from)) {
    return {.outcome = Adopted::Outcome::kRefused,
            .why = "a connection's record: its octets begin no message"};
  }
  core_.add(std::move(record));
  if (!from.unsent.empty()) {
    core_.actions.send_rest(from.id, from.unsent);
  }
  expected_[from.id] = std::move(from.calls_now);
  return {.outcome = Adopted::Outcome::kDone, .connection = from.id};
}

Adopted CallAdoption::take(CarriedCall& from) {
  ConnectionRecord* const connection = core_.find_connection(from.connection);
  const auto expected = expected_.find(from.connection);
  std::string_view why;
  if (connection == nullptr || expected == expected_.end()) {
    why = "its connection is not here";
  } else if (connection->peer != from.peer || connection->local != from.local) {
    why = "its connection is another's";
  } else if (!core_.actions.totals(from.ref)) {
    why = "its worker does not have it";
  }
  bool full = false;
  if (why.empty()) {
    why = core_.adopt(*connection, from, full);
  }
  if (full) {
    return {.outcome = Adopted::Outcome::kLater, .why = "its worker's ring is full"};
  }
  if (!why.empty()) {
    ++refused_;
    core_.log.event(Severity::kError, "call_not_adopted",
                    {{"user", from.session.user},
                     {"peer", wire::to_string(from.peer)},
                     {"local", wire::to_string(from.local)},
                     {"ip", wire::to_string(from.leased)},
                     {"why", std::string(why)}});
    return {.outcome = Adopted::Outcome::kRefused, .why = std::string(why)};
  }
  ++calls_;
  std::erase_if(expected->second, [&](const auto& call) { return call.local_id == from.pptp.local_id; });
  return {.outcome = Adopted::Outcome::kDone};
}

void CallAdoption::adopted_all() {
  std::uint64_t ended = 0;
  for (const auto& [id, calls] : std::exchange(expected_, {})) {
    for (const CarriedConnection::Call& call : calls) {
      ConnectionRecord* const connection = core_.find_connection(id);
      if (connection == nullptr) {
        break;
      }
      ++ended;
      core_.count_end(EndReason::kRestarted);
      core_.log.event(Severity::kInfo, "call_lost",
                      {{"peer", wire::to_string(connection->peer)},
                       {"local", wire::to_string(connection->local)},
                       {"reason", std::string(to_text(EndReason::kRestarted))},
                       {"why", std::string(kLost)}});
      connection->protocol.disown_call(call.local_id, call.incoming, EndReason::kRestarted);
    }
    if (ConnectionRecord* const connection = core_.find_connection(id); connection != nullptr) {
      connection->protocol.adopted_all(EndReason::kRestarted);
    }
  }
  core_.log.event(Severity::kInfo, "calls_adopted",
                  {{"calls", std::to_string(calls_)},
                   {"connections", std::to_string(core_.connections.size())},
                   {"records_refused", std::to_string(refused_)},
                   {"calls_ended", std::to_string(ended)}});
}

}  // namespace adit::control
