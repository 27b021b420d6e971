// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/eap_tls.hpp"

#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/auth/certificate_name.hpp"
#include "controlplane/auth/eap_tls_fragments.hpp"
#include "controlplane/auth/tls_handshake.hpp"

namespace adit::control {

using crypto::TlsConnection;

class EapTls final : public EapMethod {
 public:
  EapTls(TlsLogins& logins, EapMethodHost& host)
      : logins_(logins), host_(host), fragments_(host.eap_room()), credentials_(logins.credentials_) {}
  EapTls(const EapTls&) = delete;
  EapTls& operator=(const EapTls&) = delete;
  ~EapTls() override { close(); }

  [[nodiscard]] wire::EapType type() const override { return wire::EapType::kTls; }
  void start() override {
    const std::uint8_t start = tls_flags::kStart;
    host_.eap_request({&start, 1});
  }
  void on_response(wire::Bytes data) override;
  void on_accepted(const AuthAccepted& accepted) override;
  void on_rejected(std::uint16_t ms_chap_error, bool retry) override;
  [[nodiscard]] bool can_retry() const override { return false; }

 private:
  enum class State : std::uint8_t {
    kHandshake,
    kProven,    ///< the back end has the name
    kEnding,    ///< it lets the peer in, which has yet to acknowledge our last message
    kRefusing,  ///< the peer has yet to acknowledge our alert
    kYielded,   ///< another has the connection; the peer hears of it when it answers
  };

  void on_message(std::vector<std::uint8_t> message);
  void step(std::vector<std::uint8_t> message);
  void on_step();
  void on_proven();
  void send(std::vector<std::uint8_t> message);
  void refuse(std::string why, AuthRejected::Fault fault);
  [[nodiscard]] bool open();
  void close();
  void busy();
  void yield();
  void ask_peer();
  void peer_has_answered();

