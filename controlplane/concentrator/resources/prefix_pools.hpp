// SPDX-License-Identifier: Apache-2.0
// Subscribers' prefixes of IPv6: named pools for each use, fixed prefixes, and the quarantine between two holders.
// A prefix has one holder. A user who returns gets the prefix that it had, while nobody else has got it: of those that its
// calls had side by side, the one whose call ended last. Of each pool the last kRemembered users are known, and of each
// of them the last kOfOneUser prefixes. What a user, or the machine, has as its own is given to nobody
// else by a pool, be it one of the pool's units, a part of one, or more than one.
// Where the core ports tell at which worker a prefix's packets arrive, a call gets one of its worker's, as AddressPools
// does it; what a user had before comes first.
// Memory grows with the number of prefixes leased so far, not with the size of the pools. Every operation is amortised
// O(1) in prefixes, and linear in the few pools and lengths that there are.
// Thread: control. Owner: the concentrator.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "controlplane/base/lru_table.hpp"
#include "controlplane/base/settings.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/concentrator/resources/pool_status.hpp"
#include "controlplane/concentrator/resources/steering.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::control {

class PrefixPools {
 public:
  static constexpr std::size_t kRemembered = 262'144;
  static constexpr std::size_t kOfOneUser = 4;

  /// Units that wait for one worker's calls, at most, and of which one lease passes over so many at most.
  static constexpr std::size_t kPassedOver = 1024;

  /// The settings' pools do not overlap. The wheel and the steering outlive this.
  PrefixPools(const Ipv6Settings& settings, Duration quarantine, TimerWheel& wheel, std::uint16_t workers = 1,
              const Steering& steering = kUnsteered);
  PrefixPools(const PrefixPools&) = delete;
  PrefixPools& operator=(const PrefixPools&) = delete;

  /// The prefix that `user` had, else from the share of `owner` one never used before, else the one free the longest; else
  /// one from any share, else the one longest in quarantine. None: every one is leased or somebody's own, or the pool does
  /// not exist.
  [[nodiscard]] std::optional<wire::Ipv6Prefix> lease_any(Ipv6Use use, std::string_view pool,
                                                          const std::string& user,
                                                          contract::WorkerId owner = {});
  /// What `user` had from the pool, whoever has it now; what it was given last comes first.
  [[nodiscard]] std::vector<wire::Ipv6Prefix> had_by(Ipv6Use use, std::string_view pool,
                                                     const std::string& user);

  /// A user's own prefix, inside or outside of the pools, of any length. False: it is leased, or it lies in one that a
  /// pool has given away. Quarantine does not apply, as for IPv4.
  [[nodiscard]] bool lease_fixed(const wire::Ipv6Prefix& prefix);

  /// What a call of another process had from a pool, or as its user's own. False: somebody else has it by now. A unit that
  /// no pool has any longer is kept until the call ends.
  [[nodiscard]] bool adopt(const wire::Ipv6Prefix& prefix, bool fixed, const std::string& user);

  /// The prefixes that users have as their own, ascending, instead of those told before. As AddressPools::reserve().
  void reserve(std::vector<wire::Ipv6Prefix> fixed);

  /// As long as it is kept, no pool gives away a prefix that it is or is in, nor, with `and_inside`, one that is in it.
  /// May be kept several times.
  void keep(const wire::Ipv6Prefix& prefix, bool and_inside = true);
  void give_back(const wire::Ipv6Prefix& prefix, bool and_inside = true);

  /// The holder is gone from the data path. Ignored if it is not leased. `used`: as in AddressPools::release().
  void release(const wire::Ipv6Prefix& prefix, bool used = true);

  [[nodiscard]] bool has(Ipv6Use use, std::string_view pool) const;
  /// In the order of the settings. Numbers that would be greater than 2^63 are that.
  [[nodiscard]] std::vector<PoolStatus> status() const;

 private:
  /// kPassedOver: free, and never leased.
  enum class State : std::uint8_t { kLeased, kQuarantined, kFree, kPassedOver };
  struct Pool;
  /// What a pool gives away, and has given away before.
  struct Unit {
    wire::Ipv6Prefix prefix;
    Pool* pool = nullptr;
    State state = State::kLeased;
    bool fixed = false;              // leased as a user's own
    std::uint16_t share = 0;         // while free
    std::uint64_t lease = 0;         // a number of its own
    std::uint64_t ended = 0;         // the last one that ended: a number that grows from end to end
    Instant quarantined_until = {};  // while quarantined
  };
  using Units = std::list<Unit>;

