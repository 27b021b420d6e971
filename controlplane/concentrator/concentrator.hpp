// SPDX-License-Identifier: Apache-2.0
// The control plane as one object: control connections, calls, sessions, call IDs, slots, addresses.
// Sans-I/O: TCP octets, worker messages, operator's requests and time in; ConcentratorActions out.
// Every operation is O(1) in the number of calls; what visits many of them does a slice at a time (CallWalk).
// Thread: control. Owner: aditd (or a simulation).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/auth/auth_backend.hpp"
#include "controlplane/base/end_reason.hpp"
#include "controlplane/base/entropy.hpp"
#include "controlplane/base/event_log.hpp"
#include "controlplane/base/settings.hpp"
#include "controlplane/base/station_ids.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/concentrator/accounting.hpp"
#include "controlplane/concentrator/admission/scarcity.hpp"
#include "controlplane/concentrator/admission/source_history.hpp"
#include "controlplane/concentrator/call_measures.hpp"
#include "controlplane/concentrator/call_story.hpp"
#include "controlplane/concentrator/call_walk.hpp"
#include "controlplane/concentrator/resources/address_pool.hpp"
#include "controlplane/concentrator/resources/machine_networks.hpp"
#include "controlplane/concentrator/resources/prefix_claims.hpp"
#include "controlplane/concentrator/resources/prefix_pools.hpp"
#include "controlplane/concentrator/resources/seating.hpp"
#include "controlplane/concentrator/resources/steering.hpp"
#include "controlplane/concentrator/shared_settings.hpp"
#include "controlplane/ipv6/ipv6_counters.hpp"
#include "controlplane/ppp/session.hpp"
#include "controlplane/ppp/session_change.hpp"
#include "controlplane/pptp/connection.hpp"
#include "dataplane/contract/messages.hpp"

