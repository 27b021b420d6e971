// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/local_users.hpp"

#include <utility>

#include "crypto/digest.hpp"
#include "crypto/mppe_keys.hpp"
#include "crypto/mschap.hpp"

namespace adit::control {
namespace {

/// Compares a proof with one user's password. The work depends on the kind of proof, not on the outcome.
struct Verifier {
  const LocalUser& known;
  std::string_view user;

  bool operator()(const PapProof& proof) const {
    // Compares digests, so that timing does not reveal the length of the password.
    const bool by_text = crypto::equal_constant_time(crypto::sha1({proof.password.bytes()}),
                                                     crypto::sha1({known.password.bytes()}));
    const bool by_hash = crypto::equal_constant_time(crypto::nt_password_hash(proof.password.bytes()).bytes(),
                                                     known.nt_hash.bytes());
    return known.hash_only ? by_hash : by_text;
  }
  bool operator()(const ChapMd5Proof& proof) const {
    const bool by_text = crypto::equal_constant_time(
        crypto::chap_md5_response(proof.identifier, known.password.bytes(), proof.challenge), proof.response);
    return by_text && !known.hash_only;
  }
  bool operator()(const MsChapV1Proof& proof) const {
    return crypto::equal_constant_time(crypto::nt_response(proof.challenge, known.nt_hash),
                                       proof.nt_response);
  }
  bool operator()(const MsChapV2Proof& proof) const {
    const auto challenge = crypto::challenge_hash(proof.peer_challenge, proof.challenge, user);
    return crypto::equal_constant_time(crypto::nt_response(challenge, known.nt_hash), proof.nt_response);
  }
  bool operator()(const EapProof&) const { return false; }          // authenticate() has not let it come here
  bool operator()(const CertificateProof&) const { return false; }  // likewise
};

constexpr std::string_view kJudge = "chap-secrets";

/// For the log alone.
std::string why_not(const LocalUser& user, const AuthProof& proof) {
  return user.hash_only && std::holds_alternative<ChapMd5Proof>(proof)
             ? "CHAP-MD5 needs the password, and chap-secrets has its hash alone"
             : "wrong password";
}

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
  void operator()(const EapProof&) const {}
  void operator()(const CertificateProof&) const {}
};

AuthAccepted terms_of(const LocalUser& user) {
  AuthAccepted accepted;
  accepted.judge = kJudge;
  accepted.address = user.address;
  if (!user.pool.empty()) {
    accepted.pool = user.pool;
  }
  accepted.rate = user.rate;
  accepted.routes = user.routes;
  accepted.ipv6.routes = user.routes6;
  accepted.ipv6.link = user.link;
  return accepted;
}

}  // namespace

LocalUsers::LocalUsers(UserTable users) : users_(std::move(users)) {
  nobody_.password = crypto::SecretText("a password as long as most");
  nobody_.nt_hash = crypto::nt_password_hash(nobody_.password.bytes());
}

void LocalUsers::authenticate(AuthRequest request, AuthClient& client) {
  if (std::holds_alternative<EapProof>(request.proof)) {
    return client.on_verdict(AuthByOwnMethod{});
  }
  if (const auto* certificate = std::get_if<CertificateProof>(&request.proof)) {
    const LocalUser* const entry = users_.find_exactly(request.user);
    AuthAccepted accepted = entry == nullptr ? AuthAccepted{.judge = "certificate"} : terms_of(*entry);
    accepted.user = std::move(request.user);
    accepted.mppe = certificate->keys;
    return client.on_verdict(std::move(accepted));
  }
  if (const auto* proof = std::get_if<MsChapV2Proof>(&request.proof); proof != nullptr && proof->change) {
    return client.on_verdict(AuthRejected{.ms_chap_error = kErrorChangingPassword,
                                          .why = "chap-secrets takes no new password from a client",
                                          .fault = AuthRejected::Fault::kNone,
                                          .judge = std::string(kJudge)});
  }
  const auto found = users_.find(request.user);
  const LocalUser& user = found ? found->user : nobody_;
  const bool proven = std::visit(Verifier{user, request.user}, request.proof);
  if (!found || !proven) {
    client.on_verdict(
        AuthRejected{.why = found ? why_not(user, request.proof) : "no such user",
                     .fault = found ? AuthRejected::Fault::kProof : AuthRejected::Fault::kUnknownUser,
                     .judge = std::string(kJudge)});
    return;
  }
  AuthAccepted accepted = terms_of(user);
  accepted.user = found->name;
  std::visit(Completer{user.nt_hash, request.user, accepted}, request.proof);
  client.on_verdict(std::move(accepted));
}

std::unique_ptr<EapMethod> LocalUsers::make_eap_method(wire::EapType type, EapMethodHost& host) {
  return type == wire::EapType::kTls && tls_ != nullptr ? tls_->begin(host) : nullptr;
}

}  // namespace adit::control
