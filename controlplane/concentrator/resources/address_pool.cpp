// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/resources/address_pool.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace adit::control {
namespace {

// Addresses examined per lease. With 128 workers, one lease in a thousand finds none of its worker's among
// them.
constexpr int kLooksPerLease = 1024;

}  // namespace

AddressPools::AddressPools(const IpSettings& settings, TimerWheel& wheel, std::uint16_t workers,
                           const Steering& steering)
    : quarantine_(settings.quarantine),
      wheel_(wheel),
      steering_(steering),
      timer_(wheel, on_timer<&AddressPools::on_quarantine_over>, this) {
  for (const PoolSettings& from : settings.pools) {
    Pool& pool = pools_.emplace_back();
    pool.name = from.name;
    pool.ranges = from.ranges;
    pool.shares.resize(workers);
    by_name_.emplace(pool.name, &pool);
    for (const AddressRange& range : from.ranges) {
      pool.total += std::uint64_t{range.last.value} - range.first.value + 1;
    }
  }
  if (!settings.gateway.is_none()) {
    Pool* pool = pool_of(settings.gateway);
    hold(settings.gateway, State::kOurs, nullptr);
    if (pool != nullptr) {
      --pool->total;
    }
  }
}

std::optional<wire::Ipv4Address> AddressPools::lease_any(std::string_view name, contract::WorkerId owner) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    return std::nullopt;
  }
  Pool& pool = *found->second;
  if (const auto address = next_fresh(pool, owner)) {
    hold(*address, State::kLeased, &pool);
    return address;
  }
  if (const auto address = lease_from(pool, pool.shares[owner.value])) {
    return address;
  }
  for (Share& share : pool.shares) {
    if (const auto address = lease_from(pool, share)) {
      return address;
    }
  }
  const auto oldest = lease_oldest(pool.quarantined);
  pool.exhausted += oldest ? 0 : 1;
  return oldest;
}

std::optional<wire::Ipv4Address> AddressPools::lease_from(Pool& pool, Share& share) {
  if (const auto address = pop_fresh(share)) {
    hold(*address, State::kLeased, &pool);
    return address;
  }
  return lease_oldest(share.free);
}

std::optional<wire::Ipv4Address> AddressPools::lease_oldest(Holdings& holdings) {
  if (holdings.empty()) {
    return std::nullopt;
  }
  const wire::Ipv4Address address = holdings.front().address;
  take(holdings.begin());
  return address;
}

bool AddressPools::lease_fixed(wire::Ipv4Address address) {
  const auto known = known_.find(address);
  if (known == known_.end()) {
    hold(address, State::kLeased, pool_of(address));
    return true;
  }
  const State state = known->second->state;
  if (state == State::kOurs || state == State::kLeased) {
    return false;
  }
  take(known->second);
  return true;
}

void AddressPools::reserve(std::vector<wire::Ipv4Address> fixed) {
  std::vector<wire::Ipv4Address> changed;
  std::ranges::set_difference(fixed_, fixed, std::back_inserter(changed));
  for (const wire::Ipv4Address address : std::exchange(changed, {})) {
    end_reservation(address);
  }
  std::ranges::set_difference(fixed, fixed_, std::back_inserter(changed));
  for (const wire::Ipv4Address address : changed) {
    reserve(address);
  }
  fixed_ = std::move(fixed);
}

void AddressPools::reserve(wire::Ipv4Address address) {
  Pool* pool = pool_of(address);
  auto known = known_.find(address);
  if (pool == nullptr || (known != known_.end() && known->second->state == State::kOurs)) {
    return;
  }
  if (known == known_.end()) {
    hold(address, State::kLeased, pool);
    known = known_.find(address);
    set_aside(*known->second);
  } else if (known->second->state != State::kLeased) {
    take(known->second);
    set_aside(*known->second);
  }
  known->second->fixed = true;
}

void AddressPools::end_reservation(wire::Ipv4Address address) {
  const auto known = known_.find(address);
  if (known == known_.end()) {
    return;
  }
  known->second->fixed = false;
  if (known->second->state == State::kReserved) {
    --known->second->pool->reserved;
    make_free(held_, known->second);
  }
}

void AddressPools::set_aside(Holding& holding) {
  --holding.pool->used;
  ++holding.pool->reserved;
  holding.state = State::kReserved;
}

