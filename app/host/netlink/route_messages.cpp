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

using dataplane::BasicRouteEntry;
using dataplane::BasicRoutePath;
using netlink::Attributes;
using netlink::kFamily;
using wire::IpAddress;
using wire::Ipv4Address;
using wire::Ipv6Address;

/// None: malformed. Empty: a route over which we cannot send (blackhole, unreachable, through a gateway of the
/// other family).
template <IpAddress Address>
using Paths = std::optional<std::vector<BasicRoutePath<Address>>>;

/// RTA_MULTIPATH: an rtnexthop for each path, each followed by its attributes.
template <IpAddress Address>
Paths<Address> read_multipath(netlink::Bytes octets) {
  std::vector<BasicRoutePath<Address>> paths;
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
                       .gateway = attributes.address<Address>(RTA_GATEWAY),
                       .weight = static_cast<std::uint8_t>(std::min(hop.rtnh_hops + 1, 255))});
    }
    octets = octets.subspan(std::min<std::size_t>(RTNH_ALIGN(hop.rtnh_len), octets.size()));
  }
  return paths;
}

template <IpAddress Address>
Paths<Address> read_paths(const rtmsg& route, const Attributes& attributes) {
  if (route.rtm_type != RTN_UNICAST || attributes.has(RTA_VIA)) {
    return std::vector<BasicRoutePath<Address>>{};
  }
  if (const auto multipath = attributes.find(RTA_MULTIPATH)) {
    return read_multipath<Address>(*multipath);
  }
  const auto ifindex = attributes.u32(RTA_OIF);
  return ifindex
             ? Paths<Address>({{.ifindex = *ifindex, .gateway = attributes.address<Address>(RTA_GATEWAY)}})
             : std::nullopt;
}

/// Unicast routes and rejecting ones; neither local delivery (local, broadcast) nor a lookup in the next
/// table (throw).
bool is_forwarding(std::uint8_t type) {
  return type == RTN_UNICAST || type == RTN_BLACKHOLE || type == RTN_UNREACHABLE || type == RTN_PROHIBIT;
}

bool is_of_the_machine(Ipv4Address, std::uint8_t type) {
  return type == RTN_LOCAL;
}
bool is_of_the_machine(const Ipv6Address&, std::uint8_t type) {
  return type == RTN_LOCAL || type == RTN_ANYCAST;
}

bool stays_on_link(const wire::Ipv4Prefix&) {
  return false;
}
/// The kernel has fe80::/64 on every link, ::1 in the main table and, before Linux 5.5, ff00::/8 as unicast.
bool stays_on_link(const wire::Ipv6Prefix& prefix) {
  const bool loopback = prefix.length == 128 && prefix.address == Ipv6Address{0, 1};
  return loopback || (prefix.length >= 10 && wire::is_link_local(prefix.address)) ||
         (prefix.length >= 8 && wire::is_multicast(prefix.address));
}

bool is_neighbour(Ipv4Address address) {
  return !address.is_none();
}
/// The kernel keeps the groups that it sends to among its neighbours.
bool is_neighbour(const Ipv6Address& address) {
  return !address.is_none() && !wire::is_multicast(address);
}

}  // namespace

template <IpAddress Address>
std::optional<BasicRouteEntry<Address>> read_route(const nlmsghdr& message,
                                                   const std::set<std::uint32_t>& tables) {
  const auto body = netlink::body_of<rtmsg>(message);
  if (!body) {
    return std::nullopt;
  }
  const auto& [header, attributes] = *body;
  const std::uint32_t table = attributes.u32(RTA_TABLE).value_or(header.rtm_table);
  if (header.rtm_family != kFamily<Address> || !tables.contains(table) || header.rtm_tos != 0 ||
      header.rtm_src_len != 0 || header.rtm_protocol == kSubscriberProtocol ||
      header.rtm_dst_len > wire::IpFamily<Address>::kBits || (header.rtm_flags & RTM_F_CLONED) != 0 ||
      !is_forwarding(header.rtm_type)) {
    return std::nullopt;
  }
  const wire::PrefixOf<Address> prefix{.address = attributes.address<Address>(RTA_DST),
                                       .length = header.rtm_dst_len};
  Paths<Address> paths = read_paths<Address>(header, attributes);
  if (!paths || stays_on_link(prefix)) {
    return std::nullopt;
  }
  return BasicRouteEntry<Address>{.prefix = prefix.address,
                                  .length = prefix.length,
                                  .paths = *std::move(paths),
                                  .metric = attributes.u32(RTA_PRIORITY).value_or(0),
                                  .table = table};
}

template <IpAddress Address>
std::optional<BasicHostRoute<Address>> read_host_route(const nlmsghdr& message) {
  const auto body = netlink::body_of<rtmsg>(message);
  if (!body || body->header.rtm_family != kFamily<Address> ||
      !is_of_the_machine(Address{}, body->header.rtm_type) || body->header.rtm_dst_len == 0 ||
      body->header.rtm_dst_len > wire::IpFamily<Address>::kBits) {
    return std::nullopt;
  }
  return BasicHostRoute<Address>{
      .prefix = {.address = body->attributes.address<Address>(RTA_DST), .length = body->header.rtm_dst_len},
      .ifindex = body->attributes.u32(RTA_OIF).value_or(0),
      .table = body->attributes.u32(RTA_TABLE).value_or(body->header.rtm_table)};
}

template <IpAddress Address>
std::optional<BasicNeighbourMessage<Address>> read_neighbour(const nlmsghdr& message) {
  const auto body = netlink::body_of<ndmsg>(message);
  if (!body || body->header.ndm_family != kFamily<Address>) {
    return std::nullopt;
  }
  BasicNeighbourMessage<Address> neighbour{.ifindex = static_cast<std::uint32_t>(body->header.ndm_ifindex),
                                           .address = body->attributes.address<Address>(NDA_DST)};
  if (!is_neighbour(neighbour.address)) {
    return std::nullopt;
  }
  const unsigned state = body->header.ndm_state;
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

template std::optional<BasicRouteEntry<Ipv4Address>> read_route(const nlmsghdr&,
                                                                const std::set<std::uint32_t>&);
template std::optional<BasicRouteEntry<Ipv6Address>> read_route(const nlmsghdr&,
                                                                const std::set<std::uint32_t>&);
template std::optional<BasicHostRoute<Ipv4Address>> read_host_route(const nlmsghdr&);
template std::optional<BasicHostRoute<Ipv6Address>> read_host_route(const nlmsghdr&);
template std::optional<BasicNeighbourMessage<Ipv4Address>> read_neighbour(const nlmsghdr&);
template std::optional<BasicNeighbourMessage<Ipv6Address>> read_neighbour(const nlmsghdr&);

}  // namespace adit::app
