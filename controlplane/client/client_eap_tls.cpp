// SPDX-License-Identifier: Apache-2.0
#include "controlplane/client/client_eap_tls.hpp"

#include <utility>

namespace adit::control {

void ClientEapTls::on_request(wire::Bytes type_data) {
  const auto parsed = parse_tls_fragment(type_data);
  if (parsed && parsed->has(tls_flags::kStart)) {
    return begin();
  }
  const auto next = fragments_.on_packet(type_data);
  if (!next) {
    return host_.tls_failed(true, to_text(next.error()));
  }
  if (*next == TlsFragments::Next::kPacket) {
    return host_.tls_response(fragments_.packet());
  }
  step(fragments_.take_message());
}

void ClientEapTls::begin() {
  close();
  done_ = false;
  alert_.clear();
  fragments_ = TlsFragments(room_);
  handshake_ = std::make_shared<TlsHandshake>(
      tls_.credentials, [](void* owner) { static_cast<ClientEapTls*>(owner)->on_step(); }, this);
  step({});
}

void ClientEapTls::step(std::vector<std::uint8_t> message) {
  if (handshake_ == nullptr || done_) {
    return respond({});  // EAP's Success or Failure is all that can follow
  }
  handshake_->message = std::move(message);
  if (!tls_.background->start(handshake_)) {
    host_.tls_failed(true, "no time here for a step of TLS");
  }
}

void ClientEapTls::on_step() {
  done_ = handshake_->state == crypto::TlsConnection::State::kDone;
  if (handshake_->state == crypto::TlsConnection::State::kFailed) {
    return on_failed();
  }
  respond(std::move(handshake_->output));
}

void ClientEapTls::on_failed() {
  const std::shared_ptr<TlsHandshake> failed = handshake_;
  close();
  const std::string& why = failed->connection->why();
  if (failed->output.empty()) {  // the server's alert, which we acknowledge: RFC 5216 §2.1.3
    alert_ = why;
    return respond({});
  }
  respond(std::move(failed->output));
  host_.tls_failed(!failed->connection->guess(), why);
}

/// Nothing: acknowledges.
void ClientEapTls::respond(std::vector<std::uint8_t> message) {
  if (!message.empty()) {
    fragments_.send(std::move(message));
  }
  host_.tls_response(fragments_.packet());
}

void ClientEapTls::close() {
  if (handshake_ != nullptr) {
    handshake_->abandon();
    handshake_.reset();
  }
}

crypto::MppeStartKeys ClientEapTls::keys() const {
  crypto::MppeStartKeys keys = crypto::mppe_start_keys_msk(handshake_->connection->peer().msk);
  std::swap(keys.send, keys.receive);  // they were from the server's side
  return keys;
}

}  // namespace adit::control
