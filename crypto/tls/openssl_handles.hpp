// SPDX-License-Identifier: Apache-2.0
// Owners of OpenSSL's objects and its words for the log, for the files of crypto/tls/ alone. Thread: any.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace adit::crypto {

template <auto kFree>
struct FreeBy {
  template <typename Handle>
  void operator()(Handle* handle) const noexcept {
    kFree(handle);
  }
};

using Bio = std::unique_ptr<BIO, FreeBy<&BIO_free>>;
using Certificate = std::unique_ptr<X509, FreeBy<&X509_free>>;
using RevocationList = std::unique_ptr<X509_CRL, FreeBy<&X509_CRL_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, FreeBy<&EVP_PKEY_free>>;

/// The cause of what failed last on this thread, whose list of errors is empty then: "no shared cipher".
[[nodiscard]] std::string take_openssl_reason();

/// "CN=alice,O=Example" (RFC 2253), at most 200 octets; escape it.
[[nodiscard]] std::string to_text(const X509_NAME* name);

}  // namespace adit::crypto
