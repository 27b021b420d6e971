// SPDX-License-Identifier: Apache-2.0
// The part that PAP and CHAP share: passes one proof at a time to the backend, answers and reports the
// verdict, enforces the deadline and the number of attempts. The protocols derive from it and only deal with
// packets.
// Thread: control. Owner: the session.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "controlplane/auth/authenticator.hpp"

namespace adit::control {

/// The arguments of make_authenticator().
struct AuthContext {
  const Settings& settings;
  TimerWheel& wheel;
  Entropy& entropy;
  AuthBackend& backend;
  AuthenticatorHost& host;
  AuthOrigin origin;
};

class AuthExchange : public Authenticator, public AuthClient {
 public:
  explicit AuthExchange(AuthContext context);
  AuthExchange(const AuthExchange&) = delete;
  AuthExchange& operator=(const AuthExchange&) = delete;
  ~AuthExchange() override;

  [[nodiscard]] bool rejected() const final;
  void on_verdict(const AuthVerdict& verdict) final;
  void peer_opens_late() final;

 protected:
  enum class State : std::uint8_t {
    kIdle,     ///< before start(), and for a second after a proof that may have been anybody's
    kWaiting,  ///< for a proof
    kAsking,   ///< the backend has one
    kAccepted,
    kFailed,
  };

  /// Starts the deadline. Of a peer that has been accepted a further proof is awaited: it changes nothing when it is
  /// right, or when nobody can judge it, and ends the link when it is wrong or does not come.
  void begin();
  /// Passes a proof to the backend; the verdict may have been answered when this returns.
  void ask(std::string user, AuthProof proof);
  /// A malformed proof: answered and counted as if the backend had rejected it.
  void reject(std::string user);

  /// Sends the Success or Ack and keeps it for repeats. False: the verdict lacks something the method has to
  /// send.
  [[nodiscard]] virtual bool answer_accepted(const AuthAccepted& accepted) = 0;
  /// Sends the Failure or Nak and keeps it for repeats. `retry`: another attempt is allowed, or, where the password has
  /// expired, a new one.
  virtual void answer_rejected(std::uint16_t ms_chap_error, bool retry) = 0;
  /// A proof has been accepted, or a further one could not be judged.
  virtual void settled() {}
  /// Nothing was answered to a proof: the peer is asked for another, or left to repeat its own.
  virtual void ask_again() = 0;
  /// True when the method lets a rejected peer try again on the same link.
  [[nodiscard]] virtual bool can_retry() const = 0;

  [[nodiscard]] State state() const { return state_; }
  /// Of the last proof.
  [[nodiscard]] const std::string& user() const { return user_; }
  [[nodiscard]] const AuthContext& context() const { return context_; }

 private:
  void on_deadline();
  /// True: the proof may be anybody's; nothing is answered, and the next one is taken in a second.
  [[nodiscard]] bool doubts(std::string_view why);
  void on_rejected(const AuthRejected& rejected);
  void settle();
  void fail(EndReason reason, std::string_view why);

  AuthContext context_;
  State state_ = State::kIdle;
  bool doubted_ = false;
  bool accepted_before_ = false;
  std::uint32_t rejections_ = 0;  // the session's, once a proof has been rejected here
  std::string user_;
  Timer deadline_;  // or the end of kIdle
  Instant ends_;    // while deadline_ is armed
};

}  // namespace adit::control
