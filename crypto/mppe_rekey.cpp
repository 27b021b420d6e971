// SPDX-License-Identifier: Apache-2.0
#include "crypto/mppe_rekey.hpp"

#include <cstring>

#include "crypto/kernels/sha1_lanes.hpp"
#include "crypto/rc4.hpp"

namespace adit::crypto {

void mppe_salt(MppeKeyLength length, std::span<std::uint8_t, 16> key) noexcept {
  if (length != MppeKeyLength::k128) {
    key[0] = 0xD1;
  }
  if (length == MppeKeyLength::k40) {
    key[1] = 0x26;
    key[2] = 0x9E;
  }
}

void mppe_new_key_from_sha(std::span<const std::uint8_t, 16> start, std::span<const std::uint8_t, 16> session,
                           MppeKeyLength length, std::span<std::uint8_t, 16> out) noexcept {
  std::memmove(out.data(), session.data(), out.size());
  const RekeyLane lane{start.data(), out.data()};
  rekey_sha1_openssl(&lane, 1, length == MppeKeyLength::k128);
  mppe_salt(length, out);
}

// The interim key encrypts itself *before* the salt: with 40 and 56 bits a salted interim key starts
// another chain.
void mppe_change_key(std::span<const std::uint8_t, 16> start, MppeKeyLength length,
                     std::span<std::uint8_t, 16> session) noexcept {
  const RekeyLane lane{start.data(), session.data()};
  rekey_sha1_openssl(&lane, 1, length == MppeKeyLength::k128);
  const auto interim = session.first(mppe_key_octets(length));
  Rc4(interim).apply(interim);
  mppe_salt(length, session);
}

}  // namespace adit::crypto
