// SPDX-License-Identifier: Apache-2.0
#include "controlplane/authenticator.hpp"

#include "controlplane/chap.hpp"
#include "controlplane/pap.hpp"

namespace adit::control {

std::unique_ptr<Authenticator> make_authenticator(AuthMethod method, const Settings& settings,
                                                  TimerWheel& wheel, Entropy& entropy, AuthBackend& backend,
                                                  AuthenticatorHost& host, AuthOrigin origin) {
  AuthContext context{settings, wheel, entropy, backend, host, std::move(origin)};
  if (method == AuthMethod::kPap) {
    return std::make_unique<Pap>(std::move(context));
  }
  return std::make_unique<Chap>(method, std::move(context));
}

}  // namespace adit::control
