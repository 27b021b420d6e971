// SPDX-License-Identifier: Apache-2.0
#include "controlplane/client/client_settings.hpp"

#include "crypto/mschap.hpp"

namespace adit::control {

void set_password(ClientSettings& settings, std::string_view password) {
  settings.password = crypto::SecretText(password);
  settings.nt_hash = crypto::nt_password_hash(settings.password.bytes());
  settings.nt_hash_hash = crypto::nt_hash_hash(settings.nt_hash);
}

}  // namespace adit::control