namespace adit::control {

/// Identifies a TCP control connection; chosen by whoever accepts it, never reused.
using ConnectionId = std::uint64_t;

/// What the concentrator needs from the process. Of PrefixActions: subscribers' addresses and networks, in
/// order with posts.
class ConcentratorActions : public PrefixActions {
 public:
  /// One whole PPTP control message, to leave in one segment.
  virtual void send(ConnectionId connection, std::span<const std::uint8_t> message) = 0;
  /// What has been sent on a connection and has not left yet, of which the first message may have left in part.
  [[nodiscard]] virtual std::span<const std::uint8_t> unsent(ConnectionId /*connection*/) const { return {}; }
  /// The same of a connection that another process had: goes before anything else.
  virtual void send_rest(ConnectionId /*connection*/, std::span<const std::uint8_t> /*octets*/) {}
  /// Closes once everything sent has left (the process bounds the wait); no more events come for this
  /// connection.
  virtual void close(ConnectionId connection) = 0;
  /// Closes at once, whatever has not left yet: another connection needs the place.
  virtual void drop(ConnectionId connection) { close(connection); }
  /// False when the worker's ring is full. The concentrator then refuses or ends the call and never blocks.
  [[nodiscard]] virtual bool post(contract::WorkerId worker, const contract::ToWorker& message) = 0;
  /// The same with the frame that belongs to the message: SendPppFrame, SendIpv6.
  [[nodiscard]] virtual bool post_frame(contract::WorkerId worker, const contract::ToWorker& message,
                                        std::span<const std::uint8_t> frame) = 0;
  /// Entries of the data plane's index: the call for a GRE key, and its peer's address. In order with posts. False:
  /// the index has no room, and no packet finds the call.
  [[nodiscard]] virtual bool map_call(wire::Ipv4Address local, wire::Ipv4Address peer, wire::LocalCallId id,
                                      const contract::CallRef& call) = 0;
  virtual void unmap_call(wire::Ipv4Address local, wire::Ipv4Address peer, wire::LocalCallId id) = 0;
  /// Pairs of histories for stateful MPPC that each worker has.
  [[nodiscard]] virtual std::uint32_t mppc_histories_per_worker() const { return 0; }
  /// A call's current counters from its worker; nothing when the worker does not have it.
  [[nodiscard]] virtual std::optional<contract::CallTotals> totals(const contract::CallRef& call) const = 0;
  /// How many of its uplink packets so far were IPv6; none: nobody knows.
  [[nodiscard]] virtual std::optional<std::uint64_t> uplink_ipv6_packets(
      const contract::CallRef& /*call*/) const {
    return std::nullopt;
  }
  /// Of the port by which packets reach the peer; none: there is no way to it just now.
  [[nodiscard]] virtual std::optional<std::uint16_t> port_mtu(wire::Ipv4Address /*peer*/) const {
    return std::nullopt;
  }
  /// Of a call that its worker has.
  [[nodiscard]] virtual contract::FirstPackets first_packets(const contract::CallRef& /*call*/) const {
    return {};
  }
  /// Where GRE with this call's key came from lately that was not its peer; none: not known.
  [[nodiscard]] virtual std::optional<wire::Ipv4Address> gre_from_elsewhere(wire::Ipv4Address /*local*/,
                                                                            wire::LocalCallId /*id*/) const {
    return std::nullopt;
  }
};

/// One call, for `adit show sessions` and accounting.
struct CallStatus {
  std::string session_id;  ///< sid: 16 hex digits, unique across restarts
  contract::CallRef call;
  wire::Ipv4Address peer, local;
  wire::LocalCallId local_id;
  wire::PeerCallId peer_id;
  Instant since;
  SubscriberRate rate;
  std::vector<wire::Ipv4Prefix> routes;  ///< behind the subscriber; while IP is up, those that it has
  std::vector<wire::Ipv6Prefix> routes6;
  bool may_have_ipv6 = false;  ///< neither all nor this user is denied it
  bool ending = false;
  SessionStatus session;
  SharedStationIds stations{};  ///< nullptr: the peer did not bring it in
};

/// One call in full, for an operator who looks at it. Times left: until something happens to it; none: nothing will.
struct CallDetails {
  CallStatus status;
  std::uint16_t peer_window = 0;  ///< what the peer offered; RFC 2637 §2.7
  struct LinkInfo {
    std::uint32_t send_accm, receive_accm;
  };
  std::optional<LinkInfo> link_info;      ///< the peer's last Set-Link-Info
  WanErrors wan_errors;                   ///< of the line behind the peer
  std::optional<SessionDetails> session;  ///< none: before LCP begins, and after the end
  SubscriberRate granted;                 ///< what the login granted; `status.rate` may be an operator's
  struct Timeout {
    std::optional<Duration> every, left;
  };
  Timeout session_timeout, idle_timeout, interim;
  bool by_radius = false;                          ///< a RADIUS server accepted the user
  std::vector<std::vector<std::uint8_t>> classes;  ///< as the server sent them; only with accounting
};

struct ConcentratorStats {
  bool takes_calls = true;        ///< see Concentrator::take_calls
  std::uint64_t connections = 0;  ///< gauges
  std::uint64_t connections_before_login = 0;
  std::uint64_t calls_starting = 0;
  std::uint64_t calls_active = 0;
  std::uint64_t calls_finishing = 0;
  std::uint64_t calls_with_ipv6 = 0;
  std::uint64_t connections_total = 0;  ///< since start
  std::uint64_t calls_total = 0;
  std::uint64_t auth_accepted = 0;
  std::uint64_t auth_rejected = 0;
  std::uint64_t frames_dropped = 0;      ///< PPP control frames dropped because the worker's ring was full
  std::uint64_t stale_messages = 0;      ///< from workers, about calls that no longer exist
  std::uint64_t wan_error_notifies = 0;  ///< of peers, about the lines behind them
  std::uint64_t wan_errors = 0;          ///< that they told of
  Ipv6Counters ipv6{};                   ///< Router Advertisements and DHCPv6
  std::size_t stories = 0, story_octets = 0;  ///< of calls that have ended: gauges
  std::uint64_t mppc_histories = 0;           ///< pairs of them that calls have: a gauge
  std::vector<std::pair<EndReason, std::uint64_t>>
      ended;  ///< calls, and connections without one, by reason, without zeros
};

/// A source address that was limited: what it has, and what was done to it (admission/source_history.hpp).
struct SourceStatus {
  wire::Ipv4Address address;
  std::uint32_t before_login = 0, after_login = 0;  ///< its connections
  SourceHistory history;
  Duration since{0};  ///< the last time that something was done to it
};

/// What became of a record.
struct Adopted {
  enum class Outcome : std::uint8_t {
    kDone,
    kLater,  ///< a worker's ring is full: nothing has changed, ask again
    kRefused,  ///< nothing has changed; the call or connection is to be ended, and its places in the data plane freed
  };
  Outcome outcome = Outcome::kDone;
  std::string why{};                         ///< unless kDone
  std::optional<ConnectionId> connection{};  ///< if it was a connection's record, and kDone
};

/// The result of removing a call at once.
enum class Removal : std::uint8_t {
  kUnknown,   ///< there is no such call
  kRemoved,   ///< it has ended
  kResidual,  ///< it had already ended; its worker has yet to remove it
  kWaiting,   ///< it had already ended; its worker's ring has had no room for RemoveCall so far
};

/// Control's memory for one call on its own connection: records, session, slot and index entries.
[[nodiscard]] std::size_t control_octets_per_call();

class ConcentratorCore;
class StateStore;

class Concentrator {
 public:
  /// `slots_per_worker` bounds the calls of each of `workers` workers. All references outlive this. `settings` hold
  /// until use().
  Concentrator(const Settings& settings, std::uint16_t workers, std::uint32_t slots_per_worker,
               TimerWheel& wheel, Entropy& entropy, EventLog& log, AuthBackend& auth,
               ConcentratorActions& actions, const Steering& steering = kUnsteered,
               Accounting* accounting = nullptr);
  ~Concentrator();
  Concentrator(const Concentrator&) = delete;
  Concentrator& operator=(const Concentrator&) = delete;

