// SPDX-License-Identifier: Apache-2.0
#include "app/host/netlink/kernel_table.hpp"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

namespace adit::app {
namespace {

using dataplane::RouteEntry;
using Effect = KernelTable::Effect;
using Attributes = std::span<const nlattr* const>;

/// Collects attributes by type; unknown types are left out. `size` is the message's header behind nlmsghdr.
template <std::size_t Count>
std::array<const nlattr*, Count> attributes_of(const nlmsghdr& message, unsigned size) {
  std::array<const nlattr*, Count> found{};
  mnl_attr_parse(
      &message, size,
      [](const nlattr* attribute, void* into) {
        const std::uint16_t type = mnl_attr_get_type(attribute);
        if (type < Count) {
          (*static_cast<std::array<const nlattr*, Count>*>(into))[type] = attribute;
        }
        return MNL_CB_OK;
      },
      &found);
  return found;
}

std::optional<std::uint32_t> u32_of(const nlattr* attribute) {
  if (attribute == nullptr || mnl_attr_get_payload_len(attribute) != sizeof(std::uint32_t)) {
    return std::nullopt;
  }
  return mnl_attr_get_u32(attribute);
}

wire::Ipv4Address address_of(const nlattr* attribute) {
  return wire::Ipv4Address(ntohl(u32_of(attribute).value_or(0)));
}

using dataplane::RoutePath;
/// None: malformed. Empty: a way that we cannot send by (through an IPv6 gateway).
using Paths = std::optional<std::vector<RoutePath>>;

Paths paths_of_multipath(const nlattr* multipath) {
  std::vector<RoutePath> paths;
  std::size_t left = mnl_attr_get_payload_len(multipath);
  const auto* bytes = static_cast<const std::uint8_t*>(mnl_attr_get_payload(multipath));
  while (left > 0) {
    rtnexthop hop{};
    if (left < sizeof hop) {
      return std::nullopt;
    }
    std::memcpy(&hop, bytes, sizeof hop);
    if (hop.rtnh_len < sizeof hop || hop.rtnh_len > left) {
      return std::nullopt;
    }
    RoutePath path{.ifindex = static_cast<std::uint32_t>(hop.rtnh_ifindex),
                   .gateway = {},
                   .weight = static_cast<std::uint8_t>(std::min(hop.rtnh_hops + 1, 255))};
    bool usable = (hop.rtnh_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) == 0;
    const auto* attribute = reinterpret_cast<const nlattr*>(bytes + sizeof hop);
    for (int nested = static_cast<int>(hop.rtnh_len - sizeof hop); mnl_attr_ok(attribute, nested);) {
      if (mnl_attr_get_type(attribute) == RTA_GATEWAY) {
        path.gateway = address_of(attribute);
      }
      usable = usable && mnl_attr_get_type(attribute) != RTA_VIA;
      nested -= static_cast<int>(MNL_ALIGN(attribute->nla_len));
      attribute = mnl_attr_next(attribute);
    }
    if (usable) {
      paths.push_back(path);
    }
    const std::size_t step = std::min<std::size_t>(RTNH_ALIGN(hop.rtnh_len), left);
    bytes += step;
    left -= step;
  }
  return paths;
}

/// Empty: a route that leads nowhere we can send to (blackhole, unreachable, through an IPv6 gateway).
Paths paths_of(const rtmsg& route, Attributes attributes) {
  if (route.rtm_type != RTN_UNICAST || attributes[RTA_VIA] != nullptr) {
    return std::vector<RoutePath>{};
  }
  if (attributes[RTA_MULTIPATH] != nullptr) {
    return paths_of_multipath(attributes[RTA_MULTIPATH]);
  }
  const auto ifindex = u32_of(attributes[RTA_OIF]);
  return ifindex ? Paths({{.ifindex = *ifindex, .gateway = address_of(attributes[RTA_GATEWAY])}})
                 : std::nullopt;
}

/// Unicast and the ways to refuse; neither what is delivered here (local, broadcast) nor what asks the next table.
bool is_forwarding(std::uint8_t type) {
  return type == RTN_UNICAST || type == RTN_BLACKHOLE || type == RTN_UNREACHABLE || type == RTN_PROHIBIT;
}

std::optional<RouteEntry> parse_route(const nlmsghdr& message, const std::set<std::uint32_t>& tables) {
  if (mnl_nlmsg_get_payload_len(&message) < sizeof(rtmsg)) {
    return std::nullopt;
  }
  const auto& header = *static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&message));
  const auto attributes = attributes_of<RTA_MAX + 1>(message, sizeof header);
  const std::uint32_t table = u32_of(attributes[RTA_TABLE]).value_or(header.rtm_table);
  if (header.rtm_family != AF_INET || !tables.contains(table) || header.rtm_tos != 0 ||
      header.rtm_protocol == kSubscriberProtocol || header.rtm_dst_len > 32 ||
      (header.rtm_flags & RTM_F_CLONED) != 0 || !is_forwarding(header.rtm_type)) {
    return std::nullopt;
  }
  Paths paths = paths_of(header, attributes);
  if (!paths) {
    return std::nullopt;
  }
  return RouteEntry{.prefix = address_of(attributes[RTA_DST]),
                    .length = header.rtm_dst_len,
                    .paths = *std::move(paths),
                    .metric = u32_of(attributes[RTA_PRIORITY]).value_or(0),
                    .table = table};
}

