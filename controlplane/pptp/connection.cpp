// SPDX-License-Identifier: Apache-2.0
// RFC 2637 §3.1 and §3.2 for the side that is connected to. The reaction to each message in each state:
//
//                  before SCCRQ      established                       stopping (our StopCCRQ is out)
//   SCCRQ          SCCRP 1, or 5+end SCCRP 3                           ignored
//   StopCCRQ       StopCCRP 1, end   StopCCRP 1, calls cleared, end    StopCCRP 1, end
//   StopCCRP       ignored           ignored                           end
//   Echo-Request   ignored           Echo-Reply                        Echo-Reply
//   OCRQ           OCRP 2/1          OCRP 1, 2/4, 2/5 or 7, perhaps    OCRP 2/1
//                                    later: the host may let it wait
//   ICRQ           ICRP 2/1          ICRP 1, 2/3, 2/4, 2/5 or 3,       ICRP 2/1
//                                    perhaps later
//   ICCN           ignored           PPP begins, if a call waits for   ignored
//                                    it; else ignored
//   CCRQ           ignored           CDN 4, stop after the last call   ignored
//   CDN            ignored           call ends, stop after the last    ignored
//   SLI            ignored           noted (ours may follow)           ignored
//   all others     ignored           ignored                           ignored
//
// A connection whose peer has brought a call in does not stop after the last one: it waits for the next.
//
// Anything else than one of these fifteen messages, complete and of exact length, ends the connection.
#include "controlplane/pptp/connection.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "controlplane/pptp/carried_connection.hpp"

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

/// A number goes into RADIUS requests and accounting records, whose readers expect no control characters.
bool is_printable(std::string_view number) {
  return std::ranges::all_of(number, [](char octet) { return octet >= ' ' && octet <= '~'; });
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
      begin_stop(StopReason::kNone, EndReason::kStartTimeout,
                 brings_calls_ ? "no other call was brought in" : "no Outgoing-Call-Request");
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
  ask_for_call({.peer_id = wire::PeerCallId(m.call_id),
                .peer_window = m.receive_window,
                .maximum_bps = m.maximum_bps});
}

// RFC 2637 §2.9 gives each number's length beside its field; a shorter text in it ends at a NUL.
void PptpConnection::on_message(const IncomingCallRequest& m) {
  CallRequest request{.peer_id = wire::PeerCallId(m.call_id)};
  request.stations = std::make_shared<const StationIds>(StationIds{
      .calling = std::string(m.dialing_number.text().substr(0, m.dialing_length)),
      .called = std::string(m.dialed_number.text().substr(0, m.dialed_length)),
  });
  const bool established = state_ == State::kEstablished;
  if (established && !settings_.incoming_calls) {
    return refuse_call(request, {.reason = EndReason::kIncomingDenied, .why = "pptp.incoming-calls"});
  }
  const std::string_view fault =
      std::max(m.dialing_length, m.dialed_length) > m.dialing_number.octets.size()
          ? "a number is longer than its field"
      : !is_printable(request.stations->calling) || !is_printable(request.stations->called)
          ? "a number is not printable ASCII"
          : "";
  if (established && !fault.empty()) {
    return refuse_call(request,
                       {Refusal::Kind::kError, GeneralError::kBadValue, EndReason::kMalformed, fault});
  }
  ask_for_call(std::move(request));
}

void PptpConnection::ask_for_call(CallRequest request) {
  if (const auto refusal = refusal_of(request)) {
    return refuse_call(request, *refusal);
  }
  const auto installed = host_.install_call(request);
  if (installed && *installed == nullptr) {
    waiting_.push_back(std::move(request));
  } else {
    answer_call(request, installed);
  }
}

std::optional<PptpConnection::Refusal> PptpConnection::refusal_of(const CallRequest& request) const {
  if (state_ == State::kStopping) {
    return Refusal{Refusal::Kind::kError, GeneralError::kNotConnected, stopping_for_, stopping_why_};
  }
  if (state_ != State::kEstablished) {
    return Refusal{Refusal::Kind::kError, GeneralError::kNotConnected, EndReason::kMalformed,
                   "no Start-Control-Connection-Request before it"};
  }
  if (is_in_use(request.peer_id)) {
    return Refusal{Refusal::Kind::kError, GeneralError::kBadCallId, EndReason::kMalformed,
                   "another call of this connection has its ID"};
  }
  if (calls_.size() + waiting_.size() >= settings_.max_calls_per_connection) {
    return Refusal{.reason = EndReason::kLimit, .why = "pptp.max-calls-per-connection"};
  }
  return std::nullopt;
}

