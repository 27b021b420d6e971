// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/session_timeouts.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "controlplane/concentrator/call_record.hpp"
#include "controlplane/concentrator/concentrator_core.hpp"

namespace adit::control {
namespace {

std::optional<Duration> none_if_zero(Duration time) {
  return time == Duration{0} ? std::nullopt : std::optional(time);
}

std::string in_seconds(Duration time) {
  return std::to_string(time / Duration{1000}) + " s";
}

}  // namespace

SessionTimeouts::SessionTimeouts(ConcentratorCore& core, CallRecord& call, std::optional<Duration> session,
                                 std::optional<Duration> idle)
    : core_(core),
      call_(call),
      session_(session),
      idle_(idle),
      session_timer_(core.wheel, on_timer<&SessionTimeouts::on_session_timeout>, this),
      idle_timer_(core.wheel, on_timer<&SessionTimeouts::on_idle_check>, this) {}

void SessionTimeouts::start() {
  arm_session();
  arm_idle();
}

void SessionTimeouts::cancel() {
  session_timer_.cancel();
  idle_timer_.cancel();
}

void SessionTimeouts::change(const SessionChange& change) {
  if (change.idle_timeout) {
    idle_ = none_if_zero(*change.idle_timeout);
  }
  if (change.session_timeout) {
    session_ = none_if_zero(*change.session_timeout);
  }
  if (call_.up_since() && change.idle_timeout) {
    arm_idle();
  }
  if (call_.up_since() && change.session_timeout) {
    arm_session();
  }
}

void SessionTimeouts::arm_session() {
  session_timer_.cancel();
  if (session_) {
    session_timer_.arm(*session_ - (core_.wheel.now() - *call_.up_since()));  // fires at once if already over
  }
}

void SessionTimeouts::arm_idle() {
  idle_timer_.cancel();
  if (idle_) {
    last_packet_ = core_.wheel.now();
    on_idle_check();
  }
}

void SessionTimeouts::on_session_timeout() {
  call_.terminate(EndReason::kSessionTimeout, "Session-Timeout, " + in_seconds(*session_), false);
}

/// What the subscriber sent since the last check is not seen yet: the idle time left is the least it can be.
void SessionTimeouts::describe(CallDetails& details) const {
  const auto left = [this](Instant since, Duration time) {
    return std::max(time - (core_.wheel.now() - since), Duration{0});
  };
  details.session_timeout.every = session_;
  details.idle_timeout.every = idle_;
  if (session_timer_.armed()) {
    details.session_timeout.left = left(*call_.up_since(), *session_);
  }
  if (idle_timer_.armed()) {
    details.idle_timeout.left = left(last_packet_, *idle_);
  }
}

/// Checks four times per idle timeout: the call ends at most a quarter late. Only what the subscriber sends counts: what
/// strangers send to its address must not hold the session open.
void SessionTimeouts::on_idle_check() {
  const auto totals = core_.actions.totals(call_.ref);
  const std::uint64_t packets = totals ? totals->uplink_packets : 0;
  if (packets != std::exchange(packets_, packets)) {
    last_packet_ = core_.wheel.now();
  }
  if (core_.wheel.now() - last_packet_ >= *idle_) {
    call_.terminate(EndReason::kIdleTimeout, "Idle-Timeout, no packet for " + in_seconds(*idle_), false);
    return;
  }
  idle_timer_.arm(std::max(*idle_ / 4, Duration{1000}));
}

}  // namespace adit::control
