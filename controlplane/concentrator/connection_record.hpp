// SPDX-License-Identifier: Apache-2.0
// The concentrator's record of one control connection: the protocol, its peer, and the calls that the
// protocol makes to its host. Thread: control. Owner: ConcentratorCore.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "controlplane/concentrator/admission/fair_share.hpp"
#include "controlplane/concentrator/call_story.hpp"
#include "controlplane/concentrator/concentrator.hpp"
#include "controlplane/concentrator/record_keeper.hpp"
#include "controlplane/pptp/connection.hpp"

namespace adit::control {

class ConcentratorCore;

class ConnectionRecord final : public PptpConnectionHost {
 public:
  /// `since`: when it was accepted.
  ConnectionRecord(ConcentratorCore& core, ConnectionId id, wire::Ipv4Address peer, wire::Ipv4Address local,
                   Instant since);

  // ---- another process goes on with it
  /// None: it ends, or has not begun.
  [[nodiscard]] std::optional<CarriedConnection> carried() const;
  /// Before anything else; its calls follow by call_adopted(). False: `from` contradicts itself.
  [[nodiscard]] bool adopt(const CarriedConnection& from);
  void call_adopted() { ++live_calls_; }

  // ---- from its calls
  void call_began();
  void call_logged_in();
  void call_over(bool was_logged_in, EndReason reason);
  [[nodiscard]] bool logged_in() const { return logged_in_calls_ != 0; }
  /// The last of its calls that ended or was refused; kNone: there was none.
  [[nodiscard]] EndReason last_call_ended_by() const { return last_call_ended_by_; }
  /// While it has no call.
  [[nodiscard]] StoryRow told() const;

  // ---- PptpConnectionHost
  void send(wire::Bytes message) override;
  void connection_established(const pptp::StartControlConnectionRequest& request) override;
  std::expected<PptpCall*, EndReason> install_call(const CallRequest& request) override;
  void call_answered(PptpCall& call) override;
  void call_refused(wire::PeerCallId peer_id, EndReason reason, std::string_view why) override;
  void call_cleared(PptpCall& call, EndReason reason, std::string_view why) override;
  void wan_errors_told(std::uint64_t more) override;
  void call_changed(PptpCall& call) override;
  void message_ignored(pptp::ControlType type, std::string_view why) override;
  void connection_ended(EndReason reason, std::string_view detail) override;

  ConcentratorCore& core;
  const ConnectionId id;
  const wire::Ipv4Address peer, local;
  const Instant since;
  const SharedSettings settings;   ///< those of its beginning
  std::optional<Instant> started;  ///< by a Start-Control-Connection-Request
  bool tcp_closed = false;         ///< by the peer or the process: nothing left to close
  bool evicted = false;            ///< gives way to another: its descriptor is needed at once
  std::uint32_t calls = 0;         ///< total so far
  bool ever_logged_in = false;
  std::string_view
      lacks{};         ///< why the core refuses the call that is being asked for, for the log: a literal
  Claim claim;         ///< after login once one of its calls is
  RecordPlace record;  ///< RecordKeeper's
  std::uint32_t calls_with_record = 0;                  ///< RecordKeeper's
  ConnectionRecord *older = nullptr, *newer = nullptr;  ///< of the same peer: PeerConnections
  PptpConnection protocol;

 private:
  void on_login_deadline();

  std::uint32_t live_calls_ = 0;
  std::uint32_t logged_in_calls_ = 0;
  EndReason last_call_ended_by_ = EndReason::kNone;
  Timer login_deadline_;  // from the accept; nothing that the peer sends moves it
};

}  // namespace adit::control
