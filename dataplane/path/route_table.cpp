// SPDX-License-Identifier: Apache-2.0
// Building a table: one sweep over the sorted routes, with a stack of the prefixes that enclose the current
// address, turns prefixes into disjoint intervals.
#include "dataplane/path/route_table.hpp"

#include <algorithm>
#include <utility>

namespace adit::dataplane {
namespace {

constexpr std::uint32_t kFirst16Bits = 1U << 16;
/// Up to this many intervals, the index of the first 16 bits saves nothing over a plain binary search.
constexpr std::size_t kFewIntervals = 512;
/// Paths of one route, each counted as many times as its weight.
constexpr std::uint32_t kMaxPaths = 64;

template <typename Address>
wire::PrefixOf<Address> prefix_of(const BasicRouteEntry<Address>& route) {
  return {.address = route.prefix, .length = route.length};
}

template <typename Address>
Address last_address(const BasicRouteEntry<Address>& route) {
  return wire::IpFamily<Address>::last_of(prefix_of(route));
}

/// Keeps only paths through our ports. False: none is left, so the route is of no use.
template <typename Address>
bool keep_our_paths(BasicRouteEntry<Address>& route, std::span<const Port> ports) {
  if (route.paths.empty()) {
    return true;  // a blackhole route
  }
  std::erase_if(route.paths, [&](const auto& path) { return find_port(ports, path.ifindex) == nullptr; });
  return !route.paths.empty();
}

/// Routes through our ports with host bits cleared, one per prefix; an enclosing prefix comes before those
/// inside it.
template <typename Address>
std::vector<BasicRouteEntry<Address>> usable_routes(std::uint32_t table,
                                                    std::span<const BasicRouteEntry<Address>> routes,
                                                    std::span<const Port> ports) {
  using Family = wire::IpFamily<Address>;
  using Entry = BasicRouteEntry<Address>;
  std::vector<Entry> usable;
  usable.reserve(routes.size());
  for (const Entry& entry : routes) {
    if (entry.table != table) {
      continue;
    }
    Entry route = entry;
    if (route.length > Family::kBits || !keep_our_paths(route, ports)) {
      continue;
    }
    route.prefix = Family::first_of(prefix_of(route));
    usable.push_back(std::move(route));
  }
  std::ranges::stable_sort(usable, [](const Entry& a, const Entry& b) {
    if (a.prefix != b.prefix) {
      return a.prefix < b.prefix;
    }
    return a.length != b.length ? a.length < b.length : a.metric < b.metric;
  });
  const auto repeated = std::ranges::unique(
      usable, [](const Entry& a, const Entry& b) { return a.prefix == b.prefix && a.length == b.length; });
  usable.erase(repeated.begin(), repeated.end());
  return usable;
}

}  // namespace

template <wire::IpAddress Address>
RouteTable<Address>::RouteTable(std::uint32_t table, std::span<const Entry> routes,
                                std::span<const BasicNeighbourEntry<Address>> neighbours,
                                std::span<const Port> ports)
    : neighbours_(neighbours, ports) {
  const std::vector<Entry> usable = usable_routes<Address>(table, routes, ports);
  build_intervals(usable);
  build_paths(usable);
}

template <wire::IpAddress Address>
void RouteTable<Address>::build_intervals(const std::vector<Entry>& routes) {
  const auto begin_interval = [this](Address first, std::int32_t route) {
    if (!intervals_.empty() && intervals_.back().first == first) {
      intervals_.back().route = route;
    } else {
      intervals_.push_back({first, route});
    }
  };
  std::vector<std::int32_t> enclosing;
  const auto leave_innermost = [&] {
    const Address next = Family::after(last_address(routes[static_cast<std::size_t>(enclosing.back())]));
    enclosing.pop_back();
    if (!next.is_none()) {
      begin_interval(next, enclosing.empty() ? -1 : enclosing.back());
    }
  };
  begin_interval({}, -1);
  for (std::size_t i = 0; i < routes.size(); ++i) {
    while (!enclosing.empty() &&
           last_address(routes[static_cast<std::size_t>(enclosing.back())]) < routes[i].prefix) {
      leave_innermost();
    }
    enclosing.push_back(static_cast<std::int32_t>(i));
    begin_interval(routes[i].prefix, enclosing.back());
  }
  while (!enclosing.empty()) {
    leave_innermost();
  }
  if (intervals_.size() > kFewIntervals) {
    index_intervals();
  }
}

template <wire::IpAddress Address>
void RouteTable<Address>::index_intervals() {
  by_first_16_bits_.reserve(kFirst16Bits + 1);
  std::uint32_t at = 0;
  for (std::uint32_t bits = 0; bits < kFirst16Bits; ++bits) {
    const Address first = Family::first_with(static_cast<std::uint16_t>(bits));
    while (at + 1 < intervals_.size() && intervals_[at + 1].first <= first) {
      ++at;
    }
    by_first_16_bits_.push_back(at);
  }
  by_first_16_bits_.push_back(static_cast<std::uint32_t>(intervals_.size() - 1));
}

template <wire::IpAddress Address>
void RouteTable<Address>::build_paths(const std::vector<Entry>& routes) {
  routes_.reserve(routes.size());
  paths_.reserve(routes.size());
  for (const Entry& route : routes) {
    Route& built = routes_.emplace_back();
    built.first = static_cast<std::uint32_t>(paths_.size());
    for (const auto& path : route.paths) {
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

template <wire::IpAddress Address>
std::size_t RouteTable<Address>::octets() const noexcept {
  return intervals_.size() * sizeof(Interval) + by_first_16_bits_.size() * sizeof(std::uint32_t) +
         routes_.size() * sizeof(Route) + paths_.size() * sizeof(Path) + neighbours_.octets();
}

template <wire::IpAddress Address>
auto RouteTable<Address>::route_of(Address destination) const noexcept -> const Route* {
  if (intervals_.empty()) {
    return nullptr;  // a default-constructed table
  }
  auto begin = intervals_.begin();
  auto end = intervals_.end();
  if (!by_first_16_bits_.empty()) {
    const std::size_t bits = Family::first_16_bits(destination);
    end = begin + static_cast<std::ptrdiff_t>(by_first_16_bits_[bits + 1] + 1);
    begin += static_cast<std::ptrdiff_t>(by_first_16_bits_[bits]);
  }
  const auto after = std::ranges::upper_bound(begin, end, destination, {}, &Interval::first);
  const std::int32_t index = std::prev(after)->route;
  return index < 0 ? nullptr : &routes_[static_cast<std::size_t>(index)];
}

template <wire::IpAddress Address>
const NextHop* RouteTable<Address>::find(Address destination, std::uint32_t flow) const noexcept {
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

template <wire::IpAddress Address>
bool RouteTable<Address>::is_blackhole(Address destination) const noexcept {
  const Route* route = route_of(destination);
  return route != nullptr && route->paths == 0;
}

template <wire::IpAddress Address>
bool RouteTable<Address>::needs_resolving(Address destination) const noexcept {
  const Route* route = route_of(destination);
  return route != nullptr && route->paths > 0 && find(destination, 0) == nullptr;
}

template <wire::IpAddress Address>
auto RouteTable<Address>::neighbour_of(Address destination) const noexcept -> Neighbour {
  const Route* route = route_of(destination);
  if (route == nullptr || route->paths == 0) {
    return {};
  }
  const Path& path = paths_[route->first];
  return {path.ifindex, path.gateway.is_none() ? destination : path.gateway};
}

template class RouteTable<wire::Ipv4Address>;
template class RouteTable<wire::Ipv6Address>;

}  // namespace adit::dataplane
