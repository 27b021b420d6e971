// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/local_users.hpp"

#include <utility>

#include "crypto/digest.hpp"
#include "crypto/mppe_keys.hpp"
#include "crypto/mschap.hpp"

namespace adit::control {
namespace {

/// Compares a proof with one password. The work depends on the kind of proof, not on the outcome.
struct Verifier {
  std::span<const std::uint8_t> password;
  const crypto::Secret<16>& nt_hash;
  std::string_view user;

  bool operator()(const PapProof& proof) const {
    // Compares digests, so that timing does not reveal the length of the password.
    return crypto::equal_constant_time(crypto::sha1({proof.password.bytes()}), crypto::sha1({password}));
  }
  bool operator()(const ChapMd5Proof& proof) const {
    return crypto::equal_constant_time(crypto::chap_md5_response(proof.identifier, password, proof.challenge),
                                       proof.response);
  }
  bool operator()(const MsChapV1Proof& proof) const {
    return crypto::equal_constant_time(crypto::nt_response(proof.challenge, nt_hash), proof.nt_response);
  }
  bool operator()(const MsChapV2Proof& proof) const {
    const auto challenge = crypto::challenge_hash(proof.peer_challenge, proof.challenge, user);
    return crypto::equal_constant_time(crypto::nt_response(challenge, nt_hash), proof.nt_response);
  }
};

/// What MS-CHAP adds to an acceptance: keys, and our own proof.
struct Completer {
  const crypto::Secret<16>& nt_hash;
  std::string_view user;
  AuthAccepted& accepted;

  void operator()(const PapProof&) const {}
  void operator()(const ChapMd5Proof&) const {}
  void operator()(const MsChapV1Proof& proof) const {
    accepted.mppe = crypto::mppe_start_keys_v1(crypto::nt_hash_hash(nt_hash), proof.challenge);
  }
  void operator()(const MsChapV2Proof& proof) const {
    const crypto::Secret<16> hash_hash = crypto::nt_hash_hash(nt_hash);
    const auto challenge = crypto::challenge_hash(proof.peer_challenge, proof.challenge, user);
    accepted.authenticator_response = crypto::authenticator_response(hash_hash, proof.nt_response, challenge);
    accepted.mppe = crypto::mppe_start_keys_v2(hash_hash, proof.nt_response);
  }
};

}  // namespace

LocalUsers::LocalUsers(UserTable users) : users_(std::move(users)) {
  nobody_.password = crypto::SecretText("a password as long as most");
  nobody_.nt_hash = crypto::nt_password_hash(nobody_.password.bytes());
}

void LocalUsers::authenticate(AuthRequest request, AuthClient& client) {
  const auto found = users_.find(request.user);
  const LocalUser& user = found ? found->user : nobody_;
  const bool proven = std::visit(Verifier{user.password.bytes(), user.nt_hash, request.user}, request.proof);
  if (!found || !proven) {
    client.on_verdict(AuthRejected{.why = found ? "wrong password" : "no such user"});
    return;
  }
  AuthAccepted accepted;
  accepted.user = found->name;
  accepted.address = user.address;
  accepted.rate = user.rate;
  accepted.routes = user.routes;
  std::visit(Completer{user.nt_hash, request.user, accepted}, request.proof);
  client.on_verdict(std::move(accepted));
}

}  // namespace adit::control
