// SPDX-License-Identifier: Apache-2.0
// The kernel's IPv4 routes and neighbours as its netlink messages tell them (rtnetlink(7)); no socket, so that tests can
// feed it. Thread: control. Owner: KernelRoutes.
#pragma once

#include <linux/netlink.h>

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "dataplane/path/next_hops.hpp"

namespace adit::app {

/// rtm_protocol of the routes that we put into the kernel ourselves (SubscriberRoutes): no concern of forwarding. Free in
/// rtnetlink.h and in iproute2's rt_protos.
inline constexpr std::uint8_t kSubscriberProtocol = 77;

class KernelTable {
 public:
  enum class Effect : std::uint8_t {
    kNothing,    ///< forwarding is as before
    kChanged,    ///< routes or usable neighbours differ
    kDumpAgain,  ///< the kernel drops routes silently with this event; only a new dump tells which
  };

  /// `tables`: the routing tables to mirror.
  explicit KernelTable(std::set<std::uint32_t> tables = {dataplane::Port::kMainTable})
      : tables_(std::move(tables)) {}

  /// A message of any type; those that are neither routes nor neighbours nor their causes do nothing. Attributes that do
  /// not fit their type make the message void.
  Effect apply(const nlmsghdr& message);
  void clear();

  /// One entry a prefix and metric, as the kernel would choose.
  [[nodiscard]] std::vector<dataplane::RouteEntry> routes() const;
  [[nodiscard]] std::vector<dataplane::NeighbourEntry> neighbours() const;
  /// The machine's own addresses (routes of type local), in any table.
  [[nodiscard]] std::vector<wire::Ipv4Address> hosts() const;

  struct NeighbourKey {
    std::uint32_t ifindex = 0;
    wire::Ipv4Address address;
    friend auto operator<=>(const NeighbourKey&, const NeighbourKey&) = default;
  };
  [[nodiscard]] bool knows(NeighbourKey neighbour) const { return neighbours_.contains(neighbour); }
  /// Neighbours that the kernel has stopped believing in since the last call. It asks them again only when it sends to
  /// them itself, which it does not where the workers send.
  [[nodiscard]] std::vector<NeighbourKey> take_stale();

 private:
  struct RouteKey {
    std::uint32_t table = 0;
    wire::Ipv4Address prefix;
    std::uint8_t length = 0;
    std::uint32_t metric = 0;
    friend auto operator<=>(const RouteKey&, const RouteKey&) = default;
  };
  /// An address may be on several interfaces.
  struct HostKey {
    wire::Ipv4Address address;
    std::uint32_t ifindex = 0;
    std::uint32_t table = 0;
    friend auto operator<=>(const HostKey&, const HostKey&) = default;
  };
  static std::optional<HostKey> host_of(const nlmsghdr& message);
  Effect apply_route(const nlmsghdr& message);
  Effect apply_host(const nlmsghdr& message, const HostKey& host);
  Effect apply_neighbour(const nlmsghdr& message);

  std::map<RouteKey, std::vector<dataplane::RouteEntry>>
      routes_;  ///< same key twice: `ip route append`; first counts
  std::set<std::uint32_t> tables_;
  std::set<HostKey> hosts_;
  std::map<NeighbourKey, dataplane::MacAddress> neighbours_;  ///< those with a usable address
  std::vector<NeighbourKey> stale_;
};

}  // namespace adit::app
