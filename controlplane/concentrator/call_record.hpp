// SPDX-License-Identifier: Apache-2.0
// The life of one call, from the request for it to the worker's CallRemoved; connects its control
// connection (RFC 2637 §3.2.4), its PPP session and its worker. Login, addresses, timeouts and accounting
// have separate files.
// Thread: control. Owner: CallDirectory.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "controlplane/auth/auth_backend.hpp"
#include "controlplane/concentrator/admission/fair_share.hpp"
#include "controlplane/concentrator/call_accounting.hpp"
#include "controlplane/concentrator/call_addresses.hpp"
#include "controlplane/concentrator/call_login.hpp"
#include "controlplane/concentrator/call_measures.hpp"
#include "controlplane/concentrator/call_prefixes.hpp"
#include "controlplane/concentrator/call_story.hpp"
#include "controlplane/concentrator/carried_call.hpp"
#include "controlplane/concentrator/concentrator.hpp"
#include "controlplane/concentrator/record_keeper.hpp"
#include "controlplane/concentrator/session_timeouts.hpp"
#include "controlplane/concentrator/worker_link.hpp"
#include "controlplane/ppp/session.hpp"
#include "controlplane/ppp/session_change.hpp"
#include "controlplane/pptp/connection.hpp"

namespace adit::control {

class ConnectionRecord;

class CallRecord final : public PptpCall, public WorkerLink {
 public:
  /// As in ConcentratorStats: not up yet, IP up, ending.
  enum class Stage : std::uint8_t { kStarting, kActive, kFinishing };

  /// `number` is the session ID's value; `since`: when it was asked for.
  CallRecord(ConcentratorCore& core, ConnectionRecord& connection, std::uint64_t number,
             wire::PeerCallId peer, Instant since);
  ~CallRecord() override;

  // ---- another process goes on with it
  /// None: it has never been up, or is ending.
  [[nodiscard]] std::optional<CarriedCall> carried() const;
  /// Of a new record that has its slot, its call ID and its user: it goes on where the other process was. Returns why not,
  /// and holds nothing then; "": it does. `full`: its worker's ring has no room, and it may be asked again.
  [[nodiscard]] std::string_view adopt(const CarriedCall& from, bool& full);
  /// Before its end.
  [[nodiscard]] ConnectionRecord& connection() const { return *connection_; }
  RecordPlace record;  ///< RecordKeeper's

  // ---- from the core and the connection
  /// The Outgoing-Call-Reply has been sent, or the Incoming-Call-Connected has come: LCP begins.
  void start_ppp();
  void on_frame(std::span<const std::uint8_t> frame);
  void on_mppe_desynchronised();
  void on_mppe_out_of_step();
  // `why`: the cause in words, for the log; a session that is ending already has its own.
  /// Ends the call from our side; soft: after LCP's Terminate-Request. False: it was already ending.
  bool terminate(EndReason reason, std::string_view why, bool hard);
  /// Ends the call at once, and notifies the peer on the control connection.
  void end(EndReason reason, std::string_view why);
  /// Changes the rate limit in place; none: restores the one from authentication. False: its worker's ring is
  /// full; nothing has changed.
  [[nodiscard]] bool set_rate(std::optional<SubscriberRate> rate);
  /// False: the call is ending or its worker's ring is full; nothing has changed.
  bool change(const SessionChange& change);
  /// The control connection has ended the call, or is itself gone.
  void cleared(EndReason reason, std::string_view why) { finish(reason, why); }
  /// The worker has removed the call: sends accounting's Stop and logs the final counters.
  void removed(const contract::CallTotals& totals);

  // ---- from its parts and from other calls
  /// Authentication succeeded for `user`.
  void admit(const std::string& user, const AuthAccepted& accepted);
  /// Gives up its address for the next call of `user`. False: it has not ended, or was another user's.
  bool yield_address(const std::string& user);
  bool yield_prefix(const wire::Ipv6Prefix& prefix, const std::string& user);
  /// For those that are refused what it has.
  [[nodiscard]] std::string in_use_by() const;
  /// It works, by the longest prefix; but whoever `granted` it may not have meant it.
  void warn_of_overlap(const std::string& granted, const std::string& own, const std::string& holder) const;

  /// To one of the places for calls.
  [[nodiscard]] Claim& claim() { return claim_; }

  [[nodiscard]] CallStatus status() const;
  [[nodiscard]] CallStory& story() { return story_; }
  /// With the counters so far.
  [[nodiscard]] StoryRow told(const contract::CallTotals& totals) const;
  [[nodiscard]] CallDetails details() const;
  [[nodiscard]] std::string session_id() const;
  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] Stage stage() const { return stage_; }
  /// Ended; only the worker's CallRemoved is missing.
  [[nodiscard]] bool finished() const { return link_closed(); }
  /// When IP first came up, by either family.
  [[nodiscard]] std::optional<Instant> up_since() const { return up_since_; }
  [[nodiscard]] wire::Ipv4Address local() const { return local_; }
  [[nodiscard]] wire::Ipv4Address peer() const { return peer_; }
  [[nodiscard]] wire::Ipv4Address address() const { return addresses_.leased(); }
  /// IPv4 has been enabled: its address has been somebody's.
  [[nodiscard]] bool has_had_ipv4() const { return !enabled_.subscriber.is_none(); }
  /// nullptr: the peer did not bring it in.
  [[nodiscard]] SharedStationIds stations() const { return incoming ? incoming->stations : nullptr; }
  /// nullptr: nobody has IPv6, or the user is not known yet.
  [[nodiscard]] CallPrefixes* prefixes() const { return prefixes_.get(); }
  /// Empty before authentication and after the end.
  [[nodiscard]] std::string user() const {
    return user_links.spelled != nullptr ? *user_links.spelled
           : user_links.user != nullptr  ? *user_links.user
                                         : "";
  }

