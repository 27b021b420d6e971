// SPDX-License-Identifier: Apache-2.0
// The interface between the authentication protocols and whoever knows the users: chap-secrets (LocalUsers), RADIUS
// servers (radius::RadiusAuth), or one after the other (FallbackAuth).
// Asynchronous: authenticate() may answer before it returns or seconds later; cancel() silences it.
// The backend checks the proof (only the backend has the secret); the method only carries it. Thread: control.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "controlplane/base/settings.hpp"
#include "crypto/mppe_keys.hpp"
#include "crypto/secret.hpp"
#include "dataplane/wire/ccp.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

struct PapProof {
  crypto::SecretText password;
};
struct ChapMd5Proof {
  std::uint8_t identifier = 0;
  std::vector<std::uint8_t> challenge;
  std::array<std::uint8_t, 16> response{};
};
struct MsChapV1Proof {  // RFC 2433; the LM response is never looked at
  std::array<std::uint8_t, 8> challenge{};
  std::array<std::uint8_t, 24> nt_response{};
};
struct MsChapV2Proof {  // RFC 2759
  std::uint8_t identifier = 0;
  std::array<std::uint8_t, 16> challenge{};
  std::array<std::uint8_t, 16> peer_challenge{};
  std::array<std::uint8_t, 24> nt_response{};
};

using AuthProof = std::variant<PapProof, ChapMd5Proof, MsChapV1Proof, MsChapV2Proof>;

struct AuthRequest {
  std::string user;                ///< exactly what the peer sent, domain included; untrusted octets
  wire::Ipv4Address peer_address;  ///< outer
  wire::Ipv4Address local_address;
  std::string session_id;
  AuthProof proof;
};

/// RFC 3079 start keys as *we* use them, always 16 octets (the strength negotiated later truncates).
using crypto::MppeStartKeys;

struct AuthAccepted {
  std::string user{};  ///< what logs, accounting and the operator call it; empty: as the peer did
  std::optional<wire::Ipv4Address> address{};  ///< fixed address; none: take one from `pool`
  std::string pool = "default";
  std::optional<SubscriberRate> rate{};                        ///< none: the configured one
  std::optional<std::uint16_t> mtu{};                          ///< where it is less than the configured one
  std::optional<std::uint32_t> port_limit{};                   ///< calls of this user at once
  bool mppe_required = false;                                  ///< no IP without, however lax [ppp] mppe is
  std::uint32_t mppe_strengths = wire::mppe_bits::kStrengths;  ///< of those configured, what may be agreed on
  std::vector<wire::Ipv4Prefix> routes{};     ///< what is behind the subscriber, /16 or longer each
  std::optional<Duration> session_timeout{};  ///< from IP up
  std::optional<Duration> idle_timeout{};     ///< without a packet of the subscriber's
  std::optional<Duration> interim_interval{};
  bool by_radius = false;
  std::vector<std::vector<std::uint8_t>> classes{};  ///< RFC 2865 §5.25: to be given back in accounting
  NameServers servers{};                             ///< none of one: the configured one
  std::string authenticator_response{};              ///< MS-CHAPv2: "S=" and 40 upper-case hex digits
  std::optional<MppeStartKeys> mppe{};               ///< only MS-CHAP methods have keys
};

/// The same answer for an unknown user and for a wrong password, at a similar cost.
struct AuthRejected {
  std::uint16_t ms_chap_error = 691;  ///< RFC 2759 §6: 646, 647, 648, 649, 691, 709
};

/// The backend itself failed (no server, overload): the call ends, without blaming the user.
struct AuthUnavailable {
  std::string why;
};

using AuthVerdict = std::variant<AuthAccepted, AuthRejected, AuthUnavailable>;

class AuthClient {
 public:
  virtual ~AuthClient() = default;
  virtual void on_verdict(const AuthVerdict& verdict) = 0;
};

class AuthBackend {
 public:
  virtual ~AuthBackend() = default;
  /// At most one request per client is outstanding.
  virtual void authenticate(AuthRequest request, AuthClient& client) = 0;
  /// No verdict reaches `client` after this. Harmless when nothing is outstanding.
  virtual void cancel(AuthClient& client) = 0;
};

}  // namespace adit::control
