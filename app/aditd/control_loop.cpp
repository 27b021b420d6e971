// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/control_loop.hpp"

#include <rte_cycles.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <variant>

#include "app/host/os_entropy.hpp"

namespace adit::app {

using contract::WorkerId;
using control::ConnectionId;
using control::Duration;
using control::EndReason;
using control::Severity;

namespace {

// Of one worker per turn: a flood of frames must not starve TCP and timers.
constexpr int kMessagesPerTurn = 512;
// StopCCRQ to everyone, their replies, the workers' last counters, the last accounting records.
constexpr std::chrono::seconds kDrainDeadline{8};

// For accounting servers to take what an earlier process has left; then calls may start all the same.
constexpr std::chrono::seconds kAnnounceDeadline{2};

OsEntropy& entropy() {
  static OsEntropy source;
  return source;
}

}  // namespace

ControlLoop::ControlLoop(const Config& config, Runtime& runtime, SpoolFile spool, control::LocalUsers& users,
                         Log& log, control::TimerWheel& wheel, ReloadThread::Read reread)
    : config_(config),
      runtime_(runtime),
      users_(users),
      log_(log),
      wheel_(wheel),
      tcp_(io_, *this, config.control.pptp.max_output_octets),
      listener_(io_, tcp_, *this, config.accept_rate),
      radius_(io_, std::move(spool), config, wheel, entropy(), log, users, [this] { tick(); }),
      concentrator_(config.control, runtime.worker_count(), runtime.data_plane().slots_per_worker(), wheel,
                    entropy(), log, radius_.backend(), *this, runtime.steering(), radius_.accounting()),
      operator_view_(
          concentrator_, runtime, wheel, radius_, [this] { wait_for_restart(); },
          [this](OperatorBackend::Reloaded done) { reload(std::move(done)); }),
      reload_thread_(io_, std::move(reread)),
      operator_socket_(io_, operator_view_, config.cli),
      worker_wake_(io_, runtime.wake().fd()),
      netlink_(io_),
      signals_(io_, SIGINT, SIGTERM, SIGHUP),
      second_(io_),
      restart_(io_),
      started_(std::chrono::steady_clock::now()) {}

ControlLoop::~ControlLoop() {
  worker_wake_.release();  // Runtime owns it
  if (netlink_.is_open()) {
    netlink_.release();  // KernelRoutes owns it
  }
  for (asio::posix::stream_descriptor& tap : taps_) {
    tap.release();  // KernelPorts owns it
  }
}

std::expected<void, std::string> ControlLoop::open() {
  std::vector<dataplane::Port> ports;
  for (const dataplane::OpenPort& open : runtime_.ports()) {
    ports.push_back(open.port);
  }
  auto routes = KernelRoutes::open(
      ports, [this](std::unique_ptr<dataplane::NextHops> hops) { runtime_.publish(std::move(hops)); });
  if (!routes) {
    return std::unexpected(std::move(routes.error()));
  }
  routes_ = std::move(*routes);
  netlink_.assign(routes_->fd());
  if (auto opened = radius_.open(concentrator_); !opened) {
    return opened;
  }
  wait_for_announcement();
  ListenOptions options{.address_may_come_later = runtime_.kernel_ports() != nullptr};
  for (const dataplane::OpenPort& open : runtime_.ports()) {
    if (open.port.role != dataplane::PortRole::kCore) {
      options.vrf = open.vrf;
    }
  }
  for (const wire::Ipv4Address address : config_.bind) {
    if (auto listening = listener_.listen(address, config_.tcp_port, options); !listening) {
      return listening;
    }
  }
  if (auto listening = operator_socket_.listen(); !listening) {
    return listening;
  }
  wait_for_workers();
  wait_for_netlink();
  wait_for_signal();
  wait_for_second();
  if (const KernelPorts* kernel = runtime_.kernel_ports()) {
    for (const KernelPorts::Tap& tap : kernel->taps()) {
      taps_.emplace_back(io_, tap.fd.get());
    }
  }
  for (std::size_t tap = 0; tap < taps_.size(); ++tap) {
    wait_for_kernel(tap);
  }
  return {};
}

void ControlLoop::wait_for_announcement() {
  const auto deadline = std::chrono::steady_clock::now() + kAnnounceDeadline;
  while (!radius_.announced() && std::chrono::steady_clock::now() < deadline) {
    tick();
    io_.run_one_for(std::chrono::milliseconds{10});
  }
}

void ControlLoop::run() {
  while (!finished()) {
    tick();
    routes_->publish_due();
    const bool more_routes = runtime_.write_subscriber_routes();
    if (drain_mailboxes() || more_routes) {
      io_.poll();
    } else {
      const Duration wait = wheel_.next_wait().value_or(Duration{1000});
      run_until_mail(io_, runtime_.data_plane().mailboxes(), std::min(wait, routes_->wait().value_or(wait)));
    }
    runtime_.data_plane().reclaim();
  }
}

void ControlLoop::tick() {
  const auto elapsed = std::chrono::steady_clock::now() - started_;
  wheel_.advance(control::Instant{std::chrono::duration_cast<Duration>(elapsed)});
}

// True when something was there: the caller looks again before it sleeps.
bool ControlLoop::drain_mailboxes() {
  bool any = false;
  for (std::uint16_t w = 0; w < runtime_.worker_count(); ++w) {
    any |= drain_mailbox(WorkerId{w});
  }
  return any;
}

bool ControlLoop::drain_mailbox(WorkerId worker) {
  contract::Mailbox& box = runtime_.data_plane().mailbox(worker);
  int taken = 0;
  for (; taken < kMessagesPerTurn; ++taken) {
    const contract::ToControl* message = box.to_control.front();
    if (message == nullptr) {
      break;
    }
    if (std::holds_alternative<contract::PppFrameIn>(*message)) {
      const contract::FrameSlot* frame = box.frames_to_control.front();
      concentrator_.on_worker_message(*message, std::span(frame->octets.data(), frame->length));
      box.frames_to_control.release();
    } else if (const auto* resolve = std::get_if<contract::ResolveNextHop>(message)) {
      routes_->resolve(resolve->destination, resolve->towards_peers);
    } else if (std::holds_alternative<contract::FramesPunted>(*message)) {
      runtime_.kernel_ports()->to_kernel();
    } else {
      concentrator_.on_worker_message(*message, {});
    }
    box.to_control.release();
  }
  return taken > 0;
}

void ControlLoop::wait_for_workers() {
  worker_wake_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const asio::error_code& error) {
    if (!error) {
      runtime_.wake().clear();
      wait_for_workers();
    }
  });
}

