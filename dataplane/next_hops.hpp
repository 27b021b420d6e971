// SPDX-License-Identifier: Apache-2.0
// An immutable snapshot of the kernel's IPv4 routes and neighbours, as forwarding needs them. Control builds a new one
// at each change (app/aditd mirrors netlink) and publishes the pointer; workers look up, never write.
// Prefixes are flattened into disjoint intervals, so a look-up is one binary search whatever the prefixes nest like.
// Thread: built by control, read by any. Owner: control; freed when every worker has passed a quiescent point.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/port.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::dataplane {

/// One kernel route, as netlink tells it. `gateway` none: the destination itself is the neighbour (on-link).
struct RouteEntry {
  wire::Ipv4Address prefix{};
  std::uint8_t length = 0;  ///< 0..32
  std::uint32_t ifindex = 0;
  wire::Ipv4Address gateway{};
  std::uint32_t metric = 0;
};

/// One kernel neighbour with a usable link-layer address.
struct NeighbourEntry {
  std::uint32_t ifindex = 0;
  wire::Ipv4Address address;
  MacAddress mac{};
};

struct NextHop {
  std::uint16_t port = 0;
  MacAddress destination{};
  MacAddress source{};
};

class NextHops {
 public:
  NextHops() = default;
  /// Routes through interfaces that are no port of ours are left out; among equal prefixes the lowest metric wins.
  NextHops(std::span<const RouteEntry> routes, std::span<const NeighbourEntry> neighbours,
           std::span<const Port> ports);

  /// The way to `destination`, or nullptr: no route, or its neighbour is not resolved (see needs_resolving).
  [[nodiscard]] const NextHop* find(wire::Ipv4Address destination) const noexcept;

  /// True when there is a route and only the neighbour's address is missing.
  [[nodiscard]] bool needs_resolving(wire::Ipv4Address destination) const noexcept;

  /// Who must be resolved for `destination`: the gateway or the destination itself; ifindex 0 without a route.
  struct Neighbour {
    std::uint32_t ifindex = 0;
    wire::Ipv4Address address;
  };
  [[nodiscard]] Neighbour neighbour_of(wire::Ipv4Address destination) const noexcept;

 private:
  struct Interval {
    std::uint32_t first = 0;  // up to the next interval's first - 1
    std::int32_t route = -1;  // index into routes_, -1: no route
  };
  std::vector<Interval> intervals_;
  std::vector<RouteEntry> routes_;
  // neighbours by (port, address): open addressing, power of two; see the .cpp
  struct NeighbourSlot {
    std::uint32_t ifindex = 0;
    wire::Ipv4Address address;
    NextHop hop;
  };
  std::vector<NeighbourSlot> neighbours_;
  [[nodiscard]] const NextHop* find_neighbour(std::uint32_t ifindex,
                                              wire::Ipv4Address address) const noexcept;
};

/// The snapshot of routes that workers forward by. Control stores a new one; the old one may be freed when each running
/// worker's turns() has grown by 2 since (it has then begun a turn that saw the new one and ended those that did not).
using NextHopsCell = std::atomic<const NextHops*>;

}  // namespace adit::dataplane
