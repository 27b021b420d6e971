// SPDX-License-Identifier: Apache-2.0
// DES as MS-CHAP uses it: one block, a key of 56 bits packed in 7 octets (RFC 2433 A.7, RFC 2759 §8.6).
// Thread: any, after initialise(). Pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace adit::crypto {

/// Spreads 56 key bits over 8 octets, 7 to an octet, most significant first, and sets odd parity in the
/// lowest bit (DES ignores parity; the RFC's examples print it).
[[nodiscard]] std::array<std::uint8_t, 8> des_expand_key(std::span<const std::uint8_t, 7> key) noexcept;

/// One block in ECB under the expanded `key`.
[[nodiscard]] std::array<std::uint8_t, 8> des_encrypt(std::span<const std::uint8_t, 7> key,
                                                      std::span<const std::uint8_t, 8> block) noexcept;

}  // namespace adit::crypto
