// SPDX-License-Identifier: Apache-2.0
// MD4 (RFC 1320), MD5 (RFC 1321), SHA-1 (RFC 3174) of messages given in parts. For the control plane: each
// call allocates a context. The data path's SHA-1 is in kernels/.
// Thread: any, after initialise(). Pure.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace adit::crypto {

using Bytes = std::span<const std::uint8_t>;

[[nodiscard]] inline Bytes octets_of(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

[[nodiscard]] std::array<std::uint8_t, 16> md4(std::initializer_list<Bytes> parts) noexcept;
[[nodiscard]] std::array<std::uint8_t, 16> md5(std::initializer_list<Bytes> parts) noexcept;
[[nodiscard]] std::array<std::uint8_t, 20> sha1(std::initializer_list<Bytes> parts) noexcept;
/// RFC 2104.
[[nodiscard]] std::array<std::uint8_t, 16> hmac_md5(Bytes key, std::initializer_list<Bytes> parts) noexcept;

/// The Response Value of CHAP with MD5, RFC 1994 §4.1: over Identifier, secret, challenge.
[[nodiscard]] inline std::array<std::uint8_t, 16> chap_md5_response(std::uint8_t identifier, Bytes secret,
                                                                    Bytes challenge) noexcept {
  return md5({Bytes(&identifier, 1), secret, challenge});
}

}  // namespace adit::crypto
