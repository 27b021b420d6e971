// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/trial_login.hpp"

#include <utility>
#include <variant>

#include "crypto/digest.hpp"
#include "crypto/mschap.hpp"

namespace adit::control {

class TrialLogins::Trial final : public AuthClient {
 public:
  Trial(TrialLogins& owner, TrialLogin login, AuthBackend& backend, Done done)
      : owner_(owner),
        login_(std::move(login)),
        backend_(backend),
        done_(std::move(done)),
        began_(owner.wheel_.now()) {}
  ~Trial() override { backend_.cancel(*this); }

  void begin() {
    AuthRequest request;
    request.user = login_.user;
    request.session_id = "trial";
    request.trial = true;
    request.proof = make_proof();
    request.method = login_.method;
    backend_.authenticate(std::move(request), *this);
  }

  void on_verdict(const AuthVerdict& verdict) override {
    TrialOutcome outcome;
    outcome.took = owner_.wheel_.now() - began_;
    if (const auto* accepted = std::get_if<AuthAccepted>(&verdict)) {
      outcome.verdict = TrialOutcome::Verdict::kAccepted;
      outcome.accepted = *accepted;
      check(outcome);
    } else if (const auto* rejected = std::get_if<AuthRejected>(&verdict)) {
      outcome.verdict = TrialOutcome::Verdict::kRejected;
      outcome.why = "rejected (E=" + std::to_string(rejected->ms_chap_error) + "): " + rejected->why;
    } else if (const auto* unusable = std::get_if<AuthUnusable>(&verdict)) {
      outcome.why = unusable->why;
    } else if (const auto* unavailable = std::get_if<AuthUnavailable>(&verdict)) {
      outcome.why = unavailable->why;
    }
    const auto self = owner_.trials_.extract(this);  // destroyed on return
    done_(outcome);
  }

 private:
  [[nodiscard]] AuthProof make_proof() {
    const crypto::Secret<16> nt_hash = crypto::nt_password_hash(login_.password.bytes());
    switch (login_.method) {
      case AuthMethod::kPap:
        return PapProof{login_.password};
      case AuthMethod::kChapMd5: {
        ChapMd5Proof proof{.identifier = 1, .challenge = std::vector<std::uint8_t>(16)};
        owner_.entropy_.fill(proof.challenge);
        proof.response =
            crypto::chap_md5_response(proof.identifier, login_.password.bytes(), proof.challenge);
        return proof;
      }
      case AuthMethod::kMsChapV1: {
        MsChapV1Proof proof;
        owner_.entropy_.fill(proof.challenge);
        proof.nt_response = crypto::nt_response(proof.challenge, nt_hash);
        keys_ = crypto::mppe_start_keys_v1(crypto::nt_hash_hash(nt_hash), proof.challenge);
        return proof;
      }
      case AuthMethod::kMsChapV2:
      case AuthMethod::kEap:  // of its methods, the one with a password has the same proof
        break;
    }
    MsChapV2Proof proof{.identifier = 1};
    owner_.entropy_.fill(proof.challenge);
    owner_.entropy_.fill(proof.peer_challenge);
    const auto challenge = crypto::challenge_hash(proof.peer_challenge, proof.challenge, login_.user);
    const auto hash_hash = crypto::nt_hash_hash(nt_hash);
    proof.nt_response = crypto::nt_response(challenge, nt_hash);
    success_ = crypto::authenticator_response(hash_hash, proof.nt_response, challenge);
    keys_ = crypto::mppe_start_keys_v2(hash_hash, proof.nt_response);
    return proof;
  }

  void check(TrialOutcome& outcome) const {
    const AuthAccepted& accepted = *outcome.accepted;
    outcome.success_is_right = accepted.authenticator_response == success_;
    outcome.keys_are_right =
        keys_ && accepted.mppe &&
        crypto::equal_constant_time(keys_->send.bytes(), accepted.mppe->send.bytes()) &&
        crypto::equal_constant_time(keys_->receive.bytes(), accepted.mppe->receive.bytes());
    if (!outcome.success_is_right) {
      outcome.why = "MS-CHAP2-Success does not match the password: clients hang up";
    } else if (keys_ && !accepted.mppe) {
      outcome.why = "it has no keys for MPPE";
    } else if (keys_ && !outcome.keys_are_right) {
      outcome.why = "its keys are not the ones that the password gives: MPPE would fail";
    }
  }

  TrialLogins& owner_;
  const TrialLogin login_;
  AuthBackend& backend_;
  const Done done_;
  const Instant began_;
  std::string success_;  // the correct one; empty unless the method is MS-CHAPv2
  std::optional<MppeStartKeys> keys_;
};

TrialLogins::TrialLogins(TimerWheel& wheel, Entropy& entropy) : wheel_(wheel), entropy_(entropy) {}
TrialLogins::~TrialLogins() = default;

void TrialLogins::run(TrialLogin login, AuthBackend& backend, Done done) {
  auto trial = std::make_unique<Trial>(*this, std::move(login), backend, std::move(done));
  Trial& placed = *trial;
  trials_.emplace(&placed, std::move(trial));
  placed.begin();
}

}  // namespace adit::control
