// SPDX-License-Identifier: Apache-2.0
// Subscriber addresses: named pools, fixed addresses, and the quarantine between two holders. One address has one
// holder, whatever pools or fixed entries name it. Memory grows with the addresses that were ever leased, not with the
// size of the ranges. Every operation is amortised O(1).
// Thread: control. Owner: the concentrator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controlplane/settings.hpp"
#include "controlplane/timer_wheel.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

struct PoolStatus {
  std::string name;
  std::uint64_t total = 0, used = 0, quarantined = 0, available = 0;
};

class AddressPools {
 public:
  /// The gateway is never leased. `settings` and `wheel` outlive the pools.
  AddressPools(const IpSettings& settings, TimerWheel& wheel);
  AddressPools(const AddressPools&) = delete;
  AddressPools& operator=(const AddressPools&) = delete;

  /// One never used before while there are any, then the one that has rested longest. None: exhausted, or no such pool.
  [[nodiscard]] std::optional<wire::Ipv4Address> lease_any(std::string_view pool);

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
    Pool* pool = nullptr;  // none: outside of all pools
    Instant rested_at;     // while quarantined
  };
  using Holdings = std::list<Holding>;

  struct Pool {
    std::string name;
    std::vector<AddressRange> ranges;
    std::size_t range = 0;  // the frontier: where the first address that was never met stands
    std::uint32_t offset = 0;
    Holdings rested;  // oldest first
    std::uint64_t total = 0, used = 0, quarantined = 0;
  };

  [[nodiscard]] std::optional<wire::Ipv4Address> next_unmet(Pool& pool);
  [[nodiscard]] Pool* pool_of(wire::Ipv4Address address);
  void hold(wire::Ipv4Address address, State state, Pool* pool);
  void take(Holdings::iterator holding);
  void on_rested();
  void arm_timer();

  const Duration quarantine_;
  TimerWheel& wheel_;
  std::list<Pool> pools_;  // a list: holdings point at pools
  std::unordered_map<std::string_view, Pool*> by_name_;
  std::unordered_map<wire::Ipv4Address, Holdings::iterator> met_;
  Holdings held_;         // leased and reserved
  Holdings quarantined_;  // oldest first
  Timer timer_;
};

}  // namespace adit::control
