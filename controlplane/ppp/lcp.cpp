// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ppp/lcp.hpp"

#include <algorithm>

#include "controlplane/ppp/carried_session.hpp"

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

/// RFC 791: the least that an IPv4 link must carry, so a smaller MRU is useless.
constexpr std::uint16_t kLeastMru = 68;
/// Our own magic number this many times: a loop. Once may be chance, or a peer that copies options.
constexpr std::uint8_t kLoopEvidence = 5;

constexpr std::uint8_t type_of(LcpOption option) {
  return static_cast<std::uint8_t>(option);
}

}  // namespace

LcpAuthentication on_the_wire(AuthMethod method) {
  switch (method) {
    case AuthMethod::kMsChapV2:
      return {PppProtocol::kChap, static_cast<std::uint8_t>(ChapAlgorithm::kMsChapV2)};
    case AuthMethod::kMsChapV1:
      return {PppProtocol::kChap, static_cast<std::uint8_t>(ChapAlgorithm::kMsChapV1)};
    case AuthMethod::kChapMd5:
      return {PppProtocol::kChap, static_cast<std::uint8_t>(ChapAlgorithm::kMd5)};
    case AuthMethod::kEap:
      return {PppProtocol::kEap, 0};
    case AuthMethod::kPap:
      break;
  }
  return {PppProtocol::kPap, 0};
}

Lcp::Lcp(const Settings& settings, TimerWheel& wheel, Entropy& entropy, ControlProtocolHost& host,
         LcpEvents& events)
    : LcpEndpoint(settings.ppp, settings.ppp.lcp_echo_interval, wheel, entropy, host, events),
      auth_(settings.auth) {}

void Lcp::forget() {
  peer_ = wished_ = LcpPeer{};
  magic_ = new_magic();
  if (!has_agreed_before()) {
    refused_methods_ = 0;
    method_ = 0;
  }
  own_magic_seen_ = 0;
  ask_mru_ = settings().mru != wire::kDefaultMru;
  ask_magic_ = true;
  ask_pfc_ = settings().pcomp;
  ask_acfc_ = settings().accomp;
}

LcpDetails Lcp::details() const {
  return {.state = state(),
          .receive_mru = ask_mru_ ? settings().mru : wire::kDefaultMru,
          .send_mru = peer_.mru,
          .magic = own_magic(),
          .peer_magic = peer_.magic,
          .receive_acfc = ask_acfc_,
          .send_acfc = peer_.accepts_acfc,
          .receive_pfc = ask_pfc_,
          .send_pfc = peer_.accepts_pfc,
          .echoes_answered = echoes_answered()};
}

CarriedLcp Lcp::carried() const {
  return {.protocol = carried_protocol(),
          .method = method(),
          .asks_mru = ask_mru_,
          .asks_magic = ask_magic_,
          .asks_pfc = ask_pfc_,
          .asks_acfc = ask_acfc_,
          .magic = magic_,
          .peer = peer_,
          .echoes_answered = echoes_answered()};
}

/// A method that the settings allow no longer was good enough when the user logged in; the next login is by another.
bool Lcp::adopt(const CarriedLcp& from) {
  const auto method = std::ranges::find(auth_.methods, from.method);
  method_ = method == auth_.methods.end() ? 0 : static_cast<std::uint8_t>(method - auth_.methods.begin());
  if (adopt_protocol(from.protocol) || !opened()) {
    return false;
  }
  ask_mru_ = from.asks_mru;
  ask_magic_ = from.asks_magic;
  ask_pfc_ = from.asks_pfc;
  ask_acfc_ = from.asks_acfc;
  magic_ = from.magic;
  adopt_opened(from.peer, from.echoes_answered);
  return true;
}

// ---- our request ------------------------------------------------------------------------------------------

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

/// The peer refused the current method: takes its hint if we allow it, else our next method. False: none is
/// left. Once the session has been up its method stays: a forged Nak would have the peer send a weaker proof.
bool Lcp::choose_method(std::optional<LcpAuthentication> hint) {
  if (has_agreed_before()) {
    return true;
  }
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

// In both, authentication first: where it is refused our request stays as it is, and a late Ack still fits.
bool Lcp::on_nak(const PppOptions& hints, bool insist_no_more) {
  for (const PppOption& hint : hints) {
    if (LcpOption{hint.type} == LcpOption::kAuthentication &&
        !choose_method(wire::parse_lcp_authentication(hint.value))) {
      cannot_agree(EndReason::kAuthRefused, "peer offers no method that we allow");
      return false;
    }
  }
  for (const PppOption& hint : hints) {
    switch (LcpOption{hint.type}) {
      case LcpOption::kMru:
        ask_mru_ = ask_mru_ && !insist_no_more;
        break;
      case LcpOption::kMagic:
        magic_ = new_magic();
        ask_magic_ = ask_magic_ && !insist_no_more;
        break;
      default:
        break;  // RFC 1661 §5.3: hints for options that we did not request may be ignored
    }
  }
  return true;
}

bool Lcp::on_reject(const PppOptions& refused) {
  for (const PppOption& option : refused) {
    if (LcpOption{option.type} == LcpOption::kAuthentication) {
      cannot_agree(EndReason::kAuthRefused, "peer rejects authentication");
      return false;
    }
  }
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
      default:
        break;
    }
  }
  return true;
}

// ---- the peer's request -----------------------------------------------------------------------------------

void Lcp::judge(const PppOptions& wishes, ConfigureReply& reply) {
  wished_ = LcpPeer{};
  for (const PppOption& option : wishes) {
    if (ask_magic_ && option.type == type_of(LcpOption::kMagic) && option.u32() == magic_) {
      // RFC 1661 §6.4: our own number means a loop, or chance; a new one tells them apart. The rest is not
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
      break;  // no asynchronous framing in the tunnel: any map will do
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
    // We do not authenticate ourselves, monitor quality, call back or bundle links.
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
  if (PppCode{packet.code} == PppCode::kEchoRequest) {
    const auto magic = wire::parse_lcp_magic(packet.data);
    if (!magic) {
      return true;
    }
    if (opened() && ask_magic_ && *magic == magic_) {
      suspect_loop();
      return true;
    }
  }
  return LcpEndpoint::on_extra_code(packet);
}

void Lcp::this_layer_up() {
  own_magic_seen_ = 0;
  LcpEndpoint::this_layer_up();
}

}  // namespace adit::control
