// SPDX-License-Identifier: Apache-2.0
#include "app/host/port_supervisor.hpp"

#include <algorithm>

namespace adit::app {

std::vector<PortSupervisor::Event> PortSupervisor::check() {
  std::vector<Event> events;
  for (std::size_t at = 0; at < ports_.size(); ++at) {
    const dataplane::Device& device = *ports_[at].device;
    State& state = states_[at];
    const dataplane::Device::Link link = device.link();
    if (state.known && link.up != state.link.up) {
      state.flaps += link.up ? 0 : 1;
      events.push_back({.port = at, .what = link.up ? "link_up" : "link_down"});
    }
    state.link = link;
    state.known = true;
    if (ports_[at].rx_queues > 0 && !restart_ && device.wants_restart()) {
      pause(at);
    }
  }
  return events;
}

bool PortSupervisor::begin_restart(std::string_view name) {
  const auto found = std::ranges::find(ports_, name, &dataplane::OpenPort::name);
  if (found == ports_.end() || restart_) {
    return false;
  }
  pause(static_cast<std::size_t>(found - ports_.begin()));
  return true;
}

void PortSupervisor::pause(std::size_t port) {
  restart_ = Restart{
      port,
      dataplane::GracePeriod::after(
          [&] { paused_.fetch_or(1U << ports_[port].port.id, std::memory_order_relaxed); }, read_turns_)};
}

std::optional<PortSupervisor::Event> PortSupervisor::finish_restart() {
  if (!restart_) {
    return std::nullopt;
  }
  const std::vector<std::uint64_t> turns = read_turns_();
  if (!restart_->grace.over(turns)) {
    return std::nullopt;
  }
  const std::size_t port = restart_->port;
  restart_.reset();
  const auto restarted =
      dataplane::restart_device(ports_, ports_[port].port.id, static_cast<unsigned>(turns.size()));
  if (!restarted) {
    return Event{port, "port_restart_failed",
                 restarted.error()};  // and the port stays paused: it cannot be polled
  }
  ++states_[port].restarts;
  paused_.fetch_and(~(1U << ports_[port].port.id), std::memory_order_release);
  return Event{port, "port_restarted", {}};
}

}  // namespace adit::app
