// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/pap.hpp"

#include <string>

namespace adit::control {

void Pap::on_packet(std::span<const std::uint8_t> octets) {
  const auto packet = wire::parse_ppp_packet(octets);
  if (!packet || packet->code != static_cast<std::uint8_t>(wire::PapCode::kAuthenticateRequest)) {
    return;
  }
  const auto request = wire::parse_pap_request(packet->data);
  if (!request) {
    return;
  }
  const bool decided = state() == State::kAccepted || state() == State::kFailed;
  const bool repeated = crypto::equal_constant_time(packet->data, last_request_.bytes());
  // RFC 1334 §2.2.1: after authentication has ended, every request gets the reply that ended it.
  if (reply_ && (decided || (state() == State::kWaiting && repeated))) {
    identifier_ = packet->identifier;
    send_reply(*reply_);
  } else if (state() == State::kAsking && repeated) {
    identifier_ = packet->identifier;
  } else if (state() == State::kWaiting) {
    identifier_ = packet->identifier;
    last_request_ = crypto::SecretText(wire::text_of(packet->data));
    ask(std::string(wire::text_of(request->peer_id)),
        PapProof{crypto::SecretText(wire::text_of(request->password))});
  }
}

Pap::Answer Pap::answer_accepted(const AuthAccepted& /*accepted*/) {
  send_reply(wire::PapCode::kAuthenticateAck);
  return Answer::kGiven;
}

Pap::Answer Pap::answer_rejected(std::uint16_t /*ms_chap_error*/, bool /*retry*/) {
  send_reply(wire::PapCode::kAuthenticateNak);
  return Answer::kGiven;
}

void Pap::send_reply(wire::PapCode code) {
  reply_ = code;
  wire::PppFrameWriter reply(wire::PppProtocol::kPap, static_cast<std::uint8_t>(code), identifier_);
  const bool welcome = code == wire::PapCode::kAuthenticateAck;
  wire::write_pap_message(reply, wire::octets_of(welcome ? "Welcome" : "Authentication failed"));
  context().host.send_auth_frame(reply.frame());
}

}  // namespace adit::control
