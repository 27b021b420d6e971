// SPDX-License-Identifier: Apache-2.0
// Two backends in order: the second is asked only when the first is unavailable, never when it rejects the
// user. That the second does not know a user is no verdict: the first may. Nor does it answer a wrong password with
// anything but the first one's silence, or whom it knows could be told from whom it does not.
// An exchange of EAP stays with the server that has begun it; before that, the second one may have ours carried out.
// Whoever judged, a subscriber has one name: what the first one calls the second one's entry.
// Thread: control. Owner: the runtime.
#pragma once

#include <memory>
#include <unordered_map>

#include "controlplane/auth/auth_backend.hpp"

namespace adit::control {

class FallbackAuth final : public AuthBackend {
 public:
  /// Both backends outlive it. `first_within`: how long the first one may take.
  FallbackAuth(AuthBackend& first, AuthBackend& second, Duration first_within);
  ~FallbackAuth() override;

  void use(Duration first_within) { first_within_ = first_within; }

  void authenticate(AuthRequest request, AuthClient& client) override;
  void cancel(AuthClient& client) override;
  [[nodiscard]] std::unique_ptr<EapMethod> make_eap_method(wire::EapType type, EapMethodHost& host) override;
  [[nodiscard]] std::string account_of(std::string_view user) const override {
    return first_.account_of(user);
  }

 private:
  class Request;

  AuthBackend& first_;
  AuthBackend& second_;
  Duration first_within_;
  std::unordered_map<AuthClient*, std::unique_ptr<Request>> requests_;
};

}  // namespace adit::control
