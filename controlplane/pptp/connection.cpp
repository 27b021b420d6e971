// SPDX-License-Identifier: Apache-2.0
// RFC 2637 §3.1 and §3.2 for the side that is dialled. The reaction to each message in each state:
//
//                  before SCCRQ      established                       stopping (our StopCCRQ is out)
//   SCCRQ          SCCRP 1, or 5+end SCCRP 3                           ignored
//   StopCCRQ       StopCCRP 1, end   StopCCRP 1, calls cleared, end    StopCCRP 1, end
//   StopCCRP       ignored           ignored                           end
//   Echo-Request   ignored           Echo-Reply                        Echo-Reply
//   OCRQ           OCRP 2/1          OCRP 1, 2/4, 2/5 or 7, perhaps    OCRP 2/1
//                                    later: the host may let it wait
//   ICRQ           ICRP 2/1          ICRP 3                            ICRP 2/1
//   CCRQ           ignored           CDN 4, stop after the last call   ignored
//   CDN            ignored           call ends, stop after the last    ignored
//   SLI            ignored           noted (ours may follow)           ignored
//   all others     ignored           ignored                           ignored
//
// Anything else than one of these fifteen messages, complete and of exact length, ends the connection.
#include "controlplane/pptp/connection.hpp"

#include <algorithm>
#include <variant>

