// SPDX-License-Identifier: Apache-2.0
// Subscriber addresses: named pools, fixed addresses, and the quarantine between two holders. An address has
// one holder, whichever pools or fixed entries contain it. Where the core ports' hash is known, a pool is
// divided into shares, one for each worker, so that a call gets an address whose packets arrive at the worker
// that owns the call. Memory grows with the number of addresses leased or passed over so far, not with the
// size of the ranges. Every operation is amortised O(1) in addresses.
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
#include "controlplane/concentrator/resources/pool_status.hpp"
#include "controlplane/concentrator/resources/steering.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

class AddressPools {
 public:
  /// The gateway is never leased. All references outlive the pools.
  AddressPools(const IpSettings& settings, TimerWheel& wheel, std::uint16_t workers = 1,
               const Steering& steering = kUnsteered);
  AddressPools(const AddressPools&) = delete;
  AddressPools& operator=(const AddressPools&) = delete;

  /// From the share of `owner`: an address never used before, else the one free the longest; failing that,
  /// from any share; failing that, the one longest in quarantine, which is a preference: log-ins and -outs of
  /// one user must not empty the pool. None: every address is leased, or the pool does not exist.
  [[nodiscard]] std::optional<wire::Ipv4Address> lease_any(std::string_view pool,
                                                           contract::WorkerId owner = {});

  /// Addresses that users have as their own, ascending, instead of those told before: lease_any() gives none of them
  /// away. One that another has got meanwhile is kept from its release on. A comparison of the two lists, and O(1) for
  /// each address in which they differ.
  void reserve(std::vector<wire::Ipv4Address> fixed);

  /// A user's fixed address, inside or outside the pools. False while it is leased. Quarantine does not
  /// apply: it protects an address from *another* subscriber, and a user who redials must not have to wait.
  [[nodiscard]] bool lease_fixed(wire::Ipv4Address address);

  /// The holder is gone from the data path. Ignored if the address is not leased. `used`: packets may have had
  /// it; without that there is nothing to wait for, and a dial that fails before IP is up costs the pool nothing.
  void release(wire::Ipv4Address address, bool used = true);

  [[nodiscard]] bool has(std::string_view pool) const { return by_name_.contains(pool); }
  [[nodiscard]] std::vector<PoolStatus> status() const;

 private:
  /// kOurs: the gateway's. kReserved: a user's own, who does not have it now.
  enum class State : std::uint8_t { kOurs, kReserved, kLeased, kQuarantined, kFree };
  struct Pool;
  struct Holding {
    wire::Ipv4Address address;
    State state = State::kLeased;
    Pool* pool = nullptr;       // none: outside of all pools
    std::uint16_t share = 0;    // where it goes once free
    bool fixed = false;         // a user's own: reserved when it is not leased
    Instant quarantined_until;  // while quarantined
  };
  using Holdings = std::list<Holding>;

  /// The addresses whose packets arrive at one worker. If the worker is not known, the address goes into the
  /// first worker's share.
  struct Share {
    std::deque<wire::Ipv4Address> fresh;  // never used; passed over by leases for other workers
    Holdings free;                        // oldest first
  };

  struct Pool {
    std::string name;
    std::vector<AddressRange> ranges;
    std::size_t range = 0;  // the frontier: the first address not yet examined
    std::uint32_t offset = 0;
    std::vector<Share> shares;  // by worker
    Holdings quarantined;       // oldest first
    std::uint64_t total = 0, used = 0, reserved = 0, exhausted = 0;
  };

  [[nodiscard]] std::optional<wire::Ipv4Address> lease_from(Pool& pool, Share& share);
  [[nodiscard]] std::optional<wire::Ipv4Address> lease_oldest(Holdings& holdings);
  [[nodiscard]] std::optional<wire::Ipv4Address> next_fresh(Pool& pool, contract::WorkerId owner);
  [[nodiscard]] std::optional<wire::Ipv4Address> pop_fresh(Share& share);
  [[nodiscard]] static std::optional<wire::Ipv4Address> pass_frontier(Pool& pool);
  [[nodiscard]] Pool* pool_of(wire::Ipv4Address address);
  void hold(wire::Ipv4Address address, State state, Pool* pool);
  /// To the share whose worker its packets arrive at.
  void make_free(Holdings& from, Holdings::iterator holding);
  void take(Holdings::iterator holding);
  void reserve(wire::Ipv4Address address);
  void end_reservation(wire::Ipv4Address address);
  /// What has been leased waits for its user.
  static void set_aside(Holding& holding);
  void on_quarantine_over();
  void arm_timer();

  const Duration quarantine_;
  TimerWheel& wheel_;
  const Steering& steering_;
  std::list<Pool> pools_;  // a list: holdings point at pools
  std::unordered_map<std::string_view, Pool*> by_name_;
  std::unordered_map<wire::Ipv4Address, Holdings::iterator> known_;
  Holdings held_;                         // ours, leased and reserved
  std::vector<wire::Ipv4Address> fixed_;  // ascending
  Timer timer_;
};

}  // namespace adit::control
