// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/authenticator.hpp"

#include "controlplane/auth/chap.hpp"
#include "controlplane/auth/eap.hpp"
#include "controlplane/auth/pap.hpp"

namespace adit::control {

std::unique_ptr<Authenticator> make_authenticator(AuthMethod method, const Settings& settings,
                                                  TimerWheel& wheel, Entropy& entropy, AuthBackend& backend,
                                                  AuthenticatorHost& host, AuthOrigin origin) {
  AuthContext context{settings, wheel, entropy, backend, host, std::move(origin), method};
  if (method == AuthMethod::kEap) {
    return std::make_unique<Eap>(std::move(context));
  }
  if (method == AuthMethod::kPap) {
    return std::make_unique<Pap>(std::move(context));
  }
  return std::make_unique<Chap>(method, std::move(context));
}

}  // namespace adit::control
