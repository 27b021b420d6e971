// SPDX-License-Identifier: Apache-2.0
#include "crypto/digest.hpp"

#include "crypto/library_internal.hpp"

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

}  // namespace adit::crypto
