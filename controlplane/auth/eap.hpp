// SPDX-License-Identifier: Apache-2.0
// EAP, authenticator side: RFC 3748. Asks for the peer's identity, then either carries every packet to a RADIUS server and
// back (RFC 3579), whatever the method is, or has one of our own methods carried out and its proof judged by the back end.
// EAP is a lock-step protocol whose authenticator alone repeats (§4.1, §4.3): one Request is outstanding, its repeats are
// equal, the next one has another identifier, and a Response under any other is discarded.
// Thread: control. Owner: the session.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/auth/auth_exchange.hpp"
#include "controlplane/auth/eap_method.hpp"
#include "dataplane/wire/eap.hpp"

namespace adit::control {

/// RFC 3748 §4.3 leaves both to us; pppd has the same.
inline constexpr Duration kEapRepeat{3'000};
inline constexpr std::uint8_t kEapTries = 10;
/// Requests in one exchange, without repeats. EAP-TLS with a chain of 64 KiB in fragments of 1,400 octets needs 50.
inline constexpr std::uint8_t kEapMostRounds = 64;

class Eap final : public AuthExchange, private EapMethodHost {
 public:
  explicit Eap(AuthContext context);
  ~Eap() override;

  void start() override;
  void on_packet(wire::Bytes packet) override;
  [[nodiscard]] wire::PppProtocol protocol() const override { return wire::PppProtocol::kEap; }
  [[nodiscard]] std::string_view name() const override { return wire::to_text(seen_); }

 private:
  enum class Phase : std::uint8_t {
    kIdentity,
    kRemote,  ///< a server has the method
    kLocal,   ///< we have
    kOver,    ///< the last word has been sent
  };

  // AuthExchange
  [[nodiscard]] Answer answer_accepted(const AuthAccepted& accepted) override;
  Answer answer_rejected(std::uint16_t ms_chap_error, bool retry) override;
  void on_challenge(const AuthChallenge& challenge) override;
  void on_own_method() override { begin_own_method(); }
  [[nodiscard]] bool recovers() override;
  [[nodiscard]] EndReason silence() const override { return EndReason::kEapTimeout; }
  void ask_again() override;
  void over() override;
  [[nodiscard]] bool can_retry() const override;
  // EapMethodHost
  void eap_request(wire::Bytes type_data) override;
  void eap_prove(std::string user, AuthProof proof) override;
  void eap_succeeded() override;
  void eap_rejected() override;
  void eap_refused(AuthRejected why) override;
  void eap_failed(Failure why) override;
  [[nodiscard]] const std::string& eap_identity() const override { return identity_; }
  [[nodiscard]] std::uint8_t eap_next_identifier() const override {
    return static_cast<std::uint8_t>(identifier_ + 1);
  }
  [[nodiscard]] std::size_t eap_room() const override;

  void ask_identity();
  void on_identity(const wire::EapPacket& response);
  void on_local_response(const wire::EapPacket& response);
  void on_nak(wire::Bytes wanted);
  void begin_own_method();
  void ask_server(wire::Bytes packet);
  void send_request(std::uint8_t identifier, wire::EapType type, wire::Bytes data, Duration repeat);
  void repeat_request();
  void take();
  [[nodiscard]] bool offer_method();
  void release();
  /// A method is heard.
  [[nodiscard]] bool goes_on() const {
    return state() == State::kWaiting || state() == State::kAsking || state() == State::kTelling;
  }
  void send_end(wire::EapCode code);
  void on_timer_fires();
  [[nodiscard]] std::unique_ptr<EapMethod> make_method(EapLocalMethod method);

  Phase phase_ = Phase::kIdentity;
  wire::EapType seen_{};         // of the last Request that was a method's
  std::uint8_t identifier_ = 0;  // of the last Request
  std::uint8_t tries_ = 0;       // of it
  std::uint8_t rounds_ = 0;
  std::uint32_t refused_ = 0;     // bit per index of our methods: those that the peer will not have
  bool restarted_ = false;        // the server fell silent once
  bool has_continued_ = false;    // the server has answered
  bool method_over_ = false;      // it has ended the exchange itself
  bool method_rejected_ = false;  // it tells the peer why
  bool method_begins_ =
      false;  // its first Request is outstanding: the only one that may be answered by a Nak
  Duration repeat_ = kEapRepeat;
  std::vector<std::uint8_t> request_;  // the frame that awaits a Response; empty: none does
  std::vector<std::uint8_t> reply_;    // the Success or Failure, for repeats of what it answers
  std::string identity_;
  std::optional<EapContinuation> next_;  // of the server's, between its Request and the Response
  std::unique_ptr<EapMethod> method_;
  Timer timer_;  // repeats the Request; or frees what is over
};

}  // namespace adit::control
