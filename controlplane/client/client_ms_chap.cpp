// SPDX-License-Identifier: Apache-2.0
#include "controlplane/client/client_ms_chap.hpp"

#include <string>
#include <utility>

#include "crypto/digest.hpp"
#include "crypto/mschap.hpp"

namespace adit::control {
namespace {

/// RFC 2759 §8.7: "S=" and 40 digits.
constexpr std::size_t kAuthenticatorResponseSize = 42;

}  // namespace

crypto::Secret<16> hash_hash(const ClientSettings& settings) {
  return settings.nt_hash_hash ? *settings.nt_hash_hash : crypto::nt_hash_hash(settings.nt_hash);
}

wire::MsChapV2Response ClientMsChapV2::answer(std::span<const std::uint8_t, 16> challenge,
                                              std::string_view user, Entropy& entropy) {
  wire::MsChapV2Response proof;
  entropy.fill(proof.peer_challenge);
  challenge_ = crypto::challenge_hash(proof.peer_challenge, challenge, user);
  nt_response_ = proof.nt_response = crypto::nt_response(challenge_, settings_.nt_hash);
  return proof;
}

bool ClientMsChapV2::is_proven_by(wire::Bytes message) const {
  const std::string expected = crypto::authenticator_response(hash_hash(settings_), nt_response_, challenge_);
  return message.size() >= kAuthenticatorResponseSize &&
         crypto::equal_constant_time(message.first(kAuthenticatorResponseSize), wire::octets_of(expected));
}

crypto::MppeStartKeys ClientMsChapV2::keys() const {
  crypto::MppeStartKeys keys = crypto::mppe_start_keys_v2(hash_hash(settings_), nt_response_);
  std::swap(keys.send, keys.receive);  // they were from the server's side
  return keys;
}

}  // namespace adit::control
