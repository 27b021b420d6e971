// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/call_prefixes.hpp"

#include <utility>

#include "controlplane/concentrator/call_record.hpp"
#include "controlplane/concentrator/carried_call.hpp"
#include "controlplane/concentrator/concentrator_core.hpp"

namespace adit::control {
namespace {

wire::Ipv6Prefix host(const wire::Ipv6Address& address) {
  return {.address = address, .length = 128};
}

}  // namespace

// ---- leases -----------------------------------------------------------------------------------------------

std::expected<wire::Ipv6Prefix, SessionHost::NoAddress> CallPrefixes::lease(Ipv6Use use) {
  using Refused = std::unexpected<SessionHost::NoAddress>;
  Lease& leased = leased_[static_cast<std::size_t>(use)];
  if (leased) {
    return *leased;
  }
  if (terms_.denied) {
    return Refused({EndReason::kPoolUnknown, "IPv6 is denied to this user"});
  }
  const Lease fixed = own(use);
  if (fixed && !lease_fixed(*fixed)) {
    return Refused({EndReason::kAddressInUse, wire::to_string(*fixed) + " is " + holder_of(*fixed)});
  }
  leased = fixed ? fixed : lease_any(use);
  if (!leased) {
    const std::string name = "pool " + pool_for(use) + " of use " + std::string(to_text(use));
    return core_.pools6.has(use, pool_for(use))
               ? Refused({EndReason::kPoolEmpty, name + " is empty: all its prefixes are in use"})
               : Refused({EndReason::kPoolUnknown, name + " is no [[ipv6-pool]]"});
  }
  core_.directory.set_prefix(call_, *leased);
  return *leased;
}

CarriedPrefixes CallPrefixes::carried() const {
  const auto of = [this](Ipv6Use use) { return leased_[static_cast<std::size_t>(use)]; };
  return {.terms = terms_,
          .link = of(Ipv6Use::kLink),
          .address = of(Ipv6Use::kAddress),
          .delegated = of(Ipv6Use::kDelegate),
          .used = used_};
}

bool CallPrefixes::adopt(const CarriedPrefixes& from) {
  terms_ = from.terms;
  used_ = from.used;
  const std::string user = core_.directory.key_of(call_.user());
  const std::array<Lease, 3> leases{from.link, from.address, from.delegated};
  for (const Ipv6Use use : {Ipv6Use::kLink, Ipv6Use::kAddress, Ipv6Use::kDelegate}) {
    const Lease& lease = leases[static_cast<std::size_t>(use)];
    if (!lease) {
      continue;
    }
    if (!core_.pools6.adopt(*lease, own(use).has_value(), user)) {
      release();
      return false;
    }
    leased_[static_cast<std::size_t>(use)] = lease;
    core_.directory.set_prefix(call_, *lease);
  }
  return true;
}

CallPrefixes::Lease CallPrefixes::own(Ipv6Use use) const {
  switch (use) {
    case Ipv6Use::kLink:
      return terms_.link;
    case Ipv6Use::kAddress:
      return terms_.address ? Lease(host(*terms_.address)) : std::nullopt;
    case Ipv6Use::kDelegate:
      return terms_.delegated;
  }
  return std::nullopt;
}

const std::string& CallPrefixes::pool_for(Ipv6Use use) const {
  return use == Ipv6Use::kLink      ? terms_.link_pool
         : use == Ipv6Use::kAddress ? terms_.address_pool
                                    : terms_.delegated_pool;
}

CallPrefixes::Lease CallPrefixes::lease_any(Ipv6Use use) {
  const std::string& pool = pool_for(use);
  const std::string user = core_.directory.key_of(call_.user());
  for (const wire::Ipv6Prefix& had : core_.pools6.had_by(use, pool, user)) {
    if (take_over(had)) {
      return had;
    }
  }
  return core_.pools6.lease_any(use, pool, user, call_.ref.worker);
}

bool CallPrefixes::lease_fixed(const wire::Ipv6Prefix& prefix) {
  if (core_.machine6.holder_of(prefix) != nullptr ||
      (!core_.pools6.lease_fixed(prefix) && !take_over(prefix))) {
    return false;
  }
  warn_of_overlap(prefix);
  return true;
}

/// From the same user's last call, which has ended but is not yet removed by its worker: see CallAddresses.
bool CallPrefixes::take_over(const wire::Ipv6Prefix& prefix) {
  CallRecord* holder = core_.directory.at_prefix(prefix);
  return holder != nullptr && holder != &call_ && !call_.user().empty() &&
         holder->yield_prefix(prefix, call_.user());
}

std::string CallPrefixes::holder_of(const wire::Ipv6Prefix& prefix) {
  if (const std::string* machine = core_.machine6.holder_of(prefix)) {
    return "the machine's own: " + *machine;
  }
  const CallRecord* call = core_.directory.around(prefix);
  return call == nullptr ? "reserved" : call->in_use_by();
}

void CallPrefixes::warn_of_overlap(const wire::Ipv6Prefix& prefix) const {
  if (const MachineNetwork6* network = core_.machine6.overlapping(prefix)) {
    call_.warn_of_overlap(wire::to_string(prefix), wire::to_string(network->prefix), network->holder);
  }
}

void CallPrefixes::forget_lease(const wire::Ipv6Prefix& prefix) {
  for (Lease& leased : leased_) {
    if (leased == prefix) {
      leased.reset();
    }
  }
}

void CallPrefixes::release() {
  for (Lease& leased : leased_) {
    if (leased) {
      core_.directory.forget_prefix(call_, *leased);
      core_.pools6.release(*std::exchange(leased, std::nullopt), used_);
    }
  }
}

// ---- the index --------------------------------------------------------------------------------------------

void CallPrefixes::map(const Ipv6Binding& binding) {
  std::vector<PrefixClaim6> wanted;
  if (binding.link) {
    wanted.push_back({.prefix = *binding.link, .by = ClaimedBy::kSubscriber, .call = call_.ref});
  }
  if (binding.address) {
    wanted.push_back({.prefix = host(*binding.address), .by = ClaimedBy::kSubscriber, .call = call_.ref});
  }
  if (binding.delegated) {
    // Out of a pool, its announcement is the pool's.
    wanted.push_back({.prefix = *binding.delegated,
                      .by = terms_.delegated ? ClaimedBy::kNetwork : ClaimedBy::kSubscriber,
                      .call = call_.ref});
  }
  for (const wire::Ipv6Prefix& route : terms_.routes) {
    wanted.push_back({.prefix = route, .by = ClaimedBy::kNetwork, .call = call_.ref});
  }
  core_.claims6.replace(claims_, wanted, [this](const PrefixClaim6& claim) {
    if (claim.by == ClaimedBy::kNetwork) {
      warn_of_overlap(claim.prefix);
    }
  });
  core_.stats.calls_with_ipv6 += mapped_ ? 0 : 1;
  mapped_ = used_ = true;
}

void CallPrefixes::unmap() {
  core_.claims6.replace(claims_, {}, [](const PrefixClaim6&) {});
  core_.stats.calls_with_ipv6 -= mapped_ ? 1 : 0;
  mapped_ = false;
}

contract::EnableIpv6 CallPrefixes::message(const Ipv6Binding& binding) const {
  contract::EnableIpv6 message = ipv6_message(call_.ref, binding);
  message.has_routes = message.has_routes || !terms_.routes.empty();
  return message;
}

std::vector<wire::Ipv6Prefix> CallPrefixes::routes_it_has() const {
  if (!mapped_) {
    return terms_.routes;
  }
  std::vector<wire::Ipv6Prefix> has;
  for (const wire::Ipv6Prefix& route : terms_.routes) {
    for (const PrefixClaims6::Handle claim : claims_) {
      if (claim->prefix == route && core_.claims6.has_it(claim)) {
        has.push_back(route);
        break;
      }
    }
  }
  return has;
}

}  // namespace adit::control
