// SPDX-License-Identifier: Apache-2.0
// EAP-MSCHAPv2, authenticator side: MS-CHAPv2 (RFC 2759) in EAP's Requests, draft-kamath-pppext-eap-mschapv2. The proof is
// MS-CHAPv2's and is judged as such; unlike there, the peer says that it has heard of the verdict. Keys for MPPE are those
// of RFC 3079 §3.3. Thread: control. Owner: the EAP layer.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "controlplane/auth/eap_method.hpp"

namespace adit::control {

class EapMsChapV2 final : public EapMethod {
 public:
  /// `name`: what we call ourselves; outlives the method, as the others do.
  EapMsChapV2(const std::string& name, Entropy& entropy, EapMethodHost& host)
      : name_(name), entropy_(entropy), host_(host) {}

  [[nodiscard]] wire::EapType type() const override { return wire::EapType::kMsChapV2; }
  void start() override;
  void on_response(wire::Bytes type_data) override;
  void on_accepted(const AuthAccepted& accepted) override;
  void on_rejected(std::uint16_t ms_chap_error, bool retry) override;
  [[nodiscard]] bool can_retry() const override { return true; }

 private:
  /// What the outstanding Request says.
  enum class Said : std::uint8_t { kChallenge, kRetry, kSuccess, kFailure };

  void on_proof(const wire::EapMsChapV2& response);
  void request(wire::EapMsChapV2Code code, wire::Bytes data);

  const std::string& name_;
  Entropy& entropy_;
  EapMethodHost& host_;
  Said said_ = Said::kChallenge;
  std::uint8_t identifier_ = 0;  // MS-CHAPv2-ID, of the challenge
  std::array<std::uint8_t, 16> challenge_{};
};

}  // namespace adit::control
