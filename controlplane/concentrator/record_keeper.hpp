// SPDX-License-Identifier: Apache-2.0
// Keeps a record of each call that has been up, and of its connection, for a process that goes on with them. What has
// changed is marked, and written at the end of the event that has changed it: a process that is killed in between is taken
// to have been killed before the event, and what of it has left already repeats itself (PPP, PPTP's echoes) or is asserted
// anew by who adopts the call.
// O(1) in the number of calls. Thread: control. Owner: ConcentratorCore.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "controlplane/base/state_store.hpp"
#include "controlplane/concentrator/carried_call.hpp"
#include "dataplane/contract/call_ref.hpp"

namespace adit::control {

class CallRecord;
class ConcentratorCore;
class ConnectionRecord;

/// Embedded in what has a record.
struct RecordPlace {
  std::optional<StateStore::Slot> slot{};
  bool due = false;
  bool told = false;  ///< that it has no record
};

class RecordKeeper {
 public:
  explicit RecordKeeper(ConcentratorCore& core) : core_(core) {}
  RecordKeeper(const RecordKeeper&) = delete;
  RecordKeeper& operator=(const RecordKeeper&) = delete;

  /// From now on; before the first call. `store` outlives this.
  void use(StateStore& store) { store_ = &store; }

  // Without a store, these do nothing.
  /// Something of the call has changed that its record has. No effect before it has been up.
  void mark(const contract::CallRef& ref);
  void mark(ConnectionRecord& connection);
  /// The call ends, or the connection does.
  void erase(CallRecord& call);
  void erase(ConnectionRecord& connection);
  /// Writes what has been marked, `most` of it at a time. True: there is more.
  bool write(std::size_t most);

 private:
  void write(CallRecord& call);
  void write(ConnectionRecord& connection);
  /// False: there is no room, and no record.
  [[nodiscard]] bool write(RecordPlace& place, const Carried& carried);
  void tell_of_lack(RecordPlace& place, const CallRecord& call);

  ConcentratorCore& core_;
  StateStore* store_ = nullptr;
  std::deque<contract::CallRef> due_calls_;
  std::deque<std::uint64_t> due_connections_;
  std::array<std::uint8_t, kMaxRecord> octets_;
};

}  // namespace adit::control
