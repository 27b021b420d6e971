// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/call_addresses.hpp"

#include <algorithm>
#include <utility>

#include "controlplane/concentrator/call_record.hpp"
#include "controlplane/concentrator/concentrator_core.hpp"

namespace adit::control {

std::expected<wire::Ipv4Address, SessionHost::NoAddress> CallAddresses::lease(
    std::optional<wire::Ipv4Address> fixed, std::string_view pool) {
  using Refused = std::unexpected<SessionHost::NoAddress>;
  if (!leased_.is_none()) {
    return Refused({EndReason::kInternal, "one call, one address"});
  }
  if (fixed && !lease_fixed(*fixed)) {
    return Refused({EndReason::kAddressInUse, wire::to_string(*fixed) + " is " + holder_of(*fixed)});
  }
  const auto address = fixed ? fixed : lease_any(pool);
  if (!address) {
    const std::string name = "pool " + std::string(pool);
    return core_.pools.has(pool)
               ? Refused({EndReason::kPoolEmpty, name + " is empty: all its addresses are in use"})
               : Refused({EndReason::kPoolUnknown, name + " is not in [ip-pool]"});
  }
  leased_ = *address;
  core_.directory.set_address(call_, leased_);
  return leased_;
}

std::optional<wire::Ipv4Address> CallAddresses::lease_any(std::string_view pool) {
  // Each that is the machine's is met once, so only the first dials after its prefix has come look at many.
  constexpr int kLooks = 4096;
  for (int looks = 0; looks < kLooks; ++looks) {
    const auto address = core_.pools.lease_any(pool, call_.ref.worker);
    if (!address || !core_.machine.keeps(*address)) {
      return address;
    }
  }
  return std::nullopt;
}

bool CallAddresses::lease_fixed(wire::Ipv4Address address) {
  if (core_.machine.holder_of(address) != nullptr ||
      (!core_.pools.lease_fixed(address) && !take_over(address))) {
    return false;
  }
  warn_of_overlap({.address = address, .length = 32});
  return true;
}

/// What a refused address is: "10.0.0.1 is" this.
std::string CallAddresses::holder_of(wire::Ipv4Address address) const {
  if (const std::string* machine = core_.machine.holder_of(address)) {
    return "the machine's own: " + *machine;
  }
  const CallRecord* call = core_.directory.at_address(address);
  if (call == nullptr) {
    return "reserved";
  }
  const CallStatus status = call->status();
  return "in use by sid " + status.session_id + ", peer " + wire::to_string(status.peer) + ", user " +
         status.session.user;
}

/// It works, by the longest prefix; but whoever granted it may not have meant it.
void CallAddresses::warn_of_overlap(const wire::Ipv4Prefix& prefix) const {
  if (const MachineNetwork* network = core_.machine.overlapping(prefix)) {
    core_.log.event(Severity::kWarning, "overlaps_own_network",
                    {{"sid", call_.session_id()},
                     {"user", call_.user()},
                     {"peer", wire::to_string(call_.peer())},
                     {"granted", wire::to_string(prefix)},
                     {"own", wire::to_string(network->prefix)},
                     {"holder", network->holder}});
  }
}

/// Takes the fixed address of the same user's last call, which has ended but is not yet removed by its
/// worker, so that the next call need not wait. The index points to the new call from map() on.
bool CallAddresses::take_over(wire::Ipv4Address address) {
  CallRecord* holder = core_.directory.at_address(address);
  return holder != nullptr && !call_.user().empty() && holder->yield_address(call_.user());
}

PrefixClaims::Handle CallAddresses::claim(const wire::Ipv4Prefix& network) {
  warn_of_overlap(network);
  return core_.claims.claim({.prefix = network, .by = PrefixClaim::By::kNetwork, .call = call_.ref});
}

void CallAddresses::map(wire::Ipv4Address subscriber) {
  unmap();
  mapped_ = subscriber;
  mapped_claim_ = core_.claims.claim({.prefix = {.address = subscriber, .length = 32},
                                      .by = PrefixClaim::By::kSubscriber,
                                      .call = call_.ref});
  for (const wire::Ipv4Prefix& route : routes_) {
    route_claims_.push_back(claim(route));
  }
}

void CallAddresses::unmap() {
  if (mapped_.is_none()) {
    return;
  }
  for (const PrefixClaims::Handle route : std::exchange(route_claims_, {})) {
    core_.claims.release(route);
  }
  core_.claims.release(mapped_claim_);
  mapped_ = {};
}

void CallAddresses::set_routes(const std::vector<wire::Ipv4Prefix>& routes) {
  routes_ = routes;
  if (mapped_.is_none()) {
    return;
  }
  std::vector<PrefixClaims::Handle> old = std::exchange(route_claims_, {});
  for (const wire::Ipv4Prefix& route : routes_) {
    const auto known =
        std::ranges::find(old, route, [](PrefixClaims::Handle handle) { return handle->prefix; });
    if (known == old.end()) {
      route_claims_.push_back(claim(route));
    } else {
      route_claims_.push_back(*known);
      old.erase(known);
    }
  }
  for (const PrefixClaims::Handle route : old) {
    core_.claims.release(route);
  }
}

std::vector<wire::Ipv4Prefix> CallAddresses::routes_it_has() const {
  if (mapped_.is_none()) {
    return routes_;
  }
  std::vector<wire::Ipv4Prefix> has;
  for (const PrefixClaims::Handle route : route_claims_) {
    if (core_.claims.has_it(route)) {
      has.push_back(route->prefix);
    }
  }
  return has;
}

}  // namespace adit::control