bool PptpConnection::is_in_use(wire::PeerCallId peer_id) const {
  return awaits(peer_id) ||
         std::ranges::any_of(calls_, [&](const PptpCall* call) { return call->peer_id == peer_id; });
}

bool PptpConnection::awaits(wire::PeerCallId peer_id) const {
  return std::ranges::any_of(waiting_, [&](const auto& request) { return request.peer_id == peer_id; });
}

void PptpConnection::on_call_installed(wire::PeerCallId peer_id,
                                       std::expected<PptpCall*, EndReason> installed) {
  const auto found = std::ranges::find(waiting_, peer_id, &CallRequest::peer_id);
  if (found != waiting_.end()) {
    const CallRequest request = std::move(*found);
    waiting_.erase(found);
    answer_call(request, installed);
  }
}

void PptpConnection::answer_call(const CallRequest& request, std::expected<PptpCall*, EndReason> installed) {
  if (!installed) {
    const bool scarce = installed.error() == EndReason::kNoResource;
    return refuse_call(request, {.kind = scarce ? Refusal::Kind::kError : Refusal::Kind::kDoNotAccept,
                                 .error = scarce ? GeneralError::kNoResource : GeneralError::kNone,
                                 .reason = installed.error()});
  }
  PptpCall& call = **installed;
  call.peer_window = request.peer_window;
  calls_.push_back(&call);
  deadline_.cancel();
  if (request.stations != nullptr) {
    brings_calls_ = true;
    call.incoming =
        std::make_unique<IncomingCall>(*this, call, request.stations, wheel_, settings_.call_timeout);
    IncomingCallReply reply;
    reply.call_id = call.local_id.value;
    reply.peer_call_id = call.peer_id.value;
    reply.receive_window = settings_.receive_window;
    return send(reply);
  }
  OutgoingCallReply reply;
  reply.call_id = call.local_id.value;
  reply.peer_call_id = call.peer_id.value;
  reply.connect_speed = request.maximum_bps;
  reply.receive_window = settings_.receive_window;
  send(reply);
  host_.call_answered(call);
}

void PptpConnection::refuse_call(const CallRequest& request, const Refusal& refusal) {
  const bool is_error = refusal.kind == Refusal::Kind::kError;
  if (request.stations != nullptr) {
    IncomingCallReply reply;
    reply.peer_call_id = request.peer_id.value;
    reply.result = is_error ? IncomingResult::kGeneralError : IncomingResult::kDoNotAccept;
    reply.error = refusal.error;
    send(reply);
  } else {
    OutgoingCallReply reply;
    reply.peer_call_id = request.peer_id.value;
    reply.result = is_error ? OutgoingResult::kGeneralError : OutgoingResult::kDoNotAccept;
    reply.error = refusal.error;
    send(reply);
  }
  host_.call_refused(request.peer_id, refusal.reason, refusal.why);
}

void PptpConnection::on_message(const IncomingCallConnected& m) {
  if (state_ != State::kEstablished) {
    return;
  }
  PptpCall* call = find_ours(m.peer_call_id);
  if (call == nullptr || call->incoming == nullptr) {
    return host_.message_ignored(m.kType, "no call that the peer brought in has this ID");
  }
  if (!call->incoming->connect()) {
    return host_.message_ignored(m.kType, "the call is connected already");
  }
  call->peer_window = m.receive_window;
  host_.call_answered(*call);
}

void PptpConnection::on_not_connected(PptpCall& call) {
  send_disconnect(call, EndReason::kNotConnected);
  clear_call(call, EndReason::kNotConnected, "no Incoming-Call-Connected");
}

IncomingCall::IncomingCall(PptpConnection& connection, PptpCall& call, SharedStationIds its_stations,
                           TimerWheel& wheel, Duration timeout)
    : stations(std::move(its_stations)),
      connection_(connection),
      call_(call),
      deadline_(wheel, on_timer<&IncomingCall::on_deadline>, this) {
  deadline_.arm(timeout);
}

bool IncomingCall::connect() {
  deadline_.cancel();
  return !std::exchange(connected_, true);
}

void IncomingCall::on_deadline() {
  connection_.on_not_connected(call_);
}

