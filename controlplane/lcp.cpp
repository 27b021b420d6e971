// SPDX-License-Identifier: Apache-2.0
#include "controlplane/lcp.hpp"

#include <algorithm>

namespace adit::control {
namespace {

using wire::Bytes;
using wire::ChapAlgorithm;
using wire::LcpAuthentication;
using wire::LcpOption;
using wire::PppCode;
using wire::PppFrameWriter;
using wire::PppOption;
using wire::PppOptions;
using wire::PppPacket;
using wire::PppProtocol;

/// RFC 791: what any IPv4 link must carry. Below it an MRU is of no use to anybody.
constexpr std::uint16_t kLeastMru = 68;
/// Our own magic number, this often: a loop. One may be chance, or a peer that copies options.
constexpr std::uint8_t kLoopEvidence = 5;

constexpr std::uint8_t type_of(LcpOption option) {
  return static_cast<std::uint8_t>(option);
}

LcpAuthentication on_the_wire(AuthMethod method) {
  switch (method) {
    case AuthMethod::kMsChapV2:
      return {PppProtocol::kChap, static_cast<std::uint8_t>(ChapAlgorithm::kMsChapV2)};
    case AuthMethod::kMsChapV1:
      return {PppProtocol::kChap, static_cast<std::uint8_t>(ChapAlgorithm::kMsChapV1)};
    case AuthMethod::kChapMd5:
      return {PppProtocol::kChap, static_cast<std::uint8_t>(ChapAlgorithm::kMd5)};
    case AuthMethod::kPap:
      break;
  }
  return {PppProtocol::kPap, 0};
}

}  // namespace

Lcp::Lcp(const Settings& settings, TimerWheel& wheel, Entropy& entropy, ControlProtocolHost& host,
         LcpEvents& events)
    : ControlProtocol(PppProtocol::kLcp, settings.ppp, wheel, host),
      auth_(settings.auth),
      entropy_(entropy),
      events_(events),
      echo_timer_(wheel, on_timer<&Lcp::on_echo_timer>, this),
      protocol_rejects_(8, Duration{500}) {}

void Lcp::forget() {
  peer_ = wished_ = LcpPeer{};
  magic_ = new_magic();
  refused_methods_ = 0;
  method_ = 0;
  own_magic_seen_ = 0;
  ask_mru_ = settings().mru != wire::kDefaultMru;
  ask_magic_ = true;
  ask_pfc_ = settings().pcomp;
  ask_acfc_ = settings().accomp;
}

std::uint32_t Lcp::new_magic() {
  std::uint32_t magic = 0;
  while (magic == 0) {  // RFC 1661 §6.4: zero is illegal
    magic = entropy_.next_u32();
  }
  return magic;
}

// ---- what we ask ------------------------------------------------------------------------------------------

void Lcp::write_request(PppFrameWriter& request) {
  if (ask_mru_) {
    request.option_u16(type_of(LcpOption::kMru), settings().mru);
  }
  wire::write_lcp_authentication(request, on_the_wire(method()));
  if (ask_magic_) {
    request.option_u32(type_of(LcpOption::kMagic), magic_);
  }
  if (ask_pfc_) {
    request.option(type_of(LcpOption::kProtocolCompression));
  }
  if (ask_acfc_) {
    request.option(type_of(LcpOption::kAddressCompression));
  }
}

/// After the peer refused the present method: its hint when we allow it, else our next one. False: none is
/// left.
bool Lcp::choose_method(std::optional<LcpAuthentication> hint) {
  refused_methods_ |= 1U << method_;
  std::optional<std::uint8_t> next;
  for (std::uint8_t i = 0; i < auth_.methods.size(); ++i) {
    if ((refused_methods_ >> i & 1) != 0) {
      continue;
    }
    if (hint && on_the_wire(auth_.methods[i]) == *hint) {
      next = i;
      break;
    }
    next = next.value_or(i);
  }
  method_ = next.value_or(method_);
  return next.has_value();
}

bool Lcp::on_nak(const PppOptions& hints, bool insist_no_more) {
  for (const PppOption& hint : hints) {
    switch (LcpOption{hint.type}) {
      case LcpOption::kMru:
        ask_mru_ = ask_mru_ && !insist_no_more;
        break;
      case LcpOption::kMagic:
        magic_ = new_magic();
        ask_magic_ = ask_magic_ && !insist_no_more;
        break;
      case LcpOption::kAuthentication:
        if (!choose_method(wire::parse_lcp_authentication(hint.value))) {
          fail(EndReason::kAuthRefused, "peer offers no method that we allow");
          return false;
        }
        break;
      default:
        break;  // RFC 1661 §5.3: hints at what we did not ask for may be left
    }
  }
  return true;
}

bool Lcp::on_reject(const PppOptions& refused) {
  for (const PppOption& option : refused) {
    switch (LcpOption{option.type}) {
      case LcpOption::kMru:
        ask_mru_ = false;
        break;
      case LcpOption::kMagic:
        ask_magic_ = false;
        break;
      case LcpOption::kProtocolCompression:
        ask_pfc_ = false;
        break;
      case LcpOption::kAddressCompression:
        ask_acfc_ = false;
        break;
      case LcpOption::kAuthentication:
        fail(EndReason::kAuthRefused, "peer rejects authentication");
        return false;
      default:
        break;
    }
  }
  return true;
}

// ---- what the peer asks -----------------------------------------------------------------------------------

void Lcp::judge(const PppOptions& wishes, ConfigureReply& reply) {
  wished_ = LcpPeer{};
  for (const PppOption& option : wishes) {
    if (ask_magic_ && option.type == type_of(LcpOption::kMagic) && option.u32() == magic_) {
      // RFC 1661 §6.4: our own number is a loop, or chance; a fresh one tells them apart. Nothing else is
      // judged: a Reject of our own options would come back as the peer's.
      suspect_loop();
      return reply.nak_u32(option, new_magic());
    }
  }
  for (const PppOption& option : wishes) {
    judge_option(option, reply);
  }
}

void Lcp::judge_option(const PppOption& option, ConfigureReply& reply) {
  const std::size_t size = option.value.size();
  bool acceptable = false;
  switch (LcpOption{option.type}) {
    case LcpOption::kMru:
      return judge_mru(option, reply);
    case LcpOption::kMagic:
      return judge_magic(option, reply);
    case LcpOption::kAccm:
      acceptable = size == 4;
      break;  // no asynchronous framing in the tunnel: any map does
    case LcpOption::kProtocolCompression:
      acceptable = wished_.accepts_pfc = size == 0;
      break;
    case LcpOption::kAddressCompression:
      acceptable = wished_.accepts_acfc = size == 0;
      break;
    case LcpOption::
        kEndpointDiscriminator:  // RFC 1990 §5.1.3: harmless, and some peers stumble over a Reject
      acceptable = size >= 1;
      break;
    // We prove ourselves to nobody, monitor no quality, call nobody back, and bundle no links.
    case LcpOption::kAuthentication:
    case LcpOption::kQuality:
    case LcpOption::kCallback:
    case LcpOption::kMrru:
    case LcpOption::kShortSequence:
    case LcpOption::kLinkDiscriminator:
      break;
  }
  if (!acceptable) {
    reply.reject(option);
  }
}

void Lcp::judge_mru(const PppOption& option, ConfigureReply& reply) {
  const auto mru = option.u16();
  if (!mru) {
    reply.reject(option);
  } else if (*mru < std::max(settings().min_mtu, kLeastMru)) {
    reply.nak_u16(option, settings().mtu);
  } else {
    wished_.mru = *mru;
  }
}

void Lcp::judge_magic(const PppOption& option, ConfigureReply& reply) {
  const auto magic = option.u32();
  if (!magic) {
    return reply.reject(option);
  }
  if (*magic == 0) {
    return reply.nak_u32(option, new_magic());
  }
  wished_.magic = *magic;
}

void Lcp::suspect_loop() {
  if (++own_magic_seen_ == kLoopEvidence) {
    fail(EndReason::kLcpFailed, "our own frames come back");
  }
}

// ---- other codes ------------------------------------------------------------------------------------------

bool Lcp::on_extra_code(const PppPacket& packet) {
  switch (PppCode{packet.code}) {
    case PppCode::kProtocolReject:
      on_protocol_reject(packet);
      return true;
    case PppCode::kEchoRequest:
      on_echo_request(packet);
      return true;
    case PppCode::kEchoReply:  // heard() has done what it is for
    case PppCode::kDiscardRequest:
    case PppCode::kIdentification:  // RFC 1570 §1: Windows sends three of them
    case PppCode::kTimeRemaining:
      raise(PppEvent::kRxr, packet);
      return true;
    default:
      return false;
  }
}

void Lcp::on_protocol_reject(const PppPacket& packet) {
  const auto rejected = wire::parse_protocol_reject(packet.data);
  if (!rejected || !opened()) {
    return;  // RFC 1661 §5.7: only in Opened
  }
  if (*rejected == PppProtocol::kLcp) {
    fail(failure(), "peer rejects LCP itself");
    return raise(PppEvent::kRxjFatal, packet);
  }
  raise(PppEvent::kRxjPermitted, packet);
  events_.protocol_rejected(*rejected);
}

void Lcp::on_echo_request(const PppPacket& packet) {
  const auto magic = wire::parse_lcp_magic(packet.data);
  if (!magic) {
    return;
  }
  if (opened() && ask_magic_ && *magic == magic_) {
    return suspect_loop();
  }
  raise(PppEvent::kRxr, packet);
}

// RFC 1661 §5.8: our magic number, the rest of the data as it came; never more than the peer's MRU.
void Lcp::send_echo_reply() {
  if (PppCode{cause().code} != PppCode::kEchoRequest) {
    return;
  }
  PppFrameWriter reply(protocol(), PppCode::kEchoReply, cause().identifier);
  reply.u32(ask_magic_ ? magic_ : 0);
  const Bytes data = cause().data.subspan(sizeof magic_);
  const std::size_t room =
      std::min<std::size_t>(reply.room(), peer_.mru - wire::kPppPacketHeaderSize - sizeof magic_);
  send(reply.octets(data.first(std::min(room, data.size()))));
}

void Lcp::send_protocol_reject(std::uint16_t rejected, Bytes information) {
  if (!opened() || !protocol_rejects_.allow(now())) {
    return;
  }
  PppFrameWriter reject(protocol(), PppCode::kProtocolReject, next_identifier());
  reject.u16(rejected);
  const std::size_t room =
      std::min<std::size_t>(reject.room(), peer_.mru - wire::kPppPacketHeaderSize - sizeof rejected);
  send(reject.octets(information.first(std::min(room, information.size()))));
}

// ---- up, and alive ----------------------------------------------------------------------------------------

void Lcp::this_layer_up() {
  heard();
  own_magic_seen_ = 0;
  if (settings().lcp_echo_interval > Duration{0}) {
    echo_timer_.arm(settings().lcp_echo_interval);
  }
  ControlProtocol::this_layer_up();
}

void Lcp::this_layer_down() {
  echo_timer_.cancel();
  ControlProtocol::this_layer_down();
}

// Adaptive: a peer that was heard within the interval is not asked.
void Lcp::on_echo_timer() {
  const Duration silence = now() - last_heard_;
  if (silence < settings().lcp_echo_interval) {
    return echo_timer_.arm(settings().lcp_echo_interval - silence);
  }
  if (unanswered_echoes_ >= settings().lcp_echo_failure) {
    return fail(EndReason::kLostCarrier, "echoes unanswered");
  }
  ++unanswered_echoes_;
  PppFrameWriter echo(protocol(), PppCode::kEchoRequest, next_identifier());
  echo.u32(ask_magic_ ? magic_ : 0);
  send(echo);
  echo_timer_.arm(settings().lcp_echo_interval);
}

}  // namespace adit::control
