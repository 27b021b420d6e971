// SPDX-License-Identifier: Apache-2.0
// One PPTP control connection, RFC 2637 §2-3, from the side that connects, with one call: start, call, echo, stop. It
// asks for the call as a PNS, or brings it in as a PAC (ClientSettings::incoming).
// Sans-I/O: TCP octets and timers in; messages and events out through PptpClientHost.
// Thread: control. Owner: the client call.
#pragma once

#include <cstdint>
#include <string_view>

#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/client/client_end.hpp"
#include "controlplane/client/client_settings.hpp"
#include "controlplane/pptp/message_stream.hpp"
#include "controlplane/pptp/messages.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

/// What a control connection needs from the client. None of these may destroy it or call it before returning.
class PptpClientHost {
 public:
  virtual void send_message(wire::Bytes message) = 0;
  /// The server has accepted the call; `peer` is its call ID.
  virtual void call_answered(wire::PeerCallId peer) = 0;
  /// The call was refused, or has ended. The host ends the client, by stop() unless control_finished() was
  /// called.
  virtual void control_failed(ClientEnd end, std::string_view detail) = 0;
  /// The control connection is no longer needed: time for FIN. No calls to the host follow.
  virtual void control_finished() = 0;

 protected:
  ~PptpClientHost() = default;
};

class PptpClient {
 public:
  PptpClient(const ClientSettings& settings, wire::LocalCallId id, TimerWheel& wheel, PptpClientHost& host);
  PptpClient(const PptpClient&) = delete;
  PptpClient& operator=(const PptpClient&) = delete;

  [[nodiscard]] std::uint32_t echoes_answered() const { return echoes_answered_; }

  void start();
  /// Octets of the stream, split or coalesced anywhere. Bounded: holds at most one message.
  void on_bytes(wire::Bytes octets);
  /// LCP opened: some clients send Set-Link-Info now.
  void on_lcp_opened() { send_link_infos(ClientLinkInfo::When::kLcpOpened); }
  /// Hangs up the way the profile does; control_finished() follows, at once or after the server's answer.
  void stop();
  /// Sends nothing more, ignores all input, stops the timers.
  void abandon();
  /// The server has accepted the control connection.
  [[nodiscard]] bool started() const { return state_ > State::kAwaitStart; }

 private:
  enum class State : std::uint8_t {
    kIdle,
    kAwaitStart,
    kPausing,
    kAwaitCall,
    kCall,
    kCleared,
    kStopping,
    kEnded
  };

  void receive(const pptp::Message& message);
  void on_message(const pptp::StartControlConnectionReply& m);
  void on_message(const pptp::OutgoingCallReply& m);
  void on_message(const pptp::IncomingCallReply& m);
  void on_message(const pptp::CallClearRequest& m);
  void on_message(const pptp::EchoRequest& m);
  void on_message(const pptp::CallDisconnectNotify& m);
  void on_message(const pptp::StopControlConnectionRequest& m);
  void on_message(const pptp::StopControlConnectionReply& m);
  /// Messages that a caller ignores: callers' requests, error counts. For an Echo-Reply only
  /// its arrival matters.
  template <typename Other>
  void on_message(const Other&) {}

  void on_deadline();
  void on_silence();
  void send_call_request();
  void answered_by(std::uint16_t call_id);
  void send_link_infos(ClientLinkInfo::When when);
  void send(const pptp::Message& message);
  void fail_and_finish(ClientEnd end, std::string_view detail);
  void finish();

  const ClientSettings& settings_;
  const ClientProfile& profile_;
  PptpClientHost& host_;
  Timer deadline_;  // to SCCRP, then for the pause, then to OCRP
  Timer echo_;      // silence, then the wait for a reply
  wire::LocalCallId id_;
  wire::PeerCallId peer_id_;
  State state_ = State::kIdle;
  bool echo_outstanding_ = false;
  std::uint32_t echoes_answered_ = 0;
  std::uint32_t echo_identifier_ = 0;
  pptp::MessageStream stream_;
};

}  // namespace adit::control
