// SPDX-License-Identifier: Apache-2.0
#include "controlplane/client/client_eap.hpp"

#include <algorithm>
#include <utility>

#include "controlplane/auth/eap_method.hpp"
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
  if (taken_ && response_.empty()) {
    return;  // TLS is about the last one, and no server asks anew before it has been answered
  }
  if (taken_ == request.identifier) {  // our Response was lost, or is late
    return host_.send_auth_frame(response_);
  }
  switch (request.type) {
    case EapType::kIdentity:
      return respond(request.identifier, EapType::kIdentity, wire::octets_of(user_));
    case EapType::kNotification:
      return respond(request.identifier, EapType::kNotification, {});
    default:
      break;
  }
  if (std::ranges::find(settings_.eap_methods, request.type, &eap_type_of) == settings_.eap_methods.end()) {
    return refuse(request.identifier);
  }
  request.type == EapType::kTls ? on_tls(request) : on_ms_chap(request);
}

/// RFC 3748 §5.3.1.
void ClientEap::refuse(std::uint8_t identifier) {
  std::vector<std::uint8_t> wanted;
  for (const EapLocalMethod method : settings_.eap_methods) {
    wanted.push_back(static_cast<std::uint8_t>(eap_type_of(method)));
  }
  respond(identifier, EapType::kNak, wanted);
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

void ClientEap::on_tls(const wire::EapPacket& request) {
  if (tls_ == nullptr) {
    tls_ = std::make_unique<ClientEapTls>(settings_.tls, wire::eap_room(host_.peer_mru()),
                                          static_cast<ClientEapTlsHost&>(*this));
  }
  taken_ = request.identifier;
  response_.clear();
  tls_->on_request(request.data);
}

void ClientEap::tls_response(Bytes type_data) {
  if (!over_) {
    respond(*taken_, EapType::kTls, type_data);
  }
}

void ClientEap::tls_failed(bool authentic, std::string_view why) {
  if (!std::exchange(over_, true)) {
    host_.auth_failed(authentic ? ClientEnd::kAuthFailed : ClientEnd::kNotAuthentic, why);
  }
}

void ClientEap::respond(std::uint8_t identifier, EapType type, Bytes data) {
  wire::PppFrameWriter frame(wire::PppProtocol::kEap, static_cast<std::uint8_t>(EapCode::kResponse),
                             identifier);
  const Bytes octets = frame.u8(static_cast<std::uint8_t>(type)).octets(data).frame();
  response_.assign(octets.begin(), octets.end());
  taken_ = identifier;
  host_.send_auth_frame(response_);
}

bool ClientEap::believes() const {
  return believes_ || (tls_ != nullptr && tls_->is_done());
}

// A Success before the method has come to its end is anybody's.
void ClientEap::on_end(bool success) {
  if (success && !believes()) {
    return;
  }
  over_ = true;
  const std::string why = tls_ != nullptr ? tls_->alert() : failure_;
  const auto keys = !success ? crypto::MppeStartKeys() : tls_ != nullptr ? tls_->keys() : ms_chap_.keys();
  tls_.reset();  // 50 KiB
  success ? host_.authenticated(keys)
          : host_.auth_failed(ClientEnd::kAuthFailed, why);  // we may be gone then
}

void ClientEap::network_begins() {
  if (believes() && !over_) {
    on_end(true);
  }
}

}  // namespace adit::control
