// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/call_record.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "controlplane/concentrator/concentrator_core.hpp"

namespace adit::control {

struct CallRecord::Terms {
  explicit Terms(CallRecord& call)
      : session_timer(call.core_.wheel, on_timer<&CallRecord::on_session_timeout>, &call),
        idle_timer(call.core_.wheel, on_timer<&CallRecord::on_idle_check>, &call),
        note_timer(call.core_.wheel, on_timer<&CallRecord::on_note>, &call) {}
  std::optional<Duration> session_timeout{};
  std::optional<Duration> idle_timeout{};
  std::optional<Duration> interim_interval{};
  AccountedCall accounted{};
  Instant interim_due{};
  std::uint64_t packets = 0;  // when the idle timer last looked
  Instant moved{};            // and when they last were others
  Timer session_timer;
  Timer idle_timer;
  Timer note_timer;
};

CallRecord::CallRecord(ConcentratorCore& core, ConnectionRecord& connection, std::uint64_t number,
                       wire::PeerCallId peer)
    : core_(core),
      connection_(&connection),
      number_(number),
      peer_(connection.peer),
      local_(connection.local),
      since_(core.wheel.now()) {
  peer_id = peer;
}

CallRecord::~CallRecord() = default;

// ---- the life of a call -------------------------------------------------------------------------------------------

void CallRecord::start_ppp() {
  session_ = std::make_unique<Session>(core_.settings, core_.wheel, core_.entropy, core_.log, *this, *this,
                                       peer_, local_, session_id());
  session_->start();
}

void CallRecord::on_frame(std::span<const std::uint8_t> frame) {
  if (!finished_) {
    session_->on_frame(frame);
  }
}

void CallRecord::on_mppe_desynchronised() {
  terminate(EndReason::kMppeDesynchronised, false);
}

void CallRecord::on_mppe_out_of_step() {
  if (!finished_) {
    session_->on_mppe_out_of_step();
  }
}

bool CallRecord::terminate(EndReason reason, bool hard) {
  if (finished_ || (terminating_ && !hard)) {
    return false;
  }
  if (hard) {
    end(reason);
    return true;
  }
  terminating_ = true;
  set_stage(Stage::kFinishing);
  session_->terminate(reason);
  return true;
}

void CallRecord::end(EndReason reason) {
  if (finished_) {
    return;
  }
  connection_->protocol.end_call(*this, reason);
  finish(reason);
}

void CallRecord::session_ended(EndReason reason) {
  end(reason);
}

/// From here on the call only waits for its worker to forget it: CallRemoved, then the core destroys the record.
void CallRecord::finish(EndReason reason) {
  finished_ = true;
  ended_ = core_.wheel.now();
  if (terms_ != nullptr) {
    terms_->session_timer.cancel();
    terms_->idle_timer.cancel();
    terms_->note_timer.cancel();
  }
  reason_ = reason;
  connection_ = nullptr;
  set_stage(Stage::kFinishing);
  core_.directory.forget_user(*this);
  unmap();
  core_.actions.unmap_call(local_, local_id);
  if (session_) {
    last_ = session_->status();
    // A peer that we refused hangs up as it likes: what ended the link came before.
    reason_ = last_.ending != EndReason::kNone ? last_.ending : reason;
    core_.retire(std::move(session_));
  }
  core_.count_end(reason_);
  core_.request_removal(*this);
}

void CallRecord::set_stage(Stage stage) {
  core_.count_stage(stage_, -1);
  stage_ = stage;
  core_.count_stage(stage_, +1);
}

// ---- SessionHost --------------------------------------------------------------------------------------------------

void CallRecord::post(const contract::ToWorker& message) {
  if (finished_ || out_of_step_) {
    return;
  }
  if (!core_.actions.post(ref.worker, message)) {
    out_of_step_ = true;
    core_.end_out_of_step(*this);
  }
}

// A frame that finds the ring full is a lost packet: PPP repeats it.
void CallRecord::send_ppp_frame(std::span<const std::uint8_t> frame) {
  if (!finished_ && !out_of_step_ && !core_.actions.post_frame(ref, frame)) {
    ++core_.stats.frames_dropped;
  }
}

void CallRecord::set_ppp_compression(bool send_acfc, bool send_pfc) {
  post(contract::SetPppCompression{ref, send_acfc, send_pfc});
}

void CallRecord::enable_mppe(contract::Direction direction, contract::MppeMode mode,
                             const crypto::Secret<16>& start_key, const crypto::Secret<16>& session_key) {
  contract::EnableMppe enable{ref, direction, mode, {}, {}};
  std::ranges::copy(start_key.bytes(), enable.start_key.begin());
  std::ranges::copy(session_key.bytes(), enable.session_key.begin());
  contract::ToWorker message = enable;
  crypto::wipe(&enable, sizeof enable);
  post(message);
  crypto::wipe(&message, sizeof message);
}

void CallRecord::flush_mppe(bool repeated) {
  post(contract::FlushMppe{ref, repeated});
}

void CallRecord::disable_mppe() {
  post(contract::DisableMppe{ref});
}

void CallRecord::enable_ip(wire::Ipv4Address subscriber, std::uint16_t peer_mru, bool require_mppe) {
  enabled_ = {ref, subscriber, peer_mru, require_mppe, !routes_.empty()};
  post(enabled_);
  if (finished_ || out_of_step_) {
    return;
  }
  if (rate_.any()) {
    post_rate();
  }
  map(subscriber);
  if (!terminating_) {
    set_stage(Stage::kActive);
  }
  if (!std::exchange(was_up_, true)) {
    log_up();
    begin_terms();
  }
  if (terms_ != nullptr) {
    arm_session_timer();
    arm_idle_timer();
    arm_interim_timer();
  }
}

void CallRecord::disable_ip() {
  unmap();
  post(contract::DisableIp{ref});
  if (!terminating_ && !finished_) {
    set_stage(Stage::kStarting);
  }
}

// ---- what the user was let in with ----------------------------------------------------------------------------------

void CallRecord::begin_terms() {
  up_since_ = core_.wheel.now();
  if (terms_ != nullptr && core_.accounting != nullptr) {
    terms_->accounted.session_id = session_id();
    terms_->accounted.user = session_->status().user;
    terms_->accounted.peer = peer_;
    terms_->accounted.local = local_;
    terms_->accounted.address = address_;
    core_.accounting->started(terms_->accounted);
  }
}

CallRecord::Terms& CallRecord::terms() {
  if (terms_ == nullptr) {
    terms_ = std::make_unique<Terms>(*this);
  }
  return *terms_;
}

void CallRecord::arm_session_timer() {
  terms_->session_timer.cancel();
  if (terms_->session_timeout) {
    terms_->session_timer.arm(*terms_->session_timeout - since_up());  // at once when it is over already
  }
}

void CallRecord::arm_idle_timer() {
  terms_->idle_timer.cancel();
  if (terms_->idle_timeout) {
    terms_->moved = core_.wheel.now();
    on_idle_check();
  }
}

void CallRecord::arm_interim_timer() {
  if (terms_->interim_interval) {
    terms_->interim_due = core_.wheel.now() + jittered(*terms_->interim_interval);
  }
  arm_note_timer();
}

/// For the next record, or the next time that the counters are only noted.
void CallRecord::arm_note_timer() {
  constexpr Duration kNoteEvery{60'000};
  if (core_.accounting != nullptr) {
    const Duration note = jittered(kNoteEvery);
    terms_->note_timer.arm(terms_->interim_interval ? std::min(note, terms_->interim_due - core_.wheel.now())
                                                    : note);
  }
}

/// A tenth less or more: calls that came up together are not to report together.
Duration CallRecord::jittered(Duration interval) {
  const auto spread = static_cast<std::uint64_t>(interval.count()) / 5;
  return interval - interval / 10 +
         Duration{static_cast<Duration::rep>(core_.entropy.next_u32() % (spread + 1))};
}

/// Four times in its idle time: it ends within a quarter more than that.
void CallRecord::on_idle_check() {
  const auto totals = core_.actions.totals(ref);
  const std::uint64_t packets = totals ? totals->uplink_packets + totals->downlink_packets : 0;
  if (packets != std::exchange(terms_->packets, packets)) {
    terms_->moved = core_.wheel.now();
  }
  if (core_.wheel.now() - terms_->moved >= *terms_->idle_timeout) {
    terminate(EndReason::kIdleTimeout, false);
    return;
  }
  terms_->idle_timer.arm(std::max(*terms_->idle_timeout / 4, Duration{1000}));
}

Duration CallRecord::since_up() const {
  return core_.wheel.now() - up_since_;
}

void CallRecord::on_note() {
  const auto totals = core_.actions.totals(ref);
  const bool due = terms_->interim_interval && core_.wheel.now() >= terms_->interim_due;
  if (totals && due) {
    core_.accounting->interim(terms_->accounted, *totals, since_up());
  } else if (totals) {
    core_.accounting->noted(terms_->accounted, *totals, since_up());
  }
  if (due) {
    arm_interim_timer();
  } else {
    arm_note_timer();
  }
}

void CallRecord::map(wire::Ipv4Address subscriber) {
  unmap();
  mapped_ = subscriber;
  core_.actions.map_subscriber(subscriber, ref);
  for (const wire::Ipv4Prefix& route : routes_) {
    core_.actions.map_route(route, ref);
  }
}

void CallRecord::unmap() {
  if (mapped_.is_none()) {
    return;
  }
  for (const wire::Ipv4Prefix& route : routes_) {
    core_.actions.unmap_route(route, ref);
  }
  core_.actions.unmap_subscriber(std::exchange(mapped_, {}));
}

void CallRecord::lcp_opened() {
  if (!finished_) {
    connection_->protocol.on_lcp_opened(*this);
  }
}

std::optional<wire::Ipv4Address> CallRecord::lease_address(std::optional<wire::Ipv4Address> fixed,
                                                           std::string_view pool) {
  if (finished_ || !address_.is_none()) {
    return std::nullopt;  // one call, one address
  }
  std::optional<wire::Ipv4Address> address = fixed;
  if (fixed && !core_.pools.lease_fixed(*fixed) && !take_over(*fixed)) {
    return std::nullopt;
  }
  if (!fixed) {
    address = core_.pools.lease_any(pool, ref.worker);
  }
  if (address) {
    address_ = *address;
    core_.directory.set_address(*this, address_);
  }
  return address;
}

// ---- authentication, overheard ------------------------------------------------------------------------------------

void CallRecord::authenticate(AuthRequest request, AuthClient& client) {
  auth_client_ = &client;
  claimed_user_ = request.user;
  core_.auth.authenticate(std::move(request), *this);
}

void CallRecord::cancel(AuthClient&) {
  auth_client_ = nullptr;
  core_.auth.cancel(*this);
}

void CallRecord::on_verdict(const AuthVerdict& verdict) {
  if (finished_ || auth_client_ == nullptr) {
    return;
  }
  const auto* accepted = std::get_if<AuthAccepted>(&verdict);
  std::string user = std::exchange(claimed_user_, {});
  if (accepted != nullptr && !accepted->user.empty()) {
    user = accepted->user;
  }
  core_.stats.auth_accepted += accepted != nullptr ? 1 : 0;
  core_.stats.auth_rejected += std::holds_alternative<AuthRejected>(verdict) ? 1 : 0;
  if (accepted != nullptr && !may_come_in(user, accepted->port_limit)) {
    auth_client_->on_verdict(AuthRejected{});
    return;
  }
  if (accepted != nullptr) {
    core_.authenticated(*connection_);
    core_.directory.set_user(*this, user);
    own_rate_ = rate_ = accepted->rate.value_or(core_.settings.rate);
    if (mapped_.is_none()) {  // a later proof changes nothing under a link that is up
      routes_ = accepted->routes;
      take_terms(*accepted);
    }
  }
  auth_client_->on_verdict(verdict);
}

void CallRecord::take_terms(const AuthAccepted& accepted) {
  if (core_.accounting == nullptr && !accepted.session_timeout && !accepted.idle_timeout) {
    return;
  }
  // Anew, without its timers; a session that is accounted already, and comes up again, stays that session.
  AccountedCall accounted = terms_ != nullptr ? std::move(terms_->accounted) : AccountedCall{};
  terms_ = std::make_unique<Terms>(*this);
  terms_->accounted = std::move(accounted);
  terms_->session_timeout = accepted.session_timeout;
  terms_->idle_timeout = accepted.idle_timeout;
  terms_->interim_interval = accepted.interim_interval;
  if (!terms_->interim_interval && core_.settings.interim_interval != Duration{0}) {
    terms_->interim_interval = core_.settings.interim_interval;
  }
  terms_->accounted.classes = accepted.classes;
  terms_->accounted.by_radius = accepted.by_radius;
}

/// [common] single-session, then the user's own limit. A user that renegotiates is no second one.
bool CallRecord::may_come_in(const std::string& user, std::optional<std::uint32_t> limit) {
  if (core_.settings.single_session == SingleSession::kOff) {
    return fits_limit(user, limit);
  }
  const bool deny = core_.settings.single_session == SingleSession::kDeny;
  for (CallRecord* other : core_.directory.of_user(user)) {
    if (other == this || other->finished_) {
      continue;
    }
    core_.log.event(Severity::kWarning, deny ? "second_session_denied" : "session_replaced",
                    {{"user", user},
                     {"peer", wire::to_string(peer_)},
                     {"sid", deny ? session_id() : other->session_id()},
                     {"other_sid", deny ? other->session_id() : session_id()}});
    if (deny) {
      return false;
    }
    other->end(EndReason::kReplaced);
  }
  return fits_limit(user, limit);
}

bool CallRecord::fits_limit(const std::string& user, std::optional<std::uint32_t> limit) const {
  if (!limit) {
    return true;
  }
  auto others = core_.directory.of_user(user);  // those that have ended are listed no more
  std::erase(others, this);
  if (others.size() < *limit) {
    return true;
  }
  core_.log.event(Severity::kWarning, "port_limit_reached",
                  {{"user", user},
                   {"peer", wire::to_string(peer_)},
                   {"sid", session_id()},
                   {"limit", std::to_string(*limit)}});
  return false;
}

/// A fixed address whose last call has ended, and is only not forgotten by its worker yet: the same user's next call need
/// not wait. The index leads to the new one from enable_ip() on.
bool CallRecord::take_over(wire::Ipv4Address address) {
  CallRecord* holder = core_.directory.at_address(address);
  if (holder == nullptr || !holder->finished_ || user_links.user == nullptr ||
      holder->last_.user != *user_links.user) {
    return false;
  }
  holder->address_ = {};  // its CallRemoved gives nothing back
  return true;
}

void CallRecord::set_rate(std::optional<SubscriberRate> rate) {
  rate_ = rate.value_or(own_rate_);
  if (was_up_) {
    post_rate();
  }
}

contract::UpdateLimits CallRecord::limits_of(const SubscriberRate& rate) const {
  constexpr std::uint64_t kOctetsPerKbit = 125;
  return {ref, rate.up * kOctetsPerKbit, rate.down * kOctetsPerKbit};
}

void CallRecord::post_rate() {
  post(limits_of(rate_));
}

// ---- RFC 5176 -------------------------------------------------------------------------------------------------------

bool CallRecord::change(const SessionChange& change) {
  const auto none_if_zero = [](Duration time) {
    return time == Duration{0} ? std::nullopt : std::optional(time);
  };
  if (finished_ || terminating_ || out_of_step_) {
    return false;
  }
  if (change.rate) {
    // Not post(): what finds the ring full here is refused, and the call goes on.
    if (was_up_ && !core_.actions.post(ref.worker, limits_of(*change.rate))) {
      return false;
    }
    own_rate_ = rate_ = *change.rate;
  }
  if (change.routes) {
    set_routes(*change.routes);
  }
  if (change.classes) {
    terms().accounted.classes = *change.classes;
  }
  if (change.interim_interval) {
    terms().interim_interval = none_if_zero(*change.interim_interval);
  }
  if (change.idle_timeout) {
    terms().idle_timeout = none_if_zero(*change.idle_timeout);
  }
  if (change.session_timeout) {
    terms().session_timeout = none_if_zero(*change.session_timeout);
  }
  if (was_up_) {
    if (change.interim_interval) {
      arm_interim_timer();
    }
    if (change.idle_timeout) {
      arm_idle_timer();
    }
    if (change.session_timeout) {
      arm_session_timer();
    }
  }
  return true;
}

/// Those that stay are never without their call.
void CallRecord::set_routes(const std::vector<wire::Ipv4Prefix>& routes) {
  const std::vector<wire::Ipv4Prefix> old = std::exchange(routes_, routes);
  if (mapped_.is_none()) {
    return;
  }
  const auto without = [](const std::vector<wire::Ipv4Prefix>& list, const wire::Ipv4Prefix& route) {
    return std::ranges::find(list, route) == list.end();
  };
  if (enabled_.has_routes != !routes_.empty()) {
    enabled_.has_routes = !routes_.empty();
    post(enabled_);
  }
  for (const wire::Ipv4Prefix& route : old) {
    if (without(routes_, route)) {
      core_.actions.unmap_route(route, ref);
    }
  }
  for (const wire::Ipv4Prefix& route : routes_) {
    if (without(old, route)) {
      core_.actions.map_route(route, ref);
    }
  }
}

// ---- what is told of it -------------------------------------------------------------------------------------------

std::string CallRecord::session_id() const {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number_));
  return text;
}

