// SPDX-License-Identifier: Apache-2.0
// One call as the concentrator keeps it: between its control connection, its PPP session and its worker, from the
// Outgoing-Call-Request to the worker's CallRemoved. RFC 2637 §3.2.4; RFC 1661 lives in the session.
// Thread: control. Owner: ConcentratorCore.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "controlplane/auth/auth_backend.hpp"
#include "controlplane/concentrator/concentrator.hpp"
#include "controlplane/ppp/session.hpp"
#include "controlplane/ppp/session_change.hpp"
#include "controlplane/pptp/connection.hpp"

namespace adit::control {

class ConcentratorCore;
class ConnectionRecord;

class CallRecord final : public PptpCall, public SessionHost, public AuthBackend, private AuthClient {
 public:
  /// As ConcentratorStats counts them: not up yet, IP up, ending.
  enum class Stage : std::uint8_t { kStarting, kActive, kFinishing };

  /// `number` is the session ID's value.
  CallRecord(ConcentratorCore& core, ConnectionRecord& connection, std::uint64_t number,
             wire::PeerCallId peer);
  ~CallRecord() override;

  // ---- from the core and the connection
  /// The Outgoing-Call-Reply has left: LCP begins.
  void start_ppp();
  void on_frame(std::span<const std::uint8_t> frame);
  void on_mppe_desynchronised();
  void on_mppe_out_of_step();
  /// Ends the call from our side; soft: after LCP's farewell. False: it was ending already.
  bool terminate(EndReason reason, bool hard);
  /// Ends the call on the spot, and tells the peer by its control connection.
  void end(EndReason reason);
  /// Changes its rate limit in place; none: back to what it was let in with.
  void set_rate(std::optional<SubscriberRate> rate);
  /// False: nothing has changed, because the call is ending or its worker's ring is full.
  bool change(const SessionChange& change);
  /// The control connection has ended the call, or is gone itself.
  void cleared(EndReason reason) { finish(reason); }
  /// The worker has forgotten it: the last words about this call.
  void log_end(const contract::CallTotals& totals) const;

  [[nodiscard]] CallStatus status() const;
  [[nodiscard]] std::string session_id() const;
  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] Stage stage() const { return stage_; }
  [[nodiscard]] bool finished() const { return finished_; }
  [[nodiscard]] wire::Ipv4Address local() const { return local_; }
  [[nodiscard]] wire::Ipv4Address peer() const { return peer_; }
  [[nodiscard]] wire::Ipv4Address address() const { return address_; }

  contract::CallRef ref;  ///< set by the core when the call is seated

  /// CallDirectory's: the calls of one user are a list.
  struct UserLinks {
    const std::string* user = nullptr;  // the directory's key; nullptr: not listed
    CallRecord* previous = nullptr;
    CallRecord* next = nullptr;
  } user_links;

  // ---- SessionHost
  void send_ppp_frame(std::span<const std::uint8_t> frame) override;
  void set_ppp_compression(bool send_acfc, bool send_pfc) override;
  void enable_mppe(contract::Direction direction, contract::MppeMode mode,
                   const crypto::Secret<16>& start_key, const crypto::Secret<16>& session_key) override;
  void flush_mppe(bool repeated) override;
  void disable_mppe() override;
  void enable_ip(wire::Ipv4Address subscriber, std::uint16_t peer_mru, bool require_mppe) override;
  void disable_ip() override;
  void lcp_opened() override;
  std::optional<wire::Ipv4Address> lease_address(std::optional<wire::Ipv4Address> fixed,
                                                 std::string_view pool) override;
  void session_ended(EndReason reason) override;

 private:
  // The session's AuthBackend is its call, which hears the verdict on the way to it and so knows who it is early.
  void authenticate(AuthRequest request, AuthClient& client) override;
  void cancel(AuthClient& client) override;
  void on_verdict(const AuthVerdict& verdict) override;

  /// What the user was let in with, and what comes of it while IP is up. One allocation, for those who have any.
  struct Terms;

  [[nodiscard]] bool may_come_in(const std::string& user, std::optional<std::uint32_t> limit);
  [[nodiscard]] bool fits_limit(const std::string& user, std::optional<std::uint32_t> limit) const;
  [[nodiscard]] bool take_over(wire::Ipv4Address address);
  void post_rate();
  void set_routes(const std::vector<wire::Ipv4Prefix>& routes);
  void post(const contract::ToWorker& message);
  void take_terms(const AuthAccepted& accepted);
  void begin_terms();
  [[nodiscard]] Terms& terms();
  void arm_session_timer();
  void arm_idle_timer();
  void arm_interim_timer();
  void arm_note_timer();
  [[nodiscard]] Duration jittered(Duration interval);
  void on_session_timeout() { terminate(EndReason::kSessionTimeout, false); }
  void on_idle_check();
  void on_note();
  [[nodiscard]] Duration since_up() const;
  void map(wire::Ipv4Address subscriber);
  void unmap();
  [[nodiscard]] contract::UpdateLimits limits_of(const SubscriberRate& rate) const;
  void set_stage(Stage stage);
  void log_up() const;
  void finish(EndReason reason);

  ConcentratorCore& core_;
  ConnectionRecord* connection_;  // nullptr once either has ended
  const std::uint64_t number_;
  const wire::Ipv4Address peer_, local_;
  const Instant since_;
  std::unique_ptr<Session> session_;
  AuthClient* auth_client_ = nullptr;
  std::string claimed_user_;  // from the request to the verdict
  SubscriberRate own_rate_;   // that it was let in with
  SubscriberRate rate_;
  wire::Ipv4Address address_;  // leased; ours until CallRemoved
  wire::Ipv4Address mapped_;   // leads to this call in the downlink index, and routes_ with it
  std::vector<wire::Ipv4Prefix> routes_;
  contract::EnableIp enabled_;  // what the worker was told last
  std::unique_ptr<Terms> terms_;
  Instant up_since_{};
  Instant ended_{};
  Stage stage_ = Stage::kStarting;
  EndReason reason_ = EndReason::kNone;
  bool was_up_ = false;
  bool terminating_ = false;  // the session says farewell
  bool out_of_step_ = false;  // a post failed: nothing may follow it, and the core ends the call
  bool finished_ = false;     // only the worker's CallRemoved is missing
  SessionStatus last_;        // the session's, once it is over
};

}  // namespace adit::control
