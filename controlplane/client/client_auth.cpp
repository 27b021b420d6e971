// SPDX-License-Identifier: Apache-2.0
#include "controlplane/client/client_auth.hpp"

#include <algorithm>
#include <utility>

#include "controlplane/ppp/lcp.hpp"
#include "crypto/digest.hpp"
#include "crypto/mschap.hpp"
#include "dataplane/wire/pap.hpp"

namespace adit::control {
namespace {

using wire::Bytes;
using wire::ChapCode;
using wire::PapCode;
using wire::PppFrameWriter;
using wire::PppPacket;
using wire::PppProtocol;

}  // namespace

ClientAuth::ClientAuth(const ClientSettings& settings, TimerWheel& wheel, Entropy& entropy,
                       ClientAuthHost& host)
    : settings_(settings),
      entropy_(entropy),
      host_(host),
      repeat_(wheel, on_timer<&ClientAuth::on_repeat>, this) {}

void ClientAuth::start(AuthMethod method) {
  stop();
  method_ = method;
  state_ = State::kWaiting;
  if (method == AuthMethod::kPap) {
    state_ = State::kProving;
    send_pap_request();
  } else if (method == AuthMethod::kEap) {
    eap_ = std::make_unique<ClientEap>(settings_, user_name(), entropy_, host_);
  }
}

void ClientAuth::stop() {
  state_ = State::kOff;
  repeat_.cancel();
  response_ = {};
  ms_chap_.reset();
  eap_.reset();
  pap_requests_ = 0;
  answered_ = authenticated_ = false;
}

void ClientAuth::on_repeat() {
  method_ == AuthMethod::kPap ? send_pap_request() : send_response();
}

void ClientAuth::on_packet(PppProtocol protocol, Bytes octets) {
  if (state_ == State::kOff || protocol != on_the_wire(method_).protocol) {
    return;
  }
  if (protocol == PppProtocol::kEap) {
    return eap_->on_packet(octets);
  }
  const auto packet = wire::parse_ppp_packet(octets);
  if (!packet) {
    return;
  }
  if (protocol == PppProtocol::kPap) {
    return on_pap(*packet);
  }
  switch (ChapCode{packet->code}) {
    case ChapCode::kChallenge:
      return on_challenge(*packet);
    case ChapCode::kSuccess:
      return on_success(*packet);
    case ChapCode::kFailure:
      if (state_ == State::kProving && packet->identifier == identifier_) {
        on_failure(wire::text_of(packet->data));
      }
      return;
    default:
      return;
  }
}

void ClientAuth::network_begins() {
  if (eap_ != nullptr) {
    eap_->network_begins();
  }
}

// ---- PAP --------------------------------------------------------------------------------------------------

// RFC 1334 §2.2.1: every request has a new Identifier.
void ClientAuth::send_pap_request() {
  repeat_.arm(settings_.ppp.timeout);
  pap_requests_ = static_cast<std::uint8_t>(std::min(pap_requests_ + 1, 255));
  PppFrameWriter request(PppProtocol::kPap, static_cast<std::uint8_t>(PapCode::kAuthenticateRequest),
                         ++identifier_);
  wire::write_pap_request(request, {user(), settings_.password.bytes()});
  host_.send_auth_frame(request.frame());
}

void ClientAuth::on_pap(const PppPacket& packet) {
  const auto age = static_cast<std::uint8_t>(identifier_ - packet.identifier);
  if (state_ != State::kProving || age >= pap_requests_) {
    return;  // an answer to an earlier copy of the request is as good
  }
  if (PapCode{packet.code} == PapCode::kAuthenticateAck) {
    state_ = State::kDone;
    repeat_.cancel();
    host_.authenticated(std::nullopt);
  } else if (PapCode{packet.code} == PapCode::kAuthenticateNak) {
    on_failure(wire::text_of(wire::parse_pap_message(packet.data)));
  }
}

// ---- CHAP -------------------------------------------------------------------------------------------------

void ClientAuth::on_challenge(const PppPacket& packet) {
  const auto challenge = wire::parse_chap_value(packet.data);
  const std::size_t size = challenge ? challenge->value.size() : 0;
  if (size == 0 || (method_ == AuthMethod::kMsChapV2 && size != 16) ||
      (method_ == AuthMethod::kMsChapV1 && size != 8)) {
    return;
  }
  if (answered_ && packet.identifier == identifier_) {
    // Our Response was lost, or is late: a fresh one would not match a Success already on its way.
    return state_ == State::kProving ? send_response() : void();
  }
  identifier_ = packet.identifier;
  answered_ = true;
  state_ = State::kProving;
  PppFrameWriter response(PppProtocol::kChap, static_cast<std::uint8_t>(ChapCode::kResponse), identifier_);
  write_value(response, challenge->value);
  const Bytes frame = response.frame();
  response_.assign(frame.begin(), frame.end());
  send_response();
}

void ClientAuth::write_value(PppFrameWriter& response, Bytes challenge) {
  if (method_ == AuthMethod::kChapMd5) {
    const auto value = crypto::chap_md5_response(identifier_, settings_.password.bytes(), challenge);
    return wire::write_chap_value(response, {value, user()});
  }
  ms_chap_ = std::make_unique<MsChap>(MsChap{.challenge = {}, .v2 = ClientMsChapV2(settings_)});
  if (method_ == AuthMethod::kMsChapV1) {
    std::ranges::copy(challenge, ms_chap_->challenge.begin());
    const auto proof = crypto::nt_response(ms_chap_->challenge, settings_.nt_hash);
    return wire::write_chap_value(response, {wire::ms_chap_v1_value({proof}), user()});
  }
  const auto proof = ms_chap_->v2.answer(challenge.first<16>(), user_name(), entropy_);
  wire::write_chap_value(response, {wire::ms_chap_v2_value(proof), user()});
}

// The Success may be lost too; repeating our Response makes the server repeat it.
void ClientAuth::send_response() {
  repeat_.arm(settings_.ppp.timeout);
  host_.send_auth_frame(response_);
}

void ClientAuth::on_success(const PppPacket& packet) {
  if (state_ != State::kProving || packet.identifier != identifier_) {
    return;
  }
  state_ = State::kDone;
  repeat_.cancel();
  response_ = {};
  const std::unique_ptr<MsChap> proof = std::move(ms_chap_);
  if (method_ == AuthMethod::kMsChapV2 && !proof->v2.is_proven_by(packet.data)) {
    return host_.auth_failed(ClientEnd::kNotAuthentic, wire::text_of(packet.data));
  }
  if (!std::exchange(authenticated_, true)) {  // RFC 3079 §3: the keys are those of the first authentication
    host_.authenticated(proof != nullptr ? keys(*proof) : std::nullopt);
  }
}

void ClientAuth::on_failure(std::string_view text) {
  state_ = State::kDone;
  repeat_.cancel();
  response_ = {};
  host_.auth_failed(ClientEnd::kAuthFailed, text);
}

std::optional<crypto::MppeStartKeys> ClientAuth::keys(const MsChap& proof) const {
  if (method_ == AuthMethod::kMsChapV2) {
    return proof.v2.keys();
  }
  crypto::MppeStartKeys keys = crypto::mppe_start_keys_v1(hash_hash(settings_), proof.challenge);
  std::swap(keys.send, keys.receive);  // they were from the server's side
  return keys;
}

}  // namespace adit::control
