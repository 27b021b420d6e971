// SPDX-License-Identifier: Apache-2.0
// PAP, authenticator side: the peer sends name and password until it is answered. RFC 1334 §2.
// A repeat may carry a new Identifier (§2.2.1 asks for one), so repeats are recognised by name and password.
// Thread: control. Owner: the session.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "controlplane/auth/auth_exchange.hpp"
#include "crypto/secret.hpp"
#include "dataplane/wire/pap.hpp"

namespace adit::control {

class Pap final : public AuthExchange {
 public:
  explicit Pap(AuthContext context) : AuthExchange(std::move(context)) {}

  void start() override { begin(); }
  void on_packet(std::span<const std::uint8_t> packet) override;
  [[nodiscard]] wire::PppProtocol protocol() const override { return wire::PppProtocol::kPap; }

 private:
  [[nodiscard]] Answer answer_accepted(const AuthAccepted& accepted) override;
  Answer answer_rejected(std::uint16_t ms_chap_error, bool retry) override;
  [[nodiscard]] bool can_retry() const override { return true; }
  void ask_again() override {}  // RFC 1334 §2.2.1: the peer repeats its request until it is answered
  void send_reply(wire::PapCode code);

  crypto::SecretText last_request_;  // name and password as received
  std::uint8_t identifier_ = 0;      // of the latest repeat; the reply carries it
  std::optional<wire::PapCode> reply_;
};

}  // namespace adit::control
