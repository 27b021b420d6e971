// SPDX-License-Identifier: Apache-2.0
// Our side of a link's authentication: sends the challenge or waits, passes the peer's proof to the
// AuthBackend, answers it.
// One object per LCP-Opened period: created when LCP opens, destroyed when LCP leaves Opened. It stays that
// long because a peer whose Success or Ack was lost repeats its proof and must get the same answer.
// RFC 1334 (PAP), RFC 1994 (CHAP), RFC 2433 (MS-CHAPv1), RFC 2759 (MS-CHAPv2), RFC 3748 (EAP). Sans-I/O. Thread: control.
// Owner: the session.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "controlplane/auth/auth_backend.hpp"
#include "controlplane/base/end_reason.hpp"
#include "controlplane/base/entropy.hpp"
#include "controlplane/base/settings.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "dataplane/wire/lcp.hpp"
#include "dataplane/wire/ppp.hpp"

namespace adit::control {

/// What an authenticator needs from its session, which must not destroy the authenticator from inside these
/// calls.
class AuthenticatorHost {
 public:
  virtual ~AuthenticatorHost() = default;
  /// One PPP frame of the authenticator's protocol, starting with FF 03: goes to PppDataPath::send_ppp_frame
  /// unchanged.
  virtual void send_auth_frame(std::span<const std::uint8_t> frame) = 0;
  /// The peer is authenticated; our Success or Ack has already been sent. At most once, whatever it proves again later,
  /// and never after auth_failed. `user` is what the peer sent (untrusted octets).
  virtual void auth_accepted(const AuthAccepted& accepted, std::string_view user) = 0;
  /// A proof of `user` did not let it in, and nothing has been answered yet; `why`: for the log. True when the session
  /// has been up: LCP has begun anew in the clear since, and the proof may be anybody's. It is not answered then, nor is
  /// auth_rejected() called, and the peer is asked again until the deadline.
  [[nodiscard]] virtual bool doubts_proof(std::string_view user, std::string_view why) = 0;
  /// A proof of `user` was rejected, and nothing has been answered yet; `why`: for the log. `wrong`: the proof is, and not
  /// something else. Returns how often that has happened in this session, which outlives the authenticator: max-failure
  /// is for all of it.
  [[nodiscard]] virtual std::uint32_t auth_rejected(std::string_view user, std::string_view why,
                                                    bool wrong) = 0;
  /// The link must end: kAuthFailed or kAuthUnusable (the Failure or Nak has already been sent), kAuthTimeout,
  /// or kAuthUnavailable when the backend gave no answer; after auth_accepted kRechallengeFailed and nothing else.
  /// `user` may be empty; `why`: the cause, for the log. At most once. Repeats of the failed proof are still answered
  /// while the authenticator lives.
  virtual void auth_failed(EndReason reason, std::string_view user, std::string_view why) = 0;
  /// An exchange of EAP has come to its Success or Failure, after so many Requests without repeats.
  virtual void eap_ended(std::uint8_t /*rounds*/) {}
};

/// What identifies the call: copied into every AuthRequest.
struct AuthOrigin {
  wire::Ipv4Address peer_address;  ///< outer
  wire::Ipv4Address local_address;
  std::string session_id;
  std::uint16_t mru = wire::kDefaultMru;  ///< the longest packet that the link takes to the peer
};

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// CHAP and EAP: send the first Challenge or Request. PAP: waits. The deadline (auth.timeout, eap.timeout) runs from
  /// here. Call once.
  virtual void start() = 0;
  /// Instead of start(): another process has let in `user`, and the link lives on. Its last proof may not be answered again.
  virtual void resume(std::string user) = 0;
  /// The peer may have come to LCP's Opened only now: the deadline begins again, unless it has sent a proof. The session's
  /// setup-timeout stays as it is.
  virtual void peer_opens_late() = 0;
  /// One packet of the method's protocol, from its Code octet on. Invalid ones are ignored.
  virtual void on_packet(std::span<const std::uint8_t> packet) = 0;
  /// PAP, CHAP or EAP: the only protocol whose packets may be passed in.
  [[nodiscard]] virtual wire::PppProtocol protocol() const = 0;
  /// True when a proof was rejected and another is awaited: if the peer hangs up now, the reason is
  /// kAuthFailed.
  [[nodiscard]] virtual bool rejected() const = 0;
  /// For logs and lists: "mschap-v2", "eap-tls". What a link with EAP has come to so far.
  [[nodiscard]] virtual std::string_view name() const = 0;
};

/// `method` is what LCP agreed on. All references outlive the authenticator.
[[nodiscard]] std::unique_ptr<Authenticator> make_authenticator(AuthMethod method, const Settings& settings,
                                                                TimerWheel& wheel, Entropy& entropy,
                                                                AuthBackend& backend, AuthenticatorHost& host,
                                                                AuthOrigin origin);

/// The names in logs and `adit show sessions`: "mschap-v2", "mschap-v1", "chap-md5", "pap"; an Authenticator of EAP
/// knows more.
[[nodiscard]] constexpr std::string_view to_text(AuthMethod method) {
  switch (method) {
    case AuthMethod::kMsChapV2:
      return "mschap-v2";
    case AuthMethod::kMsChapV1:
      return "mschap-v1";
    case AuthMethod::kChapMd5:
      return "chap-md5";
    case AuthMethod::kPap:
      return "pap";
    case AuthMethod::kEap:
      return "eap";
  }
  return "unknown";
}

}  // namespace adit::control
