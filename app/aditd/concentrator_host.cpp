// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/concentrator_host.hpp"

namespace adit::app {

using control::ConnectionId;
using control::Severity;

// ---- TCP, and messages to workers -------------------------------------------------------------------------

void ConcentratorHost::send(ConnectionId connection, std::span<const std::uint8_t> message) {
  tcp_.send(connection, message);
}

void ConcentratorHost::close(ConnectionId connection) {
  tcp_.close(connection);
}

void ConcentratorHost::drop(ConnectionId connection) {
  tcp_.drop(connection);
}

bool ConcentratorHost::post(contract::WorkerId worker, const contract::ToWorker& message) {
  return runtime_.data_plane().mailbox(worker).to_worker.push(message);
}

bool ConcentratorHost::post_frame(const contract::CallRef& call, std::span<const std::uint8_t> frame) {
  contract::Mailbox& box = runtime_.data_plane().mailbox(call.worker);
  return contract::post_with_frame(box.to_worker, box.frames_to_worker, contract::SendPppFrame{call}, frame);
}

// ---- calls, subscribers and the networks behind them ------------------------------------------------------

void ConcentratorHost::map_call(wire::Ipv4Address local, wire::Ipv4Address peer, wire::LocalCallId id,
                                const contract::CallRef& call) {
  if (!index().map_call(local, peer, id, call)) {
    log_.event(Severity::kError, "call_unreachable",
               {{"local", to_string(local)}, {"remedy", "more DPDK memory"}});
  }
}

void ConcentratorHost::unmap_call(wire::Ipv4Address local, wire::Ipv4Address peer, wire::LocalCallId id) {
  index().unmap_call(local, peer, id);
}

void ConcentratorHost::map_subscriber(wire::Ipv4Address subscriber, const contract::CallRef& call) {
  const wire::Ipv4Prefix host{.address = subscriber, .length = 32};
  if (SubscriberRoutes* announced = announced_subscribers()) {
    announced->add(host);
  }
  if (!index().map_subscriber(subscriber, call) || !runtime_.xdp_maps().add_subscriber(host)) {
    log_.event(Severity::kError, "subscriber_unreachable",
               {{"ip", to_string(subscriber)},
                {"remedy", "more DPDK memory, or fewer fixed addresses outside the pools"}});
  }
}

void ConcentratorHost::unmap_subscriber(wire::Ipv4Address subscriber) {
  const wire::Ipv4Prefix host{.address = subscriber, .length = 32};
  if (SubscriberRoutes* announced = announced_subscribers()) {
    announced->remove(host);
  }
  runtime_.xdp_maps().remove_subscriber(host);
  index().unmap_subscriber(subscriber);
}

void ConcentratorHost::map_route(const wire::Ipv4Prefix& prefix, const contract::CallRef& call) {
  if (SubscriberRoutes* announced = runtime_.subscriber_routes()) {
    announced->add(prefix);  // not from a pool, so "pools" does not announce it
  }
  if (!index().map_route(prefix, call) || !runtime_.xdp_maps().add_subscriber(prefix)) {
    log_.event(Severity::kError, "route_unreachable",
               {{"route", to_string(prefix)}, {"remedy", "more DPDK memory, or fewer and smaller networks"}});
  }
}

void ConcentratorHost::unmap_route(const wire::Ipv4Prefix& prefix, const contract::CallRef& call) {
  if (SubscriberRoutes* announced = runtime_.subscriber_routes()) {
    announced->remove(prefix);
  }
  runtime_.xdp_maps().remove_subscriber(prefix);
  index().unmap_route(prefix, call);
}

}  // namespace adit::app
