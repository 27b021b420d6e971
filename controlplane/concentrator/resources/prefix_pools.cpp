// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/resources/prefix_pools.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "dataplane/wire/ip_family.hpp"

namespace adit::control {
namespace {

using wire::Ipv6Address;
using wire::Ipv6Prefix;

constexpr std::uint64_t kMost = std::uint64_t{1} << 63;

/// How many prefixes of `length` are in one of `outer`.
std::uint64_t count_of(int length, int outer) {
  return length - outer >= 63 ? kMost : std::uint64_t{1} << (length - outer);
}

using Family = wire::IpFamily<Ipv6Address>;

/// The first address behind `prefix`; from the last one it wraps to none.
Ipv6Address behind(const Ipv6Prefix& prefix) {
  return Family::after(Family::last_of(prefix));
}

/// The last prefix of `length` in `outer`.
Ipv6Address last_in(const Ipv6Prefix& outer, std::uint8_t length) {
  return Ipv6Prefix::cut(Family::last_of(outer), length);
}

bool overlap(const Ipv6Prefix& one, const Ipv6Prefix& other) {
  return one.contains(other) || other.contains(one);
}

}  // namespace

PrefixPools::Pool::Pool(const Ipv6PoolSettings& from, std::uint16_t workers)
    : settings(from),
      fresh{range_of(from.prefix)},
      shares(workers),
      total(count_of(from.length, from.prefix.length)) {
  total -= fresh.front().next == from.prefix.address ? 0 : 1;
}

PrefixPools::Range PrefixPools::Pool::range_of(const Ipv6Prefix& prefix) const {
  // RFC 4291 §2.6.1: an interface identifier of zero is the subnet's routers.
  const bool routers =
      settings.use == Ipv6Use::kAddress && prefix.address.low == 0 && prefix.length < settings.length;
  return {routers ? behind({.address = prefix.address, .length = settings.length}) : prefix.address,
          last_in(prefix, settings.length)};
}

void PrefixPools::Pool::come_back_to(const Ipv6Prefix& prefix) {
  const Range all = range_of(prefix);
  for (Range& range : fresh) {
    if (prefix.contains(range.next) && range.last == all.last) {
      range.next = all.next;
      return;
    }
  }
  fresh.push_back(all);
}

std::optional<Ipv6Prefix> PrefixPools::Pool::kept_around(const Ipv6Prefix& unit) const {
  for (std::uint8_t length = 0; !kept_wide.empty() && length < unit.length; ++length) {
    const Ipv6Prefix around{.address = Ipv6Prefix::cut(unit.address, length), .length = length};
    if (kept_lengths[length] != 0 && kept_wide.contains(around)) {
      return around;
    }
  }
  return std::nullopt;
}

PrefixPools::PrefixPools(const Ipv6Settings& settings, Duration quarantine, TimerWheel& wheel,
                         std::uint16_t workers, const Steering& steering)
    : quarantine_(quarantine),
      wheel_(wheel),
      steering_(steering),
      timer_(wheel, on_timer<&PrefixPools::on_quarantine_over>, this) {
  for (const Ipv6PoolSettings& pool : settings.pools) {
    pools_.emplace_back(pool, workers);
  }
}

PrefixPools::Pool* PrefixPools::find(Ipv6Use use, std::string_view name) {
  const auto pool = std::ranges::find_if(pools_, [&](const Pool& candidate) {
    return candidate.settings.use == use && candidate.settings.name == name;
  });
  return pool == pools_.end() ? nullptr : &*pool;
}

bool PrefixPools::has(Ipv6Use use, std::string_view name) const {
  return std::ranges::any_of(pools_, [&](const Pool& candidate) {
    return candidate.settings.use == use && candidate.settings.name == name;
  });
}

/// The pool with a unit that is `prefix`, or that `prefix` is a part of.
PrefixPools::Pool* PrefixPools::pool_around(const Ipv6Prefix& prefix) {
  const auto pool = std::ranges::find_if(pools_, [&](const Pool& candidate) {
    return candidate.settings.length <= prefix.length && candidate.settings.prefix.contains(prefix);
  });
  return pool == pools_.end() ? nullptr : &*pool;
}

// ---- leases -----------------------------------------------------------------------------------------------

std::optional<Ipv6Prefix> PrefixPools::lease_any(Ipv6Use use, std::string_view name, const std::string& user,
                                                 contract::WorkerId owner) {
  Pool* const pool = find(use, name);
  if (pool == nullptr) {
    return std::nullopt;
  }
  auto unit = returned_to(*pool, user);
  unit = unit ? unit : next_fresh(*pool, owner);
  unit = unit ? unit : oldest_of(*pool, pool->shares[owner.value]);
  for (Share& share : pool->shares) {
    unit = unit ? unit : oldest_of(*pool, share);
  }
  unit = unit ? unit : oldest_of(*pool, pool->quarantined);
  if (!unit) {
    ++pool->exhausted;
    return std::nullopt;
  }
  take(*unit, false);
  if (!user.empty()) {
    remember(*pool, user, **unit);
  }
  return (*unit)->prefix;
}

std::vector<Ipv6Prefix> PrefixPools::had_by(Ipv6Use use, std::string_view name, const std::string& user) {
  Pool* const pool = find(use, name);
  const std::vector<Had>* had = pool != nullptr ? pool->had.find(user) : nullptr;
  std::vector<Ipv6Prefix> prefixes;
  if (had != nullptr) {
    std::ranges::transform(*had, std::back_inserter(prefixes), &Had::prefix);
  }
  return prefixes;
}

/// A call that comes while the user's last one is still there adds to what is known, so that neither's end makes the user
/// forget what the other has.
void PrefixPools::remember(Pool& pool, const std::string& user, const Unit& unit) {
  std::vector<Had>& had = pool.had.use(user);
  std::erase_if(had, [&](const Had& one) { return one.prefix == unit.prefix; });
  had.insert(had.begin(), {.prefix = unit.prefix, .lease = unit.lease});
  had.resize(std::min(had.size(), kOfOneUser));
}

/// Quarantine protects a prefix from everybody but the one who had it.
std::optional<PrefixPools::Units::iterator> PrefixPools::returned_to(Pool& pool, const std::string& user) {
  const std::vector<Had>* had = pool.had.find(user);
  std::optional<Units::iterator> best;
  std::uint64_t best_ended = 0;
  for (const Had& one : had != nullptr ? std::span(*had) : std::span<const Had>()) {
    const auto known = known_.find(one.prefix);
    if (known == known_.end()) {
      continue;
    }
    const Unit& unit = *known->second;
    const bool last_had_it = unit.lease == one.lease;
    const bool may_have_it = unit.state == State::kFree || unit.state == State::kPassedOver ||
                             (unit.state == State::kQuarantined && last_had_it);
    const std::uint64_t ended = last_had_it ? unit.ended : 0;
    if (may_have_it && (!best || ended > best_ended) && !pool.kept_around(unit.prefix)) {
      best = known->second;
      best_ended = ended;
    }
  }
  return best;
}

/// The frontier passes each unit once: it is leased now, or waits for the worker where its packets arrive. A pool may be
/// endless: one that no port brings to a worker would otherwise be passed over for ever.
std::optional<PrefixPools::Units::iterator> PrefixPools::next_fresh(Pool& pool, contract::WorkerId owner) {
  if (const auto unit = oldest_of(pool, pool.shares[owner.value].passed_over)) {
    return unit;
  }
  for (std::size_t passed = 0; passed < kPassedOver; ++passed) {
    const auto prefix = pass_frontier(pool);
    if (!prefix) {
      return std::nullopt;
    }
    const auto arrives = steering_.downlink(*prefix);
    if (!arrives || *arrives == owner || pool.shares[arrives->value].passed_over.size() == kPassedOver) {
      return add(pool, *prefix);
    }
    add(pool, *prefix, State::kPassedOver);
  }
  return std::nullopt;
}

/// The next unit that was never leased, and is nobody's own.
std::optional<Ipv6Prefix> PrefixPools::pass_frontier(Pool& pool) {
  while (!pool.fresh.empty()) {
    Range& range = pool.fresh.front();
    const Ipv6Prefix unit = pool.unit_at(range.next);
    const bool skipped = skips(pool, unit);
    const Ipv6Prefix passed = skipped ? pool.kept_around(unit).value_or(unit) : unit;
    if (passed.contains(range.last)) {
      pool.fresh.pop_front();
    } else {
      range.next = behind(passed);
    }
    if (!skipped && !known_.contains(unit)) {
      return unit;
    }
  }
  return std::nullopt;
}

std::optional<PrefixPools::Units::iterator> PrefixPools::oldest_of(Pool& pool, Share& share) {
  const auto unit = oldest_of(pool, share.passed_over);
  return unit ? unit : oldest_of(pool, share.free);
}

std::optional<PrefixPools::Units::iterator> PrefixPools::oldest_of(Pool& pool, Units& units) {
  while (!units.empty()) {
    if (!skips(pool, units.front().prefix)) {
      return units.begin();
    }
    forget(units.begin());
  }
  return std::nullopt;
}

bool PrefixPools::skips(Pool& pool, const Ipv6Prefix& unit) {
  const auto around = pool.kept_around(unit);
  if (!around && !pool.kept.contains(unit)) {
    return false;
  }
  pool.skipped.insert(around.value_or(unit));
  return true;
}

bool PrefixPools::lease_fixed(const Ipv6Prefix& prefix) {
  Pool* const pool = pool_around(prefix);
  if (pool == nullptr || pool->settings.length != prefix.length) {
    const auto around = pool != nullptr ? known_.find(pool->unit_at(prefix.address)) : known_.end();
    if (around != known_.end() && around->second->state == State::kLeased && !around->second->fixed) {
      return false;
    }
    if (!others_.insert(prefix).second) {
      return false;
    }
    keep(prefix);
    return true;
  }
  const auto known = known_.find(prefix);
  if (known != known_.end() && known->second->state == State::kLeased) {
    return false;
  }
  take(known != known_.end() ? known->second : add(*pool, prefix), true);
  return true;
}

bool PrefixPools::adopt(const Ipv6Prefix& prefix, bool fixed, const std::string& user) {
  if (!lease_fixed(prefix)) {
    return false;
  }
  const auto known = known_.find(prefix);
  if (!fixed && known != known_.end()) {
    known->second->fixed = false;
    if (!user.empty()) {
      remember(*known->second->pool, user, *known->second);
    }
  }
  return true;
}

void PrefixPools::release(const Ipv6Prefix& prefix, bool used) {
  if (others_.erase(prefix) != 0) {
    return give_back(prefix);
  }
  const auto known = known_.find(prefix);
  if (known == known_.end() || known->second->state != State::kLeased) {
    return;
  }
  const Units::iterator unit = known->second;
  Pool& pool = *unit->pool;
  --pool.used;
  unit->ended = ++ends_;
  pool.reserved += pool.kept.contains(prefix) ? 1 : 0;
  if (skips(pool, prefix)) {
    return forget(unit);
  }
  if (!used) {
    return make_free(leased_, unit);
  }
  unit->state = State::kQuarantined;
  unit->quarantined_until = wheel_.now() + quarantine_;
  pool.quarantined.splice(pool.quarantined.end(), leased_, unit);
  arm_timer();
}

bool PrefixPools::is_leased(const Ipv6Prefix& unit) const {
  const auto known = known_.find(unit);
  return known != known_.end() && known->second->state == State::kLeased;
}

/// Free, from here on.
PrefixPools::Units::iterator PrefixPools::add(Pool& pool, const Ipv6Prefix& prefix, State state) {
  const Unit unit{.prefix = prefix, .pool = &pool, .state = state, .share = share_of(prefix)};
  Units& units = list_of(unit);
  units.push_back(unit);
  known_.emplace(prefix, std::prev(units.end()));
  return std::prev(units.end());
}

std::uint16_t PrefixPools::share_of(const Ipv6Prefix& unit) const {
  return steering_.downlink(unit).value_or(contract::WorkerId{}).value;
}

PrefixPools::Units& PrefixPools::list_of(const Unit& unit) {
  switch (unit.state) {
    case State::kLeased:
      return leased_;
    case State::kQuarantined:
      return unit.pool->quarantined;
    case State::kPassedOver:
      return unit.pool->shares[unit.share].passed_over;
    case State::kFree:
      break;
  }
  return unit.pool->shares[unit.share].free;
}

void PrefixPools::take(Units::iterator unit, bool fixed) {
  leased_.splice(leased_.end(), list_of(*unit), unit);
  unit->state = State::kLeased;
  unit->fixed = fixed;
  unit->lease = ++leases_;
  ++unit->pool->used;
  unit->pool->reserved -= unit->pool->kept.contains(unit->prefix) ? 1 : 0;
}

void PrefixPools::forget(Units::iterator unit) {
  known_.erase(unit->prefix);
  list_of(*unit).erase(unit);
}

void PrefixPools::make_free(Units& from, Units::iterator unit) {
  unit->state = State::kFree;
  unit->share = share_of(unit->prefix);
  Units& free = list_of(*unit);
  free.splice(free.end(), from, unit);
}

// ---- somebody's own ---------------------------------------------------------------------------------------

void PrefixPools::reserve(std::vector<Ipv6Prefix> fixed) {
  std::vector<Ipv6Prefix> changed;
  std::ranges::set_difference(fixed_, fixed, std::back_inserter(changed));
  for (const Ipv6Prefix& prefix : std::exchange(changed, {})) {
    give_back(prefix);
  }
  std::ranges::set_difference(fixed, fixed_, std::back_inserter(changed));
  for (const Ipv6Prefix& prefix : changed) {
    keep(prefix);
  }
  fixed_ = std::move(fixed);
}

void PrefixPools::keep(const Ipv6Prefix& prefix, bool and_inside) {
  for (Pool& pool : pools_) {
    if (!overlap(pool.settings.prefix, prefix)) {
      continue;
    }
    if (prefix.length >= pool.settings.length) {
      keep_part(pool, pool.unit_at(prefix.address));
    } else if (and_inside) {
      keep_wide(pool, prefix);
    }
  }
}

void PrefixPools::give_back(const Ipv6Prefix& prefix, bool and_inside) {
  for (Pool& pool : pools_) {
    if (!overlap(pool.settings.prefix, prefix)) {
      continue;
    }
    if (prefix.length >= pool.settings.length) {
      give_back_part(pool, pool.unit_at(prefix.address));
    } else if (and_inside) {
      give_back_wide(pool, prefix);
    }
  }
}

void PrefixPools::keep_part(Pool& pool, const Ipv6Prefix& unit) {
  if (pool.kept[unit]++ != 0 || is_leased(unit)) {
    return;
  }
  ++pool.reserved;
  if (const auto known = known_.find(unit); known != known_.end()) {
    pool.skipped.insert(unit);
    forget(known->second);
  }
}

void PrefixPools::give_back_part(Pool& pool, const Ipv6Prefix& unit) {
  const auto kept = pool.kept.find(unit);
  if (kept == pool.kept.end() || --kept->second != 0) {
    return;
  }
  pool.kept.erase(kept);
  pool.reserved -= is_leased(unit) ? 0 : 1;
  if (pool.skipped.erase(unit) != 0 && !known_.contains(unit)) {
    add(pool, unit);
  }
}

void PrefixPools::keep_wide(Pool& pool, const Ipv6Prefix& prefix) {
  if (pool.kept_wide[prefix]++ == 0) {
    ++pool.kept_lengths[prefix.length];
    pool.reserved += count_of(pool.settings.length, std::max(prefix.length, pool.settings.prefix.length));
  }
}

void PrefixPools::give_back_wide(Pool& pool, const Ipv6Prefix& prefix) {
  const auto kept = pool.kept_wide.find(prefix);
  if (kept == pool.kept_wide.end() || --kept->second != 0) {
    return;
  }
  pool.kept_wide.erase(kept);
  --pool.kept_lengths[prefix.length];
  const Ipv6Prefix& inside = prefix.length < pool.settings.prefix.length ? pool.settings.prefix : prefix;
  pool.reserved -= count_of(pool.settings.length, inside.length);
  if (pool.skipped.erase(prefix) != 0) {
    pool.come_back_to(inside);
  }
}

std::vector<PoolStatus> PrefixPools::status() const {
  std::vector<PoolStatus> out;
  for (const Pool& pool : pools_) {
    const std::uint64_t gone = pool.used + pool.quarantined.size() + std::min(pool.reserved, pool.total);
    out.push_back({.name = pool.settings.name,
                   .total = pool.total,
                   .used = pool.used,
                   .quarantined = pool.quarantined.size(),
                   .reserved = pool.reserved,
                   .available = pool.total - std::min(pool.total, gone),
                   .exhausted = pool.exhausted,
                   .use = pool.settings.use});
  }
  return out;
}

// ---- quarantine -------------------------------------------------------------------------------------------

void PrefixPools::on_quarantine_over() {
  for (Pool& pool : pools_) {
    while (!pool.quarantined.empty() && pool.quarantined.front().quarantined_until <= wheel_.now()) {
      make_free(pool.quarantined, pool.quarantined.begin());
    }
  }
  arm_timer();
}

void PrefixPools::arm_timer() {
  if (timer_.armed()) {
    return;
  }
  std::optional<Instant> due;
  for (const Pool& pool : pools_) {
    if (!pool.quarantined.empty()) {
      const Instant until = pool.quarantined.front().quarantined_until;
      due = due ? std::min(*due, until) : until;
    }
  }
  if (due) {
    timer_.arm(*due - wheel_.now());
  }
}

}  // namespace adit::control
