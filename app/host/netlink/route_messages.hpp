// SPDX-License-Identifier: Apache-2.0
// Parses rtnetlink(7) messages about routes and neighbours into the data plane's types: those of the family that the
// address is of, and no others. Thread: control. Owner: KernelTable.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <optional>
#include <set>

#include "dataplane/path/next_hops.hpp"
#include "dataplane/wire/ip_family.hpp"

namespace adit::app {

/// rtm_protocol of the routes that we add ourselves (SubscriberRoutes), which forwarding must ignore.
/// Unassigned both in rtnetlink.h and in iproute2's rt_protos.
inline constexpr std::uint8_t kSubscriberProtocol = 77;

/// A route in one of `tables` that forwards or rejects; empty if the message is of another kind or malformed. Nor are
/// IPv6's to what no router forwards: the link's own, multicast, loopback; and those that ask for a source (RTA_SRC).
template <wire::IpAddress Address>
[[nodiscard]] std::optional<dataplane::BasicRouteEntry<Address>> read_route(
    const nlmsghdr& message, const std::set<std::uint32_t>& tables);

/// A route of type local: one of the machine's own addresses, or all of a prefix (`ip route add local`); several
/// interfaces may have the same. One to everything (TPROXY's) is about packets that are redirected, and is left out.
/// In IPv6, type anycast too: a router's own as well (RFC 4291 §2.6.1).
template <wire::IpAddress Address>
struct BasicHostRoute {
  wire::PrefixOf<Address> prefix;
  std::uint32_t ifindex = 0;
  std::uint32_t table = 0;
  friend auto operator<=>(const BasicHostRoute&, const BasicHostRoute&) = default;
};
template <wire::IpAddress Address>
[[nodiscard]] std::optional<BasicHostRoute<Address>> read_host_route(const nlmsghdr& message);

template <wire::IpAddress Address>
struct BasicNeighbourMessage {
  std::uint32_t ifindex = 0;
  Address address;
  std::optional<dataplane::MacAddress> mac{};  ///< none: deleted, or unreachable
  bool stale = false;
};
template <wire::IpAddress Address>
[[nodiscard]] std::optional<BasicNeighbourMessage<Address>> read_neighbour(const nlmsghdr& message);

/// Whether an interface went up or down, or was removed.
[[nodiscard]] bool switches_link(const nlmsghdr& message);

}  // namespace adit::app
