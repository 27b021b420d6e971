// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ccp.hpp"

namespace adit::control {
namespace {

using wire::CcpOption;
using wire::PppCode;
using wire::PppFrameWriter;
using wire::PppOption;
using wire::PppOptions;

constexpr auto kMppeType = static_cast<std::uint8_t>(CcpOption::kMppe);
/// The one shape: H and S. Stateful MPPE over a lossy tunnel reuses key stream (RFC 3078 §9), 40 and 56 bits
/// are toys.
constexpr std::uint32_t kOnlyShape = wire::mppe_bits::kStateless | wire::mppe_bits::k128;

}  // namespace

bool Ccp::wants_mppe(wire::Bytes octets) {
  const auto packet = wire::parse_ppp_packet(octets);
  if (!packet || PppCode{packet->code} != PppCode::kConfigureRequest) {
    return false;
  }
  const auto options = PppOptions::parse(packet->data);
  for (const PppOption& option : options.value_or(*PppOptions::parse({}))) {
    if (option.type == kMppeType && (option.u32().value_or(0) & wire::mppe_bits::kStrengths) != 0) {
      return true;
    }
  }
  return false;
}

void Ccp::forget() {
  ask_ = settings().mppe != MppePolicy::kAllow || peer_wants_;
  peer_asked_ = false;
}

void Ccp::write_request(PppFrameWriter& request) {
  if (ask_) {
    request.option_u32(kMppeType, kOnlyShape);
  }
}

void Ccp::judge(const PppOptions& wishes, ConfigureReply& reply) {
  peer_asks_ = false;
  bool mentioned = false;
  for (const PppOption& option : wishes) {
    const auto bits = option.u32();
    if (option.type != kMppeType || !bits || !ask_) {
      reply.reject(option);  // BSD, Deflate, Stac; or MPPE after the peer refused ours: one way is no way
      continue;
    }
    mentioned = true;
    peer_asks_ = *bits == kOnlyShape;
    if (!peer_asks_) {
      reply.nak_u32(option, kOnlyShape);
    }
  }
  if (!mentioned && ask_) {
    reply.ask_u32(kMppeType, kOnlyShape);
  }
}

void Ccp::about_to_ack() {
  peer_asked_ = peer_asks_;
  if (peer_asked_) {
    events_.expect_encrypted();
  }
}

// Whatever else the peer would like, 128-bit stateless is all there is; a Nak without any strength is a
// refusal.
bool Ccp::on_nak(const PppOptions& hints, bool insist_no_more) {
  for (const PppOption& hint : hints) {
    const bool mppe = hint.type == kMppeType;
    if (mppe && (insist_no_more || (hint.u32().value_or(0) & wire::mppe_bits::kStrengths) == 0)) {
      return give_up_mppe();
    }
  }
  return true;
}

bool Ccp::on_reject(const PppOptions&) {
  return give_up_mppe();
}  // only MPPE is ever asked for

bool Ccp::give_up_mppe() {
  ask_ = false;
  if (settings().mppe != MppePolicy::kRequire) {
    return true;
  }
  fail(EndReason::kMppeRefused, "peer refuses 128-bit stateless MPPE");
  return false;
}

// RFC 1962 §3. Stateless MPPE has nothing to reset (RFC 3078 §8.1): acknowledge, and that is all.
bool Ccp::on_extra_code(const wire::PppPacket& packet) {
  if (PppCode{packet.code} == PppCode::kResetRequest) {
    if (opened()) {
      PppFrameWriter ack(protocol(), PppCode::kResetAck, packet.identifier);
      send(ack);
    }
    return true;
  }
  return PppCode{packet.code} == PppCode::kResetAck;
}

// Directions are negotiated one by one, but nobody can do one-way MPPE (Win9x breaks): that is no agreement.
void Ccp::this_layer_up() {
  if (ask_ != peer_asked_) {
    return close();
  }
  ControlProtocol::this_layer_up();
}

}  // namespace adit::control
