// SPDX-License-Identifier: Apache-2.0
// CHAP, authenticator side, with its three algorithms: MD5 (RFC 1994), MS-CHAPv1 (RFC 2433), MS-CHAPv2 (RFC
// 2759).
// Thread: control. Owner: the session.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/auth/auth_exchange.hpp"
#include "dataplane/wire/chap.hpp"

namespace adit::control {

class Chap final : public AuthExchange {
 public:
  /// `method`: any but kPap.
  Chap(AuthMethod method, AuthContext context);

  void start() override;
  void on_packet(std::span<const std::uint8_t> packet) override;
  [[nodiscard]] wire::PppProtocol protocol() const override { return wire::PppProtocol::kChap; }

 private:
  [[nodiscard]] Answer answer_accepted(const AuthAccepted& accepted) override;
  Answer answer_rejected(std::uint16_t ms_chap_error, bool retry) override;
  [[nodiscard]] bool can_retry() const override { return method_ != AuthMethod::kChapMd5; }
  [[nodiscard]] bool can_change_password() const override { return method_ == AuthMethod::kMsChapV2; }
  void settled() override;
  void ask_again() override;

  void send_challenge();
  void on_resend();
  void make_challenge();
  [[nodiscard]] wire::Bytes challenge() const;
  void change_password(wire::Bytes data);
  /// None: not a response of this algorithm.
  [[nodiscard]] std::optional<AuthProof> read_proof(wire::Bytes value) const;
  void send_reply(wire::ChapCode code, std::string_view message);

  const AuthMethod method_;
  std::array<std::uint8_t, 16> challenge_{};  // MS-CHAPv1 uses 8 octets
  bool expects_new_password_ = false;         // and nothing else: the last Failure was E=648 R=1
  std::uint8_t identifier_ = 0;               // of the current challenge
  std::uint8_t answered_identifier_ = 0;      // of the response that reply_ answers
  std::vector<std::uint8_t> reply_;           // the Success or Failure frame as sent; empty before that
  Timer resend_;                              // of the challenge; once it is answered, the next challenge
};

}  // namespace adit::control
