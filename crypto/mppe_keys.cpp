// SPDX-License-Identifier: Apache-2.0
#include "crypto/mppe_keys.hpp"

#include <string_view>

#include "crypto/digest.hpp"
#include "crypto/mppe_rekey.hpp"

namespace adit::crypto {
namespace {

// RFC 3079 §3.4.
constexpr std::string_view kMagic1 = "This is the MPPE Master Key";
constexpr std::string_view kMagic2 =
    "On the client side, this is the send key; on the server side, it is the receive key.";
constexpr std::string_view kMagic3 =
    "On the client side, this is the receive key; on the server side, it is the send key.";
static_assert(kMagic1.size() == 27 && kMagic2.size() == 84 && kMagic3.size() == 84);

Secret<16> first_16(std::array<std::uint8_t, 20> digest) {
  const Secret<16> key{std::span<const std::uint8_t, 20>(digest).first<16>()};
  wipe(digest.data(), digest.size());
  return key;
}

// RFC 3079 §3.4 GetAsymmetricStartKey.
Secret<16> asymmetric_start_key(const Secret<16>& master, std::string_view magic) {
  std::array<std::uint8_t, 40> pad1{};
  std::array<std::uint8_t, 40> pad2;
  pad2.fill(0xF2);
  return first_16(sha1({master.bytes(), pad1, octets_of(magic), pad2}));
}

}  // namespace

MppeStartKeys mppe_start_keys_v2(const Secret<16>& nt_hash_hash, const NtResponse& nt_response) noexcept {
  const Secret<16> master = first_16(sha1({nt_hash_hash.bytes(), nt_response, octets_of(kMagic1)}));
  return {.send = asymmetric_start_key(master, kMagic3), .receive = asymmetric_start_key(master, kMagic2)};
}

MppeStartKeys mppe_start_keys_v1(const Secret<16>& nt_hash_hash,
                                 std::span<const std::uint8_t, 8> challenge) noexcept {
  const Secret<16> key = first_16(sha1({nt_hash_hash.bytes(), nt_hash_hash.bytes(), challenge}));
  return {.send = key, .receive = key};
}

MppeStartKeys mppe_start_keys_v1_short(const Secret<16>& lm_hash) noexcept {
  return {.send = lm_hash, .receive = lm_hash};
}

MppeStartKeys mppe_start_keys_msk(const Secret<64>& msk) noexcept {
  return {.send = Secret<16>(msk.bytes().subspan<32, 16>()), .receive = Secret<16>(msk.bytes().first<16>())};
}

Secret<16> mppe_initial_session_key(const Secret<16>& start_key, MppeKeyLength length) noexcept {
  Secret<16> key;
  mppe_new_key_from_sha(start_key.bytes(), start_key.bytes(), length, key.bytes());
  return key;
}

}  // namespace adit::crypto
