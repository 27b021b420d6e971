// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ipv6/ipv6_link.hpp"

#include <utility>

#include "dataplane/wire/ipv6.hpp"
#include "dataplane/wire/router_discovery.hpp"
#include "dataplane/wire/udp6.hpp"

namespace adit::control {

void Ipv6Link::up(Ipv6LinkTerms terms) {
  context_.terms = std::move(terms);
  up_ = true;
  dhcpv6_.start();
  advertiser_.start();
}

void Ipv6Link::resume(Ipv6LinkTerms terms) {
  context_.terms = std::move(terms);
  up_ = true;
  dhcpv6_.start();
  advertiser_.resume();
}

void Ipv6Link::down() {
  if (std::exchange(up_, false)) {
    advertiser_.stop();
    dhcpv6_.stop();
  }
}

void Ipv6Link::on_packet(wire::Bytes packet) {
  Ipv6Counters& counters = context_.counters;
  if (!up_) {
    ++counters.unexpected;
    return;
  }
  if (wire::check_ipv6(packet) != wire::Ipv6Error::kNone) {
    ++counters.malformed;
    return;
  }
  const wire::Ipv6View header(packet.data());
  const wire::Bytes payload = packet.subspan(wire::kIpv6Size, header.payload_length());
  if (header.next_header() == wire::kIpProtocolIcmpv6 && !payload.empty() &&
      payload[0] == static_cast<std::uint8_t>(wire::Icmpv6Type::kRouterSolicitation)) {
    if (wire::is_router_solicitation(packet)) {
      advertiser_.on_solicitation();
    } else {
      ++counters.malformed;
    }
    return;
  }
  if (header.next_header() != wire::kIpProtocolUdp || !context_.settings.dhcpv6) {
    ++counters.unexpected;
    return;
  }
  const auto datagram = wire::parse_udp6(packet);
  if (!datagram || header.source().is_none() || wire::is_multicast(header.source())) {
    ++counters.malformed;
  } else if (datagram->destination_port != wire::kDhcpv6ServerPort) {
    ++counters.unexpected;
  } else {
    dhcpv6_.on_message(header.source(), header.destination(), datagram->payload);
  }
}

}  // namespace adit::control
