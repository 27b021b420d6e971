// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/control_loop.hpp"

#include <net/if.h>
#include <rte_cycles.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <sstream>
#include <type_traits>
#include <utility>
#include <variant>

#include "app/aditd/operator/handlers.hpp"
#include "app/aditd/telemetry.hpp"
#include "app/host/os_entropy.hpp"

namespace adit::app {

using contract::WorkerId;
using control::ConnectionId;
using control::Duration;
using control::EndReason;
using control::Severity;

namespace {

// A turn, of all workers together: some milliseconds. A flood of frames must not starve TCP, punted frames and timers,
// however many workers there are; and each has its turn.
constexpr std::size_t kMessagesPerTurn = 512;
constexpr std::size_t kLeastOfWorker = 64;
// For StopCCRQ to every peer and the replies, the workers' final counters, the last accounting records.
constexpr std::chrono::seconds kDrainDeadline{8};
// While a call is traced: its worker's ring has room for a thousand records.
constexpr Duration kTraceSleep{2};
// For the answer to reach who asked for a shutdown.
constexpr std::chrono::milliseconds kAnswerTime{100};

// For accounting servers to take the records that an earlier process left; after that, calls may start
// anyway.
constexpr std::chrono::seconds kAnnounceDeadline{2};

double unix_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

OsEntropy& entropy() {
  static OsEntropy source;
  return source;
}

std::vector<std::string> lines_of(const std::vector<ConfigProblem>& problems) {
  std::vector<std::string> lines;
  for (const ConfigProblem& problem : problems) {
    lines.push_back(problem.line);
  }
  return lines;
}

/// A control::MachineNetwork of either family for each.
template <typename MachineNetwork, typename OwnNetwork>
std::vector<MachineNetwork> with_holders(const std::vector<OwnNetwork>& own) {
  std::vector<MachineNetwork> networks;
  for (const OwnNetwork& network : own) {
    std::array<char, IF_NAMESIZE> name{};
    networks.push_back({.prefix = network.prefix,
                        .holder = if_indextoname(network.ifindex, name.data()) != nullptr
                                      ? std::string(name.data())
                                      : "interface " + std::to_string(network.ifindex),
                        .own_address = network.own_address});
  }
  return networks;
}

}  // namespace

ControlLoop::ControlLoop(const Config& config, RunningConfig running, Runtime& runtime, SpoolFile spool,
                         control::LocalUsers& users,
                         std::shared_ptr<const crypto::TlsCredentials> credentials, Log& log,
                         control::TimerWheel& wheel, ReloadThread::Read reread, ServiceNotify notify)
    : config_(config),
      running_(std::move(running)),
      runtime_(runtime),
      users_(users),
      log_(log),
      wheel_(wheel),
      service_(std::move(notify), log),
      loop_(wheel, runtime.wake(), {SIGINT, SIGTERM, SIGHUP}),
      tcp_(loop_.io(), *this, config.control.pptp.max_output_octets),
      listener_(loop_.io(), tcp_, *this, config.accept_rate),
      background_(loop_.io(), [this] { loop_.tick(); }),
      tls_logins_(background_),
      host_(runtime, tcp_, log),
      radius_(loop_.io(), std::move(spool), config, wheel, entropy(), log, users, [this] { loop_.tick(); }),
      concentrator_(config.control, runtime.worker_count(), runtime.data_plane().slots_per_worker(), wheel,
                    entropy(), log, radius_.backend(), host_, runtime.steering(), radius_.accounting()),
      operator_view_(concentrator_, runtime, wheel, radius_, chores_,
                     {.on_restart = [this] { wait_for_restart(); },
                      .reload = [this](OperatorBackend::Reload how,
                                       OperatorBackend::Reloaded done) { reload(how, std::move(done)); },
                      .shut_down = [this](OperatorBackend::Shutdown how) { return shut_down(how); },
                      .measures = [this] { return measures(); }},
                     running_, log),
      reload_thread_(loop_.io(), std::move(reread)),
      operator_socket_(loop_.io(), chores_, operator_view_, config.cli),
      read_only_socket_(loop_.io(), chores_, operator_view_, config.cli, Access::kRead),
      pool_watch_(log),
      second_(loop_.io()),
      restart_(loop_.io()),
      shutdown_(loop_.io()),
      started_at_(unix_time()),
      configured_at_(started_at_) {
  tls_logins_.use(std::move(credentials));
  users_.allow_certificates(tls_logins_);
}

std::expected<void, std::string> ControlLoop::open() {
  reserve(users_.fixed_addresses(), users_.fixed_prefixes());
  auto mirrored = loop_.mirror_routes(
      runtime_.ports(),
      [this](std::unique_ptr<dataplane::NextHops> hops) { runtime_.publish(std::move(hops)); },
      [this](const std::vector<KernelTable::OwnNetwork>& own,
             const std::vector<KernelTable6::OwnNetwork>& own6) {
        on_own_networks(own);
        concentrator_.on_machine_networks6(with_holders<control::MachineNetwork6>(own6));
      },
      config_.control.ipv6.mode == control::Ipv6Policy::kDeny ? KernelRoutes::Families::kIpv4
                                                              : KernelRoutes::Families::kBoth);
  if (!mirrored) {
    return mirrored;
  }
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
  for (ControlSocket* socket : {&operator_socket_, &read_only_socket_}) {
    if (auto listening = socket->listen(); !listening) {
      return listening;
    }
  }
  loop_.on_signal([this](int signal) { on_signal(signal); });
  if (!register_telemetry()) {
    log_.event(Severity::kWarning, "no_telemetry", {{"why", "DPDK has no room for more commands"}});
  }
  publish_telemetry(operator_view_);
  wait_for_second();
  if (KernelPorts* kernel = runtime_.kernel_ports()) {
    for (const KernelPorts::Tap& tap : kernel->taps()) {
      loop_.watch(tap.fd.get(), [kernel, &tap] { kernel->from_kernel(tap); });
    }
  }
  return {};
}

/// Addresses that clients dial count as the machine's even before an interface has them.
void ControlLoop::on_own_networks(const std::vector<KernelTable::OwnNetwork>& own) {
  auto networks = with_holders<control::MachineNetwork>(own);
  for (const wire::Ipv4Address address : config_.bind) {
    networks.push_back(
        {.prefix = {.address = address, .length = 32}, .holder = "pptp.bind", .own_address = true});
  }
  concentrator_.on_machine_networks(std::move(networks));
}

/// Where RADIUS alone knows the users, chap-secrets have none.
void ControlLoop::reserve(std::vector<wire::Ipv4Address> addresses, std::vector<wire::Ipv6Prefix> prefixes) {
  if (config_.auth_order != AuthOrder::kRadius) {
    concentrator_.on_fixed_addresses(std::move(addresses));
    concentrator_.on_fixed_prefixes(std::move(prefixes));
  }
}

void ControlLoop::wait_for_announcement() {
  const auto deadline = std::chrono::steady_clock::now() + kAnnounceDeadline;
  while (!radius_.announced() && std::chrono::steady_clock::now() < deadline) {
    loop_.tick();
    loop_.io().run_one_for(std::chrono::milliseconds{10});
  }
}

void ControlLoop::run() {
  service_.ready();
  while (!finished()) {
    loop_.begin_iteration();
    const bool more_routes = runtime_.write_subscriber_routes();
    const bool messages = read_mailboxes();
    Tracing& tracing = operator_view_.tracing();
    const bool traced = tracing.turn();
    const bool busy = chores_.turn() || messages || more_routes || traced;
    loop_.end_iteration(busy, runtime_.data_plane().mailboxes(),
                        tracing.active() ? kTraceSleep : Duration{1000});
    runtime_.data_plane().reclaim();
  }
}

/// True when something was read: there may be more.
bool ControlLoop::read_mailboxes() {
  bool any = false;
  const auto boxes = runtime_.data_plane().mailboxes();
  const auto most = static_cast<int>(std::max(kMessagesPerTurn / boxes.size(), kLeastOfWorker));
  for (contract::Mailbox* box : boxes) {
    any |= read_messages(
        *box, most, [this](const contract::ToControl& message, auto frame) { on_message(message, frame); });
  }
  if (frames_punted_) {
    frames_punted_ = runtime_.kernel_ports()->to_kernel();
  }
  return any || frames_punted_;
}

void ControlLoop::on_message(const contract::ToControl& message, std::span<const std::uint8_t> frame) {
  if (const auto* resolve = std::get_if<contract::ResolveNextHop>(&message)) {
    loop_.routes().resolve(resolve->destination, resolve->towards_peers);
  } else if (const auto* resolve6 = std::get_if<contract::ResolveNextHop6>(&message)) {
    loop_.routes().resolve(resolve6->destination);
  } else if (std::holds_alternative<contract::FramesPunted>(message)) {
    frames_punted_ = true;
  } else if (const auto* state = std::get_if<contract::CallState>(&message)) {
    operator_view_.on_call_state(*state);
  } else {
    concentrator_.on_worker_message(message, frame);
  }
}

void ControlLoop::on_signal(int signal) {
  loop_.tick();
  if (signal == SIGHUP) {
    reload(OperatorBackend::Reload::kApply, [](const OperatorBackend::ReloadResult&) {});
  } else {
    begin_drain(signal == SIGTERM ? "SIGTERM" : "SIGINT");
  }
}

void ControlLoop::reload(OperatorBackend::Reload how, OperatorBackend::Reloaded done) {
  if (how == OperatorBackend::Reload::kDryRun) {
    reload_thread_.read(
        [this, done = std::move(done)](ConfigResult reread) { done(try_out(std::move(reread))); });
    return;
  }
  service_.reloading();
  log_.reopen();
  reload_thread_.read([this, done = std::move(done)](ConfigResult reread) {
    loop_.tick();
    done(use(std::move(reread)));
    service_.reloaded();
  });
}

/// What a reload would answer, as far as it can be known without one.
OperatorBackend::ReloadResult ControlLoop::try_out(ConfigResult reread) {
  OperatorBackend::ReloadResult result;
  if (!reread.config || !reread.starts_here) {
    result = std::unexpected(errors_of(reread.problems));
  } else if (auto judged = radius_.judge(*reread.in_force); !judged) {
    result = std::unexpected(std::move(judged.error()));
  } else {
    warn_of_accounting(*reread.config, reread.problems);
    result = OperatorBackend::ReloadReport{.dry_run = true,
                                           .users = reread.users.users.size(),
                                           .changes = running_.changes(reread.sheet),
                                           .warnings = lines_of(reread.problems)};
  }
  discard(std::move(reread));
  return result;
}

void ControlLoop::discard(ConfigResult reread) {
  reload_thread_.discard(std::move(reread.users.users));
  reload_thread_.discard(std::move(reread.tls));
}

void ControlLoop::warn_of_accounting(const Config& config, std::vector<ConfigProblem>& problems) {
  if (has_accounting(config.radius) != (radius_.accounting() != nullptr)) {
    problems.push_back(
        {.warning = true, .line = "radius-server.acct-port: accounting begins or ends at the next start"});
  }
}

void ControlLoop::use_settings(Config in_force) {
  const auto generation = std::make_shared<const Config>(std::move(in_force));
  concentrator_.use(control::SharedSettings(generation, &generation->control));
  tcp_.allow_output(generation->control.pptp.max_output_octets);
  listener_.limit(generation->accept_rate);
}

/// Applies all that does not wait for the next start, or nothing; problems are logged and returned to the caller.
OperatorBackend::ReloadResult ControlLoop::use(ConfigResult reread) {
  const std::optional<Config>& config = reread.in_force;
  if (!reread.config || !reread.starts_here) {
    const std::string why = errors_of(reread.problems);
    return refuse(std::move(reread), why);
  }
  if (const auto applied = radius_.reload(*config); !applied) {
    return refuse(std::move(reread), applied.error());
  }
  warn_of_accounting(*config, reread.problems);
  OperatorBackend::ReloadReport report{.users = reread.users.users.size(),
                                       .changes = running_.use(std::move(reread.sheet)),
                                       .warnings = lines_of(reread.problems)};
  if (reread.tls != nullptr) {
    reload_thread_.discard(tls_logins_.use(std::move(reread.tls)));
  }
  reload_succeeded_ = true;
  configured_at_ = unix_time();
  reserve(std::move(reread.users.fixed_addresses), std::move(reread.users.fixed_prefixes));
  reload_thread_.discard(users_.use(std::move(reread.users.users)));
  log_.event(Severity::kInfo, "reloaded",
             {{"radius_servers", std::to_string(config->radius.servers.size())},
              {"dae_clients", std::to_string(config->dae.clients.size())},
              {"local_users", std::to_string(report.users)}});
  log_warnings(reread.problems, log_);
  for (const ConfigChange& change : report.changes) {
    log_.event(Severity::kInfo, "config_changed",
               {{"key", change.name()},
                {"was", plain_value(change.was.value_or(""))},
                {"is", plain_value(change.is.value_or(""))},
                {"effect", std::string(effect_name(change.effect))}});
  }
  use_settings(std::move(*reread.in_force));
  return report;
}

ControlMeasures ControlLoop::measures() const {
  const control::TlsLogins::Counts& logins = tls_logins_.counts();
  const BackgroundThreads::Measures work = background_.measures();
  return {.turns = loop_.turns().read(),
          .timers_late = wheel_.lateness().read(),
          .started_at = started_at_,
          .configured_at = configured_at_,
          .reload_succeeded = reload_succeeded_,
          .certificates = {.begun = logins.begun,
                           .proven = logins.proven,
                           .refused = logins.refused,
                           .busy = logins.busy,
                           .connections = tls_logins_.connections(),
                           .work_waiting = work.waiting,
                           .work_most = work.most,
                           .work_done = work.done,
                           .work_seconds = std::chrono::duration<double>(work.busy).count()}};
}

std::unexpected<std::string> ControlLoop::refuse(ConfigResult reread, const std::string& why) {
  reload_succeeded_ = false;
  discard(std::move(reread));
  std::istringstream lines(why);
  for (std::string line; std::getline(lines, line);) {
    log_.event(Severity::kError, "reload_refused", {{.key = "why", .value = line, .whole = true}});
  }
  return std::unexpected(why);
}

void ControlLoop::wait_for_second() {
  second_.expires_after(std::chrono::seconds{1});
  second_.async_wait([this](const asio::error_code& error) {
    if (!error) {
      log_.flush_suppressed();
      weigh_workers();
      report();
      supervise_ports();
      pool_watch_.look(concentrator_.pools());
      publish_telemetry(operator_view_);
      report_refused_routes();
      radius_.tidy();
      wait_for_second();
    }
  });
}

void ControlLoop::report_refused_routes() {
  SubscriberRoutes* announced = runtime_.subscriber_routes();
  if (announced == nullptr) {
    return;
  }
  if (const auto refusals = announced->take_refusals(); refusals.count > 0) {
    log_.event(Severity::kError, "routes_not_announced",
               {{"changes", std::to_string(refusals.count)}, {"error", refusals.why}});
  }
}

void ControlLoop::supervise_ports() {
  for (const PortSupervisor::Event& event : runtime_.port_supervisor().check()) {
    const dataplane::Port& port = runtime_.ports()[event.port].port;
    if (KernelPorts* kernel = runtime_.kernel_ports()) {
      kernel->set_carrier(port.id, runtime_.port_supervisor().state(event.port).link.up);
    }
    log_port(event);
  }
  if (runtime_.port_supervisor().restarting()) {
    wait_for_restart();
  }
}

void ControlLoop::wait_for_restart() {
  restart_.expires_after(runtime_.port_supervisor().wait());
  restart_.async_wait([this](const asio::error_code& error) {
    if (error || !runtime_.port_supervisor().restarting()) {
      return;
    }
    if (const auto done = runtime_.port_supervisor().finish_restart()) {
      log_port(*done);
    } else {
      wait_for_restart();
    }
  });
}

void ControlLoop::log_port(const PortSupervisor::Event& event) {
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

void ControlLoop::report() {
  log_refused_calls(log_);
  service_.each_second(
      runtime_.data_plane().iterations(),
      (soft_ ? "takes no new calls, " : "") + std::to_string(concentrator_.stats().calls_active) + " calls");
}

std::expected<void, std::string> ControlLoop::shut_down(OperatorBackend::Shutdown how) {
  using How = OperatorBackend::Shutdown;
  if (how == How::kHard || how == How::kNow) {
    shutdown_.expires_after(kAnswerTime);
    shutdown_.async_wait([this, hard = how == How::kHard](const asio::error_code& error) {
      if (!error) {
        begin_drain(hard ? "shutdown hard" : "shutdown");
        drain_deadline_ = hard ? std::chrono::steady_clock::now() : drain_deadline_;
      }
    });
    return {};
  }
  if (draining_) {
    return std::unexpected("too late: every client has been told to go, and aditd ends within seconds");
  }
  if (soft_ == (how == How::kSoft)) {
    return std::unexpected(
        soft_ ? "shutdown soft is under way already; adit show stat says how many calls are left"
              : "there is nothing to cancel: new calls are taken");
  }
  return take_calls(how == How::kCancel);
}

std::expected<void, std::string> ControlLoop::take_calls(bool take) {
  soft_ = !take;
  concentrator_.take_calls(take);
  log_.event(Severity::kInfo, take ? "shutdown_cancelled" : "shutdown_soft",
             {{"calls", std::to_string(concentrator_.stats().calls_active)}});
  if (take) {
    return listener_.listen_again();
  }
  listener_.refuse();
  return {};
}

// A second time cuts the drain short.
void ControlLoop::begin_drain(std::string_view why) {
  if (draining_) {
    drain_deadline_ = std::chrono::steady_clock::now();
    return;
  }
  draining_ = true;
  service_.stopping();
  drain_deadline_ = std::chrono::steady_clock::now() + kDrainDeadline;
  log_.event(Severity::kInfo, "draining",
             {{"why", std::string(why)}, {"calls", std::to_string(concentrator_.stats().calls_active)}});
  listener_.stop_listening();
  chores_.add([this] { return concentrator_.drain(); });
}

bool ControlLoop::finished() {
  if (soft_ && !draining_ && concentrator_.empty()) {
    begin_drain("shutdown soft, and the last call has ended");
  }
  if (!draining_) {
    return false;
  }
  const bool all_gone = concentrator_.drained() && tcp_.open_count() == 0 && radius_.say_farewell();
  return all_gone || std::chrono::steady_clock::now() >= drain_deadline_;
}

// ---- AcceptEvents, TcpEvents: the loop may have slept, so each moves the clock first
// -------------------------------

bool ControlLoop::on_accept(ConnectionId id, wire::Ipv4Address peer, wire::Ipv4Address local) {
  loop_.tick();
  return concentrator_.on_accept(id, peer, local);
}

void ControlLoop::on_bytes(ConnectionId id, std::span<const std::uint8_t> octets) {
  loop_.tick();
  concentrator_.on_bytes(id, octets);
}

void ControlLoop::on_closed(ConnectionId id, EndReason reason) {
  loop_.tick();
  concentrator_.on_closed(id, reason);
}

// A login by EAP asks its server many times, and accept-rate is what protects servers.
std::uint64_t ControlLoop::turns_taken() {
  const std::uint64_t before = std::exchange(further_requests_, concentrator_.measures().further_requests);
  return further_requests_ - before;
}

void ControlLoop::on_turned_away(wire::Ipv4Address peer, control::Scarce what) {
  loop_.tick();
  concentrator_.on_turned_away(peer, what);
}

bool ControlLoop::on_accept_failed(const std::string& why) {
  loop_.tick();
  if (concentrator_.on_no_descriptors()) {
    return true;
  }
  log_.event(Severity::kWarning, "accept_failed",
             {{"error", why}, {"remedy", "raise LimitNOFILE or lower max-connections"}});
  return false;
}

}  // namespace adit::app
