// SPDX-License-Identifier: Apache-2.0
// One step of an MPPE key chain: RFC 3078 §7.3, RFC 3079 §3.1 (GetNewKeyFromSHA) and §2.1/2.2 (salts).
// Used for the initial session key (control) and before every packet (data path): no allocation.
// Thread: any. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "crypto/mppe_batch.hpp"

namespace adit::crypto {

/// Octets of a key that take part in hashing and in RC4.
[[nodiscard]] constexpr std::size_t mppe_key_octets(MppeKeyLength length) noexcept {
  return length == MppeKeyLength::k128 ? 16 : 8;
}

/// GetNewKeyFromSHA and the salt of 40 and 56 bits. From (start, start) it makes the initial session key.
/// Octets of `out` beyond mppe_key_octets() become 0. `out` may be `session`.
void mppe_new_key_from_sha(std::span<const std::uint8_t, 16> start, std::span<const std::uint8_t, 16> session,
                           MppeKeyLength length, std::span<std::uint8_t, 16> out) noexcept;

/// RFC 3078 §7.3: the session key after `session`, in place.
void mppe_change_key(std::span<const std::uint8_t, 16> start, MppeKeyLength length,
                     std::span<std::uint8_t, 16> session) noexcept;

/// RFC 3079 §2.1, §2.2: fixes the first octets of an 8-octet key, which leaves 40 or 56 secret bits. Does
/// nothing for 128.
void mppe_salt(MppeKeyLength length, std::span<std::uint8_t, 16> key) noexcept;

}  // namespace adit::crypto
