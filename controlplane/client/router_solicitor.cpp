// SPDX-License-Identifier: Apache-2.0
#include "controlplane/client/router_solicitor.hpp"

#include <array>

#include "dataplane/wire/router_discovery.hpp"

namespace adit::control {

void RouterSolicitor::start(std::uint64_t interface_id) {
  interface_id_ = interface_id;
  sent_ = 0;
  timer_.arm(random_delay(entropy_, Duration{0}, kMaxDelay));
}

void RouterSolicitor::on_due() {
  if (sent_ == kMaxSolicitations) {
    return;  // there is no router
  }
  ++sent_;
  timer_.arm(sent_ < kMaxSolicitations ? kInterval : kMaxDelay);
  std::array<std::uint8_t, wire::kRouterSolicitationPacketSize> packet;
  wire::write_router_solicitation(packet.data(), wire::link_local(interface_id_));
  host_.send_ipv6(packet);
}

}  // namespace adit::control
