// SPDX-License-Identifier: Apache-2.0
// One routing table of one family, with the neighbours that its routes lead to. Prefixes are flattened into
// disjoint intervals and found by binary search. Where there are many, an index of the first 16 bits (256 KiB)
// narrows the search to a handful of steps at 100,000 routes. DPDK's FIB would take 64 MiB, and its in-place
// updates are of no use to an immutable snapshot.
// Thread: built by control, read by any. Owner: NextHops.
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "dataplane/path/neighbour_table.hpp"
#include "dataplane/ports/port.hpp"
#include "dataplane/wire/ip_family.hpp"

namespace adit::dataplane {

template <wire::IpAddress Address>
struct BasicRoutePath {
  std::uint32_t ifindex = 0;
  Address gateway{};        ///< none: the destination itself is the neighbour (on-link)
  std::uint8_t weight = 1;  ///< its share of the flows, relative to the weights of the other paths
  friend bool operator==(const BasicRoutePath&, const BasicRoutePath&) = default;
};
using RoutePath = BasicRoutePath<wire::Ipv4Address>;
using RoutePath6 = BasicRoutePath<wire::Ipv6Address>;

/// One kernel route, as netlink reports it.
template <wire::IpAddress Address>
struct BasicRouteEntry {
  Address prefix{};
  std::uint8_t length = 0;  ///< 0..32, or 0..128
  /// Several: equal-cost multipath. None: packets are dropped (blackhole, unreachable), whatever less
  /// specific routes say.
  std::vector<BasicRoutePath<Address>> paths{};
  std::uint32_t metric = 0;
  std::uint32_t table = Port::kMainTable;
};
using RouteEntry = BasicRouteEntry<wire::Ipv4Address>;
using RouteEntry6 = BasicRouteEntry<wire::Ipv6Address>;
// GCC 12 fails (nothrow_spec_p) where a class's member is initialised by one without `paths`, unless it knows this before.
static_assert(std::is_nothrow_default_constructible_v<std::vector<RoutePath>>);
static_assert(std::is_nothrow_default_constructible_v<std::vector<RoutePath6>>);

template <wire::IpAddress Address>
class RouteTable {
 public:
  RouteTable() = default;
  /// The routes of `table`. Paths through interfaces that are not ports of ours are left out; among equal
  /// prefixes the lowest metric wins.
  RouteTable(std::uint32_t table, std::span<const BasicRouteEntry<Address>> routes,
             std::span<const BasicNeighbourEntry<Address>> neighbours, std::span<const Port> ports);
  RouteTable(const RouteTable&) = delete;  // routes point to neighbours, which moving leaves where they are
  RouteTable& operator=(const RouteTable&) = delete;
  RouteTable(RouteTable&&) noexcept = default;
  RouteTable& operator=(RouteTable&&) noexcept = default;
  ~RouteTable() = default;

  // These are NextHops'.
  [[nodiscard]] const NextHop* find(Address destination, std::uint32_t flow) const noexcept;
  [[nodiscard]] bool is_blackhole(Address destination) const noexcept;
  [[nodiscard]] bool needs_resolving(Address destination) const noexcept;
  struct Neighbour {
    std::uint32_t ifindex = 0;
    Address address;
  };
  [[nodiscard]] Neighbour neighbour_of(Address destination) const noexcept;

  [[nodiscard]] bool has_choices() const noexcept { return has_choices_; }
  [[nodiscard]] std::size_t route_count() const noexcept { return routes_.size(); }
  [[nodiscard]] std::size_t octets() const noexcept;

 private:
  using Family = wire::IpFamily<Address>;
  using Entry = BasicRouteEntry<Address>;

  struct Interval {
    Address first;            // extends to the next interval's first - 1
    std::int32_t route = -1;  // index into routes_, -1: no route
  };
  struct Path {
    std::uint32_t ifindex = 0;
    Address gateway;
  };
  struct Route {
    std::uint32_t first = 0;        // in paths_
    std::uint32_t paths = 0;        // 0: packets are dropped
    const NextHop* only = nullptr;  // in neighbours_: of a single path, through a gateway that is resolved
  };
  void build_intervals(const std::vector<Entry>& routes);
  void index_intervals();
  void build_paths(const std::vector<Entry>& routes);
  [[nodiscard]] const Route* route_of(Address destination) const noexcept;

  std::vector<Interval> intervals_;
  std::vector<std::uint32_t>
      by_first_16_bits_;  // [u]: the interval that holds the first address of these bits; empty: few routes
  bool has_choices_ = false;
  std::vector<Route> routes_;
  std::vector<Path> paths_;
  NeighbourTable<Address> neighbours_;
};

extern template class RouteTable<wire::Ipv4Address>;
extern template class RouteTable<wire::Ipv6Address>;

}  // namespace adit::dataplane
