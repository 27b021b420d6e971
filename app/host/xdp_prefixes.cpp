// SPDX-License-Identifier: Apache-2.0
#include "app/host/xdp_prefixes.hpp"

#include <algorithm>

namespace adit::app {

template <typename Prefix>
std::expected<void, std::string> BasicXdpPrefixes<Prefix>::add_subscriber(const Prefix& prefix) {
  const bool is_pool = std::ranges::find(pools_, prefix) != pools_.end();
  if (is_in_pools(prefix) && !is_pool) {
    remove(prefix);  // it may have been the machine's
    return {};
  }
  return put(prefix, Whose::kSubscribers);
}

template <typename Prefix>
std::expected<void, std::string> BasicXdpPrefixes<Prefix>::add_machine(const Prefix& prefix) {
  if (prefix.length < Prefix{}.length && is_in_pools(prefix)) {
    return {};
  }
  return put(prefix, Whose::kMachines);
}

template <typename Prefix>
void BasicXdpPrefixes<Prefix>::remove(const Prefix& prefix) {
  if (std::ranges::find(pools_, prefix) != pools_.end()) {
    [[maybe_unused]] const auto back = put(prefix, Whose::kSubscribers);
    return;
  }
  refused_.erase(prefix);  // a map of another port may have it
  maps_.erase(prefix);
  use_room();
}

template <typename Prefix>
bool BasicXdpPrefixes<Prefix>::is_in_pools(const Prefix& prefix) const {
  return std::ranges::any_of(pools_, [&](const Prefix& pool) {
    return pool.length <= prefix.length && pool.contains(prefix.address);
  });
}

template <typename Prefix>
std::expected<void, std::string> BasicXdpPrefixes<Prefix>::put(const Prefix& prefix, Whose whose) {
  auto done = maps_.put(prefix, whose);
  if (done) {
    refused_.erase(prefix);
  } else {
    refused_.insert_or_assign(prefix, whose);
  }
  return done;
}

template <typename Prefix>
void BasicXdpPrefixes<Prefix>::use_room() {
  if (!refused_.empty()) {
    const auto [prefix, whose] = *refused_.begin();
    [[maybe_unused]] const auto done = put(prefix, whose);
  }
}

template class BasicXdpPrefixes<wire::Ipv4Prefix>;
template class BasicXdpPrefixes<wire::Ipv6Prefix>;

}  // namespace adit::app
