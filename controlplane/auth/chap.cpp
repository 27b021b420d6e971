// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/chap.hpp"

#include <algorithm>
#include <utility>

#include "controlplane/auth/ms_chap_text.hpp"

namespace adit::control {

Chap::Chap(AuthMethod method, AuthContext given)
    : AuthExchange(std::move(given)),
      method_(method),
      resend_(context().wheel, on_timer<&Chap::on_resend>, this) {}

void Chap::start() {
  identifier_ = static_cast<std::uint8_t>(context().entropy.next_u32());
  make_challenge();
  begin();
  send_challenge();
}

/// A forger has to guess the identifier; a peer takes one that it has just answered for a repeat.
void Chap::ask_again() {
  identifier_ = static_cast<std::uint8_t>(identifier_ + 1 + context().entropy.next_u32() % 255);
  make_challenge();
  send_challenge();
}

void Chap::make_challenge() {
  context().entropy.fill(challenge_);
}

wire::Bytes Chap::challenge() const {
  return wire::Bytes(challenge_).first(method_ == AuthMethod::kMsChapV1 ? 8 : 16);
}

// Repeats are identical: a response to any of the copies is a response to all.
void Chap::send_challenge() {
  wire::PppFrameWriter frame(wire::PppProtocol::kChap, static_cast<std::uint8_t>(wire::ChapCode::kChallenge),
                             identifier_);
  wire::write_chap_value(frame, {challenge(), wire::octets_of(context().settings.auth.challenge_name)});
  resend_.arm(context().settings.ppp.timeout);
  context().host.send_auth_frame(frame.frame());
}

void Chap::on_resend() {
  if (state() == State::kWaiting) {  // the deadline may have ended the exchange
    send_challenge();
  } else if (state() == State::kAccepted) {
    reply_.clear();
    begin();
    ask_again();
  }
}

/// Within a tenth of the interval either way: calls that came up together are not challenged together.
void Chap::settled() {
  const Duration every = context().settings.auth.rechallenge;
  if (every > Duration{0}) {
    const auto spread = static_cast<std::uint32_t>(every.count() / 5 + 1);
    resend_.arm(every - every / 10 + Duration{context().entropy.next_u32() % spread});
  }
}

void Chap::on_packet(std::span<const std::uint8_t> octets) {
  const auto packet = wire::parse_ppp_packet(octets);
  const bool is_change = packet && packet->code == static_cast<std::uint8_t>(wire::ChapCode::kChangePassword);
  if (!packet || (!is_change && packet->code != static_cast<std::uint8_t>(wire::ChapCode::kResponse))) {
    return;
  }
  // RFC 1994 §4.1: a repeat gets the same reply as before, whatever it contains, and the backend is not
  // asked.
  if (!reply_.empty() && packet->identifier == answered_identifier_) {
    context().host.send_auth_frame(reply_);
    return;
  }
  if (state() != State::kWaiting || packet->identifier != identifier_ || is_change != expects_new_password_) {
    return;
  }
  if (is_change) {
    return change_password(packet->data);
  }
  const auto response = wire::parse_chap_value(packet->data);
  if (!response) {
    return;
  }
  resend_.cancel();
  std::string user(wire::text_of(response->name));
  if (auto proof = read_proof(response->value)) {
    ask(std::move(user), std::move(*proof));
  } else {
    reject(std::move(user));
  }
}

/// RFC 2759 §7. The packet has no name: it is the user whose password has expired.
void Chap::change_password(wire::Bytes data) {
  expects_new_password_ = false;
  const auto change = wire::parse_ms_chap_v2_change(data);
  if (!change) {
    return reject(user());
  }
  auto wanted = std::make_shared<MsChapV2NewPassword>();
  wanted->encrypted_password = crypto::SecretText(wire::text_of(change->encrypted_password));
  wanted->encrypted_hash = change->encrypted_hash;
  ask(user(), MsChapV2Proof{identifier_, challenge_, change->response.peer_challenge,
                            change->response.nt_response, std::move(wanted)});
}

std::optional<AuthProof> Chap::read_proof(wire::Bytes value) const {
  if (method_ == AuthMethod::kMsChapV2) {
    if (const auto response = wire::parse_ms_chap_v2(value)) {
      return MsChapV2Proof{identifier_, challenge_, response->peer_challenge, response->nt_response};
    }
    return std::nullopt;
  }
  if (method_ == AuthMethod::kMsChapV1) {
    if (const auto response = wire::parse_ms_chap_v1(value)) {
      MsChapV1Proof proof{.nt_response = response->nt_response};
      std::ranges::copy(challenge(), proof.challenge.begin());
      return proof;
    }
    return std::nullopt;
  }
  if (value.size() != wire::kChapMd5Size) {
    return std::nullopt;
  }
  ChapMd5Proof proof{.identifier = identifier_, .challenge{challenge_.begin(), challenge_.end()}};
  std::ranges::copy(value, proof.response.begin());
  return proof;
}

Chap::Answer Chap::answer_accepted(const AuthAccepted& accepted) {
  if (method_ != AuthMethod::kMsChapV2) {
    send_reply(wire::ChapCode::kSuccess, "Welcome");
    return Answer::kGiven;
  }
  if (accepted.authenticator_response.empty()) {
    return Answer::
        kLacking;  // the peer would hang up on a Success that does not prove our knowledge of the password
  }
  // RFC 2759 §5: exactly one space; with more, some clients take the text as part of the proof.
  send_reply(wire::ChapCode::kSuccess, accepted.authenticator_response + " M=Welcome");
  return Answer::kGiven;
}

Chap::Answer Chap::answer_rejected(std::uint16_t ms_chap_error, bool retry) {
  if (method_ == AuthMethod::kChapMd5) {
    send_reply(wire::ChapCode::kFailure, "Authentication failed");
    return Answer::kGiven;
  }
  expects_new_password_ = retry && ms_chap_error == kPasswordExpired;
  // RFC 2759 §6: the next response answers the challenge in this Failure, under the next Identifier.
  make_challenge();
  send_reply(wire::ChapCode::kFailure,
             wire::ms_chap_failure(ms_chap_error, retry, challenge(), ms_chap_failure_text(ms_chap_error)));
  ++identifier_;
  return Answer::kGiven;
}

void Chap::send_reply(wire::ChapCode code, std::string_view message) {
  resend_.cancel();
  wire::PppFrameWriter frame(wire::PppProtocol::kChap, static_cast<std::uint8_t>(code), identifier_);
  frame.octets(wire::octets_of(message));
  const wire::Bytes octets = frame.frame();
  reply_.assign(octets.begin(), octets.end());
  answered_identifier_ = identifier_;
  context().host.send_auth_frame(reply_);
}

}  // namespace adit::control
