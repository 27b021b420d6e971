// SPDX-License-Identifier: Apache-2.0
// Predicts from the ports' steering which worker a call's packets will arrive at: the one that polls their queue.
// Thread: control. Owner: the runtime, as long as its ports.
#pragma once

#include <cstdint>
#include <span>

#include "controlplane/concentrator/resources/steering.hpp"
#include "dataplane/ports/ports.hpp"

namespace adit::app {

class PortSteeringView final : public control::Steering {
 public:
  PortSteeringView(std::span<const dataplane::OpenPort> ports, std::uint16_t workers)
      : ports_(ports), workers_(workers) {}

  [[nodiscard]] std::optional<contract::WorkerId> uplink(wire::Ipv4Address local,
                                                         wire::Ipv4Address peer) const override;
  [[nodiscard]] std::optional<contract::WorkerId> downlink(wire::Ipv4Address subscriber) const override;
  [[nodiscard]] std::optional<contract::WorkerId> downlink(const wire::Ipv6Prefix& subscriber) const override;

 private:
  template <typename QueueOf>
  [[nodiscard]] std::optional<contract::WorkerId> agreed(dataplane::PortRole role,
                                                         const QueueOf& queue_of) const;

  std::span<const dataplane::OpenPort> ports_;
  std::uint16_t workers_;
};

}  // namespace adit::app
