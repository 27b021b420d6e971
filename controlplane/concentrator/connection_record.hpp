// SPDX-License-Identifier: Apache-2.0
// The concentrator's record of one control connection: the protocol, its peer, and the calls that the
// protocol makes to its host. Thread: control. Owner: ConcentratorCore.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "controlplane/concentrator/concentrator.hpp"
#include "controlplane/pptp/connection.hpp"

namespace adit::control {

class ConcentratorCore;

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
  bool authenticated = false;  ///< one of its calls has been
  bool tcp_closed = false;     ///< by the peer or the process: nothing left to close
  std::uint32_t calls = 0;     ///< total so far
  PptpConnection protocol;
};

}  // namespace adit::control
