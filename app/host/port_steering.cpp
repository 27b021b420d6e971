// SPDX-License-Identifier: Apache-2.0
#include "app/host/port_steering.hpp"

namespace adit::app {

using contract::WorkerId;
using dataplane::OpenPort;
using dataplane::PortRole;
using dataplane::SteeringBy;

/// With several ports on one side, routers decide on which of them a packet arrives, so a worker counts only
/// if all ports agree on it.
template <typename QueueOf>
std::optional<WorkerId> PortSteeringView::agreed(PortRole role, const QueueOf& queue_of) const {
  std::optional<WorkerId> worker;
  for (const OpenPort& port : ports_) {
    if (!serves(port.port.role, role)) {
      continue;
    }
    const std::optional<std::uint16_t> queue = queue_of(port);
    if (!queue) {
      return std::nullopt;
    }
    const WorkerId here{static_cast<std::uint16_t>(*queue % workers_)};
    if (worker && *worker != here) {
      return std::nullopt;
    }
    worker = here;
  }
  return worker;
}

std::optional<WorkerId> PortSteeringView::uplink(wire::Ipv4Address local, wire::Ipv4Address peer) const {
  return agreed(PortRole::kAccess, [&](const OpenPort& port) {
    return port.steering.by == SteeringBy::kAddresses ? std::optional(port.steering.rss.queue_of(peer, local))
                                                      : std::nullopt;
  });
}

std::optional<WorkerId> PortSteeringView::downlink(wire::Ipv4Address subscriber) const {
  return agreed(PortRole::kCore, [&](const OpenPort& port) -> std::optional<std::uint16_t> {
    if (port.steering.by == SteeringBy::kRules) {
      return static_cast<std::uint16_t>(subscriber.value % workers_);
    }
    if (port.steering.by == SteeringBy::kDestination) {
      return port.steering.rss.queue_of({}, subscriber);
    }
    return std::nullopt;
  });
}

std::optional<WorkerId> PortSteeringView::downlink(const wire::Ipv6Prefix& subscriber) const {
  return agreed(PortRole::kCore, [&](const OpenPort& port) -> std::optional<std::uint16_t> {
    for (const dataplane::SubscriberPrefixes& pool : port.steering.prefixes) {
      if (pool.length <= subscriber.length && pool.prefix.contains(subscriber)) {
        return sharer_of(pool, subscriber.address, workers_);
      }
    }
    const dataplane::RssHash& rss = port.steering.rss;
    const bool one_address = subscriber.length == wire::Ipv6Prefix{}.length;
    return port.steering.by == SteeringBy::kDestination && rss.ipv6 && one_address
               ? std::optional(rss.queue_of(subscriber.address))
               : std::nullopt;
  });
}

}  // namespace adit::app