void CallRecord::log_up() const {
  const SessionStatus session = session_->status();
  core_.log.event(Severity::kInfo, "call_up",
                  {{"sid", session_id()},
                   {"user", session.user},
                   {"peer", wire::to_string(peer_)},
                   {"local", wire::to_string(local_)},
                   {"ip", wire::to_string(mapped_)},
                   {"auth", std::string(session.auth_method)},
                   {"mppe", session.mppe},
                   {"rate", to_string(rate_)},
                   {"worker", std::to_string(ref.worker.value)},
                   {"setup", core_.duration_since(since_)}});
}

void CallRecord::log_end(const contract::CallTotals& totals) const {
  if (was_up_ && terms_ != nullptr && core_.accounting != nullptr) {
    core_.accounting->stopped(terms_->accounted, totals, ended_ - up_since_, reason_);
  }
  core_.log.event(Severity::kInfo, "call_ended",
                  {{"sid", session_id()},
                   {"user", last_.user},
                   {"peer", wire::to_string(peer_)},
                   {"local", wire::to_string(local_)},
                   {"ip", wire::to_string(address_)},
                   {"reason", std::string(to_text(reason_))},
                   {"duration", core_.duration_since(since_)},
                   {"uplink_octets", std::to_string(totals.uplink_octets)},
                   {"downlink_octets", std::to_string(totals.downlink_octets)},
                   {"uplink_packets", std::to_string(totals.uplink_packets)},
                   {"downlink_packets", std::to_string(totals.downlink_packets)},
                   {"drops", std::to_string(totals.drops)}});
}

CallStatus CallRecord::status() const {
  CallStatus status;
  status.session_id = session_id();
  status.call = ref;
  status.peer = peer_;
  status.local = local_;
  status.local_id = local_id;
  status.peer_id = peer_id;
  status.since = since_;
  status.ending = stage_ == Stage::kFinishing;
  status.rate = rate_;
  status.routes = routes_;
  status.session = session_ ? session_->status() : last_;
  return status;
}

}  // namespace adit::control
