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

bool ConcentratorHost::post_frame(contract::WorkerId worker, const contract::ToWorker& message,
                                  std::span<const std::uint8_t> frame) {
  contract::Mailbox& box = runtime_.data_plane().mailbox(worker);
  return contract::post_with_frame(box.to_worker, box.frames_to_worker, message, frame);
}

// ---- calls, subscribers and the networks behind them ------------------------------------------------------

bool ConcentratorHost::map_call(wire::Ipv4Address local, wire::Ipv4Address peer, wire::LocalCallId id,
                                const contract::CallRef& call) {
  for (const auto& worker : runtime_.data_plane().workers()) {
    worker->wrong_peers().forget(local, id);  // which had another call until then
  }
  return index().map_call(local, peer, id, call);
}

void ConcentratorHost::unmap_call(wire::Ipv4Address local, wire::Ipv4Address peer, wire::LocalCallId id) {
  index().unmap_call(local, peer, id);
}

std::optional<wire::Ipv4Address> ConcentratorHost::gre_from_elsewhere(wire::Ipv4Address local,
                                                                      wire::LocalCallId id) const {
  for (std::uint16_t worker = 0; worker < runtime_.worker_count(); ++worker) {
    if (const auto source = runtime_.worker(contract::WorkerId{worker}).wrong_peers().find(local, id)) {
      return source;
    }
  }
  return std::nullopt;
}

std::optional<std::uint16_t> ConcentratorHost::port_mtu(wire::Ipv4Address peer) const {
  const dataplane::NextHops* routes = runtime_.data_plane().routes();
  const dataplane::NextHop* hop = routes != nullptr ? routes->towards_peers().find(peer) : nullptr;
  return hop != nullptr ? std::optional(hop->mtu) : std::nullopt;
}

void ConcentratorHost::map_prefix(const control::PrefixClaim& claim) {
  if (SubscriberRoutes* announced = runtime_.subscriber_routes()) {
    announced->follow(claim);
  }
  if (claim.by == control::PrefixClaim::By::kMachine) {
    return map_machine(claim.prefix);
  }
  if (!index().map_route(claim.prefix, claim.call)) {
    log_unreachable(to_string(claim.prefix), "no room in the index",
                    "more DPDK memory, or fewer and smaller networks");
  }
  if (const auto added = runtime_.xdp_maps().add_subscriber(claim.prefix); !added) {
    log_unreachable(to_string(claim.prefix), added.error(),
                    "fewer networks, and fewer fixed addresses outside the pools");
  }
}

void ConcentratorHost::map_machine(const wire::Ipv4Prefix& prefix) {
  index().map_machine(prefix);
  if (const auto added = runtime_.xdp_maps().add_machine(prefix); !added) {
    log_unreachable(to_string(prefix), added.error(), "fewer networks behind subscribers");
  }
}

void ConcentratorHost::unmap_prefix(const wire::Ipv4Prefix& prefix,
                                    const std::optional<control::PrefixClaim>& heir) {
  if (SubscriberRoutes* announced = runtime_.subscriber_routes()) {
    announced->remove(prefix);
  }
  runtime_.xdp_maps().remove(prefix);
  if (!heir) {
    index().unmap_route(prefix);
  } else {
    index().unmap_route(prefix, heir->prefix.length,
                        heir->by == control::PrefixClaim::By::kMachine ? nullptr : &heir->call);
  }
}

void ConcentratorHost::map_prefix(const control::PrefixClaim6& claim) {
  if (SubscriberRoutes* announced = runtime_.subscriber_routes()) {
    announced->follow(claim.prefix, claim.by);
  }
  const bool machine = claim.by == control::ClaimedBy::kMachine;
  if (!(machine ? index().map_machine(claim.prefix) : index().map_route(claim.prefix, claim.call))) {
    log_unreachable(to_string(claim.prefix), "no room in the index",
                    "fewer networks, and of fewer different lengths");
  }
  XdpMaps& maps = runtime_.xdp_maps();
  if (const auto added = machine ? maps.add_machine(claim.prefix) : maps.add_subscriber(claim.prefix);
      !added) {
    log_unreachable(to_string(claim.prefix), added.error(),
                    "fewer networks behind subscribers, and fewer fixed prefixes outside the pools");
  }
}

void ConcentratorHost::unmap_prefix(const wire::Ipv6Prefix& prefix) {
  if (SubscriberRoutes* announced = runtime_.subscriber_routes()) {
    announced->remove(prefix);
  }
  runtime_.xdp_maps().remove(prefix);
  index().unmap_route(prefix);
}

void ConcentratorHost::log_unreachable(const std::string& prefix, const std::string& error,
                                       std::string_view remedy) {
  log_.event(Severity::kError, "route_unreachable",
             {{"route", prefix}, {"error", error}, {"remedy", std::string(remedy)}});
}

}  // namespace adit::app
