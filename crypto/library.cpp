// SPDX-License-Identifier: Apache-2.0
#include "crypto/library.hpp"

#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <cstdio>
#include <cstdlib>

#include "crypto/library_internal.hpp"
#include "crypto/mppe_implementations.hpp"

namespace adit::crypto {
namespace {

Library opened;
bool ready = false;

std::string openssl_reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  char text[256] = "no reason given";
  if (code != 0) {
    ERR_error_string_n(code, text, sizeof text);
  }
  return text;
}

void close_half_opened(Library& half) {
  EVP_MD_free(half.md4);
  EVP_MD_free(half.md5);
  EVP_MD_free(half.sha1);
  EVP_CIPHER_free(half.des_ecb);
  if (half.legacy != nullptr) {
    OSSL_PROVIDER_unload(half.legacy);
  }
  if (half.base != nullptr) {
    OSSL_PROVIDER_unload(half.base);
  }
  OSSL_LIB_CTX_free(half.context);
}

}  // namespace

std::expected<void, std::string> initialise() {
  if (ready) {
    return {};
  }
  Library half;
  const auto failed = [&half](const char* what, const char* remedy) -> std::expected<void, std::string> {
    std::string text = std::string(what) + ": " + openssl_reason() + "; " + remedy;
    close_half_opened(half);
    return std::unexpected(std::move(text));
  };
  half.context = OSSL_LIB_CTX_new();
  half.base = half.context == nullptr ? nullptr : OSSL_PROVIDER_load(half.context, "default");
  if (half.base == nullptr) {
    return failed("OpenSSL's default provider does not load", "check the installation of libssl3");
  }
  half.legacy = OSSL_PROVIDER_load(half.context, "legacy");
  if (half.legacy == nullptr) {
    return failed("OpenSSL's legacy provider (MD4 and DES of MS-CHAP) does not load",
                  "install ossl-modules/legacy.so of the same OpenSSL, or point OPENSSL_MODULES at it");
  }
  half.md4 = EVP_MD_fetch(half.context, "MD4", nullptr);
  half.md5 = EVP_MD_fetch(half.context, "MD5", nullptr);
  half.sha1 = EVP_MD_fetch(half.context, "SHA1", nullptr);
  half.des_ecb = EVP_CIPHER_fetch(half.context, "DES-ECB", nullptr);
  if (half.md4 == nullptr || half.md5 == nullptr || half.sha1 == nullptr || half.des_ecb == nullptr) {
    return failed("OpenSSL lacks one of MD4, MD5, SHA1, DES-ECB", "use an OpenSSL built with them");
  }
  const char* const wanted = std::getenv("ADIT_MPPE");
  if (const auto chosen = mppe_select(wanted == nullptr ? "" : wanted); !chosen) {
    close_half_opened(half);
    return std::unexpected("ADIT_MPPE: " + chosen.error());
  }
  opened = half;
  ready = true;
  return {};
}

void random_fill(std::span<std::uint8_t> out) noexcept {
  if (RAND_bytes_ex(library().context, out.data(), out.size(), 0) != 1) {
    die("the random generator failed");
  }
}

const Library& library() noexcept {
  if (!ready) {
    die("crypto::initialise() was not called");
  }
  return opened;
}

void die(const char* what) noexcept {
  std::fprintf(stderr, "crypto: %s\n", what);
  std::abort();
}

}  // namespace adit::crypto