  TlsLogins& logins_;
  EapMethodHost& host_;
  State state_ = State::kHandshake;
  TlsFragments fragments_;
  std::shared_ptr<const crypto::TlsCredentials> credentials_;  // until there is a connection
  std::shared_ptr<TlsHandshake> handshake_;
  std::list<EapTls*> place_{this};  // empty while it is in TlsLogins::awaiting_
  const std::list<EapTls*>::iterator at_ = place_.begin();
};

std::unique_ptr<EapMethod> TlsLogins::begin(EapMethodHost& host) {
  return credentials_ == nullptr ? nullptr : std::make_unique<EapTls>(*this, host);
}

void EapTls::on_response(wire::Bytes data) {
  peer_has_answered();
  if (state_ == State::kYielded ||
      (state_ == State::kHandshake && !open())) {  // before a fragment is kept: they make 64 KiB
    return busy();
  }
  const auto next = fragments_.on_packet(data);
  if (!next) {
    close();
    if (state_ == State::kRefusing) {  // which has been counted
      return host_.eap_rejected();
    }
    return refuse(std::string(to_text(next.error())), AuthRejected::Fault::kProof);
  }
  if (*next == TlsFragments::Next::kPacket) {
    return ask_peer();
  }
  on_message(fragments_.take_message());
}

void EapTls::on_message(std::vector<std::uint8_t> message) {
  switch (state_) {
    case State::kHandshake:
      return step(std::move(message));
    case State::kEnding:
      // RFC 5216 §2.1.1, RFC 9190 §2.1.1: an empty Response says that the peer has heard our last message.
      return message.empty() ? host_.eap_succeeded() : step(std::move(message));
    case State::kRefusing:
      return host_.eap_rejected();
    case State::kProven:   // no Request of ours is outstanding
    case State::kYielded:  // has been told
      return;
  }
}

/// False: there is no room.
bool EapTls::open() {
  if (handshake_ != nullptr) {
    return true;
  }
  if (logins_.connections_ >= logins_.most_) {
    if (logins_.awaiting_.empty()) {
      return false;
    }
    logins_.awaiting_.front()->yield();
  }
  ++logins_.connections_;
  ++logins_.counts_.begun;
  handshake_ = std::make_shared<TlsHandshake>(
      std::move(credentials_), [](void* owner) { static_cast<EapTls*>(owner)->on_step(); }, this);
  return true;
}

/// The connection goes now, or with the step that it is taking; nobody hears of that one.
void EapTls::close() {
  peer_has_answered();
  if (handshake_ == nullptr) {
    return;
  }
  handshake_->abandon();
  handshake_.reset();
  --logins_.connections_;
}

/// Another exchange's turn: this one's session must not end within it, so it is told when its peer answers.
void EapTls::yield() {
  ++logins_.counts_.busy;
  close();
  fragments_ = TlsFragments(host_.eap_room());
  state_ = State::kYielded;
}

void EapTls::ask_peer() {
  if (state_ == State::kHandshake) {
    logins_.awaiting_.splice(logins_.awaiting_.end(), place_, at_);
  }
  host_.eap_request(fragments_.packet());
}

void EapTls::peer_has_answered() {
  if (place_.empty()) {
    place_.splice(place_.begin(), logins_.awaiting_, at_);
  }
}

void EapTls::busy() {
  logins_.counts_.busy += state_ == State::kYielded ? 0 : 1;
  close();
  host_.eap_failed(AuthUnavailable{.why = "more logins by certificate than are worked on at a time",
                                   .reason = EndReason::kEapBusy});
}

void EapTls::step(std::vector<std::uint8_t> message) {
  handshake_->message = std::move(message);
  if (!logins_.background_.start(handshake_)) {
    return busy();
  }
  ++logins_.counts_.steps;
}

void EapTls::on_step() {
  switch (handshake_->state) {
    case TlsConnection::State::kHandshake:
      return send(std::move(handshake_->output));
    case TlsConnection::State::kDone:
      return on_proven();
    case TlsConnection::State::kFailed:
      break;
  }
  std::string why = handshake_->connection->why();
  std::vector<std::uint8_t> alert = std::move(handshake_->output);
  // Without an alert of ours it was the peer that would not go on, and has not tried to get in.
  const bool guess = !alert.empty() && handshake_->connection->guess();
  const auto fault = guess ? AuthRejected::Fault::kProof : AuthRejected::Fault::kNone;
  close();
  if (!alert.empty()) {
    fragments_.send(std::move(alert));
    state_ = State::kRefusing;
  }
  refuse(std::move(why), fault);
}

void EapTls::on_proven() {
  ++logins_.counts_.proven;
  const crypto::TlsPeer& peer = handshake_->connection->peer();
  const std::optional<std::string> name = name_proven(peer.names, host_.eap_identity());
  if (!name) {
    return refuse("the peer calls itself " + host_.eap_identity() +
                      ", which is no name in its certificate: " + peer.subject,
                  AuthRejected::Fault::kProof);
  }
  state_ = State::kProven;
  host_.eap_prove(*name, CertificateProof{.keys = crypto::mppe_start_keys_msk(peer.msk)});
}

void EapTls::on_accepted(const AuthAccepted& /*accepted*/) {
  // Only now: with TLS 1.3 it contains the protected success (RFC 9190 §2.5).
  state_ = State::kEnding;
  send(std::move(handshake_->output));
}

void EapTls::on_rejected(std::uint16_t /*ms_chap_error*/, bool /*retry*/) {
  if (state_ == State::kRefusing) {
    return host_.eap_request(fragments_.packet());  // RFC 5216 §2.1.3: the alert, then EAP-Failure
  }
  host_.eap_rejected();
}

void EapTls::send(std::vector<std::uint8_t> message) {
  fragments_.send(std::move(message));
  ask_peer();
}

void EapTls::refuse(std::string why, AuthRejected::Fault fault) {
  ++logins_.counts_.refused;
  host_.eap_refused({.why = std::move(why), .fault = fault, .judge = "EAP-TLS"});
}

}  // namespace adit::control