  /// What arrives at one worker. If that is not known, it is the first worker's.
  struct Share {
    Units passed_over;  // by leases for others, in order
    Units free;         // oldest first
  };

  /// Of one length, not leased before or skipped as somebody's own.
  struct Range {
    wire::Ipv6Address next, last;
  };
  struct Had {
    wire::Ipv6Prefix prefix;
    std::uint64_t lease = 0;
  };

  struct Pool {
    Pool(const Ipv6PoolSettings& from, std::uint16_t workers);
    [[nodiscard]] wire::Ipv6Prefix unit_at(const wire::Ipv6Address& address) const {
      return {.address = wire::Ipv6Prefix::cut(address, settings.length), .length = settings.length};
    }
    /// Of what is given away in `prefix`, which is not shorter than the pool's.
    [[nodiscard]] Range range_of(const wire::Ipv6Prefix& prefix) const;
    void come_back_to(const wire::Ipv6Prefix& prefix);
    /// What is kept around the unit, the widest; none: nothing.
    [[nodiscard]] std::optional<wire::Ipv6Prefix> kept_around(const wire::Ipv6Prefix& unit) const;

    const Ipv6PoolSettings settings;
    std::deque<Range> fresh;
    std::vector<Share> shares;                                      // by worker
    Units quarantined;                                              // oldest first
    std::unordered_map<wire::Ipv6Prefix, std::uint32_t> kept;       // units in which something is kept
    std::unordered_map<wire::Ipv6Prefix, std::uint32_t> kept_wide;  // shorter than a unit
    std::array<std::uint32_t, 128> kept_lengths{};                  // of kept_wide
    std::unordered_set<wire::Ipv6Prefix> skipped;                   // of kept and kept_wide: to return to
    LruTable<std::string, std::vector<Had>> had{kRemembered};       // by user, given last first
    std::uint64_t total = 0, used = 0, reserved = 0, exhausted = 0;
  };

  [[nodiscard]] Pool* find(Ipv6Use use, std::string_view name);
  [[nodiscard]] Pool* pool_around(const wire::Ipv6Prefix& prefix);
  [[nodiscard]] std::optional<Units::iterator> returned_to(Pool& pool, const std::string& user);
  static void remember(Pool& pool, const std::string& user, const Unit& unit);
  [[nodiscard]] std::optional<Units::iterator> next_fresh(Pool& pool, contract::WorkerId owner);
  [[nodiscard]] std::optional<wire::Ipv6Prefix> pass_frontier(Pool& pool);
  [[nodiscard]] std::optional<Units::iterator> oldest_of(Pool& pool, Share& share);
  [[nodiscard]] std::optional<Units::iterator> oldest_of(Pool& pool, Units& units);
  /// Whether somebody's own overlaps with the unit; the pool comes back to it when that has ended.
  [[nodiscard]] static bool skips(Pool& pool, const wire::Ipv6Prefix& unit);
  [[nodiscard]] bool is_leased(const wire::Ipv6Prefix& unit) const;
  Units::iterator add(Pool& pool, const wire::Ipv6Prefix& prefix, State state = State::kFree);
  [[nodiscard]] std::uint16_t share_of(const wire::Ipv6Prefix& unit) const;
  [[nodiscard]] Units& list_of(const Unit& unit);
  void take(Units::iterator unit, bool fixed);
  void forget(Units::iterator unit);
  void make_free(Units& from, Units::iterator unit);
  void keep_part(Pool& pool, const wire::Ipv6Prefix& unit);
  void give_back_part(Pool& pool, const wire::Ipv6Prefix& unit);
  static void keep_wide(Pool& pool, const wire::Ipv6Prefix& prefix);
  static void give_back_wide(Pool& pool, const wire::Ipv6Prefix& prefix);
  void on_quarantine_over();
  void arm_timer();

  const Duration quarantine_;
  TimerWheel& wheel_;
  const Steering& steering_;
  std::list<Pool> pools_;  // a list: units point at pools
  std::unordered_map<wire::Ipv6Prefix, Units::iterator> known_;
  Units leased_;
  std::unordered_set<wire::Ipv6Prefix> others_;  // leased as a user's own, and no pool's unit
  std::vector<wire::Ipv6Prefix> fixed_;          // ascending
  std::uint64_t leases_ = 0;                     // so far
  std::uint64_t ends_ = 0;                       // of them
  Timer timer_;
};

}  // namespace adit::control
