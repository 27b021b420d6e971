// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/auth_backend.hpp"

#include "controlplane/auth/eap_method.hpp"

namespace adit::control {

AuthBackend::~AuthBackend() = default;

std::unique_ptr<EapMethod> AuthBackend::make_eap_method(wire::EapType /*type*/, EapMethodHost& /*host*/) {
  return nullptr;
}

}  // namespace adit::control
