// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/resources/machine_networks.hpp"

#include <utility>

#include "controlplane/base/subscriber_network.hpp"

namespace adit::control {
namespace {

wire::Ipv4Prefix host(wire::Ipv4Address address) {
  return {.address = address, .length = 32};
}

}  // namespace

// ---- both families ----------------------------------------------------------------------------------------

template <typename Prefix>
void BasicMachineNetworks<Prefix>::set(std::vector<Network> networks) {
  std::map<Prefix, Entry> old = std::exchange(entries_, {});
  for (Network& network : networks) {
    if (!wire::is_host(network.prefix.address) || entries_.contains(network.prefix)) {
      continue;
    }
    if (auto known = old.extract(network.prefix);
        !known.empty() && known.mapped().network.own_address == network.own_address) {
      known.mapped().network = std::move(network);
      entries_.insert(std::move(known));
    } else {
      if (!known.empty()) {
        old.insert(std::move(known));
      }
      add(std::move(network));
    }
  }
  for (auto& [prefix, entry] : old) {
    drop(entry);
  }
}

template <typename Prefix>
void BasicMachineNetworks<Prefix>::add(Network network) {
  const Prefix prefix = network.prefix;
  Entry entry{.network = std::move(network)};
  own_prefixes_ += is_own_prefix(entry.network) ? 1 : 0;
  keep(entry);
  // Of a shorter one nothing needs to be claimed: what subscribers have is longer.
  if (can_be_behind_a_subscriber(prefix)) {
    entry.claim = claims_.claim({.prefix = prefix, .by = ClaimedBy::kMachine});
  }
  entries_.insert({prefix, std::move(entry)});
}

template <typename Prefix>
void BasicMachineNetworks<Prefix>::drop(const Entry& entry) {
  if (entry.claim) {
    claims_.release(*entry.claim);
  }
  give_back(entry);
  own_prefixes_ -= is_own_prefix(entry.network) ? 1 : 0;
}

template <typename Prefix>
typename BasicMachineNetworks<Prefix>::Entry* BasicMachineNetworks<Prefix>::own_with(const Prefix& prefix) {
  for (std::uint8_t length = prefix.length; length > 0 && (length == kAddressLength || own_prefixes_ > 0);
       --length) {
    if (const auto entry = entries_.find(shortened(prefix, length));
        entry != entries_.end() && entry->second.network.own_address) {
      return &entry->second;
    }
  }
  return nullptr;
}

template <typename Prefix>
const BasicMachineNetwork<Prefix>* BasicMachineNetworks<Prefix>::overlapping(const Prefix& prefix) const {
  const auto inside = entries_.lower_bound(prefix);
  if (inside != entries_.end() && prefix.contains(inside->first.address)) {
    return &inside->second.network;
  }
  for (std::uint8_t length = prefix.length; length > 0;) {
    --length;
    if (const auto around = entries_.find(shortened(prefix, length)); around != entries_.end()) {
      return &around->second.network;
    }
  }
  return nullptr;
}

template class BasicMachineNetworks<wire::Ipv4Prefix>;
template class BasicMachineNetworks<wire::Ipv6Prefix>;

// ---- IPv4 -------------------------------------------------------------------------------------------------

MachineNetworks::MachineNetworks(AddressPools& pools, PrefixClaims& claims, wire::Ipv4Address gateway)
    : BasicMachineNetworks(claims), pools_(pools), gateway_(gateway) {
  set({});
}

void MachineNetworks::set(std::vector<MachineNetwork> networks) {
  if (!gateway_.is_none()) {
    networks.push_back({.prefix = host(gateway_), .holder = "ip.gw-ip-address", .own_address = true});
  }
  BasicMachineNetworks::set(std::move(networks));
}

void MachineNetworks::keep(Entry& entry) {
  const wire::Ipv4Prefix& prefix = entry.network.prefix;
  if (entry.network.own_address && prefix.length == kAddressLength && pools_.lease_fixed(prefix.address)) {
    entry.leased.push_back(prefix.address);
  }
}

void MachineNetworks::give_back(const Entry& entry) {
  for (const wire::Ipv4Address address : entry.leased) {
    pools_.release(address);
  }
}

const std::string* MachineNetworks::holder_of(wire::Ipv4Address address) {
  const Entry* entry = own_with(host(address));
  return entry != nullptr ? &entry->network.holder : nullptr;
}

bool MachineNetworks::keeps(wire::Ipv4Address address) {
  Entry* entry = has_own_prefixes() ? own_with(host(address)) : nullptr;
  if (entry == nullptr) {
    return false;
  }
  entry->leased.push_back(address);
  return true;
}

void MachineNetworks::on_released(wire::Ipv4Address address) {
  Entry* entry = own_with(host(address));
  if (entry != nullptr && entry->network.prefix == host(address) && entry->leased.empty() &&
      pools_.lease_fixed(address)) {
    entry->leased.push_back(address);
  }
}

// ---- IPv6 -------------------------------------------------------------------------------------------------

const std::string* MachineNetworks6::holder_of(const wire::Ipv6Prefix& prefix) {
  const Entry* entry = own_with(prefix);
  return entry != nullptr ? &entry->network.holder : nullptr;
}

}  // namespace adit::control
