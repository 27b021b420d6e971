// SPDX-License-Identifier: Apache-2.0
// Building a snapshot: prefixes become disjoint intervals by one sweep over the sorted routes with a stack of those
// that enclose the current address; neighbours become an open-addressed table at most half full.
#include "dataplane/next_hops.hpp"

#include <algorithm>
#include <bit>

namespace adit::dataplane {
namespace {

using wire::Ipv4Address;

constexpr std::uint32_t kAllOnes = 0xffffffff;

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

/// Our routes only, host bits cleared, one per prefix; an enclosing prefix stands before those inside it.
std::vector<RouteEntry> usable_routes(std::span<const RouteEntry> routes, std::span<const Port> ports) {
  std::vector<RouteEntry> usable;
  for (RouteEntry route : routes) {
    if (route.length > 32 || port_of(ports, route.ifindex) == nullptr) {
      continue;
    }
    route.prefix.value &= ~host_bits(route.length);
    usable.push_back(route);
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
                   std::span<const Port> ports)
    : routes_(usable_routes(routes, ports)) {
  const auto begin_interval = [this](std::uint32_t first, std::int32_t route) {
    if (!intervals_.empty() && intervals_.back().first == first) {
      intervals_.back().route = route;
    } else {
      intervals_.push_back({first, route});
    }
  };
  std::vector<std::int32_t> enclosing;
  const auto leave_innermost = [&] {
    const std::uint32_t last = last_address(routes_[static_cast<std::size_t>(enclosing.back())]);
    enclosing.pop_back();
    if (last != kAllOnes) {
      begin_interval(last + 1, enclosing.empty() ? -1 : enclosing.back());
    }
  };
  begin_interval(0, -1);
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    while (!enclosing.empty() &&
           last_address(routes_[static_cast<std::size_t>(enclosing.back())]) < routes_[i].prefix.value) {
      leave_innermost();
    }
    enclosing.push_back(static_cast<std::int32_t>(i));
    begin_interval(routes_[i].prefix.value, enclosing.back());
  }
  while (!enclosing.empty()) {
    leave_innermost();
  }

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
    neighbours_[at] = {neighbour.ifindex, neighbour.address, {port->id, neighbour.mac, port->mac}};
  }
}

const NextHop* NextHops::find(Ipv4Address destination) const noexcept {
  const Neighbour neighbour = neighbour_of(destination);
  return neighbour.ifindex == 0 ? nullptr : find_neighbour(neighbour.ifindex, neighbour.address);
}

bool NextHops::needs_resolving(Ipv4Address destination) const noexcept {
  const Neighbour neighbour = neighbour_of(destination);
  return neighbour.ifindex != 0 && find_neighbour(neighbour.ifindex, neighbour.address) == nullptr;
}

NextHops::Neighbour NextHops::neighbour_of(Ipv4Address destination) const noexcept {
  const auto after = std::ranges::upper_bound(intervals_, destination.value, {}, &Interval::first);
  if (after == intervals_.begin()) {
    return {};  // a default-constructed snapshot has no interval
  }
  const std::int32_t index = std::prev(after)->route;
  if (index < 0) {
    return {};
  }
  const RouteEntry& route = routes_[static_cast<std::size_t>(index)];
  return {route.ifindex, route.gateway.is_none() ? destination : route.gateway};
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
