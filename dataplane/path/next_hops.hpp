// SPDX-License-Identifier: Apache-2.0
// An immutable snapshot of the kernel's IPv4 routes and neighbours, as forwarding needs them. Control mirrors
// both through netlink (app/host/netlink), builds a new snapshot at each change and publishes the pointer;
// workers only read.
// Prefixes are flattened into disjoint intervals and found by binary search. Where there are many, an index
// of the first 16 bits (256 KiB) narrows the search to a handful of steps at 100,000 routes. DPDK's FIB would
// take 64 MiB, and its in-place updates are of no use to an immutable snapshot.
// Thread: built by control, read by any. Owner: control, which frees it when every worker has passed a
// quiescent point.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/path/neighbour_table.hpp"
#include "dataplane/ports/port.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::dataplane {

struct RoutePath {
  std::uint32_t ifindex = 0;
  wire::Ipv4Address gateway{};  ///< 0: the destination itself is the neighbour (on-link)
  std::uint8_t weight = 1;      ///< its share of the flows, relative to the weights of the other paths
  friend bool operator==(const RoutePath&, const RoutePath&) = default;
};

/// One kernel route, as netlink reports it.
struct RouteEntry {
  wire::Ipv4Address prefix{};
  std::uint8_t length = 0;  ///< 0..32
  /// Several: equal-cost multipath. None: packets are dropped (blackhole, unreachable), whatever less
  /// specific routes say.
  std::vector<RoutePath> paths{};
  std::uint32_t metric = 0;
  std::uint32_t table = Port::kMainTable;
};

class NextHops {
 public:
  NextHops() = default;
  /// The routes of the core side's table; towards_peers() has those of the access side's if it uses a table
  /// of its own. All ports of a side use one table. Paths through interfaces that are not ports of ours are
  /// left out; among equal prefixes the lowest metric wins. `hosts`: the kernel's own addresses.
  NextHops(std::span<const RouteEntry> routes, std::span<const NeighbourEntry> neighbours,
           std::span<const Port> ports, std::span<const wire::Ipv4Prefix> hosts = {});

  /// The routes for GRE packets to peers.
  [[nodiscard]] const NextHops& towards_peers() const noexcept { return peers_ ? *peers_ : *this; }

  /// The next hop towards `destination`: of several paths the one that `flow` selects, or another if that
  /// one's neighbour is not resolved. nullptr: no route, or none of its neighbours is resolved (see
  /// needs_resolving).
  [[nodiscard]] const NextHop* find(wire::Ipv4Address destination, std::uint32_t flow = 0) const noexcept;

  /// True when the kernel's route drops packets (blackhole, unreachable, prohibit).
  [[nodiscard]] bool is_blackhole(wire::Ipv4Address destination) const noexcept;

  /// True when there is a route and only the link-layer addresses of its neighbours are missing.
  [[nodiscard]] bool needs_resolving(wire::Ipv4Address destination) const noexcept;

  /// Whether any route has several paths, so that find() needs a real `flow`.
  [[nodiscard]] bool has_choices() const noexcept { return has_choices_; }

  /// Whether it is one of the kernel's own addresses. O(log addresses).
  [[nodiscard]] bool is_host(wire::Ipv4Address address) const noexcept;

  [[nodiscard]] std::size_t route_count() const noexcept {
    return routes_.size() + (peers_ ? peers_->route_count() : 0);
  }
  [[nodiscard]] std::size_t octets() const noexcept;

  /// The neighbour to resolve for `destination`: the gateway, or the destination itself; ifindex 0 if there
  /// is no route.
  struct Neighbour {
    std::uint32_t ifindex = 0;
    wire::Ipv4Address address;
  };
  [[nodiscard]] Neighbour neighbour_of(wire::Ipv4Address destination) const noexcept;

 private:
  struct Interval {
    std::uint32_t first = 0;  // extends to the next interval's first - 1
    std::int32_t route = -1;  // index into routes_, -1: no route
  };
  struct Path {
    std::uint32_t ifindex = 0;
    wire::Ipv4Address gateway;
  };
  struct Route {
    std::uint32_t first = 0;        // in paths_
    std::uint32_t paths = 0;        // 0: packets are dropped
    const NextHop* only = nullptr;  // in neighbours_: of a single path, through a gateway that is resolved
  };
  /// Routes of one table.
  NextHops(std::uint32_t table, std::span<const RouteEntry> routes,
           std::span<const NeighbourEntry> neighbours, std::span<const Port> ports);
  void build_intervals(const std::vector<RouteEntry>& routes);
  void build_paths(const std::vector<RouteEntry>& routes);
  [[nodiscard]] const Route* route_of(wire::Ipv4Address destination) const noexcept;

  std::vector<Interval> intervals_;
  std::vector<std::uint32_t>
      by_upper_half_;  // [u]: the interval that holds address u << 16; empty: few routes
  bool has_choices_ = false;
  std::vector<Route> routes_;
  std::vector<Path> paths_;
  NeighbourTable neighbours_;
  std::vector<wire::Ipv4Prefix> hosts_;    // ascending, none in another
  std::unique_ptr<const NextHops> peers_;  // nullptr: one table serves both sides
};

/// The snapshot that workers forward by. A worker looks once a turn; control frees the one before after a
/// GracePeriod (dataplane/worker/grace_period.hpp).
using NextHopsCell = std::atomic<const NextHops*>;

}  // namespace adit::dataplane
