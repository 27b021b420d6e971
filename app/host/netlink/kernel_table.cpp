// SPDX-License-Identifier: Apache-2.0
#include "app/host/netlink/kernel_table.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <utility>

namespace adit::app {

using Effect = TableEffect;
using wire::IpAddress;

template <IpAddress Address>
Effect BasicKernelTable<Address>::apply(const nlmsghdr& message) {
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

template <IpAddress Address>
Effect BasicKernelTable<Address>::apply_host(const nlmsghdr& message, const HostRoute& host) {
  const bool changed =
      message.nlmsg_type == RTM_NEWROUTE ? hosts_.insert(host).second : hosts_.erase(host) > 0;
  return changed ? Effect::kChanged : Effect::kNothing;
}

template <IpAddress Address>
Effect BasicKernelTable<Address>::apply_route(const nlmsghdr& message) {
  if (const auto host = read_host_route<Address>(message)) {
    return apply_host(message, *host);
  }
  const auto route = read_route<Address>(message, tables_);
  if (!route) {
    return Effect::kNothing;
  }
  const RouteKey key{
      .table = route->table, .prefix = route->prefix, .length = route->length, .metric = route->metric};
  if (message.nlmsg_type == RTM_DELROUTE) {
    const auto found = routes_.find(key);
    if (found == routes_.end() || !found->second.remove(*route)) {
      return Effect::kNothing;
    }
    if (found->second.empty()) {
      routes_.erase(found);
    }
    return Effect::kChanged;
  }
  const bool replaces = (message.nlmsg_flags & NLM_F_REPLACE) != 0;
  return routes_[key].add(*route, replaces) ? Effect::kChanged : Effect::kNothing;
}

template <IpAddress Address>
Effect BasicKernelTable<Address>::apply_neighbour(const nlmsghdr& message) {
  const auto neighbour = read_neighbour<Address>(message);
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

template <IpAddress Address>
std::vector<wire::PrefixOf<Address>> BasicKernelTable<Address>::hosts() const {
  std::vector<wire::PrefixOf<Address>> hosts;
  for (const HostRoute& host : hosts_) {
    hosts.push_back(host.prefix);
  }
  return hosts;
}

template <IpAddress Address>
auto BasicKernelTable<Address>::own_networks() const -> std::vector<OwnNetwork> {
  std::vector<OwnNetwork> own;
  for (const HostRoute& host : hosts_) {
    if (wire::is_host(host.prefix.address)) {
      own.push_back({.prefix = host.prefix, .ifindex = host.ifindex, .own_address = true});
    }
  }
  for (const auto& [key, same] : routes_) {
    for (const auto& path : same.chosen().paths) {
      if (path.gateway.is_none() && key.length > 0) {
        own.push_back({.prefix = {.address = key.prefix, .length = key.length}, .ifindex = path.ifindex});
      }
    }
  }
  return own;
}

template <IpAddress Address>
void BasicKernelTable<Address>::clear() {
  hosts_.clear();
  routes_.clear();
  neighbours_.clear();
  stale_.clear();
}

template <IpAddress Address>
std::vector<dataplane::BasicRouteEntry<Address>> BasicKernelTable<Address>::routes() const {
  std::vector<dataplane::BasicRouteEntry<Address>> routes;
  routes.reserve(routes_.size());
  for (const auto& [key, same] : routes_) {
    routes.push_back(same.chosen());
  }
  return routes;
}

template <IpAddress Address>
std::vector<dataplane::BasicNeighbourEntry<Address>> BasicKernelTable<Address>::neighbours() const {
  std::vector<dataplane::BasicNeighbourEntry<Address>> neighbours;
  neighbours.reserve(neighbours_.size());
  for (const auto& [key, mac] : neighbours_) {
    neighbours.push_back({.ifindex = key.ifindex, .address = key.address, .mac = mac});
  }
  return neighbours;
}

template <IpAddress Address>
auto BasicKernelTable<Address>::take_stale() -> std::vector<NeighbourKey> {
  return std::exchange(stale_, {});
}

template class BasicKernelTable<wire::Ipv4Address>;
template class BasicKernelTable<wire::Ipv6Address>;

}  // namespace adit::app
