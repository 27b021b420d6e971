// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ppp/ccp_endpoint.hpp"

#include <utility>

#include "controlplane/ppp/carried_session.hpp"
#include "controlplane/ppp/mppe_modes.hpp"

namespace adit::control {
namespace {

using contract::MppeMode;
using wire::PppCode;
using wire::PppFrameWriter;
using wire::PppOption;
using wire::PppOptions;
namespace bits = wire::mppe_bits;

constexpr auto kMppeType = static_cast<std::uint8_t>(wire::CcpOption::kMppe);

std::string text_of(MppeMode mode) {
  return std::to_string(std::to_underlying(mode.strength)) + (mode.stateful ? "-stateful" : "");
}

std::string compression_of(MppeMode mode) {
  return !mode.compressed ? "none" : mode.stateful ? "mppc-stateful" : "mppc";
}

std::string both_ways(std::string receive, const std::string& send) {
  return receive == send ? send : std::move(receive) + "/" + send;
}

/// Packets depend on those before them.
bool has_state(MppeMode mode) {
  return mode.stateful && (mode.encrypted() || mode.compressed);
}

}  // namespace

CcpEndpoint::CcpEndpoint(const PppSettings& settings, const std::vector<contract::MppeStrength>& key_lengths,
                         TimerWheel& wheel, ControlProtocolHost& host, CcpEvents& events,
                         std::string_view peer_name)
    : ControlProtocol(wire::PppProtocol::kCcp, settings, wheel, host),
      key_lengths_(key_lengths),
      events_(events),
      peer_name_(peer_name),
      strengths_(mppe_strengths(key_lengths)) {}

bool CcpEndpoint::limit_strengths(std::uint32_t strengths) {
  strengths_ = mppe_strengths(key_lengths_) & strengths;
  return strengths_ != 0;
}

MppeMode CcpEndpoint::receive_mode() const {
  return mppe_mode(requested_);
}
MppeMode CcpEndpoint::send_mode() const {
  return mppe_mode(acknowledged_);
}

std::string CcpEndpoint::describe() const {
  return encrypts() ? both_ways(text_of(receive_mode()), text_of(send_mode())) : "none";
}

std::string CcpEndpoint::describe_compression() const {
  return opened() ? both_ways(compression_of(receive_mode()), compression_of(send_mode())) : "none";
}

void CcpEndpoint::forget() {
  requested_ = first_request();
  acknowledged_ = acceptable_ = 0;
  answered_reset_ = kNoReset;
}

CarriedCcp CcpEndpoint::carried_agreement() const {
  return {.protocol = carried_protocol(),
          .strengths = strengths_,
          .requested = requested_,
          .acknowledged = acknowledged_,
          .required = required_};
}

void CcpEndpoint::adopt_agreement(const CarriedCcp& from) {
  strengths_ = from.strengths;
  requested_ = from.requested;
  acknowledged_ = from.acknowledged;
  required_ = from.required;
}

// ---- our request: what we receive -------------------------------------------------------------------------

void CcpEndpoint::write_request(PppFrameWriter& request) {
  if (requested_ != 0) {
    request.option_u32(kMppeType, requested_);
  }
}

void CcpEndpoint::ask_for(std::uint32_t request) {
  if (std::exchange(requested_, request) != request && acknowledged_ != 0) {
    expect_what_we_asked_for();
  }
}

// Takes the strongest strength that the peer names and we allow, in a mode that we accept. A Nak to anything
// else is ignored; one without any strength is a refusal, and leaves compression if the peer names that.
bool CcpEndpoint::on_nak(const PppOptions& hints, bool insist_no_more) {
  for (const PppOption& hint : hints) {
    if (hint.type != kMppeType) {
      continue;
    }
    const std::uint32_t wanted = hint.u32().value_or(0);
    if (insist_no_more || (wanted & bits::kStrengths) == 0) {
      return give_up_mppe(insist_no_more ? 0 : compression_alone(wanted));
    }
    const std::uint32_t common = strongest_mppe(wanted & strengths_);
    if (asks_for_mppe() && common != 0 && follow_nak(wanted)) {
      const std::uint32_t compression = (wanted & bits::kMppc) != 0 ? compression_in(wanted) : 0;
      ask_for(common | (wanted & bits::kStateless) | compression);
    }
  }
  return true;
}

// The only option that we request. Who knows MPPE alone may reject the whole of it for the one bit.
bool CcpEndpoint::on_reject(const PppOptions&) {
  if (asks_for_mppe() && (requested_ & bits::kMppc) != 0) {
    ask_for(requested_ & ~bits::kMppc);
    return true;
  }
  return give_up_mppe();
}

/// `instead`: a request without a strength.
bool CcpEndpoint::give_up_mppe(std::uint32_t instead) {
  if (required_) {
    cannot_agree(EndReason::kMppeRefused,
                 std::string(peer_name_) + " refuses every MPPE mode that is allowed here");
    return false;
  }
  requested_ = instead;
  return true;
}

std::uint32_t CcpEndpoint::compression_in(std::uint32_t mode) const {
  const bool stateless = (mode & bits::kStateless) != 0;
  switch (settings().mppc) {
    case MppcPolicy::kDeny:
      return 0;
    case MppcPolicy::kStateless:
      return stateless ? bits::kMppc : 0;
    case MppcPolicy::kAllow:
      return stateless || events_.reserve_mppc_history() ? bits::kMppc : 0;
  }
  return 0;
}

/// What of `wish` is possible without MPPE, or a Nak's value; 0: nothing.
std::uint32_t CcpEndpoint::compression_alone(std::uint32_t wish) const {
  if ((wish & bits::kMppc) == 0 || !may_compress()) {
    return 0;
  }
  return bits::kMppc | (compression_in(wish) != 0 ? wish & bits::kStateless : bits::kStateless);
}

// ---- the peer's request: what we send ---------------------------------------------------------------------

void CcpEndpoint::judge(const PppOptions& wishes, ConfigureReply& reply) {
  acknowledged_ = acceptable_ = 0;  // this request replaces whatever was acknowledged before
  bool mentioned = false;
  for (const PppOption& option : wishes) {
    const auto wish = option.u32();
    const std::uint32_t answer = option.type == kMppeType && wish ? answer_to(*wish) : 0;
    if (answer == 0) {
      reply.reject(option);  // BSD, Deflate, Stac; or MPPE that the peer refused for the other direction
      continue;
    }
    mentioned = true;
    acceptable_ = answer == *wish ? answer : 0;
    if (answer != *wish) {
      reply.nak_u32(option, answer);
    }
  }
  if (!mentioned && asks_for_mppe()) {
    reply.ask_u32(kMppeType, answer_to(request_for_peer()));
  }
}

/// One strength, one mode, and compression if the peer names it: `wish` itself if it can be acknowledged, else the value
/// for a Nak. 0: nothing of it is possible.
std::uint32_t CcpEndpoint::answer_to(std::uint32_t wish) {
  if (!asks_for_mppe()) {
    return compression_alone(wish);
  }
  const std::uint32_t common = strongest_mppe(wish & strengths_);
  const std::uint32_t strength = common != 0 ? common : strongest_mppe(strengths_);
  const std::uint32_t mode = mode_for(wish);
  return strength | mode | ((wish & bits::kMppc) != 0 ? compression_in(mode) : 0);
}

void CcpEndpoint::about_to_ack() {
  acknowledged_ = acceptable_;
  expect_what_we_asked_for();
}

/// MPPE goes both ways or not at all; MPPC does not depend on what we acknowledge.
void CcpEndpoint::expect_what_we_asked_for() {
  const bool may_come = asks_for_mppe() ? (acknowledged_ & bits::kStrengths) != 0 : requested_ != 0;
  if (may_come) {
    events_.expect_encrypted(receive_mode());
  }
}

// Each direction is negotiated separately, but no implementation does MPPE in one direction only (Windows 9x
// breaks): that counts as no agreement. MPPC in one direction is one.
void CcpEndpoint::this_layer_up() {
  if (asks_for_mppe() != ((acknowledged_ & bits::kStrengths) != 0)) {
    return close();
  }
  ControlProtocol::this_layer_up();
}

// CCP makes no keys: a second agreement would begin the same key streams again (RFC 3078 §7.1).
bool CcpEndpoint::may_renegotiate() {
  const bool may = !encrypts();
  if (!may) {
    events_.peer_restarts_mppe();
  }
  return may;
}

// ---- Reset-Request and Reset-Ack, RFC 1962 §3 -------------------------------------------------------------

bool CcpEndpoint::on_extra_code(const wire::PppPacket& packet) {
  if (PppCode{packet.code} == PppCode::kResetRequest) {
    if (opened()) {
      on_reset_request(packet);
    }
    return true;
  }
  if (PppCode{packet.code} != PppCode::kResetAck) {
    return false;
  }
  probe_answered(packet.identifier);
  return true;  // the flushed packet after it marks the reset
}

// A Reset-Request is answered in Opened alone, and in stateless mode resets nothing.
std::optional<std::uint8_t> CcpEndpoint::probe() {
  if (has_state(receive_mode())) {
    return std::nullopt;
  }
  const std::uint8_t identifier = next_identifier();
  PppFrameWriter request(protocol(), PppCode::kResetRequest, identifier);
  send(request);
  return identifier;
}

// Stateless MPPE and MPPC have nothing to reset (RFC 3078 §8.1): the Ack is enough. In stateful mode the Ack goes
// first, because Linux reads no packet before it and would miss the flushed one.
void CcpEndpoint::on_reset_request(const wire::PppPacket& packet) {
  PppFrameWriter ack(protocol(), PppCode::kResetAck, packet.identifier);
  send(ack);
  if (has_state(send_mode())) {
    const bool repeated = std::exchange(answered_reset_, packet.identifier) == packet.identifier;
    events_.flush_mppe(repeated);
  }
}

void CcpEndpoint::request_reset() {
  if (opened() && has_state(receive_mode())) {
    PppFrameWriter request(protocol(), PppCode::kResetRequest, next_identifier());
    send(request);
  }
}

}  // namespace adit::control
