// SPDX-License-Identifier: Apache-2.0
// Session-Timeout and Idle-Timeout of one call (RFC 2865 §5.27, §5.28): ends it by LCP Terminate-Request. Idle is a
// subscriber who sends nothing, as for accel-ppp.
// Thread: control. Owner: CallRecord, for calls that have either.
#pragma once

#include <cstdint>
#include <optional>

#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/ppp/session_change.hpp"

namespace adit::control {

struct CallDetails;
class CallRecord;
class ConcentratorCore;

class SessionTimeouts {
 public:
  SessionTimeouts(ConcentratorCore& core, CallRecord& call, std::optional<Duration> session,
                  std::optional<Duration> idle);

  /// IP is up: the timeouts start here, except that Session-Timeout counts from when IP first came up.
  void start();
  void cancel();
  /// Applies the timeouts of `change`.
  void change(const SessionChange& change);
  void describe(CallDetails& details) const;
  [[nodiscard]] std::optional<Duration> session() const { return session_; }
  [[nodiscard]] std::optional<Duration> idle() const { return idle_; }

 private:
  void arm_session();
  void arm_idle();
  void on_session_timeout();
  void on_idle_check();

  ConcentratorCore& core_;
  CallRecord& call_;
  std::optional<Duration> session_;
  std::optional<Duration> idle_;
  std::uint64_t packets_ = 0;  // from the subscriber, at the last check
  Instant last_packet_{};      // the last check that saw new ones
  Timer session_timer_;
  Timer idle_timer_;
};

}  // namespace adit::control
