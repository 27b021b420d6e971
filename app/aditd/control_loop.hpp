// SPDX-License-Identifier: Apache-2.0
// The control thread: sleeps in epoll (Asio), hands TCP octets, worker messages, netlink news, operators' requests and
// the time to the Concentrator, and carries out what it asks. Nothing else in the process decides anything.
// Thread: control (the EAL main lcore). Owner: main().
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "app/aditd/config/config.hpp"
#include "app/aditd/log.hpp"
#include "app/aditd/operator/control_socket.hpp"
#include "app/aditd/operator_view.hpp"
#include "app/aditd/radius_service.hpp"
#include "app/aditd/reload_thread.hpp"
#include "app/aditd/runtime.hpp"
#include "app/host/net/tcp_listener.hpp"
#include "app/host/netlink/kernel_routes.hpp"
#include "controlplane/auth/local_users.hpp"
#include "controlplane/concentrator/concentrator.hpp"

namespace adit::app {

class ControlLoop final : TcpEvents, AcceptEvents, control::ConcentratorActions {
 public:
  /// `reread`: the configuration anew, for reload(); runs on another thread. All references outlive the loop.
  ControlLoop(const Config& config, Runtime& runtime, SpoolFile spool, control::LocalUsers& users, Log& log,
              control::TimerWheel& wheel, ReloadThread::Read reread);
  ~ControlLoop() override;

  /// Opens TCP/1723, the operator's socket and netlink; then workers may be told of routes.
  [[nodiscard]] std::expected<void, std::string> open();

  /// SIGHUP opens the log and reads the configuration anew. Until SIGTERM or SIGINT, then drains:
  /// Stop-Control-Connection-Request to everyone, bounded by the drain deadline.
  void run();

 private:
  // AcceptEvents
  bool on_accept(control::ConnectionId id, wire::Ipv4Address peer, wire::Ipv4Address local) override;
  void on_accept_failed(const std::string& why) override;
  // TcpEvents
  void on_bytes(control::ConnectionId id, std::span<const std::uint8_t> octets) override;
  void on_closed(control::ConnectionId id, control::EndReason reason) override;

  // control::ConcentratorActions
  void send(control::ConnectionId connection, std::span<const std::uint8_t> message) override;
  void close(control::ConnectionId connection) override;
  bool post(contract::WorkerId worker, const contract::ToWorker& message) override;
  bool post_frame(const contract::CallRef& call, std::span<const std::uint8_t> frame) override;
  void map_call(wire::Ipv4Address local, wire::LocalCallId id, const contract::CallRef& call) override;
  void unmap_call(wire::Ipv4Address local, wire::LocalCallId id) override;
  void map_subscriber(wire::Ipv4Address subscriber, const contract::CallRef& call) override;
  void unmap_subscriber(wire::Ipv4Address subscriber) override;
  [[nodiscard]] std::optional<contract::CallTotals> totals(const contract::CallRef& call) const override {
    return runtime_.totals(call);
  }
  void map_route(const wire::Ipv4Prefix& prefix, const contract::CallRef& call) override;
  void unmap_route(const wire::Ipv4Prefix& prefix, const contract::CallRef& call) override;

  void reload(OperatorBackend::Reloaded done);
  std::expected<void, std::string> use(ConfigResult reread);
  void tick();
  bool drain_mailboxes();
  bool drain_mailbox(contract::WorkerId worker);
  void wait_for_workers();
  void wait_for_netlink();
  void wait_for_signal();
  void wait_for_second();
  void weigh_workers();
  void look_after_ports();
  void wait_for_restart();
  void log_port(const PortCare::Event& event);
  void wait_for_kernel(std::size_t tap);
  void on_signal(int signal);
  void begin_drain(int signal);
  [[nodiscard]] bool finished();
  void wait_for_announcement();

  const Config& config_;
  Runtime& runtime_;
  control::LocalUsers& users_;
  Log& log_;
  control::TimerWheel& wheel_;
  asio::io_context io_;
  TcpConnections tcp_;
  TcpListener listener_;
  RadiusService radius_;
  control::Concentrator concentrator_;
  std::unique_ptr<KernelRoutes> routes_;
  OperatorView operator_view_;
  ReloadThread reload_thread_;
  ControlSocket operator_socket_;
  asio::posix::stream_descriptor worker_wake_;
  asio::posix::stream_descriptor netlink_;
  asio::signal_set signals_;
  asio::steady_timer second_;
  asio::steady_timer restart_;
  std::vector<asio::posix::stream_descriptor> taps_;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point drain_deadline_{};
  bool draining_ = false;
  std::vector<std::uint64_t> busy_cycles_;  // of each worker, a second ago
  std::uint64_t weighed_ = 0;               // TSC then
};

}  // namespace adit::app
