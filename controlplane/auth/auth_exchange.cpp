// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/auth_exchange.hpp"

#include <algorithm>
#include <utility>

namespace adit::control {
namespace {

/// Between a proof that may have been anybody's and the next one: who guesses, guesses ten times before the deadline.
constexpr Duration kNextProof{1'000};

}  // namespace

AuthExchange::AuthExchange(AuthContext context)
    : context_(std::move(context)), deadline_(context_.wheel, on_timer<&AuthExchange::on_deadline>, this) {}

AuthExchange::~AuthExchange() {
  context_.backend.cancel(*this);
}

bool AuthExchange::rejected() const {
  return rejections_ > 0 && state_ != State::kAccepted;
}

void AuthExchange::begin() {
  state_ = State::kWaiting;
  deadline_.arm(context_.settings.auth.timeout);
  ends_ = context_.wheel.now() + context_.settings.auth.timeout;
}

void AuthExchange::peer_opens_late() {
  if (state_ == State::kWaiting && deadline_.armed()) {
    begin();
  }
}

void AuthExchange::ask(std::string user, AuthProof proof) {
  user_ = std::move(user);
  state_ = State::kAsking;
  const Duration left =
      deadline_.armed() ? ends_ - context_.wheel.now() : context_.settings.auth.timeout;  // after a retry
  context_.backend.authenticate({.user = user_,
                                 .peer_address = context_.origin.peer_address,
                                 .local_address = context_.origin.local_address,
                                 .session_id = context_.origin.session_id,
                                 .proof = std::move(proof),
                                 .within = left,
                                 .again = accepted_before_},
                                *this);
}

void AuthExchange::reject(std::string user) {
  user_ = std::move(user);
  on_rejected({.why = "malformed proof"});
}

void AuthExchange::on_verdict(const AuthVerdict& verdict) {
  if (const auto* rejected = std::get_if<AuthRejected>(&verdict)) {
    on_rejected(*rejected);
    return;
  }
  if (const auto* unusable = std::get_if<AuthUnusable>(&verdict)) {
    if (!doubts(unusable->why)) {
      answer_rejected(kAuthenticationFailure, false);
      fail(EndReason::kAuthUnusable, unusable->why);
    }
    return;
  }
  if (const auto* unavailable = std::get_if<AuthUnavailable>(&verdict)) {
    if (accepted_before_) {
      return settle();  // no fault of the peer's
    }
    if (!doubts(unavailable->why)) {
      fail(EndReason::kAuthUnavailable, unavailable->why);
    }
    return;
  }
  const AuthAccepted& accepted = std::get<AuthAccepted>(verdict);
  if (!answer_accepted(accepted)) {
    return fail(EndReason::kAuthUnusable, "accepted, but without MS-CHAPv2's authenticator response");
  }
  settle();
  if (!std::exchange(accepted_before_, true)) {
    context_.host.auth_accepted(accepted, user_);
  }
}

void AuthExchange::settle() {
  state_ = State::kAccepted;
  deadline_.cancel();
  settled();
}

bool AuthExchange::doubts(std::string_view why) {
  if (!context_.host.doubts_proof(user_, why)) {
    return false;
  }
  doubted_ = true;
  state_ = State::kIdle;
  deadline_.arm(std::min(kNextProof, ends_ - context_.wheel.now()));
  return true;
}

void AuthExchange::on_rejected(const AuthRejected& rejected) {
  const std::uint16_t ms_chap_error = rejected.ms_chap_error;
  const std::string why =
      (rejected.why.empty() ? "rejected" : rejected.why) +
      (ms_chap_error == kAuthenticationFailure ? "" : ", E=" + std::to_string(ms_chap_error));
  if (doubts(why)) {
    return;
  }
  rejections_ = context_.host.auth_rejected(user_, why, rejected.is_wrong_proof());
  const bool another = ms_chap_error == kAuthenticationFailure
                           ? rejections_ < context_.settings.auth.max_failure
                           : ms_chap_error == kPasswordExpired && rejected.takes_new_password;
  const bool retry = can_retry() && !accepted_before_ && another;
  answer_rejected(ms_chap_error, retry);
  if (!retry) {
    fail(EndReason::kAuthFailed, why);
    return;
  }
  // RFC 2759 §6: after an invitation to retry a person types the password, which may take longer than
  // auth.timeout. The session's setup_timeout bounds the wait.
  state_ = State::kWaiting;
  deadline_.cancel();
}

void AuthExchange::on_deadline() {
  if (state_ == State::kIdle && context_.wheel.now() < ends_) {
    state_ = State::kWaiting;
    deadline_.arm(ends_ - context_.wheel.now());
    return ask_again();
  }
  const bool asked = state_ == State::kAsking;
  context_.backend.cancel(*this);
  if (asked && accepted_before_) {
    return settle();
  }
  fail(EndReason::kAuthTimeout, doubted_ ? "no right proof from the peer in time"
                                : asked  ? "no verdict in time"
                                         : "no proof from the peer in time");
}

void AuthExchange::fail(EndReason reason, std::string_view why) {
  state_ = State::kFailed;
  deadline_.cancel();
  context_.host.auth_failed(accepted_before_ ? EndReason::kRechallengeFailed : reason, user_, why);
}

}  // namespace adit::control
