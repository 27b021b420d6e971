// SPDX-License-Identifier: Apache-2.0
// The kernel's IPv4 routes and neighbours, as learnt from its netlink messages. It has no socket, so that
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
#include "dataplane/path/next_hops.hpp"

namespace adit::app {

class KernelTable {
 public:
  enum class Effect : std::uint8_t {
    kNothing,    ///< no effect on forwarding
    kChanged,    ///< routes or usable neighbours have changed
    kDumpAgain,  ///< this event makes the kernel drop routes without notifying us: a new dump is needed
  };

  /// `tables`: the routing tables to mirror.
  explicit KernelTable(std::set<std::uint32_t> tables = {dataplane::Port::kMainTable})
      : tables_(std::move(tables)) {}

  /// Takes a message of any type; one that is malformed, or about something else, changes nothing.
  Effect apply(const nlmsghdr& message);
  void clear();

  /// One entry per prefix and metric, as the kernel would choose.
  [[nodiscard]] std::vector<dataplane::RouteEntry> routes() const;
  [[nodiscard]] std::vector<dataplane::NeighbourEntry> neighbours() const;
  /// The machine's own addresses (routes of type local), from any table.
  [[nodiscard]] std::vector<wire::Ipv4Prefix> hosts() const;

  /// The machine's own addresses, and the networks that it is in: routes without a gateway.
  struct OwnNetwork {
    wire::Ipv4Prefix prefix;
    std::uint32_t ifindex = 0;
    bool own_address = false;  ///< the machine's itself
    friend bool operator==(const OwnNetwork&, const OwnNetwork&) = default;
  };
  /// Own addresses first.
  [[nodiscard]] std::vector<OwnNetwork> own_networks() const;

  struct NeighbourKey {
    std::uint32_t ifindex = 0;
    wire::Ipv4Address address;
    friend auto operator<=>(const NeighbourKey&, const NeighbourKey&) = default;
  };
  [[nodiscard]] bool knows(NeighbourKey neighbour) const { return neighbours_.contains(neighbour); }
  /// Neighbours that have become stale (NUD_STALE) since the last call. The kernel verifies them only when it
  /// sends to them itself, which it never does when workers send instead.
  [[nodiscard]] std::vector<NeighbourKey> take_stale();

 private:
  struct RouteKey {
    std::uint32_t table = 0;
    wire::Ipv4Address prefix;
    std::uint8_t length = 0;
    std::uint32_t metric = 0;
    friend auto operator<=>(const RouteKey&, const RouteKey&) = default;
  };
  Effect apply_route(const nlmsghdr& message);
  Effect apply_host(const nlmsghdr& message, const HostRoute& host);
  Effect apply_neighbour(const nlmsghdr& message);

  /// Several with one key: `ip route append`. The first counts.
  std::map<RouteKey, std::vector<dataplane::RouteEntry>> routes_;
  std::set<std::uint32_t> tables_;
  std::set<HostRoute> hosts_;
  std::map<NeighbourKey, dataplane::MacAddress> neighbours_;  ///< those with a usable address
  std::vector<NeighbourKey> stale_;
};

}  // namespace adit::app
