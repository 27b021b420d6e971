// SPDX-License-Identifier: Apache-2.0
// SHA-1 here is OpenSSL's low-level one, deprecated though it is: EVP allocates for each digest, which the data path must
// not, and for one chain at a time it is as good as ours.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/mppe_rekey.hpp"

#include <openssl/sha.h>
#include <algorithm>

#include "crypto/rc4.hpp"
#include "crypto/secret.hpp"

namespace adit::crypto {
namespace {

// RFC 3079 §3.4: SHApad1 and SHApad2.
constexpr std::array<std::uint8_t, 40> kShaPad1{};
constexpr std::array<std::uint8_t, 40> kShaPad2 = [] {
  std::array<std::uint8_t, 40> pad{};
  pad.fill(0xF2);
  return pad;
}();

void hash_keys(const std::uint8_t* start, const std::uint8_t* session, std::size_t octets,
               std::span<std::uint8_t, 16> out) noexcept {
  SHA_CTX context;
  std::uint8_t digest[SHA_DIGEST_LENGTH];
  SHA1_Init(&context);
  SHA1_Update(&context, start, octets);
  SHA1_Update(&context, kShaPad1.data(), kShaPad1.size());
  SHA1_Update(&context, session, octets);
  SHA1_Update(&context, kShaPad2.data(), kShaPad2.size());
  SHA1_Final(digest, &context);
  std::copy_n(digest, octets, out.begin());
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(octets), out.end(), std::uint8_t{0});
  wipe(&context, sizeof context);
  wipe(digest, sizeof digest);
}

}  // namespace

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
  hash_keys(start.data(), session.data(), mppe_key_octets(length), out);
  mppe_salt(length, out);
}

// The interim key encrypts itself *before* the salt: with 40 and 56 bits a salted interim key is another chain.
void mppe_change_key(std::span<const std::uint8_t, 16> start, MppeKeyLength length,
                     std::span<std::uint8_t, 16> session) noexcept {
  const std::size_t octets = mppe_key_octets(length);
  Secret<16> interim;
  hash_keys(start.data(), session.data(), octets, interim.bytes());
  std::ranges::copy(interim.bytes(), session.begin());
  Rc4(interim.bytes().first(octets)).apply(session.first(octets));
  mppe_salt(length, session);
}

void rekey_sha1_openssl(const RekeyLane* lanes, std::size_t count, bool wide) {
  for (; count > 0; ++lanes, --count) {
    hash_keys(lanes->start, lanes->session, wide ? 16 : 8, std::span<std::uint8_t, 16>(lanes->session, 16));
  }
}

}  // namespace adit::crypto
