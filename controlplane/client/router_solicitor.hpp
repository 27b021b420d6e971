// SPDX-License-Identifier: Apache-2.0
// Asks for a router until one has advertised itself, a few times (RFC 4861 §6.3.7). Thread: control. Owner:
// ClientIpv6Link.
#pragma once

#include <cstdint>

#include "controlplane/client/client_ipv6_context.hpp"

namespace adit::control {

class RouterSolicitor {
 public:
  /// RFC 4861 §10.
  static constexpr unsigned kMaxSolicitations = 3;
  static constexpr Duration kInterval{4'000};
  static constexpr Duration kMaxDelay{1'000};

  RouterSolicitor(TimerWheel& wheel, Entropy& entropy, ClientIpv6Host& host)
      : entropy_(entropy), host_(host), timer_(wheel, on_timer<&RouterSolicitor::on_due>, this) {}

  /// Within kMaxDelay, unless stop() comes first: hosts that all start at once do not all ask at once.
  void start(std::uint64_t interface_id);
  /// A router has advertised itself, or the link is down.
  void stop() { timer_.cancel(); }
  /// False: a router is known, or nobody has answered the last question.
  [[nodiscard]] bool waits() const { return timer_.armed(); }

 private:
  void on_due();

  Entropy& entropy_;
  ClientIpv6Host& host_;
  Timer timer_;
  std::uint64_t interface_id_ = 0;
  unsigned sent_ = 0;
};

}  // namespace adit::control
