// SPDX-License-Identifier: Apache-2.0
#include "crypto/digest.hpp"

#include <algorithm>

#include "crypto/library_internal.hpp"
#include "crypto/secret.hpp"

namespace adit::crypto {
namespace {

template <std::size_t kSize>
std::array<std::uint8_t, kSize> digest(const EVP_MD* algorithm, std::initializer_list<Bytes> parts) noexcept {
  std::array<std::uint8_t, kSize> out;
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  bool good = context != nullptr && EVP_DigestInit_ex2(context, algorithm, nullptr) == 1;
  for (const Bytes part : parts) {
    good = good && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
  }
  if (!good || EVP_DigestFinal_ex(context, out.data(), nullptr) != 1) {
    die("a digest failed (out of memory?)");
  }
  EVP_MD_CTX_free(context);  // wipes its state
  return out;
}

}  // namespace

std::array<std::uint8_t, 16> md4(std::initializer_list<Bytes> parts) noexcept {
  return digest<16>(library().md4, parts);
}
std::array<std::uint8_t, 16> md5(std::initializer_list<Bytes> parts) noexcept {
  return digest<16>(library().md5, parts);
}
std::array<std::uint8_t, 20> sha1(std::initializer_list<Bytes> parts) noexcept {
  return digest<20>(library().sha1, parts);
}

std::array<std::uint8_t, 16> hmac_md5(Bytes key, std::initializer_list<Bytes> parts) noexcept {
  constexpr std::size_t kBlock = 64;
  std::array<std::uint8_t, kBlock> inner{};
  const auto shortened = key.size() > kBlock ? md5({key}) : std::array<std::uint8_t, 16>{};
  const Bytes fitting = key.size() > kBlock ? Bytes(shortened) : key;
  std::ranges::copy(fitting, inner.begin());
  std::array<std::uint8_t, kBlock> outer = inner;
  for (std::size_t i = 0; i < kBlock; ++i) {
    inner[i] ^= 0x36;
    outer[i] ^= 0x5c;
  }
  std::array<std::uint8_t, 16> out{};
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  bool good = context != nullptr && EVP_DigestInit_ex2(context, library().md5, nullptr) == 1 &&
              EVP_DigestUpdate(context, inner.data(), inner.size()) == 1;
  for (const Bytes part : parts) {
    good = good && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
  }
  if (!good || EVP_DigestFinal_ex(context, out.data(), nullptr) != 1) {
    die("a digest failed (out of memory?)");
  }
  EVP_MD_CTX_free(context);
  out = md5({outer, out});
  wipe(inner.data(), inner.size());
  wipe(outer.data(), outer.size());
  return out;
}

}  // namespace adit::crypto
