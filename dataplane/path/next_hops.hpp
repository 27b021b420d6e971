// SPDX-License-Identifier: Apache-2.0
// An immutable snapshot of the kernel's routes and neighbours, IPv4's and IPv6's, as forwarding needs them.
// Control mirrors both through netlink (app/host/netlink), builds a new snapshot at each change and publishes
// the pointer; workers only read.
// Thread: built by control, read by any. Owner: control, which frees it when every worker has passed a
// quiescent point.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/path/neighbour_table.hpp"
#include "dataplane/path/prefix_set.hpp"
#include "dataplane/path/route_table.hpp"
#include "dataplane/ports/port.hpp"
#include "dataplane/wire/ip_family.hpp"

namespace adit::dataplane {

/// What the kernel has of IPv6.
struct Ipv6Routes {
  std::span<const RouteEntry6> routes{};
  std::span<const NeighbourEntry6> neighbours{};
  std::span<const wire::Ipv6Prefix> hosts{};  ///< its own addresses
};

class NextHops {
 public:
  NextHops() = default;
  /// The routes of the core side's table; towards_peers() has those of the access side's if it uses a table
  /// of its own. All ports of a side use one table. Paths through interfaces that are not ports of ours are
  /// left out; among equal prefixes the lowest metric wins. `hosts`: the kernel's own addresses. Peers have
  /// IPv4 only (RFC 2637), so `ipv6` counts on the core side.
  NextHops(std::span<const RouteEntry> routes, std::span<const NeighbourEntry> neighbours,
           std::span<const Port> ports, std::span<const wire::Ipv4Prefix> hosts = {},
           const Ipv6Routes& ipv6 = {});

  /// The routes for GRE packets to peers.
  [[nodiscard]] const NextHops& towards_peers() const noexcept { return peers_ ? *peers_ : *this; }

  /// The next hop towards `destination`: of several paths the one that `flow` selects, or another if that
  /// one's neighbour is not resolved. nullptr: no route, or none of its neighbours is resolved (see
  /// needs_resolving).
  template <wire::IpAddress Address>
  [[nodiscard]] const NextHop* find(Address destination, std::uint32_t flow = 0) const noexcept {
    return table<Address>().find(destination, flow);
  }

  /// True when the kernel's route drops packets (blackhole, unreachable, prohibit).
  template <wire::IpAddress Address>
  [[nodiscard]] bool is_blackhole(Address destination) const noexcept {
    return table<Address>().is_blackhole(destination);
  }

  /// True when there is a route and only the link-layer addresses of its neighbours are missing.
  template <wire::IpAddress Address>
  [[nodiscard]] bool needs_resolving(Address destination) const noexcept {
    return table<Address>().needs_resolving(destination);
  }

  /// Whether any route of the family has several paths, so that find() needs a real `flow`.
  template <wire::IpAddress Address = wire::Ipv4Address>
  [[nodiscard]] bool has_choices() const noexcept {
    return table<Address>().has_choices();
  }

  /// Whether it is one of the kernel's own addresses. O(log addresses).
  [[nodiscard]] bool is_host(wire::Ipv4Address address) const noexcept { return hosts_.contains(address); }
  [[nodiscard]] bool is_host(wire::Ipv6Address address) const noexcept { return hosts6_.contains(address); }

  /// Of both families and sides.
  [[nodiscard]] std::size_t route_count() const noexcept {
    return ipv4_.route_count() + ipv6_.route_count() + (peers_ ? peers_->route_count() : 0);
  }
  [[nodiscard]] std::size_t octets() const noexcept;

  /// The neighbour to resolve for `destination`: the gateway, or the destination itself; ifindex 0 if there
  /// is no route.
  using Neighbour = RouteTable<wire::Ipv4Address>::Neighbour;
  template <wire::IpAddress Address>
  [[nodiscard]] typename RouteTable<Address>::Neighbour neighbour_of(Address destination) const noexcept {
    return table<Address>().neighbour_of(destination);
  }

 private:
  explicit NextHops(RouteTable<wire::Ipv4Address> ipv4);

  template <wire::IpAddress Address>
  [[nodiscard]] const RouteTable<Address>& table() const noexcept {
    if constexpr (std::same_as<Address, wire::Ipv4Address>) {
      return ipv4_;
    } else {
      return ipv6_;
    }
  }

  RouteTable<wire::Ipv4Address> ipv4_;
  RouteTable<wire::Ipv6Address> ipv6_;
  PrefixSet<wire::Ipv4Address> hosts_;
  PrefixSet<wire::Ipv6Address> hosts6_;
  std::unique_ptr<const NextHops> peers_;  // nullptr: one table serves both sides
};

/// The snapshot that workers forward by. A worker looks once a turn; control frees the one before after a
/// GracePeriod (dataplane/worker/grace_period.hpp).
using NextHopsCell = std::atomic<const NextHops*>;

}  // namespace adit::dataplane
