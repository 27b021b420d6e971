// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/call_login.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

#include "controlplane/auth/eap_method.hpp"
#include "controlplane/base/user_name.hpp"
#include "controlplane/concentrator/call_record.hpp"
#include "controlplane/concentrator/concentrator_core.hpp"
#include "controlplane/concentrator/user_limits.hpp"
#include "crypto/mschap.hpp"

namespace adit::control {
namespace {

constexpr std::size_t kLongestUser = 253;  // RFC 2865 §5: no request and no record could tell of a longer one

/// Of a session's time, what is left to the back end, or to the answer on its way.
constexpr Duration kSpare{1'000};

constexpr std::string_view kWrongBefore = "too many wrong passwords from this address";

/// An exchange of EAP that its server has begun is one attempt, however long it takes.
bool goes_on(const AuthRequest& request) {
  const auto* eap = std::get_if<EapProof>(&request.proof);
  return eap != nullptr && eap->after;
}

}  // namespace

CallLogin::CallLogin(ConcentratorCore& core, CallRecord& call)
    : core_(core), call_(call), timer_(core.wheel, on_timer<&CallLogin::on_waited>, this) {}

/// "A\alice" and "B\alice" may be one account, "alice@a" and "alice@b" where servers are not told the realm, "alice" and
/// "ALICE" at servers that ignore case: they are guesses at the same password.
std::string CallLogin::account_of(std::string_view user) const {
  return lower_case(crypto::without_domain(core_.auth.account_of(user)));
}

void CallLogin::authenticate(AuthRequest request, AuthClient& session) {
  method_ = request.method;
  request.stations = call_.stations();
  if (goes_on(request)) {
    until_ = core_.wheel.now() + request.within;
    ++core_.measures.further_requests;
    return ask_backend(std::move(request));
  }
  if (request.user.size() > kLongestUser) {
    count(false);
    session.on_verdict(AuthRejected{.why = "a name of more than 253 octets"});
    return;
  }
  session_ = &session;
  // An Identity proves nothing, and need not be the name that does: that one is compared when it is known.
  const bool claims = !std::holds_alternative<EapProof>(request.proof);
  if (claims && logs_in_again() && !is_same_user(logged_in_as_, request.user) &&
      !is_same_user(call_.user(), request.user)) {
    return tell(
        AuthRejected{.why = "the call is " + call_.user() + "'s", .fault = AuthRejected::Fault::kNone});
  }
  again_ = request.again;
  if (!again_) {
    call_.story().login_asked();
  }
  claimed_user_ = request.user;
  until_ = core_.wheel.now() + request.within;
  if (logs_in_again()) {
    return ask_backend(std::move(request));
  }
  const LoginBackoff::Turn turn = core_.backoff.ask(call_.peer(), account_of(claimed_user_));
  if (turn.wait > Duration{0}) {
    core_.count_delayed_login(call_, claimed_user_,
                              turn.wrong_before ? kWrongBefore : "its earlier attempts have no verdict yet");
    waiting_ = std::make_unique<AuthRequest>(std::move(request));
    return wait(turn);
  }
  ask_backend(std::move(request));
}

void CallLogin::count(bool accepted) {
  ++(accepted ? core_.stats.auth_accepted : core_.stats.auth_rejected);
  CallMeasures::Logins& logins = core_.measures.of(method_);
  ++(accepted ? logins.accepted : logins.rejected);
}

/// How long the session may be kept waiting.
Duration CallLogin::patience() const {
  return until_ - core_.wheel.now() - kSpare;
}

void CallLogin::wait(LoginBackoff::Turn turn) {
  if (!turn.wrong_before || turn.wait <= patience()) {
    return timer_.arm(turn.wait);
  }
  waiting_.reset();
  count(false);
  tell(AuthRejected{.why = std::string(kWrongBefore) + ": not asked", .fault = AuthRejected::Fault::kNone});
}

bool CallLogin::is_same_user(const std::string& one, const std::string& other) const {
  return core_.directory.key_of(one) == core_.directory.key_of(other);
}

void CallLogin::ask_backend(AuthRequest request) {
  asked_ = !logs_in_again();
  request.within = std::max(until_ - core_.wheel.now(), kSpare);  // it may have waited for its turn
  core_.auth.authenticate(std::move(request), *this);
}

std::unique_ptr<EapMethod> CallLogin::make_eap_method(wire::EapType type, EapMethodHost& host) {
  return core_.auth.make_eap_method(type, host);
}

void CallLogin::cancel(AuthClient&) {
  session_ = nullptr;
  timer_.cancel();
  waiting_.reset();
  late_.reset();
  core_.auth.cancel(*this);
  if (std::exchange(asked_, false)) {
    core_.backoff.abandoned(call_.peer(), account_of(claimed_user_));
  }
}

void CallLogin::tell(const AuthVerdict& verdict) {
  if (!again_) {
    call_.story().login_judged(verdict, core_.wheel.now());
  }
  session_->on_verdict(verdict);
}

void CallLogin::on_waited() {
  if (session_ == nullptr || call_.finished()) {
    return;
  }
  if (late_ != nullptr) {
    return tell(*std::exchange(late_, nullptr));
  }
  const LoginBackoff::Turn turn = core_.backoff.ask(call_.peer(), account_of(claimed_user_));
  if (turn.wait > Duration{0}) {
    return wait(turn);  // another attempt of the same pair came first
  }
  const std::unique_ptr<AuthRequest> request = std::move(waiting_);
  ask_backend(std::move(*request));
}

void CallLogin::on_verdict(const AuthVerdict& verdict) {
  if (call_.finished() || session_ == nullptr) {
    return;  // cancel() follows
  }
  if (std::holds_alternative<AuthChallenge>(verdict)) {
    return session_->on_verdict(verdict);
  }
  if (std::holds_alternative<AuthByOwnMethod>(verdict)) {  // its proof is an attempt of its own
    if (std::exchange(asked_, false)) {
      core_.backoff.abandoned(call_.peer(), account_of(claimed_user_));
    }
    call_.story().login_withdrawn();
    return session_->on_verdict(verdict);
  }
  asked_ = false;
  const auto* accepted = std::get_if<AuthAccepted>(&verdict);
  const std::string claimed = std::exchange(claimed_user_, {});
  if (const auto* rejected = std::get_if<AuthRejected>(&verdict)) {
    return refuse(claimed, *rejected);
  }
  if (accepted == nullptr && !logs_in_again()) {
    count_unjudged(claimed, std::get_if<AuthUnavailable>(&verdict));
  }
  if (std::holds_alternative<AuthUnusable>(verdict)) {
    count(false);
  }
  if (accepted != nullptr) {
    const std::string user = subscriber_name(*accepted, claimed);
    if (!logs_in_again()) {
      core_.backoff.accepted(call_.peer(), account_of(claimed));
    } else if (!is_same_user(call_.user(), user)) {
      return tell(
          AuthRejected{.why = "the call is " + call_.user() + "'s", .fault = AuthRejected::Fault::kNone});
    }
    count(true);
    if (again_) {
      return tell(verdict);
    }
    if (const auto may = may_add_call(core_, call_, user, accepted->port_limit); !may) {
      tell(AuthRejected{.why = may.error(), .fault = AuthRejected::Fault::kNone});
      return;
    }
    call_.admit(user, *accepted);
    logged_in_as_ = claimed;
  }
  tell(verdict);
}

/// A guess that the peer must not hear of is not answered late either.
void CallLogin::count_unjudged(const std::string& user, const AuthUnavailable* unavailable) {
  if (unavailable == nullptr || !unavailable->wrong_proof) {
    return core_.backoff.abandoned(call_.peer(), account_of(user));
  }
  core_.count_failed_login(call_.peer());
  static_cast<void>(core_.backoff.rejected(call_.peer(), account_of(user)));
}

void CallLogin::refuse(const std::string& user, const AuthRejected& rejected) {
  count(false);
  if (logs_in_again()) {
    return tell(rejected);
  }
  if (!rejected.is_wrong_proof()) {  // the account's fault, or the hour's: no guess
    core_.backoff.abandoned(call_.peer(), account_of(user));
    return tell(rejected);
  }
  core_.count_failed_login(call_.peer());
  const Duration late = std::min(core_.backoff.rejected(call_.peer(), account_of(user)), patience());
  if (late <= Duration{0}) {
    return tell(rejected);
  }
  core_.count_delayed_login(call_, user, "too many wrong names from this address");
  late_ = std::make_unique<AuthRejected>(rejected);
  timer_.arm(late);
}

}  // namespace adit::control
