// SPDX-License-Identifier: Apache-2.0
// Tells the service manager how the process is: systemd's protocol, sd_notify(3), is a datagram to a UNIX socket, and needs
// no library. Without a service manager nothing is sent. Thread: control. Owner: main().
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "dataplane/ports/unique_fd.hpp"

namespace adit::app {

class ServiceNotify {
 public:
  /// Nobody is told.
  ServiceNotify() = default;
  /// To the socket at `address`: a path, or "@name" of an abstract one. Nobody is told when there is none.
  explicit ServiceNotify(std::string_view address);
  /// NOTIFY_SOCKET of the environment.
  [[nodiscard]] static ServiceNotify from_environment();

  /// Whether somebody listens.
  [[nodiscard]] explicit operator bool() const { return static_cast<bool>(socket_); }
  /// Lines "KEY=value", for example "READY=1\nSTATUS=12 calls". Never blocks: a manager that does not read loses
  /// the message.
  void send(std::string_view lines) const;

 private:
  dataplane::UniqueFd socket_;
};

}  // namespace adit::app
