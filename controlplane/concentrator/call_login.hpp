// SPDX-License-Identifier: Apache-2.0
// The authentication of one call. Stands between the session and the authentication backend: checks an
// acceptance against the user's call limits, and passes it to the call before the session.
// Thread: control. Owner: CallRecord.
#pragma once

#include <string>

#include "controlplane/auth/auth_backend.hpp"

namespace adit::control {

class CallRecord;
class ConcentratorCore;

class CallLogin final : public AuthBackend, private AuthClient {
 public:
  CallLogin(ConcentratorCore& core, CallRecord& call) : core_(core), call_(call) {}

  void authenticate(AuthRequest request, AuthClient& session) override;
  void cancel(AuthClient& session) override;

 private:
  void on_verdict(const AuthVerdict& verdict) override;

  ConcentratorCore& core_;
  CallRecord& call_;
  AuthClient* session_ = nullptr;  // from its request to cancel()
  std::string claimed_user_;       // from the request to the verdict
};

}  // namespace adit::control