Effect effect_of_link(const nlmsghdr& message) {
  if (mnl_nlmsg_get_payload_len(&message) < sizeof(ifinfomsg)) {
    return Effect::kNothing;
  }
  const auto& link = *static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(&message));
  const bool switched = (link.ifi_change & (IFF_UP | IFF_LOWER_UP)) != 0;
  return message.nlmsg_type == RTM_DELLINK || switched ? Effect::kDumpAgain : Effect::kNothing;
}

}  // namespace

Effect KernelTable::apply(const nlmsghdr& message) {
  switch (message.nlmsg_type) {
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      return apply_route(message);
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH:
      return apply_neighbour(message);
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return effect_of_link(message);
    case RTM_DELADDR:
    case RTM_DELNEXTHOP:
      return Effect::kDumpAgain;
    default:
      return Effect::kNothing;
  }
}

/// Of a route of type local: one of the machine's own addresses.
std::optional<KernelTable::HostKey> KernelTable::host_of(const nlmsghdr& message) {
  if (mnl_nlmsg_get_payload_len(&message) < sizeof(rtmsg)) {
    return std::nullopt;
  }
  const auto& header = *static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&message));
  if (header.rtm_family != AF_INET || header.rtm_type != RTN_LOCAL || header.rtm_dst_len != 32) {
    return std::nullopt;
  }
  const auto attributes = attributes_of<RTA_MAX + 1>(message, sizeof header);
  return HostKey{.address = address_of(attributes[RTA_DST]),
                 .ifindex = u32_of(attributes[RTA_OIF]).value_or(0),
                 .table = u32_of(attributes[RTA_TABLE]).value_or(header.rtm_table)};
}

Effect KernelTable::apply_host(const nlmsghdr& message, const HostKey& host) {
  const bool changed =
      message.nlmsg_type == RTM_NEWROUTE ? hosts_.insert(host).second : hosts_.erase(host) > 0;
  return changed ? Effect::kChanged : Effect::kNothing;
}

Effect KernelTable::apply_route(const nlmsghdr& message) {
  if (const auto host = host_of(message)) {
    return apply_host(message, *host);
  }
  const auto route = parse_route(message, tables_);
  if (!route) {
    return Effect::kNothing;
  }
  const RouteKey key{
      .table = route->table, .prefix = route->prefix, .length = route->length, .metric = route->metric};
  const auto same = [&](const RouteEntry& other) { return other.paths == route->paths; };
  if (message.nlmsg_type == RTM_DELROUTE) {
    const auto found = routes_.find(key);
    if (found == routes_.end() || std::erase_if(found->second, same) == 0) {
      return Effect::kNothing;
    }
    if (found->second.empty()) {
      routes_.erase(found);
    }
    return Effect::kChanged;
  }
  auto& entries = routes_[key];
  if (!entries.empty() && (message.nlmsg_flags & NLM_F_REPLACE) != 0) {
    // The kernel sends no RTM_DELROUTE for what it replaces, which is the first of its key.
    entries.front() = *route;
  } else if (std::ranges::none_of(entries, same)) {
    entries.push_back(*route);
  } else {
    return Effect::kNothing;
  }
  return Effect::kChanged;
}

Effect KernelTable::apply_neighbour(const nlmsghdr& message) {
  if (mnl_nlmsg_get_payload_len(&message) < sizeof(ndmsg)) {
    return Effect::kNothing;
  }
  const auto& header = *static_cast<const ndmsg*>(mnl_nlmsg_get_payload(&message));
  const auto attributes = attributes_of<NDA_MAX + 1>(message, sizeof header);
  const NeighbourKey key{.ifindex = static_cast<std::uint32_t>(header.ndm_ifindex),
                         .address = address_of(attributes[NDA_DST])};
  if (header.ndm_family != AF_INET || key.address.is_none()) {
    return Effect::kNothing;
  }
  constexpr unsigned kUsable = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP;
  const nlattr* link_address = attributes[NDA_LLADDR];
  dataplane::MacAddress mac{};
  if (message.nlmsg_type == RTM_DELNEIGH || (header.ndm_state & kUsable) == 0 || link_address == nullptr ||
      mnl_attr_get_payload_len(link_address) != mac.size()) {
    return neighbours_.erase(key) != 0 ? Effect::kChanged : Effect::kNothing;
  }
  std::memcpy(mac.data(), mnl_attr_get_payload(link_address), mac.size());
  if ((header.ndm_state & NUD_STALE) != 0) {
    stale_.push_back(key);
  }
  const auto [at, is_new] = neighbours_.try_emplace(key, mac);
  const bool moved = at->second != mac;
  at->second = mac;
  return is_new || moved ? Effect::kChanged : Effect::kNothing;
}

std::vector<wire::Ipv4Address> KernelTable::hosts() const {
  std::vector<wire::Ipv4Address> hosts;
  for (const HostKey& host : hosts_) {
    hosts.push_back(host.address);
  }
  return hosts;
}

void KernelTable::clear() {
  hosts_.clear();
  routes_.clear();
  neighbours_.clear();
  stale_.clear();
}

std::vector<RouteEntry> KernelTable::routes() const {
  std::vector<RouteEntry> routes;
  routes.reserve(routes_.size());
  for (const auto& [key, entries] : routes_) {
    routes.push_back(entries.front());
  }
  return routes;
}

std::vector<dataplane::NeighbourEntry> KernelTable::neighbours() const {
  std::vector<dataplane::NeighbourEntry> neighbours;
  neighbours.reserve(neighbours_.size());
  for (const auto& [key, mac] : neighbours_) {
    neighbours.push_back({.ifindex = key.ifindex, .address = key.address, .mac = mac});
  }
  return neighbours;
}

std::vector<KernelTable::NeighbourKey> KernelTable::take_stale() {
  return std::exchange(stale_, {});
}

}  // namespace adit::app
