// SPDX-License-Identifier: Apache-2.0
// Tells Accounting of one call: its start, its counters each interim interval and about each minute, its end.
// Thread: control. Owner: CallRecord, if there is accounting at all.
#pragma once

#include <optional>
#include <string>

#include "controlplane/auth/auth_backend.hpp"
#include "controlplane/base/end_reason.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/concentrator/accounting.hpp"
#include "controlplane/ppp/session_change.hpp"
#include "dataplane/contract/messages.hpp"

namespace adit::control {

struct CallDetails;
struct CarriedAccounting;
class CallRecord;
class ConcentratorCore;

class CallAccounting {
 public:
  /// Requires `core.accounting`.
  CallAccounting(ConcentratorCore& core, const CallRecord& call);

  /// The user was accepted, perhaps again: an accounted session stays the same session.
  void admit(const AuthAccepted& accepted);
  /// IP is up for the first time.
  void start(const std::string& user);
  /// IP is up: reports counters from here on.
  void arm();
  void cancel() { timer_.cancel(); }
  /// What the subscriber has in IPv6, from now on: told at once if IP has been up, but not by record upon record.
  void bind(const Ipv6Binding& ipv6);
  /// As bind(), for the address that it has, or has no more.
  void address_changed();
  /// Applies the classes and interim interval of `change`.
  void change(const SessionChange& change);
  void describe(CallDetails& details) const;
  [[nodiscard]] CarriedAccounting carried() const;
  /// Another process has accounted the call so far; the call is up as it was. False: its records have ended.
  [[nodiscard]] bool adopt(const CarriedAccounting& from);
  /// The worker has removed the call: these totals are final.
  void stop(const contract::CallTotals& totals, Duration was_up, EndReason reason);

 private:
  /// Its Start will say it otherwise.
  void keep_if_started();
  void changed();
  void arm_timer();
  void on_timer_fired();
  [[nodiscard]] Duration jittered(Duration interval);
  [[nodiscard]] Duration varied(Duration interval, Duration by);
  [[nodiscard]] Duration since_up() const;

  ConcentratorCore& core_;
  const CallRecord& call_;
  AccountedCall accounted_;
  std::optional<Duration> interim_interval_;
  Instant interim_due_{};
  std::optional<Instant> change_due_;  // when servers are to be told of a change
  Instant next_change_{};              // none is told before
  Timer timer_;
};

}  // namespace adit::control
