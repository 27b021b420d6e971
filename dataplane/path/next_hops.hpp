// SPDX-License-Identifier: Apache-2.0
// An immutable snapshot of the kernel's IPv4 routes and neighbours, as forwarding needs them. Control builds a new one
// at each change (app/aditd mirrors netlink) and publishes the pointer; workers look up, never write.
// Prefixes are flattened into disjoint intervals, found by a binary search, from the first 16 bits on where there are many:
// a handful of steps at 100,000 routes, 256 KiB for that table, nothing for a small one's. DPDK's FIB would want 64 MiB and
// updates in place, which an immutable snapshot does without.
// Thread: built by control, read by any. Owner: control; freed when every worker has passed a quiescent point.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/ports/port.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::dataplane {

/// A further way of an equal-cost multipath route.
struct RoutePath {
  std::uint32_t ifindex = 0;
  wire::Ipv4Address gateway{};
  std::uint8_t weight = 1;  ///< of the flows, in proportion to the others'
  friend bool operator==(const RoutePath&, const RoutePath&) = default;
};

/// One kernel route, as netlink tells it. `gateway` none: the destination itself is the neighbour (on-link). Interface 0:
/// packets go nowhere (blackhole, unreachable), whatever less specific routes say.
struct RouteEntry {
  wire::Ipv4Address prefix{};
  std::uint8_t length = 0;  ///< 0..32
  std::uint32_t ifindex = 0;
  wire::Ipv4Address gateway{};
  std::uint32_t metric = 0;
  std::uint8_t weight = 1;
  std::vector<RoutePath> others{};  ///< ECMP
  std::uint32_t table = Port::kMainTable;
};

/// One kernel neighbour with a usable link-layer address.
struct NeighbourEntry {
  std::uint32_t ifindex = 0;
  wire::Ipv4Address address;
  MacAddress mac{};
};

struct NextHop {
  std::uint16_t port = 0;  ///< DPDK ethdev port
  std::uint16_t mtu = 1500;
  wire::LinkHeader link;
};

class NextHops {
 public:
  NextHops() = default;
  /// The way to the core, and towards_peers() where the access side has a table of its own. Routes through interfaces
  /// that are no port of ours are left out; among equal prefixes the lowest metric wins. All ports of a side are of one
  /// table.
  /// `hosts`: the kernel's own addresses.
  NextHops(std::span<const RouteEntry> routes, std::span<const NeighbourEntry> neighbours,
           std::span<const Port> ports, std::span<const wire::Ipv4Address> hosts = {});

  /// Where GRE packets find their peers.
  [[nodiscard]] const NextHops& towards_peers() const noexcept { return peers_ ? *peers_ : *this; }

  /// The way to `destination`, of several the one that `flow` hashes to, or another where that one's neighbour is not
  /// resolved; nullptr: no route, or no neighbour of it is resolved (see needs_resolving).
  [[nodiscard]] const NextHop* find(wire::Ipv4Address destination, std::uint32_t flow = 0) const noexcept;

  /// True when the kernel says to send packets nowhere (blackhole and its like).
  [[nodiscard]] bool is_blackhole(wire::Ipv4Address destination) const noexcept;

  /// True when there is a route and only its neighbours' addresses are missing.
  [[nodiscard]] bool needs_resolving(wire::Ipv4Address destination) const noexcept;

  /// Whether a flow makes a difference to find().
  [[nodiscard]] bool has_choices() const noexcept { return has_choices_; }

  /// Whether packets to it are the kernel's own. O(log addresses).
  [[nodiscard]] bool is_host(wire::Ipv4Address address) const noexcept;

  [[nodiscard]] std::size_t route_count() const noexcept {
    return routes_.size() + (peers_ ? peers_->route_count() : 0);
  }
  [[nodiscard]] std::size_t octets() const noexcept;

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
  struct Path {
    std::uint32_t ifindex = 0;
    wire::Ipv4Address gateway;
  };
  struct Route {
    std::uint32_t first = 0;  // in paths_
    std::uint32_t paths = 0;  // 0: packets go nowhere
  };
  /// Routes of one table.
  NextHops(std::uint32_t table, std::span<const RouteEntry> routes,
           std::span<const NeighbourEntry> neighbours, std::span<const Port> ports);
  void build_intervals(const std::vector<RouteEntry>& routes);
  void build_paths(const std::vector<RouteEntry>& routes);
  void build_neighbours(std::span<const NeighbourEntry> neighbours, std::span<const Port> ports);
  [[nodiscard]] const Route* route_of(wire::Ipv4Address destination) const noexcept;

  std::vector<Interval> intervals_;
  std::vector<std::uint32_t>
      by_upper_half_;  // where the interval stands that holds address u << 16; empty: few routes
  bool has_choices_ = false;
  std::vector<Route> routes_;
  std::vector<Path> paths_;
  // neighbours by (port, address): open addressing, power of two; see the .cpp
  struct NeighbourSlot {
    std::uint32_t ifindex = 0;
    wire::Ipv4Address address;
    NextHop hop;
  };
  std::vector<NeighbourSlot> neighbours_;
  std::vector<wire::Ipv4Address> hosts_;  // ascending
  std::unique_ptr<const NextHops> peers_;
  [[nodiscard]] const NextHop* find_neighbour(std::uint32_t ifindex,
                                              wire::Ipv4Address address) const noexcept;
};

/// The snapshot of routes that workers forward by. Control stores a new one; the old one may be freed when each running
/// worker's turns() has grown by 2 since (it has then begun a turn that saw the new one and ended those that did not).
using NextHopsCell = std::atomic<const NextHops*>;

}  // namespace adit::dataplane
