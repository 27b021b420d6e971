// SPDX-License-Identifier: Apache-2.0
#include "crypto/mschap.hpp"

#include <algorithm>

#include "crypto/des.hpp"
#include "crypto/utf16.hpp"

namespace adit::crypto {
namespace {

// RFC 2759 §8.7, without their terminating zeros.
constexpr std::string_view kMagic1 = "Magic server to client signing constant";
constexpr std::string_view kMagic2 = "Pad to make it do more than one iteration";

/// A hash that logs in as the password does: no copy stays on the stack.
Secret<16> keep(std::array<std::uint8_t, 16> hash) noexcept {
  const Secret<16> kept{std::span<const std::uint8_t, 16>(hash)};
  wipe(hash.data(), hash.size());
  return kept;
}

}  // namespace

Secret<16> nt_password_hash(Bytes password) {
  const std::optional<SecretText> unicode = utf16le_from_utf8(password);
  return keep(md4({unicode ? unicode->bytes() : utf16le_from_latin1(password).bytes()}));
}

Secret<16> nt_hash_hash(const Secret<16>& nt_hash) noexcept {
  return keep(md4({nt_hash.bytes()}));
}

Secret<16> lm_password_hash(Bytes password) noexcept {
  constexpr std::array<std::uint8_t, 8> kPlain = {'K', 'G', 'S', '!', '@', '#', '$', '%'};
  Secret<14> upper;
  std::transform(password.begin(), password.begin() + std::min<std::ptrdiff_t>(14, std::ssize(password)),
                 upper.bytes().begin(), [](std::uint8_t octet) {
                   return static_cast<std::uint8_t>(octet >= 'a' && octet <= 'z' ? octet - 'a' + 'A' : octet);
                 });
  Secret<16> hash;
  std::ranges::copy(des_encrypt(upper.bytes().first<7>(), kPlain), hash.bytes().begin());
  std::ranges::copy(des_encrypt(upper.bytes().last<7>(), kPlain), hash.bytes().begin() + 8);
  return hash;
}

std::array<std::uint8_t, 8> challenge_hash(std::span<const std::uint8_t, 16> peer_challenge,
                                           std::span<const std::uint8_t, 16> authenticator_challenge,
                                           std::string_view user) noexcept {
  const auto digest = sha1({peer_challenge, authenticator_challenge, octets_of(without_domain(user))});
  std::array<std::uint8_t, 8> out;
  std::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

NtResponse nt_response(std::span<const std::uint8_t, 8> challenge, const Secret<16>& nt_hash) noexcept {
  Secret<21> padded;
  std::ranges::copy(nt_hash.bytes(), padded.bytes().begin());
  NtResponse out;
  for (std::size_t block = 0; block < 3; ++block) {
    const std::span<const std::uint8_t, 7> key = padded.bytes().subspan(7 * block).first<7>();
    std::ranges::copy(des_encrypt(key, challenge), out.begin() + static_cast<std::ptrdiff_t>(8 * block));
  }
  return out;
}

std::string authenticator_response(const Secret<16>& nt_hash_hash, const NtResponse& nt_response,
                                   std::span<const std::uint8_t, 8> challenge) {
  const auto inner = sha1({nt_hash_hash.bytes(), nt_response, octets_of(kMagic1)});
  const auto digest = sha1({inner, challenge, octets_of(kMagic2)});
  std::string out = "S=";
  for (const std::uint8_t octet : digest) {
    out += "0123456789ABCDEF"[octet >> 4];
    out += "0123456789ABCDEF"[octet & 15];
  }
  return out;
}

std::string_view without_domain(std::string_view user) noexcept {
  return user.substr(user.rfind('\\') + 1);  // npos + 1 is 0: the whole name
}

}  // namespace adit::crypto
