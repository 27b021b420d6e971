// SPDX-License-Identifier: Apache-2.0
// The interface between the authentication protocols and the user database: chap-secrets (LocalUsers), RADIUS
// (radius::RadiusAuth), or one after the other (FallbackAuth).
// Asynchronous: authenticate() may answer before it returns or seconds later; after cancel() no answer comes.
// The backend checks the proof, because only it has the secret; the method only carries it. Thread: control.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "controlplane/base/end_reason.hpp"
#include "controlplane/base/settings.hpp"
#include "controlplane/base/station_ids.hpp"
#include "crypto/mppe_keys.hpp"
#include "crypto/secret.hpp"
#include "dataplane/wire/ccp.hpp"
#include "dataplane/wire/eap.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

/// RFC 3079 start keys from *our* side, always 16 octets (the strength negotiated later truncates them).
using crypto::MppeStartKeys;

struct PapProof {
  crypto::SecretText password;
};
struct ChapMd5Proof {
  std::uint8_t identifier = 0;
  std::vector<std::uint8_t> challenge;
  std::array<std::uint8_t, 16> response{};
};
struct MsChapV1Proof {  // RFC 2433; the LM response is ignored
  std::array<std::uint8_t, 8> challenge{};
  std::array<std::uint8_t, 24> nt_response{};
};
/// RFC 2759 §7: what the user wants as a password from now on. The back end alone can read it.
struct MsChapV2NewPassword {
  crypto::SecretText encrypted_password{};  ///< 516 octets
  std::array<std::uint8_t, 16> encrypted_hash{};
};
struct MsChapV2Proof {  // RFC 2759
  std::uint8_t identifier = 0;
  std::array<std::uint8_t, 16> challenge{};
  std::array<std::uint8_t, 16> peer_challenge{};
  std::array<std::uint8_t, 24> nt_response{};
  std::shared_ptr<const MsChapV2NewPassword> change = nullptr;  ///< else the response is by the new password
};

/// What a server needs to go on with an exchange of EAP that it has begun.
struct EapContinuation {
  std::string server;               ///< State is its own: nobody else can go on
  std::vector<std::uint8_t> state;  ///< RFC 2865 §5.24; empty: it sent none
};
/// A Response of EAP, for a back end that speaks its method itself. RFC 3579.
struct EapProof {
  std::vector<std::uint8_t> packet;        ///< from its Code octet on, without padding
  std::uint16_t mtu = 0;                   ///< the longest packet of EAP that the link carries to the peer
  std::optional<EapContinuation> after{};  ///< none: the exchange begins
};
/// What a method of EAP has found out itself: the peer's certificate is the user's. The back end only says what the user
/// may have.
struct CertificateProof {
  MppeStartKeys keys;
};

using AuthProof =
    std::variant<PapProof, ChapMd5Proof, MsChapV1Proof, MsChapV2Proof, EapProof, CertificateProof>;

inline constexpr std::uint16_t kAuthenticationFailure =
    691;  // RFC 2759 §6: the name or the password is wrong
inline constexpr std::uint16_t kPasswordExpired = 648, kErrorChangingPassword = 709;

