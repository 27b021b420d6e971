// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ppp/ccp.hpp"

#include <utility>

#include "controlplane/ppp/mppe_modes.hpp"

namespace adit::control {
namespace {

using contract::MppeMode;
using contract::MppeStrength;
using wire::CcpOption;
using wire::PppCode;
using wire::PppFrameWriter;
using wire::PppOption;
using wire::PppOptions;
namespace bits = wire::mppe_bits;

constexpr auto kMppeType = static_cast<std::uint8_t>(CcpOption::kMppe);

std::string text_of(std::uint32_t request) {
  const MppeMode mode = mppe_mode(request);
  const char* length = mode.strength == MppeStrength::k128  ? "128"
                       : mode.strength == MppeStrength::k56 ? "56"
                                                            : "40";
  return std::string(length) + (mode.stateful ? "-stateful" : "");
}

}  // namespace

Ccp::Ccp(const PppSettings& settings, TimerWheel& wheel, ControlProtocolHost& host, CcpEvents& events)
    : ControlProtocol(wire::PppProtocol::kCcp, settings, wheel, host),
      events_(events),
      strengths_(mppe_strengths(settings.mppe_key_lengths)) {}

bool Ccp::limit_strengths(std::uint32_t strengths) {
  strengths_ = mppe_strengths(settings().mppe_key_lengths) & strengths;
  return strengths_ != 0;
}

MppeMode Ccp::receive_mode() const {
  return mppe_mode(ask_);
}
MppeMode Ccp::send_mode() const {
  return mppe_mode(peer_asked_);
}

std::string Ccp::describe() const {
  if (!encrypts()) {
    return "none";
  }
  const std::string receive = text_of(ask_);
  const std::string send = text_of(peer_asked_);
  return receive == send ? send : receive + "/" + send;
}

bool Ccp::wants_mppe(wire::Bytes octets) {
  const auto packet = wire::parse_ppp_packet(octets);
  if (!packet || PppCode{packet->code} != PppCode::kConfigureRequest) {
    return false;
  }
  const auto options = PppOptions::parse(packet->data);
  for (const PppOption& option : options.value_or(*PppOptions::parse({}))) {
    if (option.type == kMppeType && (option.u32().value_or(0) & bits::kStrengths) != 0) {
      return true;
    }
  }
  return false;
}

void Ccp::forget() {
  const bool asks = settings().mppe != MppePolicy::kAllow || required_ || peer_wants_;
  const std::uint32_t mode = settings().mppe_stateful == StatefulPolicy::kPrefer ? 0 : bits::kStateless;
  ask_ = asks ? strengths_ | mode : 0;
  peer_asked_ = 0;
  suggested_ = false;
  answered_reset_ = kNoReset;
}

// ---- what we receive: our request -------------------------------------------------------------------------

void Ccp::write_request(PppFrameWriter& request) {
  if (ask_ != 0) {
    request.option_u32(kMppeType, ask_);
  }
}

/// Another request than the last. When the peer's is acknowledged already, it may encrypt as soon as it has this one.
void Ccp::ask_for(std::uint32_t request) {
  if (std::exchange(ask_, request) != request && peer_asked_ != 0) {
    events_.expect_encrypted(receive_mode());
  }
}

// The strongest of what the peer names and we allow, stateful if we allow it; a Nak towards anything else is not
// followed, and one without any strength is a refusal.
bool Ccp::on_nak(const PppOptions& hints, bool insist_no_more) {
  for (const PppOption& hint : hints) {
    if (hint.type != kMppeType) {
      continue;
    }
    const std::uint32_t wanted = hint.u32().value_or(0);
    if (insist_no_more || (wanted & bits::kStrengths) == 0) {
      return give_up_mppe();
    }
    const std::uint32_t common = strongest_mppe(wanted & strengths_);
    const bool stateless = (wanted & bits::kStateless) != 0;
    if (ask_ != 0 && common != 0 && (stateless || settings().mppe_stateful != StatefulPolicy::kDeny)) {
      suggested_ = true;  // it has a mind of its own about the mode: no more advice for its own request
      ask_for(common | (wanted & bits::kStateless));
    }
  }
  return true;
}

// Only MPPE is ever asked for. pppd rejects the option, not its bit, when it does not take stateful mode.
bool Ccp::on_reject(const PppOptions&) {
  if (ask_ != 0 && (ask_ & bits::kStateless) == 0) {
    suggested_ = true;
    ask_for(ask_ | bits::kStateless);
    return true;
  }
  return give_up_mppe();
}

bool Ccp::give_up_mppe() {
  ask_ = 0;
  if (settings().mppe != MppePolicy::kRequire && !required_) {
    return true;
  }
  fail(EndReason::kMppeRefused, "peer refuses every MPPE mode that is allowed here");
  return false;
}

// ---- what we send: the peer's request ---------------------------------------------------------------------

void Ccp::judge(const PppOptions& wishes, ConfigureReply& reply) {
  peer_asked_ = 0;  // whatever we acknowledged before, this request replaces it
  peer_asks_ = 0;
  bool mentioned = false;
  for (const PppOption& option : wishes) {
    const auto wish = option.u32();
    if (option.type != kMppeType || !wish || ask_ == 0) {
      reply.reject(option);  // BSD, Deflate, Stac; or MPPE after the peer refused ours: one way is no way
      continue;
    }
    mentioned = true;
    const std::uint32_t answer = answer_to(*wish);
    peer_asks_ = answer == *wish ? answer : 0;
    if (answer != *wish) {
      reply.nak_u32(option, answer);
    }
  }
  if (!mentioned && ask_ != 0) {
    reply.ask_u32(kMppeType, answer_to(strengths_ | (ask_ & bits::kStateless)));
  }
}

/// One strength and one mode: `wish` itself when it may be acknowledged as it is, else what to Nak it with.
std::uint32_t Ccp::answer_to(std::uint32_t wish) {
  const std::uint32_t common = strongest_mppe(wish & strengths_);
  const std::uint32_t strength = common != 0 ? common : strongest_mppe(strengths_);
  const std::uint32_t wished = wish & bits::kStateless;
  const StatefulPolicy policy = settings().mppe_stateful;
  const std::uint32_t liked = policy == StatefulPolicy::kPrefer ? 0 : bits::kStateless;
  const bool follow = policy != StatefulPolicy::kDeny && (wished == liked || std::exchange(suggested_, true));
  return strength | (follow ? wished : liked);
}

void Ccp::about_to_ack() {
  peer_asked_ = peer_asks_;
  if (peer_asked_ != 0) {
    events_.expect_encrypted(receive_mode());
  }
}

// Directions are negotiated one by one, but nobody can do one-way MPPE (Win9x breaks): that is no agreement.
void Ccp::this_layer_up() {
  if ((ask_ != 0) != (peer_asked_ != 0)) {
    return close();
  }
  ControlProtocol::this_layer_up();
}

// ---- Reset-Request and Reset-Ack, RFC 1962 §3 -------------------------------------------------------------

bool Ccp::on_extra_code(const wire::PppPacket& packet) {
  if (PppCode{packet.code} == PppCode::kResetRequest) {
    if (opened()) {
      on_reset_request(packet);
    }
    return true;
  }
  return PppCode{packet.code} == PppCode::kResetAck;  // MPPE needs none: the flushed packet says it all
}

// Stateless MPPE has nothing to reset (RFC 3078 §8.1): acknowledge, and that is all. In stateful mode the Ack goes first,
// because Linux reads no packet before it and would miss the flushed one.
void Ccp::on_reset_request(const wire::PppPacket& packet) {
  PppFrameWriter ack(protocol(), PppCode::kResetAck, packet.identifier);
  send(ack);
  if (encrypts() && send_mode().stateful) {
    const bool repeated = std::exchange(answered_reset_, packet.identifier) == packet.identifier;
    events_.begin_anew(repeated);
  }
}

void Ccp::request_reset() {
  if (encrypts() && receive_mode().stateful) {
    PppFrameWriter request(protocol(), PppCode::kResetRequest, next_identifier());
    send(request);
  }
}

}  // namespace adit::control
