// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/call_addresses.hpp"

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
               : Refused({EndReason::kPoolUnknown, name + " is no [[ip-pool]]"});
  }
  leased_ = *address;
  core_.directory.set_address(call_, leased_);
  return leased_;
}

/// A pool that does not exist any more, and an address that is the machine's by now, end no call.
bool CallAddresses::adopt(wire::Ipv4Address leased) {
  if (!core_.pools.lease_fixed(leased)) {
    return false;
  }
  leased_ = leased;
  core_.directory.set_address(call_, leased_);
  return true;
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
  return call == nullptr ? "reserved" : call->in_use_by();
}

void CallAddresses::warn_of_overlap(const wire::Ipv4Prefix& prefix) const {
  if (const MachineNetwork* network = core_.machine.overlapping(prefix)) {
    call_.warn_of_overlap(wire::to_string(prefix), wire::to_string(network->prefix), network->holder);
  }
}

/// Takes the fixed address of the same user's last call, which has ended but is not yet removed by its
/// worker, so that the next call need not wait. The index points to the new call from map() on.
bool CallAddresses::take_over(wire::Ipv4Address address) {
  CallRecord* holder = core_.directory.at_address(address);
  return holder != nullptr && !call_.user().empty() && holder->yield_address(call_.user());
}

void CallAddresses::claim_routes() {
  std::vector<PrefixClaim> wanted;
  for (const wire::Ipv4Prefix& route : routes_) {
    wanted.push_back({.prefix = route, .by = ClaimedBy::kNetwork, .call = call_.ref});
  }
  core_.claims.replace(route_claims_, wanted,
                       [this](const PrefixClaim& claim) { warn_of_overlap(claim.prefix); });
}

void CallAddresses::map(wire::Ipv4Address subscriber) {
  unmap();
  mapped_ = subscriber;
  mapped_claim_ = core_.claims.claim({.prefix = {.address = subscriber, .length = 32},
                                      .by = PrefixClaim::By::kSubscriber,
                                      .call = call_.ref});
  claim_routes();
}

void CallAddresses::unmap() {
  if (mapped_.is_none()) {
    return;
  }
  core_.claims.replace(route_claims_, {}, [](const PrefixClaim&) {});
  core_.claims.release(mapped_claim_);
  mapped_ = {};
}

void CallAddresses::set_routes(const std::vector<wire::Ipv4Prefix>& routes) {
  routes_ = routes;
  if (!mapped_.is_none()) {
    claim_routes();
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
