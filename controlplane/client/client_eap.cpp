// SPDX-License-Identifier: Apache-2.0
#include "controlplane/client/client_eap.hpp"

#include <utility>

#include "controlplane/client/client_auth.hpp"

namespace adit::control {

using wire::Bytes;
using wire::EapCode;
using wire::EapMsChapV2Code;
using wire::EapType;

void ClientEap::on_packet(Bytes octets) {
  const auto packet = wire::parse_eap(octets);
  if (!packet || over_) {
    return;
  }
  switch (packet->code) {
    case EapCode::kRequest:
      return on_request(*packet);
    case EapCode::kSuccess:
      return on_end(true);
    case EapCode::kFailure:
      return on_end(false);
    case EapCode::kResponse:
      return;
  }
}

void ClientEap::on_request(const wire::EapPacket& request) {
  if (answered_ == request.identifier) {  // our Response was lost, or is late
    return host_.send_auth_frame(response_);
  }
  switch (request.type) {
    case EapType::kIdentity:
      return respond(request.identifier, EapType::kIdentity, wire::octets_of(user_));
    case EapType::kNotification:
      return respond(request.identifier, EapType::kNotification, {});
    case EapType::kMsChapV2:
      return on_ms_chap(request);
    default: {
      const auto wanted = static_cast<std::uint8_t>(EapType::kMsChapV2);
      return respond(request.identifier, EapType::kNak, Bytes(&wanted, 1));
    }
  }
}

void ClientEap::on_ms_chap(const wire::EapPacket& request) {
  const auto message = wire::parse_eap_ms_chap_v2(request.data);
  if (!message) {
    return;
  }
  const auto code = static_cast<std::uint8_t>(message->code);
  switch (message->code) {
    case EapMsChapV2Code::kChallenge:
      return prove(request, *message);
    case EapMsChapV2Code::kSuccess:
      if (!ms_chap_.is_proven_by(message->data)) {
        over_ = true;
        return host_.auth_failed(ClientEnd::kNotAuthentic, wire::text_of(message->data));
      }
      believes_ = true;
      return respond(request.identifier, EapType::kMsChapV2, Bytes(&code, 1));
    case EapMsChapV2Code::kFailure:
      failure_ = wire::text_of(message->data);
      return respond(request.identifier, EapType::kMsChapV2, Bytes(&code, 1));
    default:
      return;
  }
}

void ClientEap::prove(const wire::EapPacket& request, const wire::EapMsChapV2& challenge) {
  const auto value = wire::parse_chap_value(challenge.data);
  if (!value || value->value.size() != 16) {
    return;
  }
  const auto proof = wire::ms_chap_v2_value(ms_chap_.answer(value->value.first<16>(), user_, entropy_));
  std::vector<std::uint8_t> data(wire::kEapMsChapV2HeaderSize);
  wire::write_eap_ms_chap_v2(data.data(), EapMsChapV2Code::kResponse, challenge.identifier,
                             1 + proof.size() + user_.size());
  data.push_back(static_cast<std::uint8_t>(proof.size()));
  data.insert(data.end(), proof.begin(), proof.end());
  data.insert(data.end(), user_.begin(), user_.end());
  respond(request.identifier, EapType::kMsChapV2, data);
}

void ClientEap::respond(std::uint8_t identifier, EapType type, Bytes data) {
  wire::PppFrameWriter frame(wire::PppProtocol::kEap, static_cast<std::uint8_t>(EapCode::kResponse),
                             identifier);
  const Bytes octets = frame.u8(static_cast<std::uint8_t>(type)).octets(data).frame();
  response_.assign(octets.begin(), octets.end());
  answered_ = identifier;
  host_.send_auth_frame(response_);
}

// A Success before the method has come to its end is anybody's.
void ClientEap::on_end(bool success) {
  if (success && !believes_) {
    return;
  }
  over_ = true;
  const std::string why = std::move(failure_);  // either call may have us destroyed
  success ? host_.authenticated(ms_chap_.keys()) : host_.auth_failed(ClientEnd::kAuthFailed, why);
}

void ClientEap::network_begins() {
  if (believes_ && !over_) {
    on_end(true);
  }
}

}  // namespace adit::control
