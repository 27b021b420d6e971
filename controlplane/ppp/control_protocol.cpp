// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ppp/control_protocol.hpp"

#include <algorithm>

namespace adit::control {
namespace {

using wire::Bytes;
using wire::PppCode;
using wire::PppFrameWriter;
using wire::PppOption;
using wire::PppOptions;
using wire::PppPacket;

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
  request_unanswered_ = false;
  naks_sent_ = refused_ = refusals_ = 0;
  automaton_.on(PppEvent::kUp);
}

void ControlProtocol::raise(PppEvent event, const PppPacket& cause) {
  cause_ = &cause;
  automaton_.on(event);
  cause_ = nullptr;
}

void ControlProtocol::on_packet(Bytes octets) {
  const auto packet = wire::parse_ppp_packet(octets);
  if (!packet) {
    return;  // RFC 1661 §5: silently discarded
  }
  switch (PppCode{packet->code}) {
    case PppCode::kConfigureRequest:
      return on_configure_request(*packet);
    case PppCode::kConfigureAck:
      return on_configure_ack(*packet);
    case PppCode::kConfigureNak:
    case PppCode::kConfigureReject:
      return on_configure_refusal(*packet);
    case PppCode::kTerminateRequest:
      host_.peer_terminates(protocol_, packet->data);
      return raise(PppEvent::kRtr, *packet);
    case PppCode::kTerminateAck:
      return raise(PppEvent::kRta, *packet);
    case PppCode::kCodeReject:
      return on_code_reject(*packet);
    default:
      break;
  }
  if (!on_extra_code(*packet)) {
    raise(PppEvent::kRuc, *packet);
  }
}

void ControlProtocol::on_configure_request(const PppPacket& packet) {
  const auto wishes = PppOptions::parse(packet.data);
  if (!wishes) {
    return;
  }
  if (!negotiates(state())) {
    return raise(PppEvent::kRcrGood, packet);  // these states agree on nothing: any options will do
  }
  if (opened() && !renegotiations_.allow(now())) {
    return;  // each one restarts the subscriber's NCPs and authentication
  }
  ConfigureReply reply(protocol_, packet.identifier, naks_sent_ < settings_.max_failure);
  judge(*wishes, reply);
  const bool good = reply.code() == PppCode::kConfigureAck;
  if (good) {
    naks_sent_ = refused_ = 0;
  } else {
    naks_sent_ += reply.code() == PppCode::kConfigureNak ? 1 : 0;
    if (++refused_ >= settings_.max_configure) {
      return fail(failure(), "peer keeps asking for what was refused");
    }
  }
  reply_ = &reply;
  raise(good ? PppEvent::kRcrGood : PppEvent::kRcrBad, packet);
  reply_ = nullptr;
}

// RFC 1661 §5.2-5.4: a reply must have the identifier of our last Configure-Request. A second reply to it is
// a retransmission (the peer answers each of our repeats), not a crossed connection.
bool ControlProtocol::answers_our_request(const PppPacket& packet) const {
  return request_unanswered_ && packet.identifier == request_identifier_;
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
  request_unanswered_ = false;
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
  request_unanswered_ = false;
  ++refusals_;
  if (!(rejected ? on_reject(*options) : on_nak(*options, refusals_ > settings_.max_failure))) {
    return;
  }
  if (refusals_ >= settings_.max_configure) {
    return fail(failure(), "peer refuses every request of ours");
  }
  raise(PppEvent::kRcn, packet);
}

// RFC 1661 §5.6: negotiation needs codes 1 to 7; the others are optional.
void ControlProtocol::on_code_reject(const PppPacket& packet) {
  if (packet.data.size() < wire::kPppPacketHeaderSize) {
    return;
  }
  const bool fatal = packet.data[0] >= 1 && packet.data[0] <= 7;
  if (fatal) {
    fail(failure(), "peer rejects an essential code");
  }
  raise(fatal ? PppEvent::kRxjFatal : PppEvent::kRxjPermitted, packet);
}

void ControlProtocol::send_configure_request() {
  // RFC 1661 §5.1: a new identifier after a valid reply; a repeat keeps it, so that late replies still count.
  if (!request_unanswered_) {
    request_identifier_ = next_identifier();
    request_unanswered_ = true;
  }
  PppFrameWriter request(protocol_, PppCode::kConfigureRequest, request_identifier_);
  write_request(request);
  send(request);
}

void ControlProtocol::send_configure_ack() {
  about_to_ack();
  PppFrameWriter ack(protocol_, PppCode::kConfigureAck, cause_->identifier);
  send(ack.octets(cause_->data));
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
