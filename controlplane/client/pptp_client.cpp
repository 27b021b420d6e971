// SPDX-License-Identifier: Apache-2.0
#include "controlplane/client/pptp_client.hpp"

#include <string>
#include <variant>

namespace adit::control {

using namespace pptp;

namespace {

template <typename Result>
std::string refusal(Result result, GeneralError error) {
  return "result " + std::to_string(static_cast<unsigned>(result)) + " error " +
         std::to_string(static_cast<unsigned>(error));
}

}  // namespace

PptpClient::PptpClient(const ClientSettings& settings, wire::LocalCallId id, TimerWheel& wheel,
                       PptpClientHost& host)
    : settings_(settings),
      profile_(*settings.profile),
      host_(host),
      deadline_(wheel, on_timer<&PptpClient::on_deadline>, this),
      echo_(wheel, on_timer<&PptpClient::on_silence>, this),
      id_(id) {}

// ---- events -----------------------------------------------------------------------------------------------

void PptpClient::start() {
  state_ = State::kAwaitStart;
  deadline_.arm(settings_.start_timeout);
  send(profile_.start);
}

void PptpClient::on_bytes(wire::Bytes octets) {
  while (state_ != State::kEnded) {
    const auto message = stream_.next(octets);
    if (!message) {
      return fail_and_finish(ClientEnd::kMalformed, to_text(message.error()));
    }
    if (!*message) {
      return;
    }
    receive(**message);
  }
}

void PptpClient::receive(const Message& message) {
  if (state_ > State::kAwaitStart && state_ < State::kStopping && profile_.echo_interval > Duration{0}) {
    echo_outstanding_ = false;  // any message shows that the server is alive, not just an Echo-Reply
    echo_.arm(profile_.echo_interval);
  }
  std::visit([this](const auto& m) { on_message(m); }, message);
}

void PptpClient::on_deadline() {
  switch (state_) {
    case State::kAwaitStart:
      return fail_and_finish(ClientEnd::kStartTimeout, "no Start-Control-Connection-Reply");
    case State::kPausing:
      return send_call_request();
    case State::kAwaitCall:
      return host_.control_failed(ClientEnd::kCallTimeout,
                                  settings_.incoming ? "no Incoming-Call-Reply" : "no Outgoing-Call-Reply");
    default:
      return;
  }
}

void PptpClient::on_silence() {
  if (echo_outstanding_) {
    send(StopControlConnectionRequest{});  // the server may still receive, though we do not
    return fail_and_finish(ClientEnd::kEchoTimeout, {});
  }
  echo_outstanding_ = true;
  echo_.arm(settings_.echo_timeout);
  send(EchoRequest{++echo_identifier_});
}

// ---- messages ---------------------------------------------------------------------------------------------

void PptpClient::on_message(const StartControlConnectionReply& m) {
  if (state_ != State::kAwaitStart) {
    return;
  }
  if (m.result != StartResult::kOk) {
    return fail_and_finish(ClientEnd::kStartRefused, refusal(m.result, m.error));
  }
  if (profile_.echo_interval > Duration{0}) {
    echo_.arm(profile_.echo_interval);
  }
  if (profile_.pause_before_call > Duration{0}) {
    state_ = State::kPausing;
    return deadline_.arm(profile_.pause_before_call);
  }
  send_call_request();
}

void PptpClient::send_call_request() {
  state_ = State::kAwaitCall;
  deadline_.arm(settings_.start_timeout);
  if (settings_.incoming) {
    IncomingCallRequest request;
    request.call_id = id_.value;
    request.bearer_type = profile_.call.bearer_type;
    request.dialing_length = static_cast<std::uint16_t>(settings_.calling_number.size());
    request.dialing_number = FixedText<64>(settings_.calling_number);
    request.dialed_length = static_cast<std::uint16_t>(settings_.called_number.size());
    request.dialed_number = FixedText<64>(settings_.called_number);
    return send(request);
  }
  OutgoingCallRequest request = profile_.call;
  request.call_id = id_.value;
  send(request);
}

// A reply with another call's ID is ignored, as mtpd does.
void PptpClient::on_message(const OutgoingCallReply& m) {
  if (state_ != State::kAwaitCall || settings_.incoming || m.peer_call_id != id_.value) {
    return;
  }
  deadline_.cancel();
  if (m.result != OutgoingResult::kConnected) {
    state_ = State::kCleared;
    return host_.control_failed(ClientEnd::kCallRefused, refusal(m.result, m.error));
  }
  answered_by(m.call_id);
}

// The caller's line is answered at once: there is none.
void PptpClient::on_message(const IncomingCallReply& m) {
  if (state_ != State::kAwaitCall || !settings_.incoming || m.peer_call_id != id_.value) {
    return;
  }
  deadline_.cancel();
  if (m.result != IncomingResult::kConnect) {
    state_ = State::kCleared;
    return host_.control_failed(ClientEnd::kCallRefused, refusal(m.result, m.error));
  }
  IncomingCallConnected connected;
  connected.peer_call_id = m.call_id;
  connected.connect_speed = profile_.call.maximum_bps;
  connected.receive_window = profile_.call.receive_window;
  connected.framing_type = profile_.call.framing_type;
  send(connected);
  answered_by(m.call_id);
}

void PptpClient::answered_by(std::uint16_t call_id) {
  state_ = State::kCall;
  peer_id_ = wire::PeerCallId(call_id);
  send_link_infos(ClientLinkInfo::When::kCallAnswered);
  host_.call_answered(peer_id_);
}

// How the PNS of a call that was brought in ends it: RFC 2637 §3.2.2.
void PptpClient::on_message(const CallClearRequest& m) {
  if (state_ == State::kCall && settings_.incoming && m.call_id == peer_id_.value) {
    state_ = State::kCleared;
    CallDisconnectNotify notify;
    notify.call_id = id_.value;
    notify.result = DisconnectResult::kRequest;
    send(notify);
    host_.control_failed(ClientEnd::kServerCleared, "Call-Clear-Request");
  }
}

void PptpClient::on_message(const EchoRequest& m) {
  ++echoes_answered_;
  send(EchoReply{m.identifier, SimpleResult::kOk, GeneralError::kNone});
}

// Servers differ in whose call ID it carries (accel-ppp: ours), but there is only one call.
void PptpClient::on_message(const CallDisconnectNotify& m) {
  if (state_ == State::kCall || state_ == State::kAwaitCall) {
    deadline_.cancel();
    state_ = State::kCleared;
    host_.control_failed(ClientEnd::kServerCleared, refusal(m.result, m.error));
  }
}

void PptpClient::on_message(const StopControlConnectionRequest& m) {
  send(StopControlConnectionReply{});
  fail_and_finish(ClientEnd::kServerStopped, "reason " + std::to_string(static_cast<unsigned>(m.reason)));
}

void PptpClient::on_message(const StopControlConnectionReply&) {
  if (state_ == State::kStopping) {
    finish();
  }
}

// ---- actions ----------------------------------------------------------------------------------------------

void PptpClient::stop() {
  if (state_ == State::kEnded || state_ == State::kStopping) {
    return;
  }
  if (state_ == State::kCall && profile_.clears_call) {
    if (settings_.incoming) {
      CallDisconnectNotify notify;
      notify.call_id = id_.value;
      notify.result = DisconnectResult::kLostCarrier;
      send(notify);
    } else {
      send(CallClearRequest{id_.value});
    }
  }
  const bool established = state_ > State::kAwaitStart;
  deadline_.cancel();
  echo_.cancel();
  if (!established || !profile_.stops) {
    return finish();
  }
  state_ = State::kStopping;
  send(StopControlConnectionRequest{});
}

void PptpClient::send_link_infos(ClientLinkInfo::When when) {
  for (const ClientLinkInfo& info : profile_.link_infos) {
    if (info.when == when && state_ == State::kCall) {
      send(SetLinkInfo{peer_id_.value, info.send_accm, info.receive_accm});
    }
  }
}

void PptpClient::send(const Message& message) {
  const Encoded encoded = write(message);
  host_.send_message(encoded.octets());
}

void PptpClient::fail_and_finish(ClientEnd end, std::string_view detail) {
  abandon();
  host_.control_failed(end, detail);
  host_.control_finished();
}

void PptpClient::finish() {
  abandon();
  host_.control_finished();
}

void PptpClient::abandon() {
  state_ = State::kEnded;
  deadline_.cancel();
  echo_.cancel();
}

}  // namespace adit::control
