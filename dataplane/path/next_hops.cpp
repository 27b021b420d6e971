// SPDX-License-Identifier: Apache-2.0
#include "dataplane/path/next_hops.hpp"

#include <algorithm>
#include <utility>

namespace adit::dataplane {
namespace {

std::uint32_t table_of(std::span<const Port> ports, PortRole side) {
  const auto found = std::ranges::find_if(ports, [&](const Port& port) { return serves(port.role, side); });
  return found == ports.end() ? Port::kMainTable : found->table;
}

}  // namespace

NextHops::NextHops(std::span<const RouteEntry> routes, std::span<const NeighbourEntry> neighbours,
                   std::span<const Port> ports, std::span<const wire::Ipv4Prefix> hosts,
                   const Ipv6Routes& ipv6)
    : ipv4_(table_of(ports, PortRole::kCore), routes, neighbours, ports),
      ipv6_(table_of(ports, PortRole::kCore), ipv6.routes, ipv6.neighbours, ports),
      hosts_(hosts),
      hosts6_(ipv6.hosts) {
  if (const std::uint32_t peers = table_of(ports, PortRole::kAccess);
      peers != table_of(ports, PortRole::kCore)) {
    peers_.reset(new NextHops(RouteTable<wire::Ipv4Address>(peers, routes, neighbours, ports)));
  }
}

NextHops::NextHops(RouteTable<wire::Ipv4Address> ipv4) : ipv4_(std::move(ipv4)) {}

std::size_t NextHops::octets() const noexcept {
  return ipv4_.octets() + ipv6_.octets() + hosts_.octets() + hosts6_.octets() +
         (peers_ ? peers_->octets() : 0);
}

}  // namespace adit::dataplane
