// SPDX-License-Identifier: Apache-2.0
// RADIUS as aditd has it: sockets, the client, and who is asked in which order.
// Thread: control. Owner: the control loop.
#pragma once

#include <asio/io_context.hpp>
#include <expected>
#include <string>

#include "app/aditd/config.hpp"
#include "app/host/radius_sockets.hpp"
#include "controlplane/radius/client.hpp"
#include "controlplane/radius/radius_accounting.hpp"
#include "controlplane/radius/radius_auth.hpp"

namespace adit::app {

class RadiusService {
 public:
  /// `before_events`: called before each datagram is looked at, to move the clock. All references outlive it.
  RadiusService(asio::io_context& io, const Config& config, control::TimerWheel& wheel,
                control::Entropy& entropy, control::EventLog& log, control::AuthBackend& local,
                std::function<void()> before_events);

  [[nodiscard]] std::expected<void, std::string> open();

  /// As [auth] backend says.
  [[nodiscard]] control::AuthBackend& backend();
  /// nullptr: no server has a port for it.
  [[nodiscard]] control::Accounting* accounting();
  [[nodiscard]] const control::radius::Client& client() const { return client_; }

 private:
  const AuthOrder order_;
  std::function<void()> before_events_;
  control::AuthBackend& local_;
  RadiusSockets sockets_;
  control::radius::Client client_;
  control::radius::RadiusAuth auth_;
  control::radius::FallbackAuth fallback_;
  control::radius::RadiusAccounting accounting_;
};

}  // namespace adit::app