void AddressPools::release(wire::Ipv4Address address, bool used) {
  const auto known = known_.find(address);
  if (known == known_.end() || known->second->state != State::kLeased) {
    return;
  }
  const Holdings::iterator holding = known->second;
  if (holding->pool == nullptr) {  // only this user can get it: no quarantine
    held_.erase(holding);
    known_.erase(known);
    return;
  }
  if (holding->fixed) {
    return set_aside(*holding);
  }
  --holding->pool->used;
  if (!used) {
    return make_free(held_, holding);
  }
  holding->state = State::kQuarantined;
  holding->quarantined_until = wheel_.now() + quarantine_;
  holding->pool->quarantined.splice(holding->pool->quarantined.end(), held_, holding);
  arm_timer();
}

std::vector<PoolStatus> AddressPools::status() const {
  std::vector<PoolStatus> out;
  for (const Pool& pool : pools_) {
    out.push_back({.name = pool.name,
                   .total = pool.total,
                   .used = pool.used,
                   .quarantined = pool.quarantined.size(),
                   .reserved = pool.reserved,
                   .available = pool.total - pool.used - pool.quarantined.size() - pool.reserved,
                   .exhausted = pool.exhausted});
  }
  return out;
}

// The frontier passes each address once: it is leased now, kept for the worker where its packets arrive, or
// skipped because it is leased or reserved as a fixed one.
std::optional<wire::Ipv4Address> AddressPools::next_fresh(Pool& pool, contract::WorkerId owner) {
  if (const auto address = pop_fresh(pool.shares[owner.value])) {
    return address;
  }
  for (int looks = 0; looks < kLooksPerLease;) {
    const auto address = pass_frontier(pool);
    if (!address) {
      break;
    }
    if (known_.contains(*address)) {
      continue;  // not a look: there may be more of them in a row, and behind them an address that is free
    }
    ++looks;
    const auto arrives = steering_.downlink(*address);
    if (!arrives || *arrives == owner) {
      return address;
    }
    pool.shares[arrives->value].fresh.push_back(*address);
  }
  return std::nullopt;
}

std::optional<wire::Ipv4Address> AddressPools::pop_fresh(Share& share) {
  while (!share.fresh.empty()) {
    const wire::Ipv4Address address = share.fresh.front();
    share.fresh.pop_front();
    if (!known_.contains(address)) {
      return address;
    }
  }
  return std::nullopt;
}

std::optional<wire::Ipv4Address> AddressPools::pass_frontier(Pool& pool) {
  if (pool.range == pool.ranges.size()) {
    return std::nullopt;
  }
  const AddressRange& range = pool.ranges[pool.range];
  const wire::Ipv4Address address(range.first.value + pool.offset);
  if (address == range.last) {
    ++pool.range;
    pool.offset = 0;
  } else {
    ++pool.offset;
  }
  return address;
}

AddressPools::Pool* AddressPools::pool_of(wire::Ipv4Address address) {
  for (Pool& pool : pools_) {
    for (const AddressRange& range : pool.ranges) {
      if (range.first <= address && address <= range.last) {
        return &pool;
      }
    }
  }
  return nullptr;
}

void AddressPools::hold(wire::Ipv4Address address, State state, Pool* pool) {
  held_.push_back({.address = address, .state = state, .pool = pool, .quarantined_until = {}});
  known_.emplace(address, std::prev(held_.end()));
  if (pool != nullptr) {
    ++pool->used;
  }
}

void AddressPools::take(Holdings::iterator holding) {
  Pool& pool = *holding->pool;
  if (holding->state == State::kReserved) {
    --pool.reserved;
  } else {
    Holdings& from = holding->state == State::kFree ? pool.shares[holding->share].free : pool.quarantined;
    held_.splice(held_.end(), from, holding);
  }
  ++pool.used;
  holding->state = State::kLeased;
}

void AddressPools::make_free(Holdings& from, Holdings::iterator holding) {
  holding->state = State::kFree;
  holding->share = steering_.downlink(holding->address).value_or(contract::WorkerId{}).value;
  Holdings& free = holding->pool->shares[holding->share].free;
  free.splice(free.end(), from, holding);
}

void AddressPools::on_quarantine_over() {
  for (Pool& pool : pools_) {
    while (!pool.quarantined.empty() && pool.quarantined.front().quarantined_until <= wheel_.now()) {
      make_free(pool.quarantined, pool.quarantined.begin());
    }
  }
  arm_timer();
}

void AddressPools::arm_timer() {
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
