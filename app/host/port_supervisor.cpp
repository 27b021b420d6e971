// SPDX-License-Identifier: Apache-2.0
#include "app/host/port_supervisor.hpp"

#include <algorithm>

namespace adit::app {
namespace {

/// Where somebody waits: all of them take a second, well inside the time that adit waits for its answer.
constexpr int kTries = 5;
constexpr std::chrono::milliseconds kTryAgainAfter{200};

}  // namespace

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
  }
  for (std::size_t looked = 0; looked < ports_.size() && !restart_; ++looked) {
    const std::size_t at =
        turn_++ % ports_.size();  // else one that never starts would keep another from its turn
    if (ports_[at].rx_queues > 0 && (is_stopped(at) || ports_[at].device->wants_restart())) {
      pause(at, {});
    }
  }
  return events;
}

bool PortSupervisor::is_stopped(std::size_t port) const {
  return (paused_.load(std::memory_order_relaxed) & 1U << ports_[port].port.id) != 0 &&
         !ports_[port].device->running();
}

std::expected<void, std::string> PortSupervisor::begin_restart(std::string_view name, Done done) {
  const auto found = std::ranges::find(ports_, name, &dataplane::OpenPort::name);
  if (found == ports_.end()) {
    return std::unexpected("no such port; adit show ports lists them");
  }
  if (restart_) {
    return std::unexpected("port '" + ports_[restart_->port].name + "' is being restarted");
  }
  pause(static_cast<std::size_t>(found - ports_.begin()), std::move(done));
  return {};
}

std::chrono::milliseconds PortSupervisor::wait() const {
  return restart_ && restart_->failures > 0 ? kTryAgainAfter : std::chrono::milliseconds{1};
}

void PortSupervisor::pause(std::size_t port, Done done) {
  const bool again = is_stopped(port);
  restart_ = Restart{
      port,
      dataplane::GracePeriod::after(
          [&] { paused_.fetch_or(1U << ports_[port].port.id, std::memory_order_relaxed); }, read_turns_),
      std::move(done), again};
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
  const std::uint16_t device = ports_[port].port.id;
  const auto restarted = dataplane::restart_device(ports_, device, static_cast<unsigned>(turns.size()));
  const bool running = ports_[port].device->running();
  if (!restarted && !running && restart_->done && ++restart_->failures < kTries) {
    return std::nullopt;
  }
  if (running) {  // else it stays paused: it cannot be polled
    paused_.fetch_and(~(1U << device), std::memory_order_release);
  }
  states_[port].restarts += restarted ? 1 : 0;
  const bool told = restart_->again && !restart_->done && !running;
  const Done done = std::move(restart_->done);
  restart_.reset();
  if (done) {
    done(restarted);
  }
  if (told) {
    return std::nullopt;
  }
  return restarted ? Event{port, "port_restarted", {}}
                   : Event{port, "port_restart_failed", restarted.error()};
}

}  // namespace adit::app