struct AuthRequest {
  std::string user;                ///< exactly what the peer sent, domain included; untrusted octets
  wire::Ipv4Address peer_address;  ///< outer
  wire::Ipv4Address local_address;
  std::string session_id;
  AuthProof proof;
  AuthMethod method{};          ///< what LCP has agreed on
  Duration within{10'000};      ///< a later verdict reaches nobody
  bool trial = false;           ///< an operator's: servers are asked whatever is thought of them
  bool again = false;           ///< by a challenge within the session: the verdict grants nothing
  SharedStationIds stations{};  ///< nullptr: the peer did not bring the call in
};

/// A user's own terms in IPv6; what is missing comes from the pools of these names.
struct Ipv6Terms {
  bool denied = false;                          ///< no IPv6, whatever [ipv6] mode says
  std::optional<std::uint64_t> interface_id{};  ///< the peer has this one and no other
  std::optional<wire::Ipv6Prefix> link{};       ///< a /64
  std::optional<wire::Ipv6Address> address{};
  std::optional<wire::Ipv6Prefix> delegated{};  ///< a /64 or shorter
  std::string link_pool = "default", address_pool = "default", delegated_pool = "default";
  std::vector<wire::Ipv6Prefix> routes{};  ///< networks behind the subscriber
  std::vector<wire::Ipv6Address> dns{};    ///< instead of the configured ones
  friend bool operator==(const Ipv6Terms&, const Ipv6Terms&) = default;
};

struct AuthAccepted {
  /// The backend's own name for the entry that matched, however the peer wrote it; empty: it has none.
  std::string user{};
  std::optional<wire::Ipv4Address> address{};  ///< fixed address; none: take one from `pool`
  std::string pool = "default";
  std::optional<SubscriberRate> rate{};                        ///< none: the configured one
  std::optional<std::uint16_t> mtu{};                          ///< if less than the configured one
  std::optional<std::uint32_t> port_limit{};                   ///< simultaneous calls of this user
  bool mppe_conflict = false;                                  ///< both were said; the stricter holds
  bool mppe_required = false;                                  ///< no IP without it, whatever [ppp] mppe says
  std::uint32_t mppe_strengths = wire::mppe_bits::kStrengths;  ///< the configured strengths that may be used
  std::vector<wire::Ipv4Prefix> routes{};     ///< networks behind the subscriber, each /16 or longer
  std::optional<Duration> session_timeout{};  ///< from IP up
  std::optional<Duration> idle_timeout{};     ///< without a packet from the subscriber
  std::optional<Duration> interim_interval{};
  bool by_radius = false;
  std::vector<std::vector<std::uint8_t>> classes{};  ///< RFC 2865 §5.25: returned in accounting
  Ipv6Terms ipv6{};
  NameServers servers{};                 ///< a missing one: the configured one
  std::string authenticator_response{};  ///< MS-CHAPv2: "S=" and 40 upper-case hex digits
  std::optional<MppeStartKeys> mppe{};   ///< only MS-CHAP methods have keys
  std::string judge{};                   ///< who says so: "chap-secrets", "RADIUS server aaa1"
};

/// The one name of the subscriber: limits, terminate, shaper, accounting and lists go by it, and by nothing else.
/// `claimed`: what the peer sent, for a RADIUS server whose Accept has no User-Name: it was asked for that name.
[[nodiscard]] inline std::string subscriber_name(const AuthAccepted& accepted, std::string_view claimed) {
  return accepted.user.empty() ? std::string(claimed) : accepted.user;
}

/// An unknown user and a wrong password cost about the same and are answered alike: by this, or both by AuthUnavailable
/// if another back end could not judge them.
struct AuthRejected {
  enum class Fault : std::uint8_t {
    kProof,        ///< the name or the password; with another `ms_chap_error` than 691, the account
    kUnknownUser,  ///< this backend has no such user; another may
    kNone,         ///< of the peer's: a limit of ours, or nobody was asked
  };
  std::uint16_t ms_chap_error = kAuthenticationFailure;  ///< RFC 2759 §6: 646, 647, 648, 649, 691, 709
  std::string why{};  ///< for the log alone: the peer does not hear it; may quote untrusted octets
  Fault fault = Fault::kProof;
  std::string judge{};              ///< who says so
  bool takes_new_password = false;  ///< the password has expired, and this back end would change it

  /// What a guesser would have been told: only this slows down and bans whoever tried.
  [[nodiscard]] bool is_wrong_proof() const {
    return fault != Fault::kNone && ms_chap_error == kAuthenticationFailure;
  }
};

/// The backend gave no answer (no server, overload): the call ends, but not for a fault of the user's. Only
/// after this may another backend be asked.
struct AuthUnavailable {
  std::string why{};
  bool wrong_proof =
      false;  ///< another one that was asked knows the user: a guess, of which the peer hears nothing
  EndReason reason = EndReason::kAuthUnavailable;
};

/// The backend answered, but not with anything that can be carried out, or the proof is one that cannot be put
/// to it. To the peer and in the counters a rejection (RFC 2865 §4.4, §5.6); no other backend is asked.
struct AuthUnusable {
  std::string why;
  std::string judge{};  ///< who answered
};

/// To an EapProof alone: no verdict yet, but the server's next Request. The exchange goes on with another EapProof.
struct AuthChallenge {
  std::vector<std::uint8_t> request;  ///< from its Code octet on; a Request by its header
  EapContinuation next;
  std::optional<Duration>
      patience{};  ///< how long the peer has before the Request is repeated; none: as ever
};

/// To an EapProof alone: this back end speaks no method of EAP. Ours is to be carried out here, and its proof put to it.
struct AuthByOwnMethod {};

using AuthVerdict =
    std::variant<AuthAccepted, AuthRejected, AuthUnavailable, AuthUnusable, AuthChallenge, AuthByOwnMethod>;

class AuthClient {
 public:
  virtual ~AuthClient() = default;
  virtual void on_verdict(const AuthVerdict& verdict) = 0;
};

class EapMethod;
class EapMethodHost;

class AuthBackend {
 public:
  virtual ~AuthBackend();
  /// At most one request per client is outstanding.
  virtual void authenticate(AuthRequest request, AuthClient& client) = 0;
  /// No verdict reaches `client` after this. No effect when nothing is outstanding.
  virtual void cancel(AuthClient& client) = 0;
  /// A local method of EAP for one exchange. Null: there is none of that type beside those that the layer has itself.
  [[nodiscard]] virtual std::unique_ptr<EapMethod> make_eap_method(wire::EapType type, EapMethodHost& host);
  /// What is asked for when a peer calls itself `user`: names of which this is the same are guesses at one password.
  [[nodiscard]] virtual std::string account_of(std::string_view user) const { return std::string(user); }
};

}  // namespace adit::control
