// SPDX-License-Identifier: Apache-2.0
// Session-Timeout and Idle-Timeout of one call (RFC 2865 §5.27, §5.28): each ends it by LCP Terminate-Request.
// Thread: control. Owner: CallRecord, for calls that have either.
#pragma once

#include <cstdint>
#include <optional>

#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/ppp/session_change.hpp"

namespace adit::control {

class CallRecord;
class ConcentratorCore;

class SessionTimeouts {
 public:
  SessionTimeouts(ConcentratorCore& core, CallRecord& call, std::optional<Duration> session,
                  std::optional<Duration> idle);

  /// IP is up: they run from here, Session-Timeout from the first time that it was.
  void start();
  void cancel();
  /// What `change` says of either, from now on.
  void change(const SessionChange& change);

 private:
  void arm_session();
  void arm_idle();
  void on_session_timeout();
  void on_idle_check();

  ConcentratorCore& core_;
  CallRecord& call_;
  std::optional<Duration> session_;
  std::optional<Duration> idle_;
  std::uint64_t packets_ = 0;  // of the call, at the last check
  Instant last_packet_{};      // the check that found the latest
  Timer session_timer_;
  Timer idle_timer_;
};

}  // namespace adit::control
