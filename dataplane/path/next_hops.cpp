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
    : NextHops() {
  use({.routes = routes, .neighbours = neighbours, .hosts = hosts}, ports);
  use(ipv6, ports);
}

NextHops NextHops::with(const Ipv4Routes& ipv4, std::span<const Port> ports) const {
  NextHops next = *this;
  next.use(ipv4, ports);
  return next;
}

NextHops NextHops::with(const Ipv6Routes& ipv6, std::span<const Port> ports) const {
  NextHops next = *this;
  next.use(ipv6, ports);
  return next;
}

void NextHops::use(const Ipv4Routes& ipv4, std::span<const Port> ports) {
  const auto table = [&](std::uint32_t number) {
    return std::make_shared<const RouteTable<wire::Ipv4Address>>(number, ipv4.routes, ipv4.neighbours, ports);
  };
  const std::uint32_t core = table_of(ports, PortRole::kCore);
  const std::uint32_t peers = table_of(ports, PortRole::kAccess);
  ipv4_ = table(core);
  hosts_ = PrefixSet<wire::Ipv4Address>(ipv4.hosts);
  peers_.reset();
  if (peers != core) {
    NextHops of_peers;
    of_peers.ipv4_ = table(peers);
    peers_ = std::make_shared<const NextHops>(std::move(of_peers));
  }
}

void NextHops::use(const Ipv6Routes& ipv6, std::span<const Port> ports) {
  ipv6_ = std::make_shared<const RouteTable<wire::Ipv6Address>>(table_of(ports, PortRole::kCore), ipv6.routes,
                                                                ipv6.neighbours, ports);
  hosts6_ = PrefixSet<wire::Ipv6Address>(ipv6.hosts);
}

std::size_t NextHops::octets() const noexcept {
  return ipv4_->octets() + ipv6_->octets() + hosts_.octets() + hosts6_.octets() +
         (peers_ ? peers_->octets() : 0);
}

}  // namespace adit::dataplane