void ControlLoop::wait_for_netlink() {
  netlink_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const asio::error_code& error) {
    if (!error) {
      routes_->on_readable();
      wait_for_netlink();
    }
  });
}

void ControlLoop::wait_for_kernel(std::size_t tap) {
  taps_[tap].async_wait(asio::posix::stream_descriptor::wait_read,
                        [this, tap](const asio::error_code& error) {
                          if (!error) {
                            KernelPorts& kernel = *runtime_.kernel_ports();
                            kernel.from_kernel(kernel.taps()[tap]);
                            wait_for_kernel(tap);
                          }
                        });
}

void ControlLoop::wait_for_signal() {
  signals_.async_wait([this](const asio::error_code& error, int signal) {
    if (!error) {
      on_signal(signal);
      wait_for_signal();
    }
  });
}

void ControlLoop::on_signal(int signal) {
  tick();
  if (signal == SIGHUP) {
    log_.reopen();
    reload([](const std::expected<void, std::string>&) {});
  } else {
    begin_drain(signal);
  }
}

void ControlLoop::reload(OperatorBackend::Reloaded done) {
  reload_thread_.read([this, done = std::move(done)](ConfigResult reread) {
    tick();
    done(use(std::move(reread)));
  });
}

/// All of it, or nothing: what is wrong is logged, and said to whoever asked.
std::expected<void, std::string> ControlLoop::use(ConfigResult reread) {
  const std::optional<Config>& config = reread.config;
  const std::expected<void, std::string> reloaded =
      config ? radius_.reload(*config) : std::unexpected(errors_of(reread.problems));
  if (reloaded) {
    log_user_notes(config->chap_secrets, reread.users.notes, log_);
    reload_thread_.discard(users_.use(std::move(reread.users.users)));
    log_.event(Severity::kInfo, "reloaded",
               {{"radius_servers", std::to_string(config->radius.servers.size())},
                {"dae_clients", std::to_string(config->dae.clients.size())}});
  } else {
    log_.event(Severity::kError, "reload_refused", {{"why", reloaded.error()}});
  }
  return reloaded;
}

void ControlLoop::wait_for_second() {
  second_.expires_after(std::chrono::seconds{1});
  second_.async_wait([this](const asio::error_code& error) {
    if (!error) {
      log_.flush_suppressed();
      weigh_workers();
      look_after_ports();
      radius_.tidy();
      wait_for_second();
    }
  });
}

void ControlLoop::look_after_ports() {
  for (const PortCare::Event& event : runtime_.port_care().look(runtime_.turns())) {
    const dataplane::Port& port = runtime_.ports()[event.port].port;
    if (KernelPorts* kernel = runtime_.kernel_ports()) {
      kernel->set_carrier(port.id, runtime_.port_care().state(event.port).link.up);
    }
    log_port(event);
  }
  if (runtime_.port_care().restarting()) {
    wait_for_restart();
  }
}

// Two turns of every worker: microseconds, or the 200 of an idle one's nap.
void ControlLoop::wait_for_restart() {
  restart_.expires_after(std::chrono::milliseconds{1});
  restart_.async_wait([this](const asio::error_code& error) {
    if (error || !runtime_.port_care().restarting()) {
      return;
    }
    if (const auto done = runtime_.port_care().finish_restart(runtime_.turns())) {
      log_port(*done);
    } else {
      wait_for_restart();
    }
  });
}

