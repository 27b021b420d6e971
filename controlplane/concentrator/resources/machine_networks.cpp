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
    // A shorter one is no rival: what subscribers have is longer.
    if (!can_be_behind_a_subscriber(network.prefix) || entries_.contains(network.prefix)) {
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
    claims_.release(entry.claim);
    if (entry.leased) {
      pools_.release(prefix.address);
    }
  }
}

void MachineNetworks::add(MachineNetwork network) {
  const wire::Ipv4Prefix prefix = network.prefix;
  const bool leased = network.own_address && pools_.lease_fixed(prefix.address);
  const auto claim = claims_.claim({.prefix = prefix, .by = PrefixClaim::By::kMachine});
  entries_.insert({prefix, {.network = std::move(network), .claim = claim, .leased = leased}});
}

const std::string* MachineNetworks::holder_of(wire::Ipv4Address address) const {
  const auto entry = entries_.find(host(address));
  return entry != entries_.end() && entry->second.network.own_address ? &entry->second.network.holder
                                                                      : nullptr;
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
  if (entry != entries_.end() && entry->second.network.own_address && !entry->second.leased) {
    entry->second.leased = pools_.lease_fixed(address);
  }
}

}  // namespace adit::control
