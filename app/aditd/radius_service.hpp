// SPDX-License-Identifier: Apache-2.0
// RADIUS in aditd: the sockets, the client, the order of authentication backends, and dynamic authorization
// (RFC 5176).
// Thread: control. Owner: the control loop.
#pragma once

#include <asio/io_context.hpp>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/aditd/config/config.hpp"
#include "app/aditd/operator/backend.hpp"
#include "app/host/net/dae_socket.hpp"
#include "app/host/net/radius_sockets.hpp"
#include "app/host/spool_file.hpp"
#include "controlplane/auth/fallback_auth.hpp"
#include "controlplane/auth/trial_login.hpp"
#include "controlplane/radius/accounting.hpp"
#include "controlplane/radius/auth.hpp"
#include "controlplane/radius/client.hpp"
#include "controlplane/radius/dae/dynamic_authorization.hpp"

namespace adit::app {

class RadiusService {
 public:
  /// `before_events` moves the clock: called before each datagram is processed. All references outlive this.
  RadiusService(asio::io_context& io, SpoolFile spool, const Config& config, control::TimerWheel& wheel,
                control::Entropy& entropy, control::EventLog& log, control::AuthBackend& local,
                std::function<void()> before_events);
  ~RadiusService();
  RadiusService(const RadiusService&) = delete;
  RadiusService& operator=(const RadiusService&) = delete;

  /// Opens the sockets. Disconnect- and CoA-Requests act on `concentrator`, which outlives this.
  [[nodiscard]] std::expected<void, std::string> open(control::Concentrator& concentrator);
  /// Uses the servers, rates and [[dae-client]] of `config` from now on; pending requests stay with the
  /// servers they went to, and servers that are the same keep their counts and health. Whether there is accounting,
  /// and the order of backends, do not change. On an error nothing has changed.
  [[nodiscard]] std::expected<void, std::string> reload(const Config& config);
  /// The error of reload(), unless it is the machine's: sockets are not tried.
  [[nodiscard]] std::expected<void, std::string> judge(const Config& config) const;
  /// Call periodically: destroys clients from before a reload() once no request waits for them.
  void tidy();

  /// False while Accounting-On waits for an answer: no call should start before.
  [[nodiscard]] bool announced() const;

  /// Call repeatedly once all calls have ended: true when Accounting-Off has been answered or cannot be sent.
  [[nodiscard]] bool say_farewell();

  /// The one that [auth] backend selects.
  [[nodiscard]] control::AuthBackend& backend();
  /// nullptr: no accounting server.
  [[nodiscard]] control::Accounting* accounting();
  [[nodiscard]] RadiusStatus status() const;
  /// Asks the RADIUS servers as for a client that dials, whatever [auth] backend says.
  void try_login(control::TrialLogin login, control::TrialLogins::Done done) {
    trials_.run(std::move(login), auth_, std::move(done));
  }

 private:
  /// The client built from one load of the configuration, with its sockets.
  struct Generation;
  [[nodiscard]] std::expected<void, std::string> open_sockets(Generation& generation);
  [[nodiscard]] std::expected<std::unique_ptr<DaeSocket>, std::string> open_dae(const Config& config);
  void use_dae(const Config& config, std::unique_ptr<DaeSocket> moved);

  asio::io_context& io_;
  const AuthOrder order_;
  const bool accounted_;  // some server has an accounting port
  const Config& config_;  // the one read at start-up
  control::TimerWheel& wheel_;
  control::Entropy& entropy_;
  control::EventLog& log_;
  std::function<void()> before_events_;
  control::AuthBackend& local_;
  std::unique_ptr<Generation> current_;
  std::vector<std::unique_ptr<Generation>> retired_;
  control::radius::RadiusAuth auth_;
  control::FallbackAuth fallback_;
  control::TrialLogins trials_;
  SpoolFile spool_file_;
  control::radius::Spool spool_;
  control::radius::RadiusAccounting accounting_;
  std::unique_ptr<DaeSocket> dae_socket_;  // none: there has not been a [[dae-client]]
  wire::Ipv4Address dae_address_;          // where it is
  std::uint16_t dae_port_ = 0;
  control::Concentrator* concentrator_ = nullptr;
  std::optional<control::radius::DynamicAuthorization> dae_;
};

}  // namespace adit::app
