// SPDX-License-Identifier: Apache-2.0
// The inside of Concentrator: the connections and calls, admission, and the state that they share.
// Nothing here is destroyed from inside its own callbacks: what has ended goes to a list that sweep()
// empties, at the end of every outside event, and within one tick after timers and verdicts.
// Thread: control. Owner: Concentrator.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controlplane/base/rate_limit.hpp"
#include "controlplane/concentrator/admission/fair_share.hpp"
#include "controlplane/concentrator/admission/login_backoff.hpp"
#include "controlplane/concentrator/admission/scarcity.hpp"
#include "controlplane/concentrator/admission/source_history.hpp"
#include "controlplane/concentrator/call_directory.hpp"
#include "controlplane/concentrator/call_measures.hpp"
#include "controlplane/concentrator/call_record.hpp"
#include "controlplane/concentrator/concentrator.hpp"
#include "controlplane/concentrator/peer_connections.hpp"
#include "controlplane/concentrator/record_keeper.hpp"
#include "controlplane/concentrator/resources/address_pool.hpp"
#include "controlplane/concentrator/resources/call_ids.hpp"
#include "controlplane/concentrator/resources/call_slots.hpp"
#include "controlplane/concentrator/resources/machine_networks.hpp"
#include "controlplane/concentrator/resources/mppc_histories.hpp"
#include "controlplane/concentrator/resources/prefix_claims.hpp"
#include "controlplane/concentrator/resources/prefix_pools.hpp"
#include "controlplane/concentrator/resources/seating.hpp"
#include "controlplane/concentrator/resources/steering.hpp"
#include "controlplane/concentrator/story_book.hpp"

namespace adit::control {

class CallAdoption;
class ConnectionRecord;

class ConcentratorCore {
 public:
  ConcentratorCore(const Settings& settings, std::uint16_t workers, std::uint32_t slots_per_worker,
                   TimerWheel& wheel, Entropy& entropy, EventLog& log, AuthBackend& auth,
                   ConcentratorActions& actions, const Steering& steering, Accounting* its_accounting);
  ~ConcentratorCore();
  ConcentratorCore(const ConcentratorCore&) = delete;
  ConcentratorCore& operator=(const ConcentratorCore&) = delete;

  // ---- events
  bool accept(ConnectionId id, wire::Ipv4Address peer, wire::Ipv4Address local);
  /// Drops a connection of the source that holds most before login. False: there is none.
  bool free_a_descriptor();
  /// A connection of this source was closed before its turn.
  void turned_away(wire::Ipv4Address source, Scarce what);
  [[nodiscard]] ConnectionRecord* find_connection(ConnectionId id) const;
  void on_worker_message(const contract::ToControl& message, std::span<const std::uint8_t> frame);
  void set_machine_networks(std::vector<MachineNetwork> networks);
  void set_machine_networks6(std::vector<MachineNetwork6> networks);
  /// Stops the next connections. False: they were the last.
  bool drain();
  /// Destroys what has ended, and writes the records that are due. Only from the outermost event.
  void sweep();
  void sweep_soon();

  // ---- another process had them
  /// See Concentrator::adopt().
  [[nodiscard]] Adopted adopt(wire::Bytes record, Duration later);
  void adopted_all();
  // For CallAdoption:
  void add(std::unique_ptr<ConnectionRecord> connection);
  /// Why not; "": it is. `full`: its worker's ring is, and nothing has changed.
  [[nodiscard]] std::string_view adopt(ConnectionRecord& connection, const CarriedCall& from, bool& full);

  // ---- for connections
  /// nullptr: its place is still on its way back from a worker; PptpConnection::on_call_installed() follows.
  [[nodiscard]] std::expected<CallRecord*, EndReason> install(ConnectionRecord& connection,
                                                              wire::PeerCallId peer);
  void connection_over(ConnectionRecord& connection, EndReason reason, std::string_view detail);
  /// Why no connection and no call is taken at all; empty: they are.
  [[nodiscard]] std::string_view closed() const;
  void count_end(EndReason reason) { ++ended[static_cast<std::size_t>(reason)]; }

  // ---- for calls
  void count_failed_login(wire::Ipv4Address source);
  void count_delayed_login(const CallRecord& call, std::string_view user, std::string_view why);
  void count_stage(CallRecord::Stage stage, int change);
  /// A message of this call found its worker's ring full: the next sweep() ends the call.
  void end_overflowed(const contract::CallRef& ref);
  /// Keeps an ended session until sweep(): it may still be on the stack.
  void retire(std::unique_ptr<Session> session, SharedSettings its_settings);
  /// Sends RemoveCall to the worker, now or as soon as its ring has room.
  void request_removal(CallRecord& call);
  /// Its IPv4 lease goes back to the pool; the call still names it, and is to forget it.
  void release_address(CallRecord& call);
  /// RemoveCall is still waiting for room in the worker's ring.
  [[nodiscard]] bool removal_waits(const CallRecord& call) const {
    return !removals_waiting_[call.ref.worker.value].empty();
  }

