// SPDX-License-Identifier: Apache-2.0
// The part that PAP, CHAP and EAP share: passes one proof at a time to the backend, answers and reports the
// verdict, enforces the deadline and the number of attempts. The protocols derive from it and only deal with
// packets.
// Thread: control. Owner: the session.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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
  AuthMethod method;
};

class AuthExchange : public Authenticator, public AuthClient {
 public:
  explicit AuthExchange(AuthContext context);
  AuthExchange(const AuthExchange&) = delete;
  AuthExchange& operator=(const AuthExchange&) = delete;
  ~AuthExchange() override;

  [[nodiscard]] bool rejected() const final;
  [[nodiscard]] std::string_view name() const override { return to_text(context_.method); }
  void on_verdict(const AuthVerdict& verdict) final;
  void peer_opens_late() final;
  void resume(std::string user) final;

 protected:
  enum class State : std::uint8_t {
    kIdle,     ///< before start(), and for a second after a proof that may have been anybody's
    kWaiting,  ///< for a proof
    kAsking,   ///< the backend has one
    kTelling,  ///< there is a verdict, of which the peer has yet to hear
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

  /// The name that the peer has given before it proves anything.
  void calls_itself(std::string user) { user_ = std::move(user); }

  enum class Answer : std::uint8_t {
    kGiven,
    kBegun,    ///< the peer has to say that it has heard; told() follows
    kLacking,  ///< the verdict lacks something that the method has to send
  };
  /// Sends the Success or Ack and keeps it for repeats.
  [[nodiscard]] virtual Answer answer_accepted(const AuthAccepted& accepted) = 0;
  /// Sends the Failure or Nak and keeps it for repeats. `retry`: another attempt is allowed, or, where the password has
  /// expired, a new one. Never kLacking.
  virtual Answer answer_rejected(std::uint16_t ms_chap_error, bool retry) = 0;
  /// There is a verdict of which the peer has yet to hear, and it is a yes.
  [[nodiscard]] bool grants() const { return outcome_ != nullptr && outcome_->accepted; }
  /// Carries out the verdict of which the peer has heard now.
  void told();
  /// A proof has been accepted, or a further one could not be judged.
  virtual void settled() {}
  /// The verdicts that only an EapProof gets.
  virtual void on_challenge(const AuthChallenge& challenge);
  virtual void on_own_method() {}
  /// No back end has judged the proof, and the exchange ends for that. True: ask_again() instead.
  [[nodiscard]] virtual bool recovers() { return false; }
  /// The end, if the peer has not said anything until the deadline.
  [[nodiscard]] virtual EndReason silence() const { return EndReason::kAuthTimeout; }
  /// Ends the exchange with a Failure or Nak, unless what ends it may have been anybody's.
  void end(EndReason reason, std::string_view why);
  /// The peer says no more: what it has yet to hear of is carried out if that is a no, else the exchange ends.
  void peer_is_silent(std::string_view why);
  /// Nothing was answered to a proof: the peer is asked for another, or left to repeat its own.
  virtual void ask_again() = 0;
  /// The exchange has failed: what only it needs is freed, as the call may take a while to end.
  virtual void over() {}
  /// True when the method lets a rejected peer try again on the same link.
  [[nodiscard]] virtual bool can_retry() const = 0;
  /// True when the method has a packet for a new password in place of an expired one.
  [[nodiscard]] virtual bool can_change_password() const { return false; }

  [[nodiscard]] State state() const { return state_; }
  /// Of the last proof.
  [[nodiscard]] const std::string& user() const { return user_; }
  [[nodiscard]] const AuthContext& context() const { return context_; }

 private:
  void on_deadline();
  /// True: the proof may be anybody's; nothing is answered, and the next one is taken in a second.
  [[nodiscard]] bool doubts(std::string_view why);
  void on_accepted(const AuthAccepted& accepted);
  void on_rejected(const AuthRejected& rejected);
  void accept(const AuthAccepted& accepted);
  void settle();
  void fail(EndReason reason, std::string_view why);

  /// What is carried out when the peer has heard of it.
  struct Outcome {
    std::optional<AuthAccepted> accepted{};
    std::string why{};  // it is not
  };

  AuthContext context_;
  const Duration timeout_;
  State state_ = State::kIdle;
  bool doubted_ = false;
  bool accepted_before_ = false;
  std::uint32_t rejections_ = 0;  // the session's, once a proof has been rejected here
  std::string user_;
  std::unique_ptr<Outcome> outcome_;  // of the last proof, until the peer has heard of it
  Timer deadline_;                    // or the end of kIdle
  Instant ends_;                      // while deadline_ is armed
};

}  // namespace adit::control