  /// Used by CallDirectory: the calls of one user form a list.
  struct UserLinks {
    const std::string* user = nullptr;  // the directory's key; nullptr: not listed
    CallRecord* previous = nullptr;
    CallRecord* next = nullptr;
    std::unique_ptr<const std::string> spelled = nullptr;  // only if it is not the key
  } user_links;

  // ---- SessionHost, except for most of WorkerLink's half
  void enable_mppe(contract::Direction direction, contract::MppeMode mode,
                   const crypto::Secret<16>& start_key, const crypto::Secret<16>& session_key) override;
  void send_ppp_frame(std::span<const std::uint8_t> frame) override;
  void enable_ip(wire::Ipv4Address subscriber, std::uint16_t peer_mru, bool require_mppe) override;
  void disable_ip() override;
  void enable_ipv6(const Ipv6Binding& binding, std::uint16_t peer_mru, bool require_mppe) override;
  void disable_ipv6() override;
  std::expected<wire::Ipv6Prefix, NoAddress> lease_ipv6(Ipv6Use use) override;
  bool may_advertise() override;
  void send_ipv6(std::span<const std::uint8_t> packet) override;
  void too_small_for_ipv6(std::uint16_t room) override { story_.ipv6.room = room; }
  Ipv6Counters& ipv6_counters() override;
  std::optional<std::uint64_t> packets_received() const override;
  std::optional<std::uint64_t> ipv6_packets_received() const override;
  std::optional<std::uint16_t> port_mtu() const override;
  void lcp_opened() override;
  void eap_ended(std::uint8_t rounds) override;
  std::expected<wire::Ipv4Address, NoAddress> lease_address(std::optional<wire::Ipv4Address> fixed,
                                                            std::string_view pool) override;
  void return_address() override;
  void session_ended(EndReason reason) override;

 private:
  void reach(SetupStage stage);
  [[nodiscard]] bool ip_is_up() const;
  /// What its worker has been told, once more. False: its ring is full.
  [[nodiscard]] bool tell_worker_again(const CarriedCall& from);
  void go_on(const CarriedCall& from);
  [[nodiscard]] contract::EnableIpv6 ipv6_message() const;
  void came_up();
  void went_down();
  void change_routes(const std::vector<wire::Ipv4Prefix>& routes);
  void change_routes6(const std::vector<wire::Ipv6Prefix>& routes);
  /// Tells the worker and the index what `ipv6_` has.
  void forward_ipv6();
  void change_timeouts(const SessionChange& change);
  void set_stage(Stage stage);
  /// Has ended, and was a call of `user`, whose next call may take what it had.
  [[nodiscard]] bool yields_to(const std::string& user) const;
  void finish(EndReason reason, std::string_view why);
  /// Nothing came by GRE: that is why it ends.
  void tell_of_silence();
  void log_up() const;
  void log_ended(const contract::CallTotals& totals) const;

  ConcentratorCore& core_;
  const SharedSettings settings_;  // those of its beginning
  ConnectionRecord* connection_;   // nullptr once the connection or the call has ended
  const std::uint64_t number_;
  const wire::Ipv4Address peer_, local_;
  const Instant since_;
  SetupStopwatch setup_;
  Claim claim_;
  CallStory story_;
  CallLogin login_;
  CallAddresses addresses_;
  /// As enable_ipv6() was told.
  struct EnabledIpv6 {
    Ipv6Binding binding;
    std::uint16_t peer_mru;
    bool require_mppe;
  };
  std::unique_ptr<EnabledIpv6> ipv6_;       // nullptr: IPv6CP is not up
  std::unique_ptr<CallPrefixes> prefixes_;  // nullptr: see prefixes()
  SubscriberRate admitted_rate_;
  SubscriberRate rate_;
  contract::EnableIp enabled_;                  // as last sent to the worker
  std::unique_ptr<SessionTimeouts> timeouts_;   // nullptr: it has none
  std::unique_ptr<CallAccounting> accounting_;  // nullptr: no accounting, or not admitted yet
  std::unique_ptr<Session> session_;            // destroyed before login_ and others, which it uses
  std::optional<Instant> up_since_;
  Instant ended_{};
  Stage stage_ = Stage::kStarting;
  CallsUp::Kind up_as_ = 0;  // while stage_ is kActive
  EndReason reason_ = EndReason::kNone;
  bool logged_in_ = false;
  bool heard_ = false;        // by GRE, since PPP began
  bool terminating_ = false;  // LCP's Terminate-Request has been sent
  SessionStatus last_;        // the session's, once it is over
};

}  // namespace adit::control
