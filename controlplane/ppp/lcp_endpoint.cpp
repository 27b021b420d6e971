// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ppp/lcp_endpoint.hpp"

#include <algorithm>

namespace adit::control {

using wire::Bytes;
using wire::PppCode;
using wire::PppFrameWriter;
using wire::PppPacket;
using wire::PppProtocol;

LcpEndpoint::LcpEndpoint(const PppSettings& settings, Duration echo_interval, TimerWheel& wheel,
                         Entropy& entropy, ControlProtocolHost& host, LcpEvents& events)
    : ControlProtocol(PppProtocol::kLcp, settings, wheel, host),
      echo_interval_(echo_interval),
      entropy_(entropy),
      events_(events),
      echo_timer_(wheel, on_timer<&LcpEndpoint::on_echo_timer>, this),
      protocol_rejects_(8, Duration{500}),
      echo_replies_(20, Duration{100}) {}

std::uint32_t LcpEndpoint::new_magic() {
  std::uint32_t magic = 0;
  while (magic == 0) {
    magic = entropy_.next_u32();
  }
  return magic;
}

bool LcpEndpoint::on_extra_code(const PppPacket& packet) {
  switch (PppCode{packet.code}) {
    case PppCode::kProtocolReject:
      on_protocol_reject(packet);
      return true;
    case PppCode::kEchoReply:
      probe_answered(packet.identifier);
      [[fallthrough]];
    case PppCode::kEchoRequest:
    case PppCode::kDiscardRequest:
    case PppCode::kIdentification:  // RFC 1570 §1: Windows sends three of them
    case PppCode::kTimeRemaining:
      raise(PppEvent::kRxr, packet);
      return true;
    default:
      return false;
  }
}

void LcpEndpoint::on_protocol_reject(const PppPacket& packet) {
  const auto rejected = wire::parse_protocol_reject(packet.data);
  if (!rejected || !opened()) {
    return;  // RFC 1661 §5.7: only in Opened
  }
  if (*rejected == PppProtocol::kLcp) {
    if (has_agreed_before()) {
      return;  // it has negotiated by it
    }
    fail(EndReason::kLcpFailed, "peer rejects LCP itself");
    return raise(PppEvent::kRxjFatal, packet);
  }
  raise(PppEvent::kRxjPermitted, packet);
  events_.protocol_rejected(*rejected);
}

// RFC 1661 §5.8: our magic number, then the data as received; never more than the peer's MRU.
void LcpEndpoint::send_echo_reply() {
  if (PppCode{cause().code} != PppCode::kEchoRequest || !wire::parse_lcp_magic(cause().data) ||
      !echo_replies_.allow(now())) {
    return;
  }
  ++echoes_answered_;
  PppFrameWriter reply(protocol(), PppCode::kEchoReply, cause().identifier);
  reply.u32(own_magic());
  const Bytes data = cause().data.subspan(sizeof(std::uint32_t));
  const std::size_t room =
      std::min<std::size_t>(reply.room(), peer_.mru - wire::kPppPacketHeaderSize - sizeof(std::uint32_t));
  send(reply.octets(data.first(std::min(room, data.size()))));
}

void LcpEndpoint::send_protocol_reject(std::uint16_t rejected, Bytes information) {
  if (!opened() || !protocol_rejects_.allow(now())) {
    return;
  }
  PppFrameWriter reject(protocol(), PppCode::kProtocolReject, next_identifier());
  reject.u16(rejected);
  const std::size_t room =
      std::min<std::size_t>(reject.room(), peer_.mru - wire::kPppPacketHeaderSize - sizeof rejected);
  send(reject.octets(information.first(std::min(room, information.size()))));
}

// ---- up, and echoes ---------------------------------------------------------------------------------------

void LcpEndpoint::this_layer_up() {
  heard();
  if (echo_interval_ > Duration{0}) {
    echo_timer_.arm(echo_interval_);
  }
  ControlProtocol::this_layer_up();
}

void LcpEndpoint::adopt_opened(const LcpPeer& peer, std::uint32_t echoes_answered) {
  peer_ = peer;
  echoes_answered_ = echoes_answered;
  last_heard_ = now();
  if (echo_interval_ > Duration{0}) {
    const auto spread = static_cast<std::uint32_t>(echo_interval_.count());
    const Duration left{entropy_.next_u32() % spread};
    last_heard_ = now() + (left - echo_interval_);
    echo_timer_.arm(left);
  }
}

void LcpEndpoint::this_layer_down() {
  echo_timer_.cancel();
  ControlProtocol::this_layer_down();
}

// Adaptive: no Echo-Request is sent while frames arrive from the peer.
void LcpEndpoint::on_echo_timer() {
  const Duration silence = now() - last_heard_;
  if (silence < echo_interval_) {
    return echo_timer_.arm(echo_interval_ - silence);
  }
  if (unanswered_echoes_ >= settings().lcp_echo_failure) {
    return fail(EndReason::kLostCarrier, "echoes unanswered");
  }
  ++unanswered_echoes_;
  send_echo_request();
  echo_timer_.arm(echo_interval_);
}

std::uint8_t LcpEndpoint::send_echo_request() {
  const std::uint8_t identifier = next_identifier();
  PppFrameWriter echo(protocol(), PppCode::kEchoRequest, identifier);
  send(echo.u32(own_magic()));
  return identifier;
}

bool LcpEndpoint::leaves_opened(const PppPacket& packet) const {
  return ControlProtocol::leaves_opened(packet) ||
         (!has_agreed_before() && PppCode{packet.code} == PppCode::kProtocolReject &&
          wire::parse_protocol_reject(packet.data) == PppProtocol::kLcp);
}

// RFC 1661 §5.8: an Echo-Request is answered in Opened alone.
std::optional<std::uint8_t> LcpEndpoint::probe() {
  return send_echo_request();
}

}  // namespace adit::control
