// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/eap_mschapv2.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "controlplane/auth/ms_chap_text.hpp"

namespace adit::control {

using wire::Bytes;
using wire::EapMsChapV2Code;

void EapMsChapV2::start() {
  entropy_.fill(challenge_);
  identifier_ = host_.eap_next_identifier();
  std::vector<std::uint8_t> data{static_cast<std::uint8_t>(challenge_.size())};
  data.insert(data.end(), challenge_.begin(), challenge_.end());
  data.insert(data.end(), name_.begin(), name_.end());
  request(EapMsChapV2Code::kChallenge, data);
}

void EapMsChapV2::request(EapMsChapV2Code code, Bytes data) {
  std::vector<std::uint8_t> octets(wire::kEapMsChapV2HeaderSize);
  wire::write_eap_ms_chap_v2(octets.data(), code, identifier_, data.size());
  octets.insert(octets.end(), data.begin(), data.end());
  host_.eap_request(octets);
}

void EapMsChapV2::on_response(Bytes type_data) {
  const auto response = wire::parse_eap_ms_chap_v2(type_data);
  const EapMsChapV2Code code = response ? response->code : EapMsChapV2Code{};
  switch (said_) {
    case Said::kRetry:
      if (code == EapMsChapV2Code::kFailure) {  // it has no other password
        return host_.eap_rejected();
      }
      [[fallthrough]];
    case Said::kChallenge:
      if (code == EapMsChapV2Code::kResponse) {
        return on_proof(*response);
      }
      return host_.eap_failed(AuthRejected{.why = "malformed proof"});
    case Said::kSuccess:
      if (code == EapMsChapV2Code::kSuccess) {
        return host_.eap_succeeded();
      }
      return host_.eap_failed(AuthRejected{.why = "the peer does not believe our proof of the password",
                                           .fault = AuthRejected::Fault::kNone});
    case Said::kFailure:
      return host_.eap_rejected();  // whatever it says
  }
}

void EapMsChapV2::on_proof(const wire::EapMsChapV2& response) {
  const auto value = wire::parse_chap_value(response.data);
  const auto proof = value ? wire::parse_ms_chap_v2(value->value) : std::nullopt;
  if (!proof || response.identifier != identifier_) {
    return host_.eap_failed(AuthRejected{.why = "malformed proof"});
  }
  if (std::ranges::find(value->name, 0) != value->name.end()) {
    return host_.eap_failed(AuthRejected{.why = "a name with a NUL octet"});  // as in Identity
  }
  // The name that the proof contains, which is what it proves. Some clients give a domain in Identity alone.
  std::string user = value->name.empty() ? host_.eap_identity() : std::string(wire::text_of(value->name));
  host_.eap_prove(std::move(user),
                  MsChapV2Proof{identifier_, challenge_, proof->peer_challenge, proof->nt_response});
}

void EapMsChapV2::on_accepted(const AuthAccepted& accepted) {
  if (accepted.authenticator_response.empty()) {
    return host_.eap_failed(AuthUnusable{.why = "accepted, but without MS-CHAPv2's authenticator response"});
  }
  said_ = Said::kSuccess;
  request(EapMsChapV2Code::kSuccess, wire::octets_of(accepted.authenticator_response + " M=Welcome"));
}

// RFC 2759 §6: the next response answers the challenge in this Failure, under the next identifier.
void EapMsChapV2::on_rejected(std::uint16_t ms_chap_error, bool retry) {
  said_ = retry ? Said::kRetry : Said::kFailure;
  entropy_.fill(challenge_);
  const std::string text =
      wire::ms_chap_failure(ms_chap_error, retry, challenge_, ms_chap_failure_text(ms_chap_error));
  request(EapMsChapV2Code::kFailure, wire::octets_of(text));
  ++identifier_;
}

}  // namespace adit::control
