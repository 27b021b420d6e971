// SPDX-License-Identifier: Apache-2.0
// What a certificate calls its owner. Pure; any thread.
#pragma once

#include <string>
#include <vector>

struct x509_st;  // OpenSSL's X509

namespace adit::crypto {

/// Each 1 to 253 octets of UTF-8, without control characters; at most 16. In this order: user principal names
/// (Microsoft's, of SubjectAltName), e-mail addresses, the subject's common name, DNS names.
using CertificateNames = std::vector<std::string>;

[[nodiscard]] CertificateNames names_of(const x509_st& certificate);

}  // namespace adit::crypto