  // ---- events ---------------------------------------------------------------------------------------------
  /// A TCP connection was accepted. False: refused (limits, draining): close it at once; its ID is not kept.
  /// At a limit another connection is usually dropped in its favour, see admission/fair_share.hpp.
  [[nodiscard]] bool on_accept(ConnectionId connection, wire::Ipv4Address peer, wire::Ipv4Address local);
  /// The process has no descriptor left for a new connection. False: there is nothing to drop.
  [[nodiscard]] bool on_no_descriptors();
  /// A connection that had been accepted was closed before its turn, because of what is scarce.
  void on_turned_away(wire::Ipv4Address peer, Scarce what);
  void on_bytes(ConnectionId connection, std::span<const std::uint8_t> octets);
  /// The peer closed or reset, or (kOutputOverflow) the process gave up on a peer that does not read.
  void on_closed(ConnectionId connection, EndReason reason = EndReason::kPeerClosed);
  /// `frame` holds the octets of a PppFrameIn, otherwise nothing. Stale references are counted and ignored.
  void on_worker_message(const contract::ToControl& message, std::span<const std::uint8_t> frame);
  /// The machine's own addresses and the networks that it is in, instead of those told before. They come
  /// before any subscriber's.
  void on_machine_networks(std::vector<MachineNetwork> networks);
  void on_machine_networks6(std::vector<MachineNetwork6> networks);
  /// A reload: what is decided for all connections and calls together goes by `settings` from now on, and so do those
  /// that begin from now on; the others keep what they began with. What a start alone reads is as it was: pools, gateway,
  /// [ip] quarantine, [ipv6] mode, [common] single-session-ignore-case.
  void use(SharedSettings settings);
  /// The addresses that users have as their own, ascending, instead of those told before: nobody gets one of them
  /// because a pool has it, too.
  void on_fixed_addresses(std::vector<wire::Ipv4Address> addresses);
  void on_fixed_prefixes(std::vector<wire::Ipv6Prefix> prefixes);

