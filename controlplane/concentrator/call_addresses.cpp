// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/call_addresses.hpp"

#include <algorithm>
#include <utility>

#include "controlplane/concentrator/call_record.hpp"
#include "controlplane/concentrator/concentrator_core.hpp"

namespace adit::control {

std::optional<wire::Ipv4Address> CallAddresses::lease(std::optional<wire::Ipv4Address> fixed,
                                                      std::string_view pool) {
  if (!leased_.is_none()) {
    return std::nullopt;  // one call, one address
  }
  std::optional<wire::Ipv4Address> address = fixed;
  if (fixed && !core_.pools.lease_fixed(*fixed) && !take_over(*fixed)) {
    return std::nullopt;
  }
  if (!fixed) {
    address = core_.pools.lease_any(pool, call_.ref.worker);
  }
  if (address) {
    leased_ = *address;
    core_.directory.set_address(call_, leased_);
  }
  return address;
}

/// Takes the fixed address of the same user's last call, which has ended but is not yet removed by its
/// worker, so that the next call need not wait. The index points to the new call from map() on.
bool CallAddresses::take_over(wire::Ipv4Address address) {
  CallRecord* holder = core_.directory.at_address(address);
  return holder != nullptr && call_.user_links.user != nullptr &&
         holder->yield_address(*call_.user_links.user);
}

void CallAddresses::map(wire::Ipv4Address subscriber) {
  unmap();
  mapped_ = subscriber;
  core_.actions.map_subscriber(subscriber, call_.ref);
  for (const wire::Ipv4Prefix& route : routes_) {
    core_.actions.map_route(route, call_.ref);
  }
}

void CallAddresses::unmap() {
  if (mapped_.is_none()) {
    return;
  }
  for (const wire::Ipv4Prefix& route : routes_) {
    core_.actions.unmap_route(route, call_.ref);
  }
  core_.actions.unmap_subscriber(std::exchange(mapped_, {}));
}

void CallAddresses::set_routes(const std::vector<wire::Ipv4Prefix>& routes) {
  const std::vector<wire::Ipv4Prefix> old = std::exchange(routes_, routes);
  if (mapped_.is_none()) {
    return;
  }
  const auto is_in = [](const std::vector<wire::Ipv4Prefix>& list, const wire::Ipv4Prefix& route) {
    return std::ranges::find(list, route) != list.end();
  };
  for (const wire::Ipv4Prefix& route : old) {
    if (!is_in(routes_, route)) {
      core_.actions.unmap_route(route, call_.ref);
    }
  }
  for (const wire::Ipv4Prefix& route : routes_) {
    if (!is_in(old, route)) {
      core_.actions.map_route(route, call_.ref);
    }
  }
}

}  // namespace adit::control
