// SPDX-License-Identifier: Apache-2.0
#include "controlplane/client/client_ipv6_link.hpp"

#include "dataplane/wire/dhcpv6.hpp"
#include "dataplane/wire/router_discovery.hpp"
#include "dataplane/wire/udp6.hpp"

namespace adit::control {

ClientIpv6Link::ClientIpv6Link(const ClientSettings& settings, TimerWheel& wheel, Entropy& entropy,
                               Host& host)
    : settings_(settings),
      host_(host),
      solicitor_(wheel, entropy, *this),
      requester_(wheel, entropy, *this) {}

void ClientIpv6Link::up(std::uint64_t interface_id) {
  binding_ = {.interface_id = interface_id};
  solicitor_.start(interface_id);
  if (settings_.delegation) {
    requester_.start(interface_id);
  }
}

void ClientIpv6Link::down() {
  solicitor_.stop();
  requester_.stop();
  binding_ = {};
}

void ClientIpv6Link::on_packet(wire::Bytes packet) {
  if (binding_.interface_id == 0 || wire::check_ipv6(packet) != wire::Ipv6Error::kNone) {
    return;
  }
  if (const auto advertisement = wire::parse_router_advertisement(packet)) {
    ++advertisements_;
    if (advertisement->router_lifetime == 0) {
      return;  // RFC 4861 §6.3.4: it is no router, or no longer
    }
    solicitor_.stop();
    const auto& prefix = advertisement->prefix;
    // RFC 4862 §5.5.3: a prefix that is not valid is not taken, and nobody else's word ends one that is.
    if (prefix && prefix->valid != 0 && binding_.link != prefix->prefix) {
      binding_.link = prefix->prefix;
      host_.binding_changed(binding_);
    }
    return;
  }
  const auto datagram = wire::parse_udp6(packet);
  if (datagram && datagram->destination_port == wire::kDhcpv6ClientPort) {
    requester_.on_message(datagram->payload);
  }
}

void ClientIpv6Link::delegated(const std::optional<wire::Ipv6Prefix>& prefix) {
  if (binding_.delegated != prefix) {
    binding_.delegated = prefix;
    host_.binding_changed(binding_);
  }
}

}  // namespace adit::control
