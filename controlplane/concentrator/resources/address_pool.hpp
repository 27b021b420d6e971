// SPDX-License-Identifier: Apache-2.0
// Subscriber addresses: named pools, fixed addresses, and the quarantine between two holders. One address has one
// holder, whatever pools or fixed entries name it. Where the core ports' hash is known, each pool falls into shares, one a
// worker: a call gets an address whose packets arrive at the call's owner. Memory grows with the addresses that were ever
// looked at, not with the size of the ranges. Every operation is amortised O(1) in them.
// Thread: control. Owner: the concentrator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controlplane/base/settings.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/concentrator/resources/steering.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

struct PoolStatus {
  std::string name;
  std::uint64_t total = 0, used = 0, quarantined = 0, available = 0;
};

class AddressPools {
 public:
  /// The gateway is never leased. All references outlive the pools.
  AddressPools(const IpSettings& settings, TimerWheel& wheel, std::uint16_t workers = 1,
               const Steering& steering = kUnsteered);
  AddressPools(const AddressPools&) = delete;
  AddressPools& operator=(const AddressPools&) = delete;

  /// Of the share of `owner`, while it has any, one never used before, else the one that has rested longest; then of any
  /// share. None: exhausted, or no such pool.
  [[nodiscard]] std::optional<wire::Ipv4Address> lease_any(std::string_view pool,
                                                           contract::WorkerId owner = {});

  /// A user's own address, in a pool or outside of all. False while somebody holds it. Quarantine does not refuse it:
  /// it keeps an address from *another* subscriber, and the owner who redials must not wait for it.
  [[nodiscard]] bool lease_fixed(wire::Ipv4Address address);

  /// The holder is gone from the data path. An address that is not leased is ignored.
  void release(wire::Ipv4Address address);

  [[nodiscard]] std::vector<PoolStatus> status() const;

 private:
  enum class State : std::uint8_t { kReserved, kLeased, kQuarantined, kRested };
  struct Pool;
  struct Holding {
    wire::Ipv4Address address;
    State state = State::kLeased;
    Pool* pool = nullptr;     // none: outside of all pools
    std::uint16_t share = 0;  // once rested
    Instant rested_at;        // while quarantined
  };
  using Holdings = std::list<Holding>;

  /// The addresses that arrive at one worker. Those that arrive anywhere are in the first worker's, and serve all.
  struct Share {
    std::deque<wire::Ipv4Address> unmet;  // the frontier has passed them for another worker's sake
    Holdings rested;                      // oldest first
  };

  struct Pool {
    std::string name;
    std::vector<AddressRange> ranges;
    std::size_t range = 0;  // the frontier: where the first address that was never met stands
    std::uint32_t offset = 0;
    std::vector<Share> shares;  // by worker
    std::uint64_t total = 0, used = 0, quarantined = 0;
  };

  [[nodiscard]] std::optional<wire::Ipv4Address> lease_from(Pool& pool, Share& share);
  [[nodiscard]] std::optional<wire::Ipv4Address> next_unmet(Pool& pool, contract::WorkerId owner);
  [[nodiscard]] std::optional<wire::Ipv4Address> pop_unmet(Share& share);
  [[nodiscard]] static std::optional<wire::Ipv4Address> pass_frontier(Pool& pool);
  [[nodiscard]] Pool* pool_of(wire::Ipv4Address address);
  void hold(wire::Ipv4Address address, State state, Pool* pool);
  void take(Holdings::iterator holding);
  void on_rested();
  void arm_timer();

  const Duration quarantine_;
  TimerWheel& wheel_;
  const Steering& steering_;
  std::list<Pool> pools_;  // a list: holdings point at pools
  std::unordered_map<std::string_view, Pool*> by_name_;
  std::unordered_map<wire::Ipv4Address, Holdings::iterator> met_;
  Holdings held_;         // leased and reserved
  Holdings quarantined_;  // oldest first
  Timer timer_;
};

}  // namespace adit::control
