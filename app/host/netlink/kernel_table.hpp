// SPDX-License-Identifier: Apache-2.0
// The kernel's routes and neighbours of one family, as learnt from its netlink messages. It has no socket, so that
// tests can feed it. Thread: control. Owner: KernelRoutes.
#pragma once

#include <linux/netlink.h>

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "app/host/netlink/route_messages.hpp"
#include "app/host/netlink/same_routes.hpp"
#include "dataplane/path/next_hops.hpp"

namespace adit::app {

/// What a message does to a table, ascending.
enum class TableEffect : std::uint8_t {
  kNothing,    ///< no effect on forwarding
  kChanged,    ///< routes or usable neighbours have changed
  kDumpAgain,  ///< this event makes the kernel drop routes without notifying us: a new dump is needed
};

template <wire::IpAddress Address>
class BasicKernelTable {
 public:
  using Effect = TableEffect;

  /// `tables`: the routing tables to mirror.
  explicit BasicKernelTable(std::set<std::uint32_t> tables = {dataplane::Port::kMainTable})
      : tables_(std::move(tables)) {}

  /// Takes a message of any type; one that is malformed, or about something else, changes nothing.
  Effect apply(const nlmsghdr& message);
  void clear();

  /// One entry per prefix and metric, as the kernel would choose.
  [[nodiscard]] std::vector<dataplane::BasicRouteEntry<Address>> routes() const;
  [[nodiscard]] std::vector<dataplane::BasicNeighbourEntry<Address>> neighbours() const;
  /// The machine's own addresses (routes of type local), from any table.
  [[nodiscard]] std::vector<wire::PrefixOf<Address>> hosts() const;

  /// The machine's own addresses, and the networks that it is in: routes without a gateway.
  struct OwnNetwork {
    wire::PrefixOf<Address> prefix;
    std::uint32_t ifindex = 0;
    bool own_address = false;  ///< the machine's itself
    friend bool operator==(const OwnNetwork&, const OwnNetwork&) = default;
  };
  /// Own addresses first.
  [[nodiscard]] std::vector<OwnNetwork> own_networks() const;

  struct NeighbourKey {
    std::uint32_t ifindex = 0;
    Address address;
    friend auto operator<=>(const NeighbourKey&, const NeighbourKey&) = default;
  };
  [[nodiscard]] bool knows(NeighbourKey neighbour) const { return neighbours_.contains(neighbour); }
  /// Neighbours that have become stale (NUD_STALE) since the last call. The kernel verifies them only when it
  /// sends to them itself, which it never does when workers send instead.
  [[nodiscard]] std::vector<NeighbourKey> take_stale();

 private:
  using HostRoute = BasicHostRoute<Address>;
  struct RouteKey {
    std::uint32_t table = 0;
    Address prefix;
    std::uint8_t length = 0;
    std::uint32_t metric = 0;
    friend auto operator<=>(const RouteKey&, const RouteKey&) = default;
  };
  Effect apply_route(const nlmsghdr& message);
  Effect apply_host(const nlmsghdr& message, const HostRoute& host);
  Effect apply_neighbour(const nlmsghdr& message);

  std::map<RouteKey, SameRoutes<Address>> routes_;
  std::set<std::uint32_t> tables_;
  std::set<HostRoute> hosts_;
  std::map<NeighbourKey, dataplane::MacAddress> neighbours_;  ///< those with a usable address
  std::vector<NeighbourKey> stale_;
};

using KernelTable = BasicKernelTable<wire::Ipv4Address>;
using KernelTable6 = BasicKernelTable<wire::Ipv6Address>;

extern template class BasicKernelTable<wire::Ipv4Address>;
extern template class BasicKernelTable<wire::Ipv6Address>;

}  // namespace adit::app
