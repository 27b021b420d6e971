// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/record_keeper.hpp"

#include <utility>

#include "controlplane/concentrator/concentrator_core.hpp"
#include "controlplane/concentrator/connection_record.hpp"

namespace adit::control {

void RecordKeeper::mark(const contract::CallRef& ref) {
  if (store_ == nullptr) {
    return;
  }
  CallRecord* const call = core_.find_call(ref);
  if (call != nullptr && call->up_since() && !std::exchange(call->record.due, true)) {
    due_calls_.push_back(ref);
    core_.sweep_soon();
  }
}

void RecordKeeper::mark(ConnectionRecord& connection) {
  if (connection.record.slot && !std::exchange(connection.record.due, true)) {
    due_connections_.push_back(connection.id);
    core_.sweep_soon();
  }
}

bool RecordKeeper::write(std::size_t most) {
  for (; most != 0 && !due_connections_.empty(); --most) {
    ConnectionRecord* const connection = core_.find_connection(due_connections_.front());
    due_connections_.pop_front();
    if (connection != nullptr && std::exchange(connection->record.due, false)) {
      write(*connection);
    }
  }
  for (; most != 0 && !due_calls_.empty(); --most) {
    CallRecord* const call = core_.find_call(due_calls_.front());
    due_calls_.pop_front();
    if (call != nullptr && std::exchange(call->record.due, false)) {
      write(*call);
    }
  }
  return !due_connections_.empty() || !due_calls_.empty();
}

/// The connection first: who adopts them finds them in the order in which they were first written.
void RecordKeeper::write(CallRecord& call) {
  const auto carried = call.carried();
  if (!carried) {
    return erase(call);
  }
  ConnectionRecord& connection = call.connection();
  if (!connection.record.slot) {
    write(connection);
  }
  const bool had = call.record.slot.has_value();
  if (!connection.record.slot || !write(call.record, *carried)) {
    tell_of_lack(call.record, call);
  }
  connection.calls_with_record += call.record.slot ? 1U : 0U;
  connection.calls_with_record -= had ? 1U : 0U;
  if (connection.calls_with_record == 0) {
    erase(connection);
  }
}

void RecordKeeper::write(ConnectionRecord& connection) {
  const auto carried = connection.carried();
  if (!carried || !write(connection.record, *carried)) {
    erase(connection);
  }
}

bool RecordKeeper::write(RecordPlace& place, const Carried& carried) {
  if (!place.slot) {
    place.slot = store_->take();
  }
  const auto octets = write_record(carried, octets_);
  if (place.slot && octets && store_->write(*place.slot, *octets)) {
    return true;
  }
  if (place.slot) {
    store_->release(*std::exchange(place.slot, std::nullopt));
  }
  return false;
}

void RecordKeeper::erase(CallRecord& call) {
  if (!call.record.slot) {
    return;
  }
  store_->release(*std::exchange(call.record.slot, std::nullopt));
  if (--call.connection().calls_with_record == 0) {
    erase(call.connection());
  }
}

void RecordKeeper::erase(ConnectionRecord& connection) {
  if (connection.record.slot) {
    store_->release(*std::exchange(connection.record.slot, std::nullopt));
  }
}

void RecordKeeper::tell_of_lack(RecordPlace& place, const CallRecord& call) {
  if (!std::exchange(place.told, true)) {
    core_.log.event(Severity::kWarning, "call_not_kept",
                    {{"sid", call.session_id()},
                     {"user", call.user()},
                     {"peer", wire::to_string(call.peer())},
                     {"why", store_->used() == store_->slots()
                                 ? "the store of state is full"
                                 : "its record, or its connection's, is too long for the store of state"},
                     {"remedy", "none is needed; a restart would end this call, and the client dial again"}});
  }
}

}  // namespace adit::control
