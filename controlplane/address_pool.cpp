// SPDX-License-Identifier: Apache-2.0
#include "controlplane/address_pool.hpp"

#include <iterator>

namespace adit::control {

AddressPools::AddressPools(const IpSettings& settings, TimerWheel& wheel)
    : quarantine_(settings.quarantine),
      wheel_(wheel),
      timer_(wheel, on_timer<&AddressPools::on_rested>, this) {
  for (const PoolSettings& from : settings.pools) {
    Pool& pool = pools_.emplace_back();
    pool.name = from.name;
    pool.ranges = from.ranges;
    by_name_.emplace(pool.name, &pool);
    for (const AddressRange& range : from.ranges) {
      pool.total += std::uint64_t{range.last.value} - range.first.value + 1;
    }
  }
  if (!settings.gateway.is_none()) {
    Pool* pool = pool_of(settings.gateway);
    hold(settings.gateway, State::kReserved, nullptr);
    if (pool != nullptr) {
      --pool->total;
    }
  }
}

std::optional<wire::Ipv4Address> AddressPools::lease_any(std::string_view name) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    return std::nullopt;
  }
  Pool& pool = *found->second;
  if (const auto address = next_unmet(pool)) {
    hold(*address, State::kLeased, &pool);
    return address;
  }
  if (pool.rested.empty()) {
    return std::nullopt;
  }
  const wire::Ipv4Address address = pool.rested.front().address;
  take(pool.rested.begin());
  return address;
}

bool AddressPools::lease_fixed(wire::Ipv4Address address) {
  const auto met = met_.find(address);
  if (met == met_.end()) {
    hold(address, State::kLeased, pool_of(address));
    return true;
  }
  const State state = met->second->state;
  if (state == State::kReserved || state == State::kLeased) {
    return false;
  }
  take(met->second);
  return true;
}

void AddressPools::release(wire::Ipv4Address address) {
  const auto met = met_.find(address);
  if (met == met_.end() || met->second->state != State::kLeased) {
    return;
  }
  const Holdings::iterator holding = met->second;
  if (holding->pool == nullptr) {  // nobody else can get it
    held_.erase(holding);
    met_.erase(met);
    return;
  }
  --holding->pool->used;
  ++holding->pool->quarantined;
  holding->state = State::kQuarantined;
  holding->rested_at = wheel_.now() + quarantine_;
  quarantined_.splice(quarantined_.end(), held_, holding);
  arm_timer();
}

std::vector<PoolStatus> AddressPools::status() const {
  std::vector<PoolStatus> out;
  for (const Pool& pool : pools_) {
    out.push_back({.name = pool.name,
                   .total = pool.total,
                   .used = pool.used,
                   .quarantined = pool.quarantined,
                   .available = pool.total - pool.used - pool.quarantined});
  }
  return out;
}

// Skips addresses that were leased as fixed ones before the frontier came to them: each is skipped once.
std::optional<wire::Ipv4Address> AddressPools::next_unmet(Pool& pool) {
  while (pool.range < pool.ranges.size()) {
    const AddressRange& range = pool.ranges[pool.range];
    const wire::Ipv4Address address(range.first.value + pool.offset);
    if (address == range.last) {
      ++pool.range;
      pool.offset = 0;
    } else {
      ++pool.offset;
    }
    if (!met_.contains(address)) {
      return address;
    }
  }
  return std::nullopt;
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
  held_.push_back({.address = address, .state = state, .pool = pool, .rested_at = {}});
  met_.emplace(address, std::prev(held_.end()));
  if (pool != nullptr) {
    ++pool->used;
  }
}

void AddressPools::take(Holdings::iterator holding) {
  Holdings& from = holding->state == State::kRested ? holding->pool->rested : quarantined_;
  if (holding->state == State::kQuarantined) {
    --holding->pool->quarantined;
  }
  ++holding->pool->used;
  holding->state = State::kLeased;
  held_.splice(held_.end(), from, holding);
}

void AddressPools::on_rested() {
  while (!quarantined_.empty() && quarantined_.front().rested_at <= wheel_.now()) {
    Holding& holding = quarantined_.front();
    holding.state = State::kRested;
    --holding.pool->quarantined;
    holding.pool->rested.splice(holding.pool->rested.end(), quarantined_, quarantined_.begin());
  }
  arm_timer();
}

void AddressPools::arm_timer() {
  if (!quarantined_.empty() && !timer_.armed()) {
    timer_.arm(quarantined_.front().rested_at - wheel_.now());
  }
}

}  // namespace adit::control
