// SPDX-License-Identifier: Apache-2.0
// Our call IDs: the key of GRE packets from peers (RFC 2637 §4.1). Random, so that nobody can guess
// another's; never 0; each worker has the IDs with `id % workers == worker`, so the ID gives the worker;
// unique for each local address; not reused before a quarantine is over. Every operation is O(1).
// Thread: control. Owner: the concentrator.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "controlplane/base/entropy.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "dataplane/contract/call_ref.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

class CallIds {
 public:
  /// `workers`: 1 to 65,535. The references outlive the object.
  CallIds(std::uint16_t workers, Duration quarantine, TimerWheel& wheel, Entropy& entropy);
  CallIds(const CallIds&) = delete;
  CallIds& operator=(const CallIds&) = delete;

  /// None: every ID of the worker at this address is in use or in quarantine.
  [[nodiscard]] std::optional<wire::LocalCallId> allocate(wire::Ipv4Address local, contract::WorkerId worker);

  /// The worker has removed the call (CallRemoved). Ignored if the ID is not in use.
  void release(wire::Ipv4Address local, wire::LocalCallId id);

  [[nodiscard]] contract::WorkerId owner(wire::LocalCallId id) const {
    return contract::WorkerId{static_cast<std::uint16_t>(id.value % workers_)};
  }

 private:
  /// The IDs of one local address: 192 KiB, created with its first call.
  struct Ids {
    std::vector<std::vector<std::uint16_t>> free;  // by worker, unordered
    std::array<bool, 65'536> in_use{};
  };
  struct Resting {
    Ids* ids;
    std::uint16_t id;
    Instant until;
  };

  [[nodiscard]] Ids& ids_of(wire::Ipv4Address local);
  void on_rested();
  void arm_timer();

  const std::uint16_t workers_;
  const Duration quarantine_;
  TimerWheel& wheel_;
  Entropy& entropy_;
  std::unordered_map<wire::Ipv4Address, std::unique_ptr<Ids>> by_local_;
  std::deque<Resting> resting_;  // oldest first
  Timer timer_;
};

}  // namespace adit::control
