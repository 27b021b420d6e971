// SPDX-License-Identifier: Apache-2.0
// Parses rtnetlink(7) messages about IPv4 routes and neighbours into the data plane's types. Thread: control.
// Owner: KernelTable.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <optional>
#include <set>

#include "dataplane/path/next_hops.hpp"

namespace adit::app {

/// rtm_protocol of the routes that we add ourselves (SubscriberRoutes), which forwarding must ignore.
/// Unassigned both in rtnetlink.h and in iproute2's rt_protos.
inline constexpr std::uint8_t kSubscriberProtocol = 77;

/// A route in one of `tables` that forwards or rejects; empty if the message is of another kind or malformed.
[[nodiscard]] std::optional<dataplane::RouteEntry> read_route(const nlmsghdr& message,
                                                              const std::set<std::uint32_t>& tables);

/// A route of type local: one of the machine's own addresses, or all of a prefix (`ip route add local`); several
/// interfaces may have the same. One to everything (TPROXY's) is about packets that are redirected, and is left out.
struct HostRoute {
  wire::Ipv4Prefix prefix;
  std::uint32_t ifindex = 0;
  std::uint32_t table = 0;
  friend auto operator<=>(const HostRoute&, const HostRoute&) = default;
};
[[nodiscard]] std::optional<HostRoute> read_host_route(const nlmsghdr& message);

struct NeighbourMessage {
  std::uint32_t ifindex = 0;
  wire::Ipv4Address address;
  std::optional<dataplane::MacAddress> mac{};  ///< none: deleted, or unreachable
  bool stale = false;
};
[[nodiscard]] std::optional<NeighbourMessage> read_neighbour(const nlmsghdr& message);

/// Whether an interface went up or down, or was removed.
[[nodiscard]] bool switches_link(const nlmsghdr& message);

}  // namespace adit::app
