// SPDX-License-Identifier: Apache-2.0
// One PPTP control connection, RFC 2637 §2-3, from the side that is dialled (PAC): start, echo, calls, stop.
// Sans-I/O: TCP octets and timers in; messages and call events out through PptpConnectionHost.
// Thread: control. Owner: whoever accepted the TCP connection; the connection never outlives its host.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string_view>
#include <vector>

#include "controlplane/base/end_reason.hpp"
#include "controlplane/base/rate_limit.hpp"
#include "controlplane/base/settings.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/pptp/message_stream.hpp"
#include "controlplane/pptp/messages.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

/// What a control connection needs to know of one of its calls. A base of the owner's record of the call.
struct PptpCall {
  wire::LocalCallId local_id;
  wire::PeerCallId peer_id;
  std::uint16_t peer_window = 0;  ///< packets it can take without an acknowledgement, it says; we do not wait
  bool peer_sent_link_info = false;
  bool lcp_is_open = false;
  bool link_info_sent = false;
};

/// What a control connection needs from its owner. None of these may destroy the connection before returning.
class PptpConnectionHost {
 public:
  virtual ~PptpConnectionHost() = default;
  /// One whole message, to leave in one segment.
  virtual void send(wire::Bytes message) = 0;
  /// The Start-Control-Connection-Request was accepted. Its texts are untrusted octets.
  virtual void connection_established(const pptp::StartControlConnectionRequest& request) = 0;
  /// A call is requested: installs it (the data plane must know it before the reply is sent) and returns its
  /// record with the IDs filled in, or why not. The record stays valid until call_cleared or end_call.
  /// nullptr: not yet; on_call_installed() follows, unless the connection ends.
  [[nodiscard]] virtual std::expected<PptpCall*, EndReason> install_call(
      const pptp::OutgoingCallRequest& request) = 0;
  /// The Outgoing-Call-Reply of an installed call has been sent: PPP may begin.
  virtual void call_answered(PptpCall& call) = 0;
  /// `why`: the cause in words; empty: it was the host that refused.
  virtual void call_refused(wire::PeerCallId peer_id, EndReason reason, std::string_view why) = 0;
  /// The peer, or the loss of the connection, ended the call; `why`: how. The connection has dropped its pointer to it.
  virtual void call_cleared(PptpCall& call, EndReason reason, std::string_view why) = 0;
  /// The connection has ended; every call has been cleared. No calls to the host follow. `detail`: the cause in words.
  virtual void connection_ended(EndReason reason, std::string_view detail) = 0;
};

class PptpConnection {
 public:
  /// The TCP connection has just been accepted; starts the deadline for its first message. References outlive
  /// it.
  PptpConnection(const PptpSettings& settings, TimerWheel& wheel, PptpConnectionHost& host);
  PptpConnection(const PptpConnection&) = delete;
  PptpConnection& operator=(const PptpConnection&) = delete;

  /// Octets of the stream, split or coalesced anywhere. Bounded: holds at most one message.
  void on_bytes(wire::Bytes octets);
  /// The TCP connection is gone, `why`: in words. Ends the control connection without sending anything.
  void on_closed(EndReason reason, std::string_view why);
  /// The verdict on a call that install_call() left waiting. Nothing happens if awaits() says no by now.
  void on_call_installed(wire::PeerCallId peer_id, std::expected<PptpCall*, EndReason> installed);
  /// The peer still waits for the reply to this call's request.
  [[nodiscard]] bool awaits(wire::PeerCallId peer_id) const;
  /// LCP of `call` opened: sends our Set-Link-Info, if the peer gets one.
  void on_lcp_opened(PptpCall& call);

  /// Ends one call from our side: sends Call-Disconnect-Notify and drops the call (no call_cleared). After
  /// the last call the connection stops, because behind some NATs no client can match the notification to its
  /// call.
  void end_call(PptpCall& call, EndReason reason);
  /// Stops the connection and all its calls: Stop-Control-Connection-Request, its reply or stop_timeout, the
  /// end. `why`: a literal.
  void stop(EndReason reason, std::string_view why);

  [[nodiscard]] bool ended() const { return state_ == State::kEnded; }
  [[nodiscard]] std::span<PptpCall* const> calls() const { return calls_; }

 private:
  enum class State : std::uint8_t { kAwaitStart, kEstablished, kStopping, kEnded };

  void receive(const pptp::Message& message);
  void on_message(const pptp::StartControlConnectionRequest& m);
  void on_message(const pptp::StartControlConnectionReply&) {}
  void on_message(const pptp::StopControlConnectionRequest& m);
  void on_message(const pptp::StopControlConnectionReply& m);
  void on_message(const pptp::EchoRequest& m);
  void on_message(const pptp::EchoReply&) {}
  void on_message(const pptp::OutgoingCallRequest& m);
  void on_message(const pptp::OutgoingCallReply&) {}
  void on_message(const pptp::IncomingCallRequest& m);
  void on_message(const pptp::IncomingCallReply&) {}
  void on_message(const pptp::IncomingCallConnected&) {}
  void on_message(const pptp::CallClearRequest& m);
  void on_message(const pptp::CallDisconnectNotify& m);
  void on_message(const pptp::WanErrorNotify&) {}
  void on_message(const pptp::SetLinkInfo& m);

  void on_deadline();
  void on_silence();
  void rearm_echo();

  void send(const pptp::Message& message);
  void send_link_info_if_due(PptpCall& call);
  void send_disconnect(const PptpCall& call, EndReason reason);
  void answer_call(const pptp::OutgoingCallRequest& request, std::expected<PptpCall*, EndReason> installed);
  void refuse_call(const pptp::OutgoingCallRequest& request, pptp::OutgoingResult result,
                   pptp::GeneralError error, EndReason reason, std::string_view why);
  [[nodiscard]] PptpCall* find_call(std::uint16_t id) const;
  void forget_call(const PptpCall& call);
  void clear_call(PptpCall& call, EndReason reason, std::string_view why);
  void stop_after_last_call(EndReason reason);
  void begin_stop(pptp::StopReason stop_reason, EndReason reason, std::string_view why);
  void end(EndReason reason, std::string_view detail);

  const PptpSettings& settings_;
  TimerWheel& wheel_;
  PptpConnectionHost& host_;
  State state_ = State::kAwaitStart;
  EndReason stopping_for_ = EndReason::kNone;
  std::string_view stopping_why_{};  // a literal
  bool echo_outstanding_ = false;
  std::uint32_t echo_identifier_ = 0;
  Timer deadline_;  // to the start, to the first call, to the reply to our stop
  Timer echo_;      // silence, then the wait for a reply
  RateLimit messages_;
  RateLimit fragments_;
  std::vector<PptpCall*> calls_;  // at most max_calls_per_connection with those waiting, in practice one
  std::vector<pptp::OutgoingCallRequest> waiting_;  // for the host to install them
  pptp::MessageStream stream_;
};

}  // namespace adit::control
