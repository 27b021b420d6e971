// SPDX-License-Identifier: Apache-2.0
// The certificate that all calls show with EAP-TLS, of the files that the plan names. Thread: control, at start-up, after
// crypto::initialise().
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "app/adit-blast/plan/plan.hpp"
#include "crypto/tls/tls_credentials.hpp"

namespace adit::app::blast {

/// Null: the plan has no EAP-TLS. The error says which file cannot be used, and what to do.
[[nodiscard]] std::expected<std::shared_ptr<const crypto::TlsCredentials>, std::string>
read_client_certificate(const Plan& plan);

}  // namespace adit::app::blast
