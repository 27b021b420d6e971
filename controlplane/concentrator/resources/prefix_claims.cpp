// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/resources/prefix_claims.hpp"

#include <iterator>

namespace adit::control {

PrefixClaims::Handle PrefixClaims::claim(const PrefixClaim& claim) {
  Claimants& all = claims_[claim.prefix];
  auto before = all.end();
  while (claim.by != PrefixClaim::By::kMachine && before != all.begin() &&
         std::prev(before)->by == PrefixClaim::By::kMachine) {
    --before;
  }
  const Handle handle = all.insert(before, claim);
  if (before == all.end()) {
    actions_.map_prefix(claim);
  }
  return handle;
}

void PrefixClaims::release(Handle handle) {
  const auto entry = claims_.find(handle->prefix);
  Claimants& all = entry->second;
  const bool had_it = std::next(handle) == all.end();
  all.erase(handle);
  if (all.empty()) {
    const wire::Ipv4Prefix prefix = entry->first;
    claims_.erase(entry);
    actions_.unmap_prefix(prefix, around(prefix));
  } else if (had_it) {
    actions_.map_prefix(all.back());
  }
}

bool PrefixClaims::has_it(Handle handle) const {
  return &claims_.find(handle->prefix)->second.back() == &*handle;
}

std::optional<PrefixClaim> PrefixClaims::around(const wire::Ipv4Prefix& prefix) const {
  for (wire::Ipv4Prefix wider = prefix; wider.length > kShortest;) {
    --wider.length;
    wider.address = wire::Ipv4Address(wider.address.value & wider.mask());
    if (const auto entry = claims_.find(wider); entry != claims_.end()) {
      return entry->second.back();
    }
  }
  return std::nullopt;
}

}  // namespace adit::control
