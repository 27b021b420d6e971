// SPDX-License-Identifier: Apache-2.0
// Our call IDs: the key of the GRE packets that peers send us (RFC 2637 §4.1). Random, so that nobody guesses
// another's; never 0; each worker has the slice `id % workers == worker`, so that a worker follows from an ID; unique for
// each local address; not reused before a quarantine is over. Every operation is O(1).
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

  /// None: every ID of the worker's slice is in use or in quarantine at this address.
  [[nodiscard]] std::optional<wire::LocalCallId> allocate(wire::Ipv4Address local, contract::WorkerId worker);

  /// The worker has forgotten the call (CallRemoved). An ID that is not in use is ignored.
  void release(wire::Ipv4Address local, wire::LocalCallId id);

  [[nodiscard]] contract::WorkerId owner(wire::LocalCallId id) const {
    return contract::WorkerId{static_cast<std::uint16_t>(id.value % workers_)};
  }

 private:
  /// The IDs of one local address: 192 KiB, made when its first call comes.
  struct Ids {
    std::vector<std::vector<std::uint16_t>> free;  // by worker, in no order
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
