// SPDX-License-Identifier: Apache-2.0
#include "app/host/xdp_prefixes.hpp"

#include <algorithm>

namespace adit::app {

std::expected<void, std::string> XdpPrefixes::add_subscriber(const wire::Ipv4Prefix& prefix) {
  const bool is_pool = std::ranges::find(pools_, prefix) != pools_.end();
  if (is_in_pools(prefix) && !is_pool) {
    remove(prefix);  // it may have been the machine's
    return {};
  }
  return put(prefix, Whose::kSubscribers);
}

std::expected<void, std::string> XdpPrefixes::add_machine(const wire::Ipv4Prefix& prefix) {
  if (prefix.length < 32 && is_in_pools(prefix)) {
    return {};
  }
  return put(prefix, Whose::kMachines);
}

void XdpPrefixes::remove(const wire::Ipv4Prefix& prefix) {
  if (std::ranges::find(pools_, prefix) != pools_.end()) {
    [[maybe_unused]] const auto back = put(prefix, Whose::kSubscribers);
    return;
  }
  refused_.erase(prefix);  // a map of another port may have it
  maps_.erase(prefix);
  use_room();
}

bool XdpPrefixes::is_in_pools(const wire::Ipv4Prefix& prefix) const {
  return std::ranges::any_of(pools_, [&](const wire::Ipv4Prefix& pool) {
    return pool.length <= prefix.length && pool.contains(prefix.address);
  });
}

std::expected<void, std::string> XdpPrefixes::put(const wire::Ipv4Prefix& prefix, Whose whose) {
  auto done = maps_.put(prefix, whose);
  if (done) {
    refused_.erase(prefix);
  } else {
    refused_.insert_or_assign(prefix, whose);
  }
  return done;
}

void XdpPrefixes::use_room() {
  if (!refused_.empty()) {
    const auto [prefix, whose] = *refused_.begin();
    [[maybe_unused]] const auto done = put(prefix, whose);
  }
}

}  // namespace adit::app
