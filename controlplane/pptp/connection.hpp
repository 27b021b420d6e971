// SPDX-License-Identifier: Apache-2.0
// One PPTP control connection, RFC 2637 §2-3, from the side that is connected to: start, echo, calls, stop. To calls
// that the peer asks for (Outgoing-Call-Request) we are the PAC, to those that it brings in (Incoming-Call-Request)
// the PNS; a connection may have both.
// Sans-I/O: TCP octets and timers in; messages and call events out through PptpConnectionHost.
// Thread: control. Owner: whoever accepted the TCP connection; the connection never outlives its host.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "controlplane/base/end_reason.hpp"
#include "controlplane/base/rate_limit.hpp"
#include "controlplane/base/settings.hpp"
#include "controlplane/base/station_ids.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/pptp/message_stream.hpp"
#include "controlplane/pptp/messages.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

class PptpConnection;
struct CarriedPptp;
struct PptpCall;

/// What only a call has that the peer brought in.
class IncomingCall {
 public:
  /// Waits for the Incoming-Call-Connected: `connection` is told when `timeout` has passed without.
  IncomingCall(PptpConnection& connection, PptpCall& call, SharedStationIds its_stations, TimerWheel& wheel,
               Duration timeout);

  /// False: it already was.
  bool connect();
  [[nodiscard]] bool connected() const { return connected_; }
  /// The connection forgets the call, and is told of nothing more.
  void over() { deadline_.cancel(); }

  const SharedStationIds stations;

 private:
  void on_deadline();

  PptpConnection& connection_;
  PptpCall& call_;
  Timer deadline_;  // from our reply to its Incoming-Call-Connected
  bool connected_ = false;
};

/// What a peer has told of the line behind it, RFC 2637 §2.14.
struct WanErrors {
  std::uint32_t notifies = 0;
  pptp::WanErrorNotify last{};  ///< the peer's counts, from the call's beginning
};
[[nodiscard]] std::uint64_t sum_of(const pptp::WanErrorNotify& errors);

/// What a control connection needs to know of one of its calls. A base of the owner's record of the call.
struct PptpCall {
  wire::LocalCallId local_id;
  wire::PeerCallId peer_id;
  std::uint16_t peer_window = 0;  ///< packets it can take without an acknowledgement, it says; we do not wait
  bool peer_sent_link_info = false;
  bool lcp_is_open = false;
  bool link_info_sent = false;
  std::uint32_t peer_send_accm = 0xFFFFFFFF, peer_receive_accm = 0xFFFFFFFF;  ///< by its last Set-Link-Info
  std::unique_ptr<WanErrors> wan_errors;   ///< nullptr: it has told of none
  std::unique_ptr<IncomingCall> incoming;  ///< nullptr: the peer asked for the call, and did not bring it in
};

/// A call that the peer asks for.
struct CallRequest {
  wire::PeerCallId peer_id;
  std::uint16_t peer_window = 0;
  std::uint32_t maximum_bps = 0;
  SharedStationIds stations{};  ///< nullptr: by Outgoing-Call-Request; else it brings the call in
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
  [[nodiscard]] virtual std::expected<PptpCall*, EndReason> install_call(const CallRequest& request) = 0;
  /// The Outgoing-Call-Reply of an installed call has been sent, or its Incoming-Call-Connected has come: PPP may begin.
  virtual void call_answered(PptpCall& call) = 0;
  /// `why`: the cause in words; empty: it was the host that refused.
  virtual void call_refused(wire::PeerCallId peer_id, EndReason reason, std::string_view why) = 0;
  /// The peer, or the loss of the connection, ended the call; `why`: how. The connection has dropped its pointer to it.
  virtual void call_cleared(PptpCall& call, EndReason reason, std::string_view why) = 0;
  /// The line behind the peer has had `more` errors since it last told of them.
  virtual void wan_errors_told(std::uint64_t more) = 0;
  /// What is known of the call has changed by a message that needs no answer.
  virtual void call_changed(PptpCall& /*call*/) {}
  /// A message that RFC 2637 does not answer was ignored: it is about no call of this connection, or comes out of turn.
  /// `why`: a literal.
  virtual void message_ignored(pptp::ControlType type, std::string_view why) = 0;
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

