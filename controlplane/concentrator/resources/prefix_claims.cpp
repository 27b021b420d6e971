// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/resources/prefix_claims.hpp"

#include <iterator>

#include "controlplane/base/subscriber_network.hpp"

namespace adit::control {

template <typename Prefix>
typename BasicPrefixClaims<Prefix>::Handle BasicPrefixClaims<Prefix>::claim(const Claim& claim) {
  Claimants& all = claims_[claim.prefix];
  auto before = all.end();
  while (claim.by != ClaimedBy::kMachine && before != all.begin() &&
         std::prev(before)->by == ClaimedBy::kMachine) {
    --before;
  }
  const Handle handle = all.insert(before, claim);
  if (before == all.end()) {
    actions_.map_prefix(claim);
  }
  return handle;
}

template <typename Prefix>
void BasicPrefixClaims<Prefix>::release(Handle handle) {
  const auto entry = claims_.find(handle->prefix);
  Claimants& all = entry->second;
  const bool had_it = std::next(handle) == all.end();
  all.erase(handle);
  if (all.empty()) {
    const Prefix prefix = entry->first;
    claims_.erase(entry);
    unmap(prefix);
  } else if (had_it) {
    actions_.map_prefix(all.back());
  }
}

template <typename Prefix>
bool BasicPrefixClaims<Prefix>::has_it(Handle handle) const {
  return &claims_.find(handle->prefix)->second.back() == &*handle;
}

/// To the longest prefix around it that somebody has.
template <>
void PrefixClaims::unmap(const wire::Ipv4Prefix& prefix) {
  for (wire::Ipv4Prefix wider = prefix; wider.length > kShortestBehindSubscriber;) {
    wider = shortened(wider, static_cast<std::uint8_t>(wider.length - 1));
    if (const auto entry = claims_.find(wider); entry != claims_.end()) {
      return actions_.unmap_prefix(prefix, entry->second.back());
    }
  }
  actions_.unmap_prefix(prefix, std::nullopt);
}

template <>
void PrefixClaims6::unmap(const wire::Ipv6Prefix& prefix) {
  actions_.unmap_prefix(prefix);
}

template class BasicPrefixClaims<wire::Ipv4Prefix>;
template class BasicPrefixClaims<wire::Ipv6Prefix>;

}  // namespace adit::control
