// SPDX-License-Identifier: Apache-2.0
// What stands behind Concentrator: the records of connections and calls, and what they share.
// Nothing here is destroyed from inside its own callbacks: what is over goes to a list that sweep() empties, at the end
// of every event from outside and, for what timers and verdicts end, within one tick.
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

#include "controlplane/concentrator/call_directory.hpp"
#include "controlplane/concentrator/call_record.hpp"
#include "controlplane/concentrator/concentrator.hpp"
#include "controlplane/concentrator/resources/address_pool.hpp"
#include "controlplane/concentrator/resources/call_ids.hpp"
#include "controlplane/concentrator/resources/call_slots.hpp"
#include "controlplane/concentrator/resources/seating.hpp"
#include "controlplane/concentrator/resources/steering.hpp"
#include "controlplane/pptp/connection.hpp"

namespace adit::control {

/// One control connection: the protocol, and its place in the house.
class ConnectionRecord final : public PptpConnectionHost {
 public:
  ConnectionRecord(ConcentratorCore& core, ConnectionId id, wire::Ipv4Address peer, wire::Ipv4Address local);

  // ---- PptpConnectionHost
  void send(wire::Bytes message) override;
  void connection_established(const pptp::StartControlConnectionRequest& request) override;
  std::expected<PptpCall*, EndReason> install_call(const pptp::OutgoingCallRequest& request) override;
  void call_answered(PptpCall& call) override;
  void call_refused(wire::PeerCallId peer_id, EndReason reason) override;
  void call_cleared(PptpCall& call, EndReason reason) override;
  void connection_ended(EndReason reason, std::string_view detail) override;

  ConcentratorCore& core;
  const ConnectionId id;
  const wire::Ipv4Address peer, local;
  const Instant since;
  bool authenticated = false;  ///< one of its calls was
  bool tcp_closed = false;     ///< by the peer or the process: there is nothing to close
  std::uint32_t calls = 0;     ///< ever
  PptpConnection protocol;
};

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
  [[nodiscard]] ConnectionRecord* find_connection(ConnectionId id) const;
  void on_worker_message(const contract::ToControl& message, std::span<const std::uint8_t> frame);
  void drain();
  /// Destroys what is over. Only from the outermost event.
  void sweep();

  // ---- for connections
  [[nodiscard]] std::expected<CallRecord*, EndReason> install(ConnectionRecord& connection,
                                                              wire::PeerCallId peer);
  void connection_over(ConnectionRecord& connection, EndReason reason, std::string_view detail);
  void count_end(EndReason reason) { ++ended[static_cast<std::size_t>(reason)]; }

  // ---- for calls
  void authenticated(ConnectionRecord& connection);
  void count_stage(CallRecord::Stage stage, int change);
  /// Ends the call from sweep(), because its worker's ring did not take a message.
  void end_out_of_step(CallRecord& call);
  /// The session is over; it may be on the stack still.
  void retire(std::unique_ptr<Session> session);
  /// RemoveCall to the worker, now or as soon as its ring has room.
  void request_removal(CallRecord& call);
  /// The call's worker has had no room for RemoveCall so far.
  [[nodiscard]] bool removal_waits(const CallRecord& call) const {
    return !removals_waiting_[call.ref.worker.value].empty();
  }

  [[nodiscard]] std::string duration_since(Instant since) const;

  // ---- what everyone here shares
  const Settings& settings;
  TimerWheel& wheel;
  Entropy& entropy;
  EventLog& log;
  AuthBackend& auth;
  ConcentratorActions& actions;
  Accounting* accounting;  ///< nullptr: nobody is told
  AddressPools pools;
  CallDirectory directory;
  Seating seating;
  std::unordered_map<ConnectionId, std::unique_ptr<ConnectionRecord>> connections;
  bool draining = false;
  ConcentratorStats stats;  ///< all but `connections` and `ended`
  std::array<std::uint64_t, static_cast<std::size_t>(EndReason::kInternal) + 1> ended{};

 private:
  [[nodiscard]] EndReason refusal_of(wire::Ipv4Address peer) const;
  [[nodiscard]] bool seat(CallRecord& call);
  [[nodiscard]] bool seat_at(CallRecord& call, CallSlots<CallRecord>& slots);
  void unseat(CallRecord& call);
  [[nodiscard]] CallRecord* find_call(const contract::CallRef& ref) const;
  void on_call_removed(const contract::CallRemoved& message);
  void retry_removals();
  void sweep_soon();

  const Steering& steering_;
  CallIds ids_;
  std::vector<CallSlots<CallRecord>> slots_;                     // by worker
  std::vector<std::deque<contract::CallRef>> removals_waiting_;  // by worker
  std::unordered_map<wire::Ipv4Address, std::uint32_t> connections_from_;
  std::size_t starting_ = 0;  // connections without an authenticated call
  std::uint64_t next_number_;
  std::vector<std::unique_ptr<ConnectionRecord>> over_connections_;
  std::vector<std::unique_ptr<Session>> over_sessions_;
  std::vector<contract::CallRef> out_of_step_;
  Timer sweep_timer_;
  Timer removal_timer_;
};

}  // namespace adit::control
