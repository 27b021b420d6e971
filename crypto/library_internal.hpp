// SPDX-License-Identifier: Apache-2.0
// The fetched OpenSSL algorithms, for the files of crypto/ alone.
// Thread: any, after initialise(). Owner: library.cpp; lives until the process ends.
#pragma once

#include <openssl/evp.h>
#include <openssl/provider.h>

namespace adit::crypto {

struct Library {
  OSSL_LIB_CTX* context = nullptr;
  OSSL_PROVIDER* base = nullptr;
  OSSL_PROVIDER* legacy = nullptr;
  EVP_MD* md4 = nullptr;
  EVP_MD* md5 = nullptr;
  EVP_MD* sha1 = nullptr;
  EVP_CIPHER* des_ecb = nullptr;
};

/// Ends the process when initialise() has not succeeded.
[[nodiscard]] const Library& library() noexcept;

/// For calls that fail only when out of memory or by a bug: says which call, and ends the process.
[[noreturn]] void die(const char* what) noexcept;

}  // namespace adit::crypto