  // ---- for walks over them
  [[nodiscard]] CallDirectory::Slots slots() const { return slots_; }
  /// nullptr: the reference is stale, or invalid.
  [[nodiscard]] CallRecord* find_call(const contract::CallRef& ref) const;

  [[nodiscard]] std::string duration_since(Instant since) const;

  // ---- shared state
  /// Those of now. A connection and a call keep the ones that they began with.
  SharedSettings settings;
  TimerWheel& wheel;
  Entropy& entropy;
  EventLog& log;
  AuthBackend& auth;
  ConcentratorActions& actions;
  Accounting* accounting;  ///< nullptr: no accounting
  FairShare connection_shares;
  FairShare call_shares;
  SourceHistories histories{kRememberedSources};
  LoginBackoff backoff;
  AddressPools pools;
  PrefixClaims claims;
  MachineNetworks machine;
  PrefixPools pools6;
  PrefixClaims6 claims6;
  MachineNetworks6 machine6;
  RateLimit advertisements;  ///< Router Advertisements of all calls
  CallDirectory directory;
  Seating seating;
  std::vector<MppcHistories> mppc_histories;  ///< by worker
  std::unordered_map<ConnectionId, std::unique_ptr<ConnectionRecord>> connections;
  PeerConnections of_peers;
  StoryBook stories;
  RecordKeeper records{*this};
  bool draining = false;
  bool takes_calls = true;  ///< false: an operator has closed the door, and may open it again
  ConcentratorStats stats;  ///< except `takes_calls`, `connections`, `connections_before_login`, `ended`
  CallMeasures measures;
  std::array<std::uint64_t, kEndReasons> ended{};

 private:
  struct WaitingCall {
    ConnectionId connection;
    wire::PeerCallId peer;
    Instant since;
  };

  /// `lacks`: the key that says how many there may be, or why there may be none.
  [[nodiscard]] EndReason make_room_for(wire::Ipv4Address newcomer, std::string_view& lacks);
  [[nodiscard]] bool make_room_for_call(const ConnectionRecord& newcomer);
  /// nullptr: no place, or no room in its worker's ring.
  [[nodiscard]] CallRecord* install_now(ConnectionRecord& connection, wire::PeerCallId peer);
  void serve_waiting();
  void retry_waiting();
  /// Counts that a call is refused because of it.
  EndReason no_place_for(ConnectionRecord& connection);
  /// Which of a call's places there are fewest of.
  [[nodiscard]] Scarce fewest_places(wire::Ipv4Address local);
  [[nodiscard]] std::uint64_t places_left(wire::Ipv4Address local);
  /// The last ones are for sources that have no other call under way.
  [[nodiscard]] std::uint64_t reserved_places() const;
  void evict(const Claim& claim, Scarce what);
  void tell_of_refusal(wire::Ipv4Address peer, wire::Ipv4Address local, EndReason reason,
                       std::string_view why);
  void count_refusal(wire::Ipv4Address source);
  /// What `call` has is the machine's from now on.
  void tell_of_loss(const CallRecord& call, const std::string& address, const std::string& holder);
  SourceHistory& history_of(wire::Ipv4Address source);
  /// One more has been `affected`.
  void scarce(Scarce what, std::uint64_t& affected);
  void log_scarcity();
  [[nodiscard]] bool seat(CallRecord& call);
  [[nodiscard]] bool seat_at(CallRecord& call, CallSlots<CallRecord>& slots);
  void unseat(CallRecord& call);
  void on_call_removed(const contract::CallRemoved& message);
  void retry_removals();

  const Steering& steering_;
  std::unique_ptr<CallAdoption> adoption_;  // nullptr: nothing is being adopted
  CallIds ids_;
  std::vector<CallSlots<CallRecord>> slots_;                     // by worker
  std::deque<WaitingCall> waiting_;                              // for places, in their order
  std::size_t next_to_drain_ = 0;                                // a bucket of `connections`
  std::vector<std::deque<contract::CallRef>> removals_waiting_;  // by worker
  std::uint64_t places_ = 0;                                     // slots of all workers
  std::uint64_t seated_ = 0;                                     // those in use
  std::uint64_t evicted_ = 0, refused_ = 0;                      // since scarcity was last logged
  ScarceSet scarce_;                                             // since then
  std::uint64_t next_number_;
  std::vector<std::unique_ptr<ConnectionRecord>> over_connections_;
  struct OverSession {
    SharedSettings settings;
    std::unique_ptr<Session> session;  // refers to them
  };
  std::vector<OverSession> over_sessions_;
  std::vector<contract::CallRef> overflowed_;
  Timer sweep_timer_;
  Timer removal_timer_;
  Timer waiting_timer_;
  Timer scarcity_timer_;
};

}  // namespace adit::control
