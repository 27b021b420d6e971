// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/resources/address_pool.hpp"

#include <iterator>

namespace adit::control {
namespace {

// Addresses looked at for one lease: of 128 workers, one in a thousand leases finds none of its own among so many.
constexpr int kLooksPerLease = 1024;

}  // namespace

AddressPools::AddressPools(const IpSettings& settings, TimerWheel& wheel, std::uint16_t workers,
                           const Steering& steering)
    : quarantine_(settings.quarantine),
      wheel_(wheel),
      steering_(steering),
      timer_(wheel, on_timer<&AddressPools::on_rested>, this) {
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
    hold(settings.gateway, State::kReserved, nullptr);
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
  if (const auto address = next_unmet(pool, owner)) {
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
  return std::nullopt;
}

std::optional<wire::Ipv4Address> AddressPools::lease_from(Pool& pool, Share& share) {
  if (const auto address = pop_unmet(share)) {
    hold(*address, State::kLeased, &pool);
    return address;
  }
  if (share.rested.empty()) {
    return std::nullopt;
  }
  const wire::Ipv4Address address = share.rested.front().address;
  take(share.rested.begin());
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

// The frontier passes each address once: it is leased now, kept for the worker that it arrives at, or skipped because it
// was leased as a fixed one before.
std::optional<wire::Ipv4Address> AddressPools::next_unmet(Pool& pool, contract::WorkerId owner) {
  if (const auto address = pop_unmet(pool.shares[owner.value])) {
    return address;
  }
  for (int looks = 0; looks < kLooksPerLease; ++looks) {
    const auto address = pass_frontier(pool);
    if (!address) {
      break;
    }
    if (met_.contains(*address)) {
      continue;
    }
    const auto arrives = steering_.downlink(*address);
    if (!arrives || *arrives == owner) {
      return address;
    }
    pool.shares[arrives->value].unmet.push_back(*address);
  }
  return std::nullopt;
}

std::optional<wire::Ipv4Address> AddressPools::pop_unmet(Share& share) {
  while (!share.unmet.empty()) {
    const wire::Ipv4Address address = share.unmet.front();
    share.unmet.pop_front();
    if (!met_.contains(address)) {
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
  held_.push_back({.address = address, .state = state, .pool = pool, .rested_at = {}});
  met_.emplace(address, std::prev(held_.end()));
  if (pool != nullptr) {
    ++pool->used;
  }
}

void AddressPools::take(Holdings::iterator holding) {
  Holdings& from =
      holding->state == State::kRested ? holding->pool->shares[holding->share].rested : quarantined_;
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
    holding.share = steering_.downlink(holding.address).value_or(contract::WorkerId{}).value;
    --holding.pool->quarantined;
    Holdings& rested = holding.pool->shares[holding.share].rested;
    rested.splice(rested.end(), quarantined_, quarantined_.begin());
  }
  arm_timer();
}

void AddressPools::arm_timer() {
  if (!quarantined_.empty() && !timer_.armed()) {
    timer_.arm(quarantined_.front().rested_at - wheel_.now());
  }
}

}  // namespace adit::control