void ControlLoop::log_port(const PortCare::Event& event) {
  const bool good = event.what == "link_up" || event.what == "port_restarted";
  log_.event(good ? Severity::kInfo : Severity::kWarning, event.what,
             {{"name", runtime_.ports()[event.port].name}, {"error", event.error}});
}

void ControlLoop::weigh_workers() {
  const std::uint64_t now = rte_rdtsc();
  const auto elapsed = static_cast<double>(now - std::exchange(weighed_, now));
  busy_cycles_.resize(runtime_.worker_count());
  std::vector<double> shares;
  for (std::uint16_t w = 0; w < runtime_.worker_count(); ++w) {
    const std::uint64_t busy = runtime_.worker(WorkerId{w}).counters().busy_cycles.read();
    shares.push_back(static_cast<double>(busy - std::exchange(busy_cycles_[w], busy)) / elapsed);
  }
  concentrator_.on_busy(shares);
}

// A second signal ends the wait.
void ControlLoop::begin_drain(int signal) {
  if (draining_) {
    drain_deadline_ = std::chrono::steady_clock::now();
    return;
  }
  draining_ = true;
  drain_deadline_ = std::chrono::steady_clock::now() + kDrainDeadline;
  log_.event(Severity::kInfo, "draining",
             {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"},
              {"calls", std::to_string(concentrator_.stats().calls_active)}});
  listener_.stop_listening();
  concentrator_.drain();
}

bool ControlLoop::finished() {
  if (!draining_) {
    return false;
  }
  const bool all_gone = concentrator_.drained() && tcp_.open_count() == 0 && radius_.say_farewell();
  return all_gone || std::chrono::steady_clock::now() >= drain_deadline_;
}

// ---- AcceptEvents, TcpEvents: the clock first, because we may have slept ------------------------------------------------------

bool ControlLoop::on_accept(ConnectionId id, wire::Ipv4Address peer, wire::Ipv4Address local) {
  tick();
  return concentrator_.on_accept(id, peer, local);
}

void ControlLoop::on_bytes(ConnectionId id, std::span<const std::uint8_t> octets) {
  tick();
  concentrator_.on_bytes(id, octets);
}

void ControlLoop::on_closed(ConnectionId id, EndReason reason) {
  tick();
  concentrator_.on_closed(id, reason);
}

void ControlLoop::on_accept_failed(const std::string& why) {
  log_.event(Severity::kWarning, "accept_failed",
             {{"error", why}, {"remedy", "raise LimitNOFILE or lower max-connections"}});
}

// ---- control::ConcentratorActions --------------------------------------------------------------------------------

void ControlLoop::send(ConnectionId connection, std::span<const std::uint8_t> message) {
  tcp_.send(connection, message);
}

void ControlLoop::close(ConnectionId connection) {
  tcp_.close(connection);
}

bool ControlLoop::post(WorkerId worker, const contract::ToWorker& message) {
  return runtime_.data_plane().mailbox(worker).to_worker.push(message);
}

bool ControlLoop::post_frame(const contract::CallRef& call, std::span<const std::uint8_t> frame) {
  contract::Mailbox& box = runtime_.data_plane().mailbox(call.worker);
  return contract::post_with_frame(box.to_worker, box.frames_to_worker, contract::SendPppFrame{call}, frame);
}

void ControlLoop::map_call(wire::Ipv4Address local, wire::LocalCallId id, const contract::CallRef& call) {
  if (!runtime_.map_call(local, id, call)) {
    log_.event(Severity::kError, "call_unreachable",
               {{"local", to_string(local)}, {"remedy", "more DPDK memory"}});
  }
}

void ControlLoop::unmap_call(wire::Ipv4Address local, wire::LocalCallId id) {
  runtime_.unmap_call(local, id);
}

void ControlLoop::map_subscriber(wire::Ipv4Address subscriber, const contract::CallRef& call) {
  if (!runtime_.map_subscriber(subscriber, call)) {
    log_.event(Severity::kError, "subscriber_unreachable",
               {{"ip", to_string(subscriber)},
                {"remedy", "more DPDK memory, or fewer fixed addresses outside the pools"}});
  }
}

void ControlLoop::unmap_subscriber(wire::Ipv4Address subscriber) {
  runtime_.unmap_subscriber(subscriber);
}

void ControlLoop::map_route(const wire::Ipv4Prefix& prefix, const contract::CallRef& call) {
  if (!runtime_.map_route(prefix, call)) {
    log_.event(Severity::kError, "route_unreachable",
               {{"route", to_string(prefix)}, {"remedy", "more DPDK memory, or fewer and smaller networks"}});
  }
}

void ControlLoop::unmap_route(const wire::Ipv4Prefix& prefix, const contract::CallRef& call) {
  runtime_.unmap_route(prefix, call);
}

}  // namespace adit::app
