// SPDX-License-Identifier: Apache-2.0
// Building a snapshot: prefixes become disjoint intervals by one sweep over the sorted routes with a stack of those
// that enclose the current address; neighbours become an open-addressed table at most half full.
#include "dataplane/path/next_hops.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace adit::dataplane {
namespace {

using wire::Ipv4Address;

constexpr std::uint32_t kAllOnes = 0xffffffff;
constexpr std::uint32_t kUpperHalves = 1U << 16;
/// Up to here a binary search over all takes as many steps as one from the first 16 bits on saves.
constexpr std::size_t kFewIntervals = 512;
/// Ways of one route, each as often as it weighs.
constexpr std::uint32_t kMaxPaths = 64;

std::uint32_t host_bits(std::uint8_t length) {
  return length == 0 ? kAllOnes : (1U << (32 - length)) - 1;
}

std::uint32_t last_address(const RouteEntry& route) {
  return route.prefix.value | host_bits(route.length);
}

const Port* port_of(std::span<const Port> ports, std::uint32_t ifindex) {
  const auto found = std::ranges::find_if(ports, [&](const Port& port) { return port.ifindex == ifindex; });
  return ifindex == 0 || found == ports.end() ? nullptr : &*found;
}

/// Ways through our ports only; none: the route is of no use to us, unless it says that packets go nowhere.
bool keep_our_paths(RouteEntry& route, std::span<const Port> ports) {
  if (route.ifindex == 0 && route.others.empty()) {
    return true;
  }
  std::erase_if(route.others, [&](const RoutePath& path) { return port_of(ports, path.ifindex) == nullptr; });
  if (port_of(ports, route.ifindex) != nullptr) {
    return true;
  }
  if (route.others.empty()) {
    return false;
  }
  route.ifindex = route.others.front().ifindex;
  route.gateway = route.others.front().gateway;
  route.weight = route.others.front().weight;
  route.others.erase(route.others.begin());
  return true;
}

std::uint32_t table_of(std::span<const Port> ports, PortRole side) {
  const auto found = std::ranges::find_if(ports, [&](const Port& port) { return serves(port.role, side); });
  return found == ports.end() ? Port::kMainTable : found->table;
}

/// Our routes only, host bits cleared, one per prefix; an enclosing prefix stands before those inside it.
std::vector<RouteEntry> usable_routes(std::uint32_t table, std::span<const RouteEntry> routes,
                                      std::span<const Port> ports) {
  std::vector<RouteEntry> usable;
  usable.reserve(routes.size());
  for (const RouteEntry& entry : routes) {
    if (entry.table != table) {
      continue;
    }
    RouteEntry route = entry;
    if (route.length > 32 || !keep_our_paths(route, ports)) {
      continue;
    }
    route.prefix.value &= ~host_bits(route.length);
    usable.push_back(std::move(route));
  }
  std::ranges::stable_sort(usable, [](const RouteEntry& a, const RouteEntry& b) {
    if (a.prefix != b.prefix) {
      return a.prefix < b.prefix;
    }
    return a.length != b.length ? a.length < b.length : a.metric < b.metric;
  });
  const auto repeated = std::ranges::unique(usable, [](const RouteEntry& a, const RouteEntry& b) {
    return a.prefix == b.prefix && a.length == b.length;
  });
  usable.erase(repeated.begin(), repeated.end());
  return usable;
}

/// Fibonacci hashing: the address' low bits alone would cluster, subscribers and routers are numbered in runs.
std::size_t slot_of(std::uint32_t ifindex, Ipv4Address address, std::size_t slots) {
  const std::uint64_t key = (std::uint64_t{ifindex} << 32 | address.value) * 0x9e3779b97f4a7c15;
  return static_cast<std::size_t>(key >> 32) & (slots - 1);
}

}  // namespace

NextHops::NextHops(std::span<const RouteEntry> routes, std::span<const NeighbourEntry> neighbours,
                   std::span<const Port> ports, std::span<const Ipv4Address> hosts)
    : NextHops(table_of(ports, PortRole::kCore), routes, neighbours, ports) {
  hosts_.assign(hosts.begin(), hosts.end());
  std::ranges::sort(hosts_);
  if (const std::uint32_t peers = table_of(ports, PortRole::kAccess);
      peers != table_of(ports, PortRole::kCore)) {
    peers_.reset(new NextHops(peers, routes, neighbours, ports));
  }
}

NextHops::NextHops(std::uint32_t table, std::span<const RouteEntry> routes,
                   std::span<const NeighbourEntry> neighbours, std::span<const Port> ports) {
  const std::vector<RouteEntry> usable = usable_routes(table, routes, ports);
  build_intervals(usable);
  build_paths(usable);
  build_neighbours(neighbours, ports);
}

void NextHops::build_intervals(const std::vector<RouteEntry>& routes) {
  const auto begin_interval = [this](std::uint32_t first, std::int32_t route) {
    if (!intervals_.empty() && intervals_.back().first == first) {
      intervals_.back().route = route;
    } else {
      intervals_.push_back({first, route});
    }
  };
  std::vector<std::int32_t> enclosing;
  const auto leave_innermost = [&] {
    const std::uint32_t last = last_address(routes[static_cast<std::size_t>(enclosing.back())]);
    enclosing.pop_back();
    if (last != kAllOnes) {
      begin_interval(last + 1, enclosing.empty() ? -1 : enclosing.back());
    }
  };
  begin_interval(0, -1);
  for (std::size_t i = 0; i < routes.size(); ++i) {
    while (!enclosing.empty() &&
           last_address(routes[static_cast<std::size_t>(enclosing.back())]) < routes[i].prefix.value) {
      leave_innermost();
    }
    enclosing.push_back(static_cast<std::int32_t>(i));
    begin_interval(routes[i].prefix.value, enclosing.back());
  }
  while (!enclosing.empty()) {
    leave_innermost();
  }
  if (intervals_.size() > kFewIntervals) {
    by_upper_half_.reserve(kUpperHalves + 1);
    std::uint32_t at = 0;
    for (std::uint32_t upper = 0; upper < kUpperHalves; ++upper) {
      while (at + 1 < intervals_.size() && intervals_[at + 1].first <= upper << 16) {
        ++at;
      }
      by_upper_half_.push_back(at);
    }
    by_upper_half_.push_back(static_cast<std::uint32_t>(intervals_.size() - 1));
  }
}

