// SPDX-License-Identifier: Apache-2.0
// Building a snapshot: one sweep over the sorted routes, with a stack of the prefixes that enclose the
// current address, turns prefixes into disjoint intervals.
#include "dataplane/path/next_hops.hpp"

#include <algorithm>
#include <utility>

namespace adit::dataplane {
namespace {

using wire::Ipv4Address;

constexpr std::uint32_t kAllOnes = 0xffffffff;
constexpr std::uint32_t kUpperHalves = 1U << 16;
/// Up to this many intervals, the index of the first 16 bits saves nothing over a plain binary search.
constexpr std::size_t kFewIntervals = 512;
/// Paths of one route, each counted as many times as its weight.
constexpr std::uint32_t kMaxPaths = 64;

std::uint32_t host_bits(std::uint8_t length) {
  return length == 0 ? kAllOnes : (1U << (32 - length)) - 1;
}

std::uint32_t last_address(const RouteEntry& route) {
  return route.prefix.value | host_bits(route.length);
}

/// Keeps only paths through our ports. False: none is left, so the route is of no use.
bool keep_our_paths(RouteEntry& route, std::span<const Port> ports) {
  if (route.paths.empty()) {
    return true;  // a blackhole route
  }
  std::erase_if(route.paths,
                [&](const RoutePath& path) { return find_port(ports, path.ifindex) == nullptr; });
  return !route.paths.empty();
}

std::uint32_t table_of(std::span<const Port> ports, PortRole side) {
  const auto found = std::ranges::find_if(ports, [&](const Port& port) { return serves(port.role, side); });
  return found == ports.end() ? Port::kMainTable : found->table;
}

/// Routes through our ports with host bits cleared, one per prefix; an enclosing prefix comes before those
/// inside it.
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

}  // namespace

NextHops::NextHops(std::span<const RouteEntry> routes, std::span<const NeighbourEntry> neighbours,
                   std::span<const Port> ports, std::span<const wire::Ipv4Prefix> hosts)
    : NextHops(table_of(ports, PortRole::kCore), routes, neighbours, ports) {
  std::vector<wire::Ipv4Prefix> sorted(hosts.begin(), hosts.end());
  std::ranges::sort(sorted);  // what is in a prefix comes behind it
  for (const wire::Ipv4Prefix& host : sorted) {
    if (hosts_.empty() || !hosts_.back().contains(host.address)) {
      hosts_.push_back(host);
    }
  }
  if (const std::uint32_t peers = table_of(ports, PortRole::kAccess);
      peers != table_of(ports, PortRole::kCore)) {
    peers_.reset(new NextHops(peers, routes, neighbours, ports));
  }
}

NextHops::NextHops(std::uint32_t table, std::span<const RouteEntry> routes,
                   std::span<const NeighbourEntry> neighbours, std::span<const Port> ports)
    : neighbours_(neighbours, ports) {
  const std::vector<RouteEntry> usable = usable_routes(table, routes, ports);
  build_intervals(usable);
  build_paths(usable);
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
    for (const RoutePath& path : route.paths) {
      for (unsigned n = 0; n < std::max<unsigned>(path.weight, 1) && built.paths < kMaxPaths; ++n) {
        paths_.push_back({path.ifindex, path.gateway});
        ++built.paths;
      }
    }
    has_choices_ = has_choices_ || built.paths > 1;
    if (built.paths == 1 && !paths_.back().gateway.is_none()) {
      built.only = neighbours_.find(paths_.back().ifindex, paths_.back().gateway);
    }
  }
}

std::size_t NextHops::octets() const noexcept {
  return (peers_ ? peers_->octets() : 0) + hosts_.size() * sizeof(wire::Ipv4Prefix) +
         intervals_.size() * sizeof(Interval) + by_upper_half_.size() * sizeof(std::uint32_t) +
         routes_.size() * sizeof(Route) + paths_.size() * sizeof(Path) + neighbours_.octets();
}

bool NextHops::is_host(Ipv4Address address) const noexcept {
  const auto after = std::ranges::upper_bound(hosts_, address, {}, &wire::Ipv4Prefix::address);
  return after != hosts_.begin() && std::prev(after)->contains(address);
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
  if (route->only != nullptr) {
    return route->only;  // the usual case, without the neighbours' hash
  }
  const std::uint32_t chosen = route->paths > 1 ? flow % route->paths : 0;  // a division takes 20 cycles
  for (std::uint32_t n = 0; n < route->paths; ++n) {
    const std::uint32_t at = chosen + n < route->paths ? chosen + n : chosen + n - route->paths;
    const Path& path = paths_[route->first + at];
    const NextHop* hop = neighbours_.find(path.ifindex, path.gateway.is_none() ? destination : path.gateway);
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

}  // namespace adit::dataplane