namespace adit::control {

using namespace pptp;

namespace {

// Reads that complete no message. Clients, and NATs that segment, send a message in one to three; a peer that
// sends octet by octet costs a read for each, and escapes the limit on messages. A dial-up in single octets, 500,
// is still tolerated.
constexpr std::uint16_t kFragmentsAtOnce = 512;
constexpr Duration kFragmentEvery{50};

struct CdnCode {
  DisconnectResult result;
  GeneralError error = GeneralError::kNone;
};

/// RFC 2637 §2.13, for calls that we end: lost carrier when the link died, an error when we lack a resource,
/// administrative when it was decided here.
CdnCode cdn_code(EndReason reason) {
  switch (reason) {
    case EndReason::kUserRequest:
    case EndReason::kPeerClosed:
    case EndReason::kEchoTimeout:
    case EndReason::kLostCarrier:
    case EndReason::kLcpTimeout:
    case EndReason::kNoGre:
    case EndReason::kNetworkTimeout:
    case EndReason::kSetupTimeout:
    case EndReason::kMppeDesynchronised:
      return {DisconnectResult::kLostCarrier};
    case EndReason::kNoResource:
    case EndReason::kPoolEmpty:
    case EndReason::kPoolUnknown:
    case EndReason::kAuthUnavailable:
    case EndReason::kEapBusy:
    case EndReason::kAddressInUse:
      return {DisconnectResult::kGeneralError, GeneralError::kNoResource};
    case EndReason::kInternal:
      return {DisconnectResult::kGeneralError, GeneralError::kPacError};
    default:
      return {DisconnectResult::kAdminShutdown};
  }
}

}  // namespace

PptpConnection::PptpConnection(const PptpSettings& settings, TimerWheel& wheel, PptpConnectionHost& host)
    : settings_(settings),
      wheel_(wheel),
      host_(host),
      deadline_(wheel, on_timer<&PptpConnection::on_deadline>, this),
      echo_(wheel, on_timer<&PptpConnection::on_silence>, this),
      messages_({.tokens = settings.max_messages_per_second,
                 .milliseconds = 1000,
                 .capacity = settings.max_messages_per_second}),
      fragments_(kFragmentsAtOnce, kFragmentEvery) {
  deadline_.arm(settings_.start_timeout);
}

// ---- events -----------------------------------------------------------------------------------------------

void PptpConnection::on_bytes(wire::Bytes octets) {
  for (bool fragment = true; state_ != State::kEnded; fragment = false) {
    const auto message = stream_.next(octets);
    if (!message) {
      return end(EndReason::kMalformed, to_text(message.error()));
    }
    if (!*message) {
      if (fragment && !fragments_.allow(wheel_.now())) {
        end(EndReason::kLimit, "octet by octet");
      }
      return;
    }
    receive(**message);
  }
}

void PptpConnection::receive(const Message& message) {
  if (!messages_.allow(wheel_.now())) {
    return end(EndReason::kLimit, "message rate");
  }
  std::visit([this](const auto& m) { on_message(m); }, message);
  if (state_ == State::kEstablished) {
    rearm_echo();  // any message shows that the peer is alive, not just an Echo-Reply
  }
}

void PptpConnection::on_closed(EndReason reason, std::string_view why) {
  if (state_ == State::kStopping) {
    end(stopping_for_, stopping_why_);
  } else if (state_ != State::kEnded) {
    end(reason, why);
  }
}

void PptpConnection::on_lcp_opened(PptpCall& call) {
  call.lcp_is_open = true;
  send_link_info_if_due(call);
}

void PptpConnection::on_deadline() {
  switch (state_) {
    case State::kAwaitStart:
      end(EndReason::kStartTimeout, "no Start-Control-Connection-Request");
      break;
    case State::kEstablished:
      begin_stop(StopReason::kNone, EndReason::kStartTimeout, "no Outgoing-Call-Request");
      break;
    case State::kStopping:
      end(stopping_for_, stopping_why_);  // without a reply
      break;
    case State::kEnded:
      break;
  }
}

void PptpConnection::on_silence() {
  if (!echo_outstanding_) {
    echo_outstanding_ = true;
    echo_.arm(settings_.echo_timeout);
    send(EchoRequest{++echo_identifier_});
    return;
  }
  for (const PptpCall* call : calls_) {  // we receive nothing from the peer, but it may still receive
    send_disconnect(*call, EndReason::kEchoTimeout);
  }
  send(StopControlConnectionRequest{StopReason::kNone});
  end(EndReason::kEchoTimeout, "no Echo-Reply");
}

void PptpConnection::rearm_echo() {
  echo_outstanding_ = false;
  if (settings_.echo_interval > Duration{0}) {
    echo_.arm(settings_.echo_interval);
  }
}

// ---- messages about the connection ------------------------------------------------------------------------

void PptpConnection::on_message(const StartControlConnectionRequest& m) {
  if (state_ == State::kStopping) {
    return;
  }
  StartControlConnectionReply reply;
  reply.firmware_revision = 1;
  reply.host_name = FixedText<64>(settings_.host_name);
  reply.vendor_string = FixedText<64>(settings_.vendor_name);
  if (state_ == State::kEstablished) {
    reply.result = StartResult::kChannelExists;
    send(reply);
    return;
  }
  // RFC 2637 §3.1.2: a higher version is answered with ours, an unknown lower one with result 5.
  if (m.version < kVersion) {
    reply.result = StartResult::kVersionUnsupported;
    send(reply);
    end(EndReason::kUnsupportedVersion, "its version of PPTP is below 1.0");
    return;
  }
  state_ = State::kEstablished;
  deadline_.arm(settings_.call_timeout);
  send(reply);
  host_.connection_established(m);
}

void PptpConnection::on_message(const StopControlConnectionRequest&) {
  send(StopControlConnectionReply{});
  on_closed(EndReason::kUserRequest, "Stop-Control-Connection-Request");
}

void PptpConnection::on_message(const StopControlConnectionReply&) {
  if (state_ == State::kStopping) {
    end(stopping_for_, stopping_why_);
  }
}

void PptpConnection::on_message(const EchoRequest& m) {
  if (state_ != State::kAwaitStart) {
    send(EchoReply{m.identifier, SimpleResult::kOk, GeneralError::kNone});
  }
}

// ---- messages about calls ---------------------------------------------------------------------------------

void PptpConnection::on_message(const OutgoingCallRequest& m) {
  if (state_ != State::kEstablished) {
    const bool stops = state_ == State::kStopping;
    refuse_call(m, OutgoingResult::kGeneralError, GeneralError::kNotConnected,
                stops ? stopping_for_ : EndReason::kMalformed,
                stops ? stopping_why_ : "no Start-Control-Connection-Request before it");
    return;
  }
  const wire::PeerCallId peer_id(m.call_id);
  if (awaits(peer_id) ||
      std::ranges::any_of(calls_, [&](const PptpCall* call) { return call->peer_id == peer_id; })) {
    refuse_call(m, OutgoingResult::kGeneralError, GeneralError::kBadCallId, EndReason::kMalformed,
                "another call of this connection has its ID");
    return;
  }
  if (calls_.size() + waiting_.size() >= settings_.max_calls_per_connection) {
    refuse_call(m, OutgoingResult::kDoNotAccept, GeneralError::kNone, EndReason::kLimit,
                "pptp.max-calls-per-connection");
    return;
  }
  const auto installed = host_.install_call(m);
  if (installed && *installed == nullptr) {
    waiting_.push_back(m);
  } else {
    answer_call(m, installed);
  }
}

bool PptpConnection::awaits(wire::PeerCallId peer_id) const {
  return std::ranges::any_of(waiting_, [&](const auto& m) { return m.call_id == peer_id.value; });
}

void PptpConnection::on_call_installed(wire::PeerCallId peer_id,
                                       std::expected<PptpCall*, EndReason> installed) {
  const auto found = std::ranges::find(waiting_, peer_id.value, &OutgoingCallRequest::call_id);
  if (found != waiting_.end()) {
    const OutgoingCallRequest request = *found;
    waiting_.erase(found);
    answer_call(request, installed);
  }
}

void PptpConnection::answer_call(const OutgoingCallRequest& m,
                                 std::expected<PptpCall*, EndReason> installed) {
  if (!installed) {
    if (installed.error() == EndReason::kNoResource) {
      refuse_call(m, OutgoingResult::kGeneralError, GeneralError::kNoResource, installed.error(), {});
    } else {
      refuse_call(m, OutgoingResult::kDoNotAccept, GeneralError::kNone, installed.error(), {});
    }
    return;
  }
  PptpCall& call = **installed;
  call.peer_window = m.receive_window;
  calls_.push_back(&call);
  deadline_.cancel();
  OutgoingCallReply reply;
  reply.call_id = call.local_id.value;
  reply.peer_call_id = call.peer_id.value;
  reply.connect_speed = m.maximum_bps;
  reply.receive_window = settings_.receive_window;
  send(reply);
  host_.call_answered(call);
}

void PptpConnection::refuse_call(const OutgoingCallRequest& request, OutgoingResult result,
                                 GeneralError error, EndReason reason, std::string_view why) {
  OutgoingCallReply reply;
  reply.peer_call_id = request.call_id;
  reply.result = result;
  reply.error = error;
  send(reply);
  host_.call_refused(wire::PeerCallId(request.call_id), reason, why);
}

// We only serve outgoing calls; incoming ones are refused.
void PptpConnection::on_message(const IncomingCallRequest& m) {
  IncomingCallReply reply;
  reply.peer_call_id = m.call_id;
  reply.result = state_ == State::kEstablished ? IncomingResult::kDoNotAccept : IncomingResult::kGeneralError;
  reply.error = state_ == State::kEstablished ? GeneralError::kNone : GeneralError::kNotConnected;
  send(reply);
}

void PptpConnection::on_message(const CallClearRequest& m) {
  if (std::erase_if(waiting_, [&](const auto& request) { return request.call_id == m.call_id; }) != 0) {
    return stop_after_last_call(EndReason::kUserRequest);
  }
  PptpCall* call = find_call(m.call_id);
  if (call == nullptr) {
    return;
  }
  CallDisconnectNotify notify;
  notify.call_id = call->local_id.value;
  notify.result = DisconnectResult::kRequest;
  send(notify);
  clear_call(*call, EndReason::kUserRequest, "Call-Clear-Request");
}

// Clients should not send it, but some do when they hang up.
void PptpConnection::on_message(const CallDisconnectNotify& m) {
  if (PptpCall* call = find_call(m.call_id); call != nullptr) {
    clear_call(*call, EndReason::kUserRequest, "Call-Disconnect-Notify");
  }
}

// The ACCMs are meaningless in a tunnel without asynchronous framing. Windows sends several of these, at any
// time.
void PptpConnection::on_message(const SetLinkInfo& m) {
  for (PptpCall* call : calls_) {
    if (call->local_id.value == m.peer_call_id) {
      call->peer_sent_link_info = true;
      send_link_info_if_due(*call);
      return;
    }
  }
}

/// Clients differ in whose ID they put into a Call-Clear-Request, and NATs rewrite it: try the peer's own (as
/// the RFC says), then ours, then the only call if there is just one.
PptpCall* PptpConnection::find_call(std::uint16_t id) const {
  for (PptpCall* call : calls_) {
    if (call->peer_id.value == id) {
      return call;
    }
  }
  for (PptpCall* call : calls_) {
    if (call->local_id.value == id) {
      return call;
    }
  }
  return calls_.size() == 1 ? calls_.front() : nullptr;
}

// ---- actions ----------------------------------------------------------------------------------------------

void PptpConnection::send(const Message& message) {
  const Encoded encoded = write(message);
  host_.send(encoded.octets());
}

void PptpConnection::send_link_info_if_due(PptpCall& call) {
  const bool wanted = settings_.set_link_info == SetLinkInfoPolicy::kAlways ||
                      (settings_.set_link_info == SetLinkInfoPolicy::kMirror && call.peer_sent_link_info);
  if (wanted && call.lcp_is_open && !call.link_info_sent) {
    call.link_info_sent = true;
    SetLinkInfo info;
    info.peer_call_id = call.peer_id.value;
    send(info);
  }
}

void PptpConnection::send_disconnect(const PptpCall& call, EndReason reason) {
  const CdnCode code = cdn_code(reason);
  CallDisconnectNotify notify;
  notify.call_id = call.local_id.value;  // RFC 2637 §2.13: the sender's own; Android accepts nothing else
  notify.result = code.result;
  notify.error = code.error;
  send(notify);
}

void PptpConnection::forget_call(const PptpCall& call) {
  std::erase(calls_, &call);
}

void PptpConnection::clear_call(PptpCall& call, EndReason reason, std::string_view why) {
  forget_call(call);
  host_.call_cleared(call, reason, why);
  stop_after_last_call(reason);
}

void PptpConnection::stop_after_last_call(EndReason reason) {
  if (calls_.empty() && waiting_.empty() && state_ == State::kEstablished) {
    begin_stop(StopReason::kNone, reason, "its last call has ended");
  }
}

void PptpConnection::end_call(PptpCall& call, EndReason reason) {
  send_disconnect(call, reason);
  forget_call(call);
  stop_after_last_call(reason);
}

void PptpConnection::stop(EndReason reason, std::string_view why) {
  if (state_ == State::kAwaitStart) {
    end(reason, why);
  } else if (state_ == State::kEstablished) {
    while (!calls_.empty()) {
      PptpCall& call = *calls_.back();
      calls_.pop_back();
      send_disconnect(call, reason);
      host_.call_cleared(call, reason, why);
    }
    begin_stop(reason == EndReason::kShutdown ? StopReason::kLocalShutdown : StopReason::kNone, reason, why);
  }
}

void PptpConnection::begin_stop(StopReason stop_reason, EndReason reason, std::string_view why) {
  state_ = State::kStopping;
  waiting_.clear();
  stopping_for_ = reason;
  stopping_why_ = why;
  echo_.cancel();
  deadline_.arm(settings_.stop_timeout);
  send(StopControlConnectionRequest{stop_reason});
}

void PptpConnection::end(EndReason reason, std::string_view detail) {
  state_ = State::kEnded;
  waiting_.clear();
  echo_.cancel();
  deadline_.cancel();
  while (!calls_.empty()) {
    PptpCall& call = *calls_.back();
    calls_.pop_back();
    host_.call_cleared(call, reason, detail);
  }
  host_.connection_ended(reason, detail);
}

}  // namespace adit::control
