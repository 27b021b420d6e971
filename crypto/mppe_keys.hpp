// SPDX-License-Identifier: Apache-2.0
// MPPE start keys from MS-CHAP credentials (RFC 3079 §2, §3) and the initial session keys made of them.
// We are the server: `send` encrypts towards the peer, `receive` decrypts what it sends.
// Thread: any, after initialise(). Pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "crypto/mppe_batch.hpp"
#include "crypto/mschap.hpp"
#include "crypto/secret.hpp"

namespace adit::crypto {

/// Always 16 octets; 40 and 56 bits use the first 8 (RFC 3079 §3.3: the shorter key is a prefix).
struct MppeStartKeys {
  Secret<16> send;
  Secret<16> receive;
};

/// RFC 3079 §3.3: MS-CHAPv2, all strengths.
[[nodiscard]] MppeStartKeys mppe_start_keys_v2(const Secret<16>& nt_hash_hash,
                                               const NtResponse& nt_response) noexcept;

/// RFC 3079 §2.3: MS-CHAPv1, 128 bits only. Both directions have the same key.
[[nodiscard]] MppeStartKeys mppe_start_keys_v1(const Secret<16>& nt_hash_hash,
                                               std::span<const std::uint8_t, 8> challenge) noexcept;

/// RFC 3079 §2.1, §2.2: MS-CHAPv1, 40 and 56 bits: the LAN Manager hash itself, in both directions.
[[nodiscard]] MppeStartKeys mppe_start_keys_v1_short(const Secret<16>& lm_hash) noexcept;

/// RFC 3748 §7.10, RFC 5216 §2.3: of a method of EAP. The MSK's first half is for what the peer sends, the second for what we
/// send; 16 octets of each are start keys, as of RADIUS' MS-MPPE keys (RFC 3079 §4 has no step before it).
[[nodiscard]] MppeStartKeys mppe_start_keys_msk(const Secret<64>& msk) noexcept;

/// RFC 3079 §3.4: the session key before the first packet (a stateless sender changes it once before using
/// it). Octets beyond 8 are 0 for 40 and 56 bits.
[[nodiscard]] Secret<16> mppe_initial_session_key(const Secret<16>& start_key, MppeKeyLength length) noexcept;

}  // namespace adit::crypto
