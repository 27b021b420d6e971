// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ppp/control_protocol.hpp"

#include <algorithm>
#include <utility>

#include "controlplane/ppp/carried_session.hpp"

namespace adit::control {
namespace {

using wire::Bytes;
using wire::PppCode;
using wire::PppFrameWriter;
using wire::PppOption;
using wire::PppOptions;
using wire::PppPacket;

/// How long a peer that is in Opened has to say so.
constexpr Duration kProbeTime{1000};

/// RFC 1661 §5.6: negotiation needs codes 1 to 7; the others are optional.
bool rejects_essential_code(const PppPacket& packet) {
  return packet.data.size() >= wire::kPppPacketHeaderSize && packet.data[0] >= 1 && packet.data[0] <= 7;
}

bool negotiates(PppState state) {
  return state == PppState::kStopped || state >= PppState::kReqSent;
}

}  // namespace

ControlProtocol::ControlProtocol(wire::PppProtocol protocol, const PppSettings& settings, TimerWheel& wheel,
                                 ControlProtocolHost& host)
    : settings_(settings),
      wheel_(wheel),
      host_(host),
      automaton_(settings, wheel, *this),
      code_rejects_(5, Duration{1000}),
      renegotiations_(4, Duration{10'000}),
      protocol_(protocol) {}

void ControlProtocol::up() {
  forget();
  request_ = Request::kDue;
  naks_sent_ = refused_ = refusals_ = 0;
  automaton_.on(PppEvent::kUp);
}

CarriedProtocol ControlProtocol::carried_protocol() const {
  return {.state = state(),
          .identifier = identifier_,
          .request_identifier = request_identifier_,
          .acknowledged = opened() ? acknowledged_ : std::vector<std::uint8_t>{}};
}

bool ControlProtocol::adopt_protocol(const CarriedProtocol& from) {
  identifier_ = from.identifier;
  request_identifier_ = from.request_identifier;
  switch (from.state) {
    case PppState::kOpened:
      acknowledged_ = from.acknowledged;
      request_ = Request::kAcknowledged;
      [[fallthrough]];
    case PppState::kInitial:
    case PppState::kStarting:
    case PppState::kClosed:
    case PppState::kStopped:
      automaton_.adopt(from.state);
      return false;
    case PppState::kClosing:
      automaton_.adopt(PppState::kClosed);
      return false;
    case PppState::kStopping:
      automaton_.adopt(PppState::kStopped);
      return false;
    case PppState::kReqSent:
    case PppState::kAckRcvd:
    case PppState::kAckSent:
      return true;
  }
  return true;
}

void ControlProtocol::raise(PppEvent event, const PppPacket& cause) {
  cause_ = &cause;
  automaton_.on(event);
  cause_ = nullptr;
}

void ControlProtocol::on_packet(Bytes octets) {
  const auto packet = wire::parse_ppp_packet(octets);
  if (packet && !doubts(*packet)) {  // RFC 1661 §5: silently discarded
    handle(*packet);
  }
}

void ControlProtocol::handle(const PppPacket& packet) {
  switch (PppCode{packet.code}) {
    case PppCode::kConfigureRequest:
      return on_configure_request(packet);
    case PppCode::kConfigureAck:
      return on_configure_ack(packet);
    case PppCode::kConfigureNak:
    case PppCode::kConfigureReject:
      return on_configure_refusal(packet);
    case PppCode::kTerminateRequest:
      if (negotiates_again()) {
        return;
      }
      host_.peer_terminates(protocol_, packet.data);
      return opened() && !may_renegotiate() ? void() : raise(PppEvent::kRtr, packet);
    case PppCode::kTerminateAck:
      return on_terminate_ack(packet);
    case PppCode::kCodeReject:
      return on_code_reject(packet);
    default:
      break;
  }
  if (!on_extra_code(packet)) {
    raise(PppEvent::kRuc, packet);
  }
}

// ---- a packet that ends Opened, or a forgery ----------------------------------------------------------------

bool ControlProtocol::leaves_opened(const PppPacket& packet) const {
  switch (PppCode{packet.code}) {
    case PppCode::kConfigureRequest:
      return !is_acknowledged(packet);
    case PppCode::kTerminateRequest:
    case PppCode::kTerminateAck:
      return true;
    case PppCode::kCodeReject:
      return rejects_essential_code(packet) && !has_agreed_before();
    default:
      return false;
  }
}

// Whoever knows a call's addresses, ID and numbers can send such a packet. The peer itself knows better: one that
// has left Opened is silent when it is asked and sends no IP packets, one that has not answers at once, or goes on
// sending where a flood of forged packets takes its answer's place. A peer in earnest repeats itself (§4.6), so
// that it does no harm to doubt wrongly.
bool ControlProtocol::doubts(const PppPacket& packet) {
  if (!opened() || !leaves_opened(packet) || !in_use()) {
    return false;
  }
  if (doubt_ != nullptr) {
    return true;
  }
  const auto asked = probe();
  const auto packets = host_.packets_received(protocol_);
  if (asked || packets) {
    doubt_.reset(new Doubt{.timer = Timer(wheel_, on_timer<&ControlProtocol::on_doubt_timer>, this),
                           .probe_identifier = asked,
                           .packets = packets,
                           .packet = {packet.whole.begin(), packet.whole.end()}});
    doubt_->timer.arm(kProbeTime);
  }
  return doubt_ != nullptr;
}

// A Terminate-Request then is answered by nothing: a flood of forged ones would end every negotiation that anything
// else began, and their Terminate-Acks would take the peer out of it. LCP's is believed: pppd, whose encryption ends
// with the renegotiation, sends it between packets that agree, and is dead though it has agreed.
bool ControlProtocol::negotiates_again() const {
  return protocol_ != wire::PppProtocol::kLcp && has_agreed_before() && state() >= PppState::kReqSent &&
         !opened();
}

bool ControlProtocol::doubts_termination() const {
  return doubt_ != nullptr && doubt_->packet.front() == static_cast<std::uint8_t>(PppCode::kTerminateRequest);
}

void ControlProtocol::probe_answered(std::uint8_t identifier) {
  if (doubt_ != nullptr && identifier == doubt_->probe_identifier) {
    doubt_.reset();
  }
}

void ControlProtocol::on_doubt_timer() {
  const std::unique_ptr<Doubt> doubt = std::move(doubt_);
  const bool goes_on = doubt->packets && host_.packets_received(protocol_) != doubt->packets;
  if (const auto packet = wire::parse_ppp_packet(doubt->packet); packet && !goes_on) {
    handle(*packet);
  }
}

void ControlProtocol::this_layer_down() {
  doubt_.reset();
  host_.protocol_down(protocol_);
}

void ControlProtocol::on_configure_request(const PppPacket& packet) {
  const auto wishes = PppOptions::parse(packet.data);
  if (!wishes) {
    return;
  }
  if (!negotiates(state())) {
    return raise(PppEvent::kRcrGood, packet);  // these states agree on nothing: any options will do
  }
  if (opened() && is_acknowledged(packet)) {
    ++repeated_acks_;
    send_ack(packet);
    return host_.acknowledged_again(protocol_);
  }
  if (opened() && !restart_is_allowed()) {
    return;
  }
  // Forged requests would use up the Naks that the peer's own needs.
  const bool may_nak = naks_sent_ < settings_.max_failure || has_agreed_before();
  ConfigureReply reply(protocol_, packet.identifier, may_nak);
  judge(*wishes, reply);
  const bool good = reply.code() == PppCode::kConfigureAck;
  if (good) {
    naks_sent_ = refused_ = 0;
  } else {
    naks_sent_ += reply.code() == PppCode::kConfigureNak ? 1 : 0;
    if (++refused_ >= settings_.max_configure) {
      refused_ = has_agreed_before() ? 0 : refused_;
      return cannot_agree(failure(), "peer keeps asking for what was refused");
    }
  }
  reply_ = &reply;
  raise(good ? PppEvent::kRcrGood : PppEvent::kRcrBad, packet);
  reply_ = nullptr;
}

// A copy of the request that was acknowledged is no new negotiation: our Ack was lost, or the network made
// two of one. RFC 1661 §4.1 would go down for it; the Ack again is what the peer waits for, and nothing that
// the first one began (keys, addresses) begins anew. A peer repeats a request Max-Configure times at most.
// At round trips as long as a restart timer, to go down is to begin anew without end: each end's repeats reach the other
// in Opened. An LCP that has carried a session does go down: so does its peer's, and with all that it knew.
bool ControlProtocol::is_acknowledged(const PppPacket& request) const {
  const bool dials = protocol_ != wire::PppProtocol::kLcp || !has_agreed_before();
  return dials && repeated_acks_ < settings_.max_configure &&
         std::ranges::equal(request.whole, acknowledged_);
}

/// Each restart costs the subscriber its NCPs, and with LCP an authentication.
bool ControlProtocol::restart_is_allowed() {
  return renegotiations_.allow(now()) && may_renegotiate();
}

void ControlProtocol::on_terminate_ack(const PppPacket& packet) {
  if (!opened() || restart_is_allowed()) {
    raise(PppEvent::kRta, packet);
  }
}

// RFC 1661 §5.2-5.4: a reply must have the identifier of our last Configure-Request. A second reply to it is
// a retransmission (the peer answers each of our repeats), not a crossed connection.
bool ControlProtocol::answers_our_request(const PppPacket& packet) const {
  return request_ == Request::kSent && packet.identifier == request_identifier_;
}

void ControlProtocol::on_configure_ack(const PppPacket& packet) {
  if (!negotiates(state()) || state() == PppState::kStopped) {
    return raise(PppEvent::kRca, packet);
  }
  PppFrameWriter request(protocol_, PppCode::kConfigureRequest, request_identifier_);
  write_request(request);
  if (!answers_our_request(packet) || !std::ranges::equal(packet.data, request.data())) {
    return;  // RFC 1661 §5.2: silently discarded
  }
  request_ = Request::kAcknowledged;
  refusals_ = 0;
  raise(PppEvent::kRca, packet);
}

bool ControlProtocol::were_all_ours(const PppOptions& refused) {
  PppFrameWriter request(protocol_, PppCode::kConfigureRequest, request_identifier_);
  write_request(request);
  const auto ours = PppOptions::parse(request.data());
  for (const PppOption& option : refused) {
    bool found = false;
    for (const PppOption& our : *ours) {
      found |= std::ranges::equal(our.whole, option.whole);
    }
    if (!found) {
      return false;
    }
  }
  return true;
}

void ControlProtocol::on_configure_refusal(const PppPacket& packet) {
  if (!negotiates(state()) || state() == PppState::kStopped) {
    return raise(PppEvent::kRcn, packet);
  }
  const bool rejected = PppCode{packet.code} == PppCode::kConfigureReject;
  const auto options = PppOptions::parse(packet.data);
  if (!answers_our_request(packet) || !options || options->empty() ||
      (rejected && !were_all_ours(*options))) {
    return;
  }
  ++refusals_;
  if (!(rejected ? on_reject(*options) : on_nak(*options, refusals_ > settings_.max_failure))) {
    return;
  }
  request_ = Request::kDue;
  if (refusals_ >= settings_.max_configure) {
    refusals_ = has_agreed_before() ? 0 : refusals_;
    return cannot_agree(failure(), "peer refuses every request of ours");
  }
  raise(PppEvent::kRcn, packet);
}

void ControlProtocol::on_code_reject(const PppPacket& packet) {
  if (packet.data.size() < wire::kPppPacketHeaderSize) {
    return;
  }
  const bool fatal = rejects_essential_code(packet);
  if (fatal && has_agreed_before()) {
    return;  // it has negotiated with these codes
  }
  if (fatal) {
    fail(failure(), "peer rejects an essential code");
  }
  raise(fatal ? PppEvent::kRxjFatal : PppEvent::kRxjPermitted, packet);
}

void ControlProtocol::send_configure_request() {
  // RFC 1661 §5.1: a new identifier after a valid reply; a repeat keeps it, so that late replies still count.
  // A repeat it is, too, when the timer expires in Ack-Rcvd: under a new identifier it would look like a new
  // negotiation to a peer that is in Opened already.
  const bool repeats =
      request_ == Request::kSent || (request_ == Request::kAcknowledged && cause_ == nullptr);
  if (!repeats) {
    request_identifier_ = next_identifier();
  }
  request_ = Request::kSent;
  PppFrameWriter request(protocol_, PppCode::kConfigureRequest, request_identifier_);
  write_request(request);
  send(request);
}

void ControlProtocol::send_configure_ack() {
  about_to_ack();
  acknowledged_.assign(cause_->whole.begin(), cause_->whole.end());
  repeated_acks_ = 0;
  send_ack(*cause_);
}

void ControlProtocol::send_ack(const PppPacket& request) {
  PppFrameWriter ack(protocol_, PppCode::kConfigureAck, request.identifier);
  send(ack.octets(request.data));
}

void ControlProtocol::send_configure_nak_or_reject() {
  host_.send_frame(reply_->frame());
}

void ControlProtocol::send_terminate_request() {
  PppFrameWriter request(protocol_, PppCode::kTerminateRequest, next_identifier());
  write_diagnosis(request);
  send(request);
}

void ControlProtocol::send_terminate_ack() {
  PppFrameWriter ack(protocol_, PppCode::kTerminateAck, cause_->identifier);
  send(ack);
}

void ControlProtocol::send_code_reject() {
  if (!code_rejects_.allow(now())) {
    return;
  }
  PppFrameWriter reject(protocol_, PppCode::kCodeReject, next_identifier());
  const std::size_t room =
      std::min<std::size_t>(reject.room(), host_.peer_mru() - wire::kPppPacketHeaderSize);
  send(reject.octets(cause_->whole.first(std::min(room, cause_->whole.size()))));
}

}  // namespace adit::control
