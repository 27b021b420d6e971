// SPDX-License-Identifier: Apache-2.0
// MS-CHAP version 1 (RFC 2433 appendix A) and 2 (RFC 2759 §8): hashes, responses, and the authenticator's own
// proof. Compare responses with equal_constant_time.
// Thread: any, after initialise(). Pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "crypto/digest.hpp"
#include "crypto/secret.hpp"

namespace adit::crypto {

using NtResponse = std::array<std::uint8_t, 24>;

/// RFC 2759 §8.3: MD4 over the password in UTF-16LE. `password` is UTF-8; one that is not valid UTF-8 is
/// taken octet by octet as Latin-1, which is what pppd does with every password.
[[nodiscard]] Secret<16> nt_password_hash(Bytes password);

/// RFC 2759 §8.4: MD4 over the hash.
[[nodiscard]] Secret<16> nt_hash_hash(const Secret<16>& nt_hash) noexcept;

/// RFC 2433 A.2: the LAN Manager hash, needed only for the 40- and 56-bit keys of MS-CHAPv1 (RFC 3079 §2.1).
/// Only the first 14 octets count; ASCII letters become upper case, other octets stay (the OEM code page is
/// unknown).
[[nodiscard]] Secret<16> lm_password_hash(Bytes password) noexcept;

/// RFC 2759 §8.2: SHA-1 over both challenges and the user name, first 8 octets. A domain before the last
/// backslash of `user` is left out.
[[nodiscard]] std::array<std::uint8_t, 8> challenge_hash(
    std::span<const std::uint8_t, 16> peer_challenge,
    std::span<const std::uint8_t, 16> authenticator_challenge, std::string_view user) noexcept;

/// RFC 2759 §8.5, RFC 2433 A.5: three DES blocks under the 21-octet zero-padded hash. `challenge` is
/// challenge_hash() for version 2, and the challenge itself for version 1.
[[nodiscard]] NtResponse nt_response(std::span<const std::uint8_t, 8> challenge,
                                     const Secret<16>& nt_hash) noexcept;

/// RFC 2759 §8.7: "S=" and 40 upper-case hexadecimal digits (clients compare the case too).
[[nodiscard]] std::string authenticator_response(const Secret<16>& nt_hash_hash,
                                                 const NtResponse& nt_response,
                                                 std::span<const std::uint8_t, 8> challenge);

/// `user` without a domain: what follows the last backslash.
[[nodiscard]] std::string_view without_domain(std::string_view user) noexcept;

}  // namespace adit::crypto
