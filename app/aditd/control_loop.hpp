// SPDX-License-Identifier: Apache-2.0
// The control thread: passes TCP octets, workers' messages, operators' requests and the time to the
// Concentrator, which decides; ConcentratorHost carries out its decisions.
// Thread: control (the EAL main lcore). Owner: main().
#pragma once

#include <asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "app/aditd/concentrator_host.hpp"
#include "app/aditd/config/config.hpp"
#include "app/aditd/log/log.hpp"
#include "app/aditd/operator/control_socket.hpp"
#include "app/aditd/operator_view.hpp"
#include "app/aditd/pool_watch.hpp"
#include "app/aditd/radius_service.hpp"
#include "app/aditd/reload_thread.hpp"
#include "app/aditd/runtime.hpp"
#include "app/aditd/service_report.hpp"
#include "app/chores.hpp"
#include "app/host/background_threads.hpp"
#include "app/host/event_loop.hpp"
#include "app/host/net/tcp_listener.hpp"
#include "controlplane/auth/eap_tls.hpp"
#include "controlplane/auth/local_users.hpp"
#include "controlplane/concentrator/concentrator.hpp"

namespace adit::app {

class ControlLoop final : TcpEvents, AcceptEvents {
 public:
  /// `running`: `config` key by key. `reread` loads the configuration again, for reload(); it runs on another
  /// thread. `credentials`: for logins by certificate; null: there are none. All references outlive the loop. `notify`: the service manager, if there is one.
  ControlLoop(const Config& config, RunningConfig running, Runtime& runtime, SpoolFile spool,
              control::LocalUsers& users, std::shared_ptr<const crypto::TlsCredentials> credentials, Log& log,
              control::TimerWheel& wheel, ReloadThread::Read reread, ServiceNotify notify);

  /// Opens netlink, RADIUS, TCP/1723 and the operator's socket.
  [[nodiscard]] std::expected<void, std::string> open();

  /// Runs until SIGTERM or SIGINT, then drains: Stop-Control-Connection-Request to every peer, bounded by the
  /// drain deadline. SIGHUP reopens the log and reloads the configuration.
  void run();

 private:
  // AcceptEvents
  bool on_accept(control::ConnectionId id, wire::Ipv4Address peer, wire::Ipv4Address local) override;
  bool on_accept_failed(const std::string& why) override;
  void on_turned_away(wire::Ipv4Address peer, control::Scarce what) override;
  std::uint64_t turns_taken() override;
  // TcpEvents
  void on_bytes(control::ConnectionId id, std::span<const std::uint8_t> octets) override;
  void on_closed(control::ConnectionId id, control::EndReason reason) override;

  void reload(OperatorBackend::Reload how, OperatorBackend::Reloaded done);
  OperatorBackend::ReloadResult use(ConfigResult reread);
  OperatorBackend::ReloadResult try_out(ConfigResult reread);
  void use_settings(Config in_force);
  [[nodiscard]] ControlMeasures measures() const;
  std::unexpected<std::string> refuse(ConfigResult reread, const std::string& why);
  void discard(ConfigResult reread);
  void warn_of_accounting(const Config& config, std::vector<ConfigProblem>& problems);
  bool read_mailboxes();
  void on_message(const contract::ToControl& message, std::span<const std::uint8_t> frame);
  void wait_for_second();
  void weigh_workers();
  void report();
  void supervise_ports();
  void report_refused_routes();
  void on_own_networks(const std::vector<KernelTable::OwnNetwork>& own);
  void reserve(std::vector<wire::Ipv4Address> addresses, std::vector<wire::Ipv6Prefix> prefixes);
  void wait_for_restart();
  void log_port(const PortSupervisor::Event& event);
  void on_signal(int signal);
  std::expected<void, std::string> shut_down(OperatorBackend::Shutdown how);
  std::expected<void, std::string> take_calls(bool take);
  void begin_drain(std::string_view why);
  [[nodiscard]] bool finished();
  void wait_for_announcement();

  const Config& config_;  // the start's: what only the next start changes
  RunningConfig running_;
  Runtime& runtime_;
  control::LocalUsers& users_;
  Log& log_;
  const control::TimerWheel& wheel_;
  ServiceReport service_;
  EventLoop loop_;
  Chores chores_;
  TcpConnections tcp_;
  TcpListener listener_;
  BackgroundThreads background_;
  control::TlsLogins tls_logins_;
  ConcentratorHost host_;
  std::uint64_t further_requests_ = 0;  // of logins, that accept-rate has counted
  RadiusService radius_;
  control::Concentrator concentrator_;
  OperatorView operator_view_;
  ReloadThread reload_thread_;
  ControlSocket operator_socket_;
  ControlSocket read_only_socket_;
  PoolWatch pool_watch_;
  asio::steady_timer second_;
  asio::steady_timer restart_;
  asio::steady_timer shutdown_;
  const double started_at_;  // UNIX seconds
  double configured_at_;     // when what runs was read
  bool reload_succeeded_ = true;
  std::chrono::steady_clock::time_point drain_deadline_{};
  bool draining_ = false;
  bool soft_ = false;                       // no new calls are taken; ends with the last one
  bool frames_punted_ = false;              // frames for the kernel are waiting
  std::vector<std::uint64_t> busy_cycles_;  // of each worker, one second ago
  std::uint64_t weighed_ = 0;               // TSC at that time
};

}  // namespace adit::app
