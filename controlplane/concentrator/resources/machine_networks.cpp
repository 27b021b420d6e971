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

MachineNetworks::MachineNetworks(AddressPools& pools, PrefixClaims& claims, wire::Ipv4Address gateway)
    : pools_(pools), claims_(claims), gateway_(gateway) {
  set({});
}

void MachineNetworks::set(std::vector<MachineNetwork> networks) {
  if (!gateway_.is_none()) {
    networks.push_back({.prefix = host(gateway_), .holder = "ip.gw-ip-address", .own_address = true});
  }
  std::map<wire::Ipv4Prefix, Entry> old = std::exchange(entries_, {});
  for (MachineNetwork& network : networks) {
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

void MachineNetworks::add(MachineNetwork network) {
  const wire::Ipv4Prefix prefix = network.prefix;
  Entry entry{.network = std::move(network)};
  if (entry.network.own_address && prefix.length < 32) {
    ++own_prefixes_;
  } else if (entry.network.own_address && pools_.lease_fixed(prefix.address)) {
    entry.leased.push_back(prefix.address);
  }
  // Of a shorter one nothing needs to be claimed: what subscribers have is longer.
  if (can_be_behind_a_subscriber(prefix)) {
    entry.claim = claims_.claim({.prefix = prefix, .by = PrefixClaim::By::kMachine});
  }
  entries_.insert({prefix, std::move(entry)});
}

void MachineNetworks::drop(const Entry& entry) {
  if (entry.claim) {
    claims_.release(*entry.claim);
  }
  for (const wire::Ipv4Address address : entry.leased) {
    pools_.release(address);
  }
  own_prefixes_ -= entry.network.own_address && entry.network.prefix.length < 32 ? 1 : 0;
}

const MachineNetworks::Entry* MachineNetworks::own_with(wire::Ipv4Address address) const {
  for (std::uint8_t length = 32; length > 0 && (length == 32 || own_prefixes_ > 0); --length) {
    wire::Ipv4Prefix prefix{.address = address, .length = length};
    prefix.address = wire::Ipv4Address(address.value & prefix.mask());
    if (const auto entry = entries_.find(prefix);
        entry != entries_.end() && entry->second.network.own_address) {
      return &entry->second;
    }
  }
  return nullptr;
}

const std::string* MachineNetworks::holder_of(wire::Ipv4Address address) const {
  const Entry* entry = own_with(address);
  return entry != nullptr ? &entry->network.holder : nullptr;
}

bool MachineNetworks::keeps(wire::Ipv4Address address) {
  const Entry* entry = own_prefixes_ > 0 ? own_with(address) : nullptr;
  if (entry == nullptr) {
    return false;
  }
  entries_.at(entry->network.prefix).leased.push_back(address);
  return true;
}

const MachineNetwork* MachineNetworks::overlapping(const wire::Ipv4Prefix& prefix) const {
  const auto inside = entries_.lower_bound(prefix);
  if (inside != entries_.end() && prefix.contains(inside->first.address)) {
    return &inside->second.network;
  }
  for (wire::Ipv4Prefix wider = prefix; wider.length > 0;) {
    --wider.length;
    wider.address = wire::Ipv4Address(wider.address.value & wider.mask());
    if (const auto around = entries_.find(wider); around != entries_.end()) {
      return &around->second.network;
    }
  }
  return nullptr;
}

void MachineNetworks::on_released(wire::Ipv4Address address) {
  const auto entry = entries_.find(host(address));
  if (entry != entries_.end() && entry->second.network.own_address && entry->second.leased.empty() &&
      pools_.lease_fixed(address)) {
    entry->second.leased.push_back(address);
  }
}

}  // namespace adit::control