void PptpConnection::on_message(const CallClearRequest& m) {
  if (stops_waiting(m.call_id)) {
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

bool PptpConnection::stops_waiting(std::uint16_t id) {
  return std::erase_if(waiting_, [&](const auto& request) { return request.peer_id.value == id; }) != 0;
}

// How a peer ends what it brought in. Of other calls clients should not send it, but some do when they hang up.
void PptpConnection::on_message(const CallDisconnectNotify& m) {
  if (stops_waiting(m.call_id)) {
    return stop_after_last_call(EndReason::kUserRequest);
  }
  if (PptpCall* call = find_call(m.call_id); call != nullptr) {
    clear_call(*call, EndReason::kUserRequest, "Call-Disconnect-Notify");
  }
}

std::uint64_t sum_of(const WanErrorNotify& errors) {
  return std::uint64_t{errors.crc_errors} + errors.framing_errors + errors.hardware_overruns +
         errors.buffer_overruns + errors.time_out_errors + errors.alignment_errors;
}

// The counts are totals; a line that counts anew has told of all that it has.
void PptpConnection::on_message(const WanErrorNotify& m) {
  if (state_ != State::kEstablished) {
    return;
  }
  PptpCall* call = find_ours(m.peer_call_id);
  if (call == nullptr) {
    return host_.message_ignored(m.kType, "no call has this ID");
  }
  if (call->wan_errors == nullptr) {
    call->wan_errors = std::make_unique<WanErrors>();
  }
  const std::uint64_t before = sum_of(call->wan_errors->last), now = sum_of(m);
  ++call->wan_errors->notifies;
  call->wan_errors->last = m;
  host_.call_changed(*call);
  host_.wan_errors_told(now >= before ? now - before : now);
}

// The ACCMs are kept for whoever looks at the call, and meaningless in a tunnel without asynchronous framing. Windows
// sends several of these, at any time.
void PptpConnection::on_message(const SetLinkInfo& m) {
  if (PptpCall* call = find_ours(m.peer_call_id); call != nullptr) {
    call->peer_sent_link_info = true;
    call->peer_send_accm = m.send_accm;
    call->peer_receive_accm = m.receive_accm;
    send_link_info_if_due(*call);
    host_.call_changed(*call);
  }
}

/// Clients differ in whose ID they put into a Call-Clear-Request, and NATs rewrite it: try the peer's own (as
/// the RFC says), then ours, then the only call if there is just one. Who brings calls in is no such client, and answers
/// our Call-Clear-Request by a Call-Disconnect-Notify, which must not end another call that is left.
PptpCall* PptpConnection::find_call(std::uint16_t id) const {
  const auto by_their_id =
      std::ranges::find_if(calls_, [&](const PptpCall* call) { return call->peer_id.value == id; });
  if (by_their_id != calls_.end()) {
    return *by_their_id;
  }
  if (brings_calls_) {
    return nullptr;
  }
  if (PptpCall* call = find_ours(id); call != nullptr) {
    return call;
  }
  return calls_.size() == 1 ? calls_.front() : nullptr;
}

PptpCall* PptpConnection::find_ours(std::uint16_t local_id) const {
  const auto found =
      std::ranges::find_if(calls_, [&](const PptpCall* call) { return call->local_id.value == local_id; });
  return found == calls_.end() ? nullptr : *found;
}

// ---- another process goes on with it -----------------------------------------------------------------------

std::optional<CarriedPptp> PptpConnection::carried() const {
  if (state_ != State::kEstablished) {
    return std::nullopt;
  }
  const wire::Bytes half_read = stream_.half_read();
  return CarriedPptp{.half_read = {half_read.begin(), half_read.end()},
                     .echo_identifier = echo_identifier_,
                     .echo_outstanding = echo_outstanding_,
                     .echo_left = echo_.armed() && !echo_outstanding_ ? echo_.left() : Duration{0},
                     .brings_calls = brings_calls_};
}

/// An Echo-Request that was under way has all its time again: the peer may have answered while nobody was there.
bool PptpConnection::adopt(const CarriedPptp& from) {
  if (!stream_.resume(from.half_read)) {
    return false;
  }
  state_ = State::kEstablished;
  deadline_.cancel();
  brings_calls_ = from.brings_calls;
  echo_identifier_ = from.echo_identifier;
  echo_outstanding_ = from.echo_outstanding;
  if (echo_outstanding_) {
    echo_.arm(settings_.echo_timeout);
  } else if (settings_.echo_interval > Duration{0}) {
    echo_.arm(std::clamp(from.echo_left, Duration{0}, settings_.echo_interval));
  }
  return true;
}

void PptpConnection::adopt_call(PptpCall& call, SharedStationIds incoming) {
  calls_.push_back(&call);
  if (incoming != nullptr) {
    call.incoming =
        std::make_unique<IncomingCall>(*this, call, std::move(incoming), wheel_, settings_.call_timeout);
    static_cast<void>(call.incoming->connect());
  }
}

void PptpConnection::disown_call(wire::LocalCallId id, bool incoming, EndReason reason) {
  if (incoming) {
    return send(CallClearRequest{id.value});
  }
  const CdnCode code = cdn_code(reason);
  CallDisconnectNotify notify;
  notify.call_id = id.value;
  notify.result = code.result;
  notify.error = code.error;
  send(notify);
}

CarriedPptpCall carried_call(const PptpCall& call) {
  CarriedPptpCall carried{.local_id = call.local_id,
                          .peer_id = call.peer_id,
                          .peer_window = call.peer_window,
                          .peer_sent_link_info = call.peer_sent_link_info,
                          .lcp_is_open = call.lcp_is_open,
                          .link_info_sent = call.link_info_sent,
                          .peer_send_accm = call.peer_send_accm,
                          .peer_receive_accm = call.peer_receive_accm,
                          .wan = {},
                          .incoming = {}};
  if (call.wan_errors != nullptr) {
    const WanErrorNotify& last = call.wan_errors->last;
    carried.wan = CarriedPptpCall::Wan{.notifies = call.wan_errors->notifies,
                                       .crc_errors = last.crc_errors,
                                       .framing_errors = last.framing_errors,
                                       .hardware_overruns = last.hardware_overruns,
                                       .buffer_overruns = last.buffer_overruns,
                                       .time_out_errors = last.time_out_errors,
                                       .alignment_errors = last.alignment_errors};
  }
  if (call.incoming != nullptr) {
    carried.incoming = CarriedPptpCall::Incoming{.calling = call.incoming->stations->calling,
                                                 .called = call.incoming->stations->called};
  }
  return carried;
}

void adopt(PptpCall& call, const CarriedPptpCall& from) {
  call.local_id = from.local_id;
  call.peer_id = from.peer_id;
  call.peer_window = from.peer_window;
  call.peer_sent_link_info = from.peer_sent_link_info;
  call.lcp_is_open = from.lcp_is_open;
  call.link_info_sent = from.link_info_sent;
  call.peer_send_accm = from.peer_send_accm;
  call.peer_receive_accm = from.peer_receive_accm;
  if (from.wan) {
    call.wan_errors = std::make_unique<WanErrors>();
    call.wan_errors->notifies = from.wan->notifies;
    WanErrorNotify& last = call.wan_errors->last;
    last.peer_call_id = from.local_id.value;
    last.crc_errors = from.wan->crc_errors;
    last.framing_errors = from.wan->framing_errors;
    last.hardware_overruns = from.wan->hardware_overruns;
    last.buffer_overruns = from.wan->buffer_overruns;
    last.time_out_errors = from.wan->time_out_errors;
    last.alignment_errors = from.wan->alignment_errors;
  }
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

/// RFC 2637 §3.2.2: the PNS of an incoming call asks for its end, which the PAC notifies.
void PptpConnection::send_disconnect(const PptpCall& call, EndReason reason) {
  if (call.incoming != nullptr) {
    return send(CallClearRequest{call.local_id.value});
  }
  const CdnCode code = cdn_code(reason);
  CallDisconnectNotify notify;
  notify.call_id = call.local_id.value;  // RFC 2637 §2.13: the sender's own; Android accepts nothing else
  notify.result = code.result;
  notify.error = code.error;
  send(notify);
}

void PptpConnection::forget_call(PptpCall& call) {
  std::erase(calls_, &call);
  if (call.incoming != nullptr) {
    call.incoming->over();
  }
}

PptpCall& PptpConnection::take_last_call() {
  PptpCall& call = *calls_.back();
  calls_.pop_back();
  if (call.incoming != nullptr) {
    call.incoming->over();
  }
  return call;
}

void PptpConnection::clear_call(PptpCall& call, EndReason reason, std::string_view why) {
  forget_call(call);
  host_.call_cleared(call, reason, why);
  stop_after_last_call(reason);
}

void PptpConnection::stop_after_last_call(EndReason reason) {
  if (!calls_.empty() || !waiting_.empty() || state_ != State::kEstablished) {
    return;
  }
  if (brings_calls_) {
    deadline_.arm(settings_.call_timeout);
  } else {
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
      PptpCall& call = take_last_call();
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
    host_.call_cleared(take_last_call(), reason, detail);
  }
  host_.connection_ended(reason, detail);
}

}  // namespace adit::control