  // ---- another process goes on with the calls --------------------------------------------------------------
  /// Keeps a record there of each call that has been up, and of its connection, from before the first call on. `records`
  /// outlives this.
  void keep_records(StateStore& records);
  /// Writes those that are due; else they are at the end of the next event. At once all of them.
  void write_records();
  /// Goes on with what another process had, by a record that it has left, in the order in which they were made: after the
  /// machine's networks and users' own addresses, before anything else happens. `later`: by how much more this process'
  /// Instants count from than those of the record's; may be negative. What is adopted has the ConnectionIds and CallRefs
  /// that it had: new ConnectionIds are to be others.
  [[nodiscard]] Adopted adopt(std::span<const std::uint8_t> record, Duration later);
  /// No record is left: tells peers of the end of calls that were not adopted. Anything else may happen from now on.
  void adopted_all();
  [[nodiscard]] bool has(const contract::CallRef& call) const;
  [[nodiscard]] bool has_connection(ConnectionId connection) const;

  // ---- operator -------------------------------------------------------------------------------------------
  // Those that take a walk do its next slice. They meet all matching calls, including those that are ending
  // (except by user name: those are no longer listed).
  void for_each_call(CallWalk& walk, const std::function<void(const CallStatus&)>& visit) const;
  /// A visit that returns false ends the slice, and the next one begins with that call.
  void visit_calls(CallWalk& walk, const std::function<bool(const CallStatus&)>& visit) const;
  /// Without a walk: visits the newest calls that a selector other than kAll names, at most `most`. Returns how many it
  /// names.
  std::size_t find_calls(const SessionSelector& selector, std::size_t most,
                         const std::function<void(const CallStatus&)>& visit) const;
  /// The same with everything that is known of the call.
  std::size_t find_details(const SessionSelector& selector, std::size_t most,
                           const std::function<void(const CallDetails&)>& visit) const;
  /// Returns the number of calls asked to end. hard: without LCP's Terminate-Request. `why`: who asks, for the log.
  std::size_t terminate(CallWalk& walk, bool hard, std::string_view why);
  /// Changes the rate limit of these calls in place; none: restores the one from authentication. Returns
  /// their number. A full ring to a worker ends the slice early: go on when it may have room.
  std::size_t set_rate(CallWalk& walk, std::optional<SubscriberRate> rate);
  /// Whether two names are one user's, by [common] single-session-ignore-case.
  [[nodiscard]] bool is_same_user(std::string_view one, std::string_view other) const;
  /// Ends one call at once. `why`: who asks, for the log.
  Removal remove(std::string_view session_id, std::string_view why);
  /// Changes a call in place. False: no such call, or its worker's ring is full; nothing has changed.
  bool change(std::string_view session_id, const SessionChange& change);
  /// Whether new connections and calls are taken; what is there stays.
  void take_calls(bool take);
  /// There is no connection and no call, and every CallRemoved has arrived.
  [[nodiscard]] bool empty() const;
  /// Accepts no new connections and calls from now on, and sends StopCCRQ to the next slice of peers. False: they
  /// were the last. drained() turns true when all have ended and every CallRemoved has arrived.
  bool drain();
  [[nodiscard]] bool drained() const;

  /// Whether a worker gets new calls; existing calls stay where they are. False: no such worker, or the last
  /// one in use.
  [[nodiscard]] bool use_worker(contract::WorkerId worker, bool in_use);
  /// The share of time, 0..1, that each worker spent on packets since the last report: new calls avoid the
  /// busiest.
  void on_busy(const std::vector<double>& shares);
  [[nodiscard]] const std::vector<WorkerSeats>& seats() const;

  /// Of what goes on and of the last that ended (see StoryBook), the newest first, at most kStoriesTold.
  [[nodiscard]] std::vector<StoryRow> stories(const StorySelector& selector) const;
  [[nodiscard]] ConcentratorStats stats() const;
  [[nodiscard]] const CallMeasures& measures() const;
  /// Of both families.
  [[nodiscard]] std::vector<PoolStatus> pools() const;
  /// The next slice of the addresses that were limited, of which kRememberedSources are known; those that it happened to last
  /// come first. False: they were the last. Of one to which it happens again meanwhile see LruTable::Walk.
  bool visit_limited(SourceHistories::Walk& walk,
                     const std::function<void(const SourceStatus&)>& visit) const;

 private:
  std::unique_ptr<ConcentratorCore> core_;
};

}  // namespace adit::control
