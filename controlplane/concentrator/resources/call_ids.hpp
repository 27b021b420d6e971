// SPDX-License-Identifier: Apache-2.0
// Our call IDs: the key of GRE packets from peers (RFC 2637 §4.1). Random, so that nobody can guess
// another's; never 0; each worker has the IDs with `id % workers == worker`, so the ID gives the worker;
// unique for each local address. An ID rests for the quarantine before it is used again, unless there is no
// other: whoever makes IDs rest (dial, hang up, dial) must not keep others out. Every operation is amortised
// O(1).
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

  /// For a call from `peer`. Without a rested ID, one that has rested longer than most, if possible of another
  /// peer: late packets of its last call then do not pass the data plane's check of the peer's address.
  /// None: every ID of the worker at this address is in use.
  [[nodiscard]] std::optional<wire::LocalCallId> allocate(wire::Ipv4Address local, wire::Ipv4Address peer,
                                                          contract::WorkerId worker);

  /// Takes the very ID of a call that another process had. False: it is in use, or is not that worker's. Between adoptions
  /// nothing is allocated or released.
  [[nodiscard]] bool adopt(wire::Ipv4Address local, wire::LocalCallId id, contract::WorkerId worker);
  /// It could not be adopted after all.
  void disown(wire::Ipv4Address local, wire::LocalCallId id);
  /// All have been: no ID that is in use is given away.
  void adopted_all();

  /// The worker has removed the call from `peer` (CallRemoved). Ignored if the ID is not in use.
  void release(wire::Ipv4Address local, wire::Ipv4Address peer, wire::LocalCallId id);

  /// How many are not in use at `local`, rested or not.
  [[nodiscard]] std::uint32_t unused(wire::Ipv4Address local) const;

  [[nodiscard]] contract::WorkerId owner(wire::LocalCallId id) const {
    return contract::WorkerId{static_cast<std::uint16_t>(id.value % workers_)};
  }

 private:
  struct Resting {
    std::uint16_t id;
    wire::Ipv4Address peer;
    Instant until;
  };
  /// One worker's IDs at one local address, except those in use.
  struct Slice {
    std::vector<std::uint16_t> free;  // unordered
    std::deque<Resting> resting;      // roughly the oldest first
  };
  /// The IDs of one local address: 192 KiB, created with its first call; 1 MiB with all of them resting.
  struct Ids {
    std::vector<Slice> slices;  // by worker
    std::array<bool, 65'536> in_use{};
    std::uint32_t used = 0;
  };

  [[nodiscard]] Ids& ids_of(wire::Ipv4Address local);
  void free_rested(Slice& slice);
  [[nodiscard]] std::uint16_t take_free(Slice& slice);
  [[nodiscard]] std::uint16_t take_resting(Slice& slice, wire::Ipv4Address peer);
  [[nodiscard]] std::size_t below(std::size_t bound);

  const std::uint16_t workers_;
  const Duration quarantine_;
  TimerWheel& wheel_;
  Entropy& entropy_;
  std::unordered_map<wire::Ipv4Address, std::unique_ptr<Ids>> by_local_;
};

}  // namespace adit::control