void NextHops::build_paths(const std::vector<RouteEntry>& routes) {
  routes_.reserve(routes.size());
  paths_.reserve(routes.size());
  for (const RouteEntry& route : routes) {
    Route& built = routes_.emplace_back();
    built.first = static_cast<std::uint32_t>(paths_.size());
    const auto add = [&](std::uint32_t ifindex, Ipv4Address gateway, std::uint8_t weight) {
      for (unsigned n = 0; ifindex != 0 && n < std::max<unsigned>(weight, 1) && built.paths < kMaxPaths;
           ++n) {
        paths_.push_back({ifindex, gateway});
        ++built.paths;
      }
    };
    add(route.ifindex, route.gateway, route.weight);
    for (const RoutePath& other : route.others) {
      add(other.ifindex, other.gateway, other.weight);
    }
    has_choices_ = has_choices_ || built.paths > 1;
  }
}

void NextHops::build_neighbours(std::span<const NeighbourEntry> neighbours, std::span<const Port> ports) {
  neighbours_.resize(std::bit_ceil(neighbours.size() * 2 + 1));
  for (const NeighbourEntry& neighbour : neighbours) {
    const Port* port = port_of(ports, neighbour.ifindex);
    if (port == nullptr) {
      continue;
    }
    std::size_t at = slot_of(neighbour.ifindex, neighbour.address, neighbours_.size());
    while (neighbours_[at].ifindex != 0 &&
           (neighbours_[at].ifindex != neighbour.ifindex || neighbours_[at].address != neighbour.address)) {
      at = (at + 1) & (neighbours_.size() - 1);
    }
    neighbours_[at] = {neighbour.ifindex,
                       neighbour.address,
                       {port->id, port->mtu, {neighbour.mac, port->mac, port->vlan, wire::EtherType::kIpv4}}};
  }
}

std::size_t NextHops::octets() const noexcept {
  return (peers_ ? peers_->octets() : 0) + hosts_.size() * sizeof(Ipv4Address) +
         intervals_.size() * sizeof(Interval) + by_upper_half_.size() * sizeof(std::uint32_t) +
         routes_.size() * sizeof(Route) + paths_.size() * sizeof(Path) +
         neighbours_.size() * sizeof(NeighbourSlot);
}

bool NextHops::is_host(Ipv4Address address) const noexcept {
  return std::ranges::binary_search(hosts_, address);
}

const NextHops::Route* NextHops::route_of(Ipv4Address destination) const noexcept {
  if (intervals_.empty()) {
    return nullptr;  // a default-constructed snapshot
  }
  auto begin = intervals_.begin();
  auto end = intervals_.end();
  if (!by_upper_half_.empty()) {
    const std::size_t upper = destination.value >> 16;
    end = begin + static_cast<std::ptrdiff_t>(by_upper_half_[upper + 1] + 1);
    begin += static_cast<std::ptrdiff_t>(by_upper_half_[upper]);
  }
  const auto after = std::ranges::upper_bound(begin, end, destination.value, {}, &Interval::first);
  const std::int32_t index = std::prev(after)->route;
  return index < 0 ? nullptr : &routes_[static_cast<std::size_t>(index)];
}

const NextHop* NextHops::find(Ipv4Address destination, std::uint32_t flow) const noexcept {
  const Route* route = route_of(destination);
  if (route == nullptr) {
    return nullptr;
  }
  const std::uint32_t chosen = route->paths > 1 ? flow % route->paths : 0;  // a division is 20 cycles
  for (std::uint32_t n = 0; n < route->paths; ++n) {
    const std::uint32_t at = chosen + n < route->paths ? chosen + n : chosen + n - route->paths;
    const Path& path = paths_[route->first + at];
    const NextHop* hop = find_neighbour(path.ifindex, path.gateway.is_none() ? destination : path.gateway);
    if (hop != nullptr) {
      return hop;
    }
  }
  return nullptr;
}

bool NextHops::is_blackhole(Ipv4Address destination) const noexcept {
  const Route* route = route_of(destination);
  return route != nullptr && route->paths == 0;
}

bool NextHops::needs_resolving(Ipv4Address destination) const noexcept {
  const Route* route = route_of(destination);
  return route != nullptr && route->paths > 0 && find(destination) == nullptr;
}

NextHops::Neighbour NextHops::neighbour_of(Ipv4Address destination) const noexcept {
  const Route* route = route_of(destination);
  if (route == nullptr || route->paths == 0) {
    return {};
  }
  const Path& path = paths_[route->first];
  return {path.ifindex, path.gateway.is_none() ? destination : path.gateway};
}

const NextHop* NextHops::find_neighbour(std::uint32_t ifindex, Ipv4Address address) const noexcept {
  if (neighbours_.empty()) {
    return nullptr;
  }
  std::size_t at = slot_of(ifindex, address, neighbours_.size());
  while (neighbours_[at].ifindex != 0) {
    if (neighbours_[at].ifindex == ifindex && neighbours_[at].address == address) {
      return &neighbours_[at].hop;
    }
    at = (at + 1) & (neighbours_.size() - 1);
  }
  return nullptr;
}

}  // namespace adit::dataplane
