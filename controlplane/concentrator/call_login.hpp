// SPDX-License-Identifier: Apache-2.0
// The authentication of one call. Stands between the session and the authentication backend: makes attempts
// wait whose source and user have been wrong too often (admission/login_backoff.hpp), and rejects at once those
// that would wait for longer than the session does; checks an acceptance against the call's user, if it has one, and
// that user's call limits, and passes it to the call before the session.
// Thread: control. Owner: CallRecord.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "controlplane/auth/auth_backend.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/concentrator/admission/login_backoff.hpp"

namespace adit::control {

class CallRecord;
class ConcentratorCore;

class CallLogin final : public AuthBackend, private AuthClient {
 public:
  CallLogin(ConcentratorCore& core, CallRecord& call);

  void authenticate(AuthRequest request, AuthClient& session) override;
  void cancel(AuthClient& session) override;
  std::unique_ptr<EapMethod> make_eap_method(wire::EapType type, EapMethodHost& host) override;

  /// The name of a login that has no verdict yet; untrusted octets.
  [[nodiscard]] const std::string& claimed() const { return claimed_user_; }
  /// Of the last login.
  [[nodiscard]] AuthMethod method() const { return method_; }

  /// The name that was claimed when the user was let in; empty: nobody has been.
  [[nodiscard]] const std::string& logged_in_as() const { return logged_in_as_; }
  /// Another process has let the user in.
  void adopt(const std::string& logged_in_as, AuthMethod method) {
    logged_in_as_ = logged_in_as;
    method_ = method;
  }

 private:
  void on_verdict(const AuthVerdict& verdict) override;
  /// To the session, and to the call's story.
  void tell(const AuthVerdict& verdict);
  void refuse(const std::string& user, const AuthRejected& rejected);
  void count_unjudged(const std::string& user, const AuthUnavailable* unavailable);
  void on_waited();
  /// Waits for its turn, or is refused if it cannot wait that long.
  void wait(LoginBackoff::Turn turn);
  void count(bool accepted);
  [[nodiscard]] Duration patience() const;
  /// What the back-off counts attempts of `user` by.
  [[nodiscard]] std::string account_of(std::string_view user) const;
  void ask_backend(AuthRequest request);
  /// LCP has begun anew. Only the same user may log in, and what fails may be anybody's proof: it is not held against
  /// the peer.
  [[nodiscard]] bool logs_in_again() const { return !logged_in_as_.empty(); }
  [[nodiscard]] bool is_same_user(const std::string& one, const std::string& other) const;

  ConcentratorCore& core_;
  CallRecord& call_;
  AuthClient* session_ = nullptr;              // from its request to cancel()
  std::string claimed_user_;                   // from the request to the verdict
  std::string logged_in_as_;                   // the name that was claimed
  std::unique_ptr<AuthRequest> waiting_;       // the back end has yet to be asked
  std::unique_ptr<AuthRejected> late_;         // the peer has yet to hear of it
  Instant until_;                              // the session waits
  Timer timer_;                                // for either
  AuthMethod method_ = AuthMethod::kMsChapV2;  // of the last request
  bool again_ = false;                         // the session has been let in, and has to prove it again
  bool asked_ = false;  // the back end has yet to answer, and LoginBackoff waits for it
};

}  // namespace adit::control
