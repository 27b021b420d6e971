// SPDX-License-Identifier: Apache-2.0
#include "crypto/des.hpp"

#include <bit>

#include "crypto/library_internal.hpp"
#include "crypto/secret.hpp"

namespace adit::crypto {

std::array<std::uint8_t, 8> des_expand_key(std::span<const std::uint8_t, 7> key) noexcept {
  std::uint64_t bits = 0;
  for (const std::uint8_t octet : key) {
    bits = bits << 8 | octet;
  }
  std::array<std::uint8_t, 8> expanded;
  for (unsigned i = 0; i < expanded.size(); ++i) {
    const auto seven = static_cast<unsigned>(bits >> (49 - 7 * i) & 0x7F);
    const unsigned parity = std::popcount(seven) % 2 == 0 ? 1 : 0;
    expanded[i] = static_cast<std::uint8_t>(seven << 1 | parity);
  }
  return expanded;
}

std::array<std::uint8_t, 8> des_encrypt(std::span<const std::uint8_t, 7> key,
                                        std::span<const std::uint8_t, 8> block) noexcept {
  std::array<std::uint8_t, 8> expanded = des_expand_key(key);
  std::array<std::uint8_t, 8> out;
  int size = 0;
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  const bool good =
      context != nullptr &&
      EVP_EncryptInit_ex2(context, library().des_ecb, expanded.data(), nullptr, nullptr) == 1 &&
      EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
      EVP_EncryptUpdate(context, out.data(), &size, block.data(), static_cast<int>(block.size())) == 1;
  if (!good || size != static_cast<int>(out.size())) {
    die("DES failed (out of memory?)");
  }
  EVP_CIPHER_CTX_free(context);
  wipe(expanded.data(), expanded.size());
  return out;
}

}  // namespace adit::crypto
