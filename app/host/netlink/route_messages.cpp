// SPDX-License-Identifier: Apache-2.0
#include "app/host/netlink/route_messages.hpp"

#include <linux/if.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "app/host/netlink/message.hpp"

namespace adit::app {
namespace {

using dataplane::RouteEntry;
using dataplane::RoutePath;
using netlink::Attributes;

/// None: malformed. Empty: a route over which we cannot send (blackhole, unreachable, through an IPv6
/// gateway).
using Paths = std::optional<std::vector<RoutePath>>;

/// RTA_MULTIPATH: an rtnexthop for each path, each followed by its attributes.
Paths read_multipath(netlink::Bytes octets) {
  std::vector<RoutePath> paths;
  while (!octets.empty()) {
    rtnexthop hop{};
    if (octets.size() < sizeof hop) {
      return std::nullopt;
    }
    std::memcpy(&hop, octets.data(), sizeof hop);
    if (hop.rtnh_len < sizeof hop || hop.rtnh_len > octets.size()) {
      return std::nullopt;
    }
    const Attributes attributes(octets.first(hop.rtnh_len).subspan(sizeof hop));
    const bool is_up = (hop.rtnh_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) == 0;
    if (is_up && !attributes.has(RTA_VIA)) {
      paths.push_back({.ifindex = static_cast<std::uint32_t>(hop.rtnh_ifindex),
                       .gateway = attributes.ipv4(RTA_GATEWAY),
                       .weight = static_cast<std::uint8_t>(std::min(hop.rtnh_hops + 1, 255))});
    }
    octets = octets.subspan(std::min<std::size_t>(RTNH_ALIGN(hop.rtnh_len), octets.size()));
  }
  return paths;
}

Paths read_paths(const rtmsg& route, const Attributes& attributes) {
  if (route.rtm_type != RTN_UNICAST || attributes.has(RTA_VIA)) {
    return std::vector<RoutePath>{};
  }
  if (const auto multipath = attributes.find(RTA_MULTIPATH)) {
    return read_multipath(*multipath);
  }
  const auto ifindex = attributes.u32(RTA_OIF);
  return ifindex ? Paths({{.ifindex = *ifindex, .gateway = attributes.ipv4(RTA_GATEWAY)}}) : std::nullopt;
}

/// Unicast routes and rejecting ones; neither local delivery (local, broadcast) nor a lookup in the next
/// table (throw).
bool is_forwarding(std::uint8_t type) {
  return type == RTN_UNICAST || type == RTN_BLACKHOLE || type == RTN_UNREACHABLE || type == RTN_PROHIBIT;
}

}  // namespace

std::optional<RouteEntry> read_route(const nlmsghdr& message, const std::set<std::uint32_t>& tables) {
  const auto body = netlink::body_of<rtmsg>(message);
  if (!body) {
    return std::nullopt;
  }
  const auto& [header, attributes] = *body;
  const std::uint32_t table = attributes.u32(RTA_TABLE).value_or(header.rtm_table);
  if (header.rtm_family != AF_INET || !tables.contains(table) || header.rtm_tos != 0 ||
      header.rtm_protocol == kSubscriberProtocol || header.rtm_dst_len > 32 ||
      (header.rtm_flags & RTM_F_CLONED) != 0 || !is_forwarding(header.rtm_type)) {
    return std::nullopt;
  }
  Paths paths = read_paths(header, attributes);
  if (!paths) {
    return std::nullopt;
  }
  return RouteEntry{.prefix = attributes.ipv4(RTA_DST),
                    .length = header.rtm_dst_len,
                    .paths = *std::move(paths),
                    .metric = attributes.u32(RTA_PRIORITY).value_or(0),
                    .table = table};
}

std::optional<HostRoute> read_host_route(const nlmsghdr& message) {
  const auto body = netlink::body_of<rtmsg>(message);
  if (!body || body->header.rtm_family != AF_INET || body->header.rtm_type != RTN_LOCAL ||
      body->header.rtm_dst_len == 0 || body->header.rtm_dst_len > 32) {
    return std::nullopt;
  }
  return HostRoute{.prefix = {.address = body->attributes.ipv4(RTA_DST), .length = body->header.rtm_dst_len},
                   .ifindex = body->attributes.u32(RTA_OIF).value_or(0),
                   .table = body->attributes.u32(RTA_TABLE).value_or(body->header.rtm_table)};
}

std::optional<NeighbourMessage> read_neighbour(const nlmsghdr& message) {
  const auto body = netlink::body_of<ndmsg>(message);
  if (!body || body->header.ndm_family != AF_INET || body->attributes.ipv4(NDA_DST).is_none()) {
    return std::nullopt;
  }
  const unsigned state = body->header.ndm_state;
  NeighbourMessage neighbour{.ifindex = static_cast<std::uint32_t>(body->header.ndm_ifindex),
                             .address = body->attributes.ipv4(NDA_DST)};
  constexpr unsigned kUsable = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP;
  const netlink::Bytes link_address = body->attributes.find(NDA_LLADDR).value_or(netlink::Bytes{});
  dataplane::MacAddress mac{};
  if (message.nlmsg_type == RTM_NEWNEIGH && (state & kUsable) != 0 && link_address.size() == mac.size()) {
    std::ranges::copy(link_address, mac.begin());
    neighbour.mac = mac;
    neighbour.stale = (state & NUD_STALE) != 0;
  }
  return neighbour;
}

bool switches_link(const nlmsghdr& message) {
  const auto body = netlink::body_of<ifinfomsg>(message);
  return body && (message.nlmsg_type == RTM_DELLINK ||
                  (body->header.ifi_change & (unsigned{IFF_UP} | unsigned{IFF_LOWER_UP})) != 0);
}

}  // namespace adit::app
