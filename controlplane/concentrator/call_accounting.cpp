// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/call_accounting.hpp"

#include <algorithm>

#include "controlplane/concentrator/call_record.hpp"
#include "controlplane/concentrator/carried_call.hpp"
#include "controlplane/concentrator/concentrator_core.hpp"

namespace adit::control {
namespace {

/// A DHCPv6 client may ask for, and give back, as often as it likes.
constexpr Duration kBetweenChanges{5'000};

}  // namespace

CallAccounting::CallAccounting(ConcentratorCore& core, const CallRecord& call)
    : core_(core), call_(call), timer_(core.wheel, on_timer<&CallAccounting::on_timer_fired>, this) {}

void CallAccounting::admit(const AuthAccepted& accepted) {
  timer_.cancel();
  interim_interval_ = accepted.interim_interval;
  if (!interim_interval_ && core_.settings->interim_interval != Duration{0}) {
    interim_interval_ = core_.settings->interim_interval;
  }
  accounted_.classes = accepted.classes;
  accounted_.by_radius = accepted.by_radius;
  keep_if_started();
}

void CallAccounting::start(const std::string& user) {
  accounted_.session_id = call_.session_id();
  accounted_.user = user;
  accounted_.peer = call_.peer();
  accounted_.local = call_.local();
  accounted_.address = call_.address();
  accounted_.stations = call_.stations();
  core_.accounting->started(accounted_);
}

void CallAccounting::arm() {
  if (interim_interval_) {
    const Duration jitter = core_.settings->interim_jitter;
    const Duration most = *interim_interval_ / 2;  // a record comes later than the one before
    interim_due_ =
        core_.wheel.now() + (jitter == Duration{0} ? jittered(*interim_interval_)
                                                   : varied(*interim_interval_, std::min(jitter, most)));
  }
  arm_timer();
}

void CallAccounting::bind(const Ipv6Binding& ipv6) {
  if (accounted_.ipv6 == ipv6) {
    return;
  }
  accounted_.ipv6 = ipv6;
  changed();
}

void CallAccounting::address_changed() {
  if (call_.up_since() && accounted_.address != call_.address()) {
    accounted_.address = call_.address();
    changed();
  }
}

void CallAccounting::changed() {
  keep_if_started();
  if (call_.up_since()) {
    change_due_ = std::max(core_.wheel.now(), next_change_);
    arm_timer();
  }
}

void CallAccounting::change(const SessionChange& change) {
  if (change.classes) {
    accounted_.classes = *change.classes;
    keep_if_started();
  }
  if (change.interim_interval) {
    interim_interval_ =
        *change.interim_interval == Duration{0} ? std::nullopt : std::optional(*change.interim_interval);
    if (call_.up_since()) {
      arm();
    }
  }
}

void CallAccounting::describe(CallDetails& details) const {
  details.by_radius = accounted_.by_radius;
  details.classes = accounted_.classes;
  details.interim.every = interim_interval_;
  if (interim_interval_ && timer_.armed()) {
    details.interim.left = std::max(interim_due_ - core_.wheel.now(), Duration{0});
  }
}

CarriedAccounting CallAccounting::carried() const {
  return {.user = accounted_.user,
          .address = accounted_.address,
          .ipv6 = accounted_.ipv6,
          .classes = accounted_.classes,
          .by_radius = accounted_.by_radius,
          .interim_interval = interim_interval_,
          .interim_due = interim_due_,
          .change_due = change_due_,
          .next_change = next_change_};
}

/// A record that was due meanwhile comes within a tenth of its interval: so do those of all other calls.
bool CallAccounting::adopt(const CarriedAccounting& from) {
  accounted_ = {.session_id = call_.session_id(),
                .user = from.user,
                .peer = call_.peer(),
                .local = call_.local(),
                .address = from.address,
                .ipv6 = from.ipv6,
                .classes = from.classes,
                .by_radius = from.by_radius,
                .stations = call_.stations()};
  interim_interval_ = from.interim_interval;
  change_due_ = from.change_due;
  next_change_ = from.next_change;
  const Instant now = core_.wheel.now();
  interim_due_ = from.interim_due;
  if (interim_interval_ && interim_due_ <= now) {
    const auto spread = static_cast<std::uint64_t>(std::max(*interim_interval_ / 10, Duration{1}).count());
    interim_due_ = now + Duration{static_cast<Duration::rep>(core_.entropy.next_u32() % spread)};
  }
  if (!core_.accounting->adopted(accounted_)) {
    return false;
  }
  arm_timer();
  return true;
}

void CallAccounting::stop(const contract::CallTotals& totals, Duration was_up, EndReason reason) {
  core_.accounting->stopped(accounted_, totals, was_up, reason);
}

void CallAccounting::keep_if_started() {
  if (call_.up_since()) {
    core_.accounting->changed(accounted_);
  }
}

/// Runs until the next interim record, or until the counters are next noted if that is sooner.
void CallAccounting::arm_timer() {
  constexpr Duration kNoteEvery{60'000};
  Duration left = jittered(kNoteEvery);
  if (interim_interval_) {
    left = std::min(left, interim_due_ - core_.wheel.now());
  }
  if (change_due_) {
    left = std::min(left, *change_due_ - core_.wheel.now());
  }
  timer_.arm(std::max(left, Duration{0}));
  core_.records.mark(call_.ref);
}

void CallAccounting::on_timer_fired() {
  const auto totals = core_.actions.totals(call_.ref);
  const bool due = interim_interval_ && core_.wheel.now() >= interim_due_;
  const bool changed = change_due_ && core_.wheel.now() >= *change_due_;
  if (changed) {
    next_change_ = core_.wheel.now() + kBetweenChanges;
    change_due_.reset();
  }
  if (totals && (due || changed)) {
    core_.accounting->interim(accounted_, *totals, since_up());
  } else if (totals) {
    core_.accounting->noted(accounted_, *totals, since_up());
  }
  if (due) {
    arm();
  } else {
    arm_timer();
  }
}

/// Varies by up to a tenth either way: calls that came up together should not report together.
Duration CallAccounting::jittered(Duration interval) {
  return varied(interval, interval / 10);
}

Duration CallAccounting::varied(Duration interval, Duration by) {
  const auto spread = static_cast<std::uint64_t>(by.count()) * 2;
  return interval - by + Duration{static_cast<Duration::rep>(core_.entropy.next_u32() % (spread + 1))};
}

Duration CallAccounting::since_up() const {
  return core_.wheel.now() - *call_.up_since();
}

}  // namespace adit::control
