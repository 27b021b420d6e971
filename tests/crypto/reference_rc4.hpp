// SPDX-License-Identifier: Apache-2.0
// OpenSSL's RC4 as an oracle for ours.
#pragma once

#include <cstdlib>

#include "crypto/library_internal.hpp"
#include "tests/crypto/octets.hpp"

namespace adit::crypto::test {

inline Octets openssl_rc4(std::span<const std::uint8_t> key, std::span<const std::uint8_t> data) {
  EVP_CIPHER* rc4 = EVP_CIPHER_fetch(library().context, "RC4", nullptr);
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  Octets out(data.size() + 1);
  int size = 0;
  const bool good =
      EVP_EncryptInit_ex2(context, rc4, nullptr, nullptr, nullptr) == 1 &&
      EVP_CIPHER_CTX_set_key_length(context, static_cast<int>(key.size())) == 1 &&
      EVP_EncryptInit_ex2(context, nullptr, key.data(), nullptr, nullptr) == 1 &&
      EVP_EncryptUpdate(context, out.data(), &size, data.data(), static_cast<int>(data.size())) == 1;
  EVP_CIPHER_CTX_free(context);
  EVP_CIPHER_free(rc4);
  if (!good) {
    std::abort();
  }
  out.resize(data.size());
  return out;
}

}  // namespace adit::crypto::test
