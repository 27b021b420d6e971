// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/auth_exchange.hpp"

#include <algorithm>
#include <utility>

namespace adit::control {
namespace {

/// Between a proof that may have been anybody's and the next one: who guesses, guesses ten times before the deadline.
constexpr Duration kNextProof{1'000};

constexpr std::string_view kNoneRight = "no right proof from the peer in time";

}  // namespace

AuthExchange::AuthExchange(AuthContext context)
    : context_(std::move(context)),
      timeout_(context_.method == AuthMethod::kEap ? context_.settings.eap.timeout
                                                   : context_.settings.auth.timeout),
      deadline_(context_.wheel, on_timer<&AuthExchange::on_deadline>, this) {}

AuthExchange::~AuthExchange() {
  context_.backend.cancel(*this);
}

bool AuthExchange::rejected() const {
  return rejections_ > 0 && !accepted_before_;
}

void AuthExchange::begin() {
  state_ = State::kWaiting;
  deadline_.arm(timeout_);
  ends_ = context_.wheel.now() + timeout_;
}

void AuthExchange::peer_opens_late() {
  if (state_ == State::kWaiting && deadline_.armed()) {
    begin();
  }
}

void AuthExchange::resume(std::string user) {
  user_ = std::move(user);
  accepted_before_ = true;
  settle();
}

void AuthExchange::ask(std::string user, AuthProof proof) {
  user_ = std::move(user);
  outcome_.reset();
  state_ = State::kAsking;
  const Duration left = deadline_.armed() ? ends_ - context_.wheel.now() : timeout_;  // after a retry
  context_.backend.authenticate({.user = user_,
                                 .peer_address = context_.origin.peer_address,
                                 .local_address = context_.origin.local_address,
                                 .session_id = context_.origin.session_id,
                                 .proof = std::move(proof),
                                 .method = context_.method,
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
  if (const auto* challenge = std::get_if<AuthChallenge>(&verdict)) {
    state_ = State::kWaiting;
    return on_challenge(*challenge);
  }
  if (std::holds_alternative<AuthByOwnMethod>(verdict)) {
    state_ = State::kWaiting;
    return on_own_method();
  }
  if (const auto* unusable = std::get_if<AuthUnusable>(&verdict)) {
    return end(EndReason::kAuthUnusable, unusable->why);
  }
  if (const auto* unavailable = std::get_if<AuthUnavailable>(&verdict)) {
    if (accepted_before_) {
      settle();  // no fault of the peer's
    } else if (recovers()) {
      state_ = State::kWaiting;
      ask_again();
    } else if (!doubts(unavailable->why)) {
      fail(unavailable->reason, unavailable->why);
    }
    return;
  }
  on_accepted(std::get<AuthAccepted>(verdict));
}

void AuthExchange::end(EndReason reason, std::string_view why) {
  if (doubts(why)) {
    return;
  }
  static_cast<void>(answer_rejected(kAuthenticationFailure, false));
  fail(reason, why);
}

void AuthExchange::on_accepted(const AuthAccepted& accepted) {
  state_ = State::kTelling;
  outcome_ = std::make_unique<Outcome>(Outcome{.accepted = accepted});
  switch (answer_accepted(accepted)) {
    case Answer::kGiven:
      return told();
    case Answer::kBegun:
      return;
    case Answer::kLacking:
      return fail(EndReason::kAuthUnusable, "accepted, but without MS-CHAPv2's authenticator response");
  }
}

void AuthExchange::accept(const AuthAccepted& accepted) {
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

void AuthExchange::on_challenge(const AuthChallenge& /*challenge*/) {
  fail(EndReason::kAuthUnusable, "a challenge to a method that has none");
}

void AuthExchange::told() {
  const std::unique_ptr<Outcome> outcome = std::move(outcome_);
  if (outcome == nullptr) {
    return;
  }
  outcome->accepted ? accept(*outcome->accepted) : fail(EndReason::kAuthFailed, outcome->why);
}

bool AuthExchange::doubts(std::string_view why) {
  if (!context_.host.doubts_proof(user_, why)) {
    return false;
  }
  doubted_ = true;
  outcome_.reset();
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
  const bool another =
      ms_chap_error == kAuthenticationFailure
          ? rejections_ < context_.settings.auth.max_failure
          : ms_chap_error == kPasswordExpired && rejected.takes_new_password && can_change_password();
  const bool retry = can_retry() && !accepted_before_ && another;
  state_ = State::kTelling;
  outcome_ = std::make_unique<Outcome>(Outcome{.why = why});  // also of a peer that does not try again
  if (!retry) {
    return answer_rejected(ms_chap_error, retry) == Answer::kGiven ? told() : void();
  }
  static_cast<void>(answer_rejected(ms_chap_error, retry));
  if (state_ != State::kTelling) {
    return;  // it has ended by what it could not send
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
  if (state_ == State::kAsking) {
    context_.backend.cancel(*this);
    return accepted_before_ ? settle()
                            : fail(EndReason::kAuthTimeout, doubted_ ? kNoneRight : "no verdict in time");
  }
  peer_is_silent(doubted_ ? kNoneRight : "no proof from the peer in time");
}

void AuthExchange::peer_is_silent(std::string_view why) {
  outcome_ != nullptr && !outcome_->accepted ? told() : fail(silence(), why);
}

void AuthExchange::fail(EndReason reason, std::string_view why) {
  state_ = State::kFailed;
  outcome_.reset();
  deadline_.cancel();
  over();
  context_.host.auth_failed(accepted_before_ ? EndReason::kRechallengeFailed : reason, user_, why);
}

}  // namespace adit::control