  /// Ends one call from our side: sends Call-Disconnect-Notify, or Call-Clear-Request if the peer brought it in, and
  /// drops the call (no call_cleared). After the last call the connection stops, because behind some NATs no client can
  /// match the notification to its call; that of a peer that brings calls in stays for call_timeout.
  void end_call(PptpCall& call, EndReason reason);
  /// Stops the connection and all its calls: Stop-Control-Connection-Request, its reply or stop_timeout, the
  /// end. `why`: a literal.
  void stop(EndReason reason, std::string_view why);

  /// For a process that goes on with the connection; none: it is not established, or is stopping.
  [[nodiscard]] std::optional<CarriedPptp> carried() const;
  /// Right after construction, instead of waiting for a Start-Control-Connection-Request. False: `from` cannot be; the
  /// connection is to be closed.
  [[nodiscard]] bool adopt(const CarriedPptp& from);
  /// A call of the connection that was adopted; `incoming`: nullptr: the peer had asked for it.
  void adopt_call(PptpCall& call, SharedStationIds incoming);
  /// A call of the connection that could not be: tells the peer that it has ended.
  void disown_call(wire::LocalCallId id, bool incoming, EndReason reason);
  /// All calls have been adopted: one that has none stops, for `reason`, unless it waits for others.
  void adopted_all(EndReason reason) { stop_after_last_call(reason); }

  [[nodiscard]] bool ended() const { return state_ == State::kEnded; }
  [[nodiscard]] std::span<PptpCall* const> calls() const { return calls_; }
  /// It outlives its last call: the peer has brought calls in, and may bring others.
  [[nodiscard]] bool outlives_calls() const { return brings_calls_ && state_ == State::kEstablished; }

 private:
  friend class IncomingCall;
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
  void on_message(const pptp::IncomingCallConnected& m);
  void on_message(const pptp::CallClearRequest& m);
  void on_message(const pptp::CallDisconnectNotify& m);
  void on_message(const pptp::WanErrorNotify& m);
  void on_message(const pptp::SetLinkInfo& m);

  void on_deadline();
  void on_silence();
  void rearm_echo();

  void send(const pptp::Message& message);
  void send_link_info_if_due(PptpCall& call);
  void send_disconnect(const PptpCall& call, EndReason reason);
  /// Why a call is not taken; which result and error the reply has.
  struct Refusal {
    enum class Kind : std::uint8_t { kError, kDoNotAccept } kind = Kind::kDoNotAccept;
    pptp::GeneralError error = pptp::GeneralError::kNone;
    EndReason reason = EndReason::kNone;
    std::string_view why{};  ///< empty: it was the host that refused
  };
  void ask_for_call(CallRequest request);
  [[nodiscard]] std::optional<Refusal> refusal_of(const CallRequest& request) const;
  void answer_call(const CallRequest& request, std::expected<PptpCall*, EndReason> installed);
  void refuse_call(const CallRequest& request, const Refusal& refusal);
  void on_not_connected(PptpCall& call);
  /// Forgets a request that waits. False: there was none of that ID.
  bool stops_waiting(std::uint16_t id);
  [[nodiscard]] bool is_in_use(wire::PeerCallId peer_id) const;
  [[nodiscard]] PptpCall* find_call(std::uint16_t id) const;
  [[nodiscard]] PptpCall* find_ours(std::uint16_t local_id) const;
  void forget_call(PptpCall& call);
  PptpCall& take_last_call();
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
  bool brings_calls_ = false;  // the peer has brought one in
  std::uint32_t echo_identifier_ = 0;
  Timer deadline_;  // to the start, to the first call, to the reply to our stop
  Timer echo_;      // silence, then the wait for a reply
  RateLimit messages_;
  RateLimit fragments_;
  std::vector<PptpCall*> calls_;      // at most max_calls_per_connection with those waiting, in practice one
  std::vector<CallRequest> waiting_;  // for the host to install them
  pptp::MessageStream stream_;
};

}  // namespace adit::control
