// SPDX-License-Identifier: Apache-2.0
#include "app/host/netlink/kernel_table.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <utility>

namespace adit::app {

using dataplane::RouteEntry;
using Effect = KernelTable::Effect;

Effect KernelTable::apply(const nlmsghdr& message) {
  switch (message.nlmsg_type) {
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      return apply_route(message);
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH:
      return apply_neighbour(message);
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return switches_link(message) ? Effect::kDumpAgain : Effect::kNothing;
    case RTM_DELADDR:
    case RTM_DELNEXTHOP:
      return Effect::kDumpAgain;
    default:
      return Effect::kNothing;
  }
}

Effect KernelTable::apply_host(const nlmsghdr& message, const HostRoute& host) {
  const bool changed =
      message.nlmsg_type == RTM_NEWROUTE ? hosts_.insert(host).second : hosts_.erase(host) > 0;
  return changed ? Effect::kChanged : Effect::kNothing;
}

Effect KernelTable::apply_route(const nlmsghdr& message) {
  if (const auto host = read_host_route(message)) {
    return apply_host(message, *host);
  }
  const auto route = read_route(message, tables_);
  if (!route) {
    return Effect::kNothing;
  }
  const RouteKey key{
      .table = route->table, .prefix = route->prefix, .length = route->length, .metric = route->metric};
  const auto same = [&](const RouteEntry& other) { return other.paths == route->paths; };
  if (message.nlmsg_type == RTM_DELROUTE) {
    const auto found = routes_.find(key);
    if (found == routes_.end() || std::erase_if(found->second, same) == 0) {
      return Effect::kNothing;
    }
    if (found->second.empty()) {
      routes_.erase(found);
    }
    return Effect::kChanged;
  }
  auto& entries = routes_[key];
  if (!entries.empty() && (message.nlmsg_flags & NLM_F_REPLACE) != 0) {
    // The kernel sends no RTM_DELROUTE for a replaced route, which is the first of its key.
    entries.front() = *route;
  } else if (std::ranges::none_of(entries, same)) {
    entries.push_back(*route);
  } else {
    return Effect::kNothing;
  }
  return Effect::kChanged;
}

Effect KernelTable::apply_neighbour(const nlmsghdr& message) {
  const auto neighbour = read_neighbour(message);
  if (!neighbour) {
    return Effect::kNothing;
  }
  const NeighbourKey key{.ifindex = neighbour->ifindex, .address = neighbour->address};
  if (!neighbour->mac) {
    return neighbours_.erase(key) != 0 ? Effect::kChanged : Effect::kNothing;
  }
  if (neighbour->stale) {
    stale_.push_back(key);
  }
  const auto [at, is_new] = neighbours_.try_emplace(key, *neighbour->mac);
  const bool moved = std::exchange(at->second, *neighbour->mac) != *neighbour->mac;
  return is_new || moved ? Effect::kChanged : Effect::kNothing;
}

std::vector<wire::Ipv4Prefix> KernelTable::hosts() const {
  std::vector<wire::Ipv4Prefix> hosts;
  for (const HostRoute& host : hosts_) {
    hosts.push_back(host.prefix);
  }
  return hosts;
}

std::vector<KernelTable::OwnNetwork> KernelTable::own_networks() const {
  std::vector<OwnNetwork> own;
  for (const HostRoute& host : hosts_) {
    if (wire::is_host(host.prefix.address)) {
      own.push_back({.prefix = host.prefix, .ifindex = host.ifindex, .own_address = true});
    }
  }
  for (const auto& [key, entries] : routes_) {
    for (const dataplane::RoutePath& path : entries.front().paths) {
      if (path.gateway.is_none() && key.length > 0) {
        own.push_back({.prefix = {.address = key.prefix, .length = key.length}, .ifindex = path.ifindex});
      }
    }
  }
  return own;
}

void KernelTable::clear() {
  hosts_.clear();
  routes_.clear();
  neighbours_.clear();
  stale_.clear();
}

std::vector<RouteEntry> KernelTable::routes() const {
  std::vector<RouteEntry> routes;
  routes.reserve(routes_.size());
  for (const auto& [key, entries] : routes_) {
    routes.push_back(entries.front());
  }
  return routes;
}

std::vector<dataplane::NeighbourEntry> KernelTable::neighbours() const {
  std::vector<dataplane::NeighbourEntry> neighbours;
  neighbours.reserve(neighbours_.size());
  for (const auto& [key, mac] : neighbours_) {
    neighbours.push_back({.ifindex = key.ifindex, .address = key.address, .mac = mac});
  }
  return neighbours;
}

std::vector<KernelTable::NeighbourKey> KernelTable::take_stale() {
  return std::exchange(stale_, {});
}

}  // namespace adit::app
