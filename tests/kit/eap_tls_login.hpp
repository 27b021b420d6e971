// SPDX-License-Identifier: Apache-2.0
// One login by certificate: the layers below and above the method, and OpenSSL's client as its peer, who is "alice".
#pragma once

#include <cassert>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/auth/eap_tls.hpp"
#include "controlplane/auth/eap_tls_fragments.hpp"
#include "tests/kit/tls_ends.hpp"

namespace adit::test {

class EapTlsLogin : public control::EapMethodHost {
 public:
  EapTlsLogin(control::TlsLogins& logins, const TlsClient::Options& peer)
      : client_(peer), method_(logins.begin(*this)) {}
  EapTlsLogin(const EapTlsLogin&) = delete;
  EapTlsLogin& operator=(const EapTlsLogin&) = delete;
  virtual ~EapTlsLogin() = default;

  void start() { method_->start(); }
  /// The peer answers the Request that is outstanding, if there is one, as its packets come: from control's loop.
  void peer_turn() {
    if (request_.empty() || over()) {
      return;
    }
    const std::vector<std::uint8_t> request = std::exchange(request_, {});
    if (request[0] == control::tls_flags::kStart) {
      return say(client_.step({}));
    }
    const auto next = peers_.on_packet(request);
    assert(next.has_value());
    next == control::TlsFragments::Next::kPacket ? deliver(peers_.packet())
                                                 : say(client_.step(peers_.take_message()));
  }
  [[nodiscard]] bool over() const { return method_ == nullptr || succeeded || failed; }
  void hang_up() { method_.reset(); }

  void eap_request(wire::Bytes data) override { request_.assign(data.begin(), data.end()); }
  void eap_prove(std::string, control::AuthProof) override { method_->on_accepted({}); }
  void eap_succeeded() override { succeeded = true; }
  void eap_rejected() override { failed = true; }
  void eap_refused(control::AuthRejected) override { failed = true; }
  void eap_failed(Failure) override { failed = true; }
  [[nodiscard]] const std::string& eap_identity() const override { return identity_; }
  [[nodiscard]] std::uint8_t eap_next_identifier() const override { return 1; }
  [[nodiscard]] std::size_t eap_room() const override { return 1395; }

  bool succeeded = false;
  bool failed = false;

 protected:
  virtual void deliver(const std::vector<std::uint8_t>& response) { method_->on_response(response); }

 private:
  void say(std::vector<std::uint8_t> message) {
    if (message.empty()) {
      return deliver({0});
    }
    peers_.send(std::move(message));
    deliver(peers_.packet());
  }

  const std::string identity_ = "alice";
  TlsClient client_;
  control::TlsFragments peers_{1395};
  std::vector<std::uint8_t> request_;
  std::unique_ptr<control::EapMethod> method_;
};

}  // namespace adit::test
