// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ppp/network_phase.hpp"

#include <algorithm>
#include <utility>

#include "controlplane/ppp/mppe_modes.hpp"
#include "crypto/mppe_keys.hpp"

namespace adit::control {
namespace {

using wire::Bytes;
using wire::PppCode;
using wire::PppProtocol;

/// How long IPCP waits for a peer that may want MPPE but has not said so (`allow`): pppd and Windows open CCP
/// first.
constexpr Duration kCcpMayCome{1000};
/// How long IPCP waits for CCP that goes on but does not end (`prefer`). It may still open later.
constexpr Duration kCcpMayLast{8000};
/// The longest Configure-Request of IPCP that is kept until CCP is settled; real ones have 4 to 40 octets.
constexpr std::size_t kMaxHeldRequest = 256;

/// Protocol-Rejects of what was never sent, until it is clear that the peer decrypts to nonsense.
constexpr std::uint32_t kNonsenseRejects = 8;

bool is_ever_sent(PppProtocol protocol) {
  switch (protocol) {
    case PppProtocol::kLcp:
    case PppProtocol::kPap:
    case PppProtocol::kChap:
    case PppProtocol::kEap:
    case PppProtocol::kCcp:
    case PppProtocol::kIpcp:
    case PppProtocol::kIpv4:
    case PppProtocol::kMppe:
      return true;
    default:
      return false;
  }
}

bool has_code(Bytes packet, PppCode code) {
  return !packet.empty() && PppCode{packet[0]} == code;
}

}  // namespace

// What the user was let in with makes MPPE stricter than the settings, never laxer: `deny` stays, and ends the call of one
// who must have it.
void NetworkPhase::begin(const AuthAccepted& accepted, AuthMethod method) {
  ipcp_.use(accepted.servers);
  keys_ = accepted.mppe;
  mtu_ = accepted.mtu;
  mppe_required_ = accepted.mppe_required || settings_.ppp.mppe == MppePolicy::kRequire;
  ccp_.require(mppe_required_);
  // RFC 3079 §2.1: with MS-CHAPv1 the short keys are made of the LAN Manager hash, which we do not keep.
  const std::uint32_t made =
      method == AuthMethod::kMsChapV1 ? wire::mppe_bits::k128 : wire::mppe_bits::kStrengths;
  if (!ccp_.limit_strengths(accepted.mppe_strengths & made)) {
    keys_.reset();
  }
  if (!mppe_possible()) {
    return go_on_without_mppe(settings_.ppp.mppe == MppePolicy::kDeny
                                  ? "the user must have MPPE, and [ppp] mppe denies it"
                                  : "the authentication method makes no MPPE keys of an allowed length");
  }
  if (ccp_is_passive()) {
    return ccp_patience_.arm(kCcpMayCome);
  }
  ccp_.open();
  ccp_.up();
  if (!mppe_required()) {
    ccp_patience_.arm(kCcpMayLast);
  }
}

void NetworkPhase::end() {
  ccp_patience_.cancel();
  ipcp_.down();
  ccp_.down();
  disable_ip();
  disarm_mppe();
  keys_.reset();
  held_request_.clear();
  ipcp_started_ = false;
}

bool NetworkPhase::on_packet(PppProtocol protocol, Bytes packet) {
  switch (protocol) {
    case PppProtocol::kIpcp:
      on_ipcp_packet(packet);
      return true;
    case PppProtocol::kCcp:
      // Not spoken without MPPE: pppd and Windows end cleanly on the Protocol-Reject when they insist, and go
      // on in clear when they do not.
      if (mppe_possible()) {
        on_ccp_packet(packet);
      }
      return mppe_possible();
    case PppProtocol::kIpv4:
    case PppProtocol::kMppe:
      return true;  // data has lost its way; that is no news for the peer
    default:
      return false;
  }
}

void NetworkPhase::on_protocol_reject(PppProtocol protocol) {
  if (protocol == PppProtocol::kCcp) {
    ccp_.down();
    go_on_without_mppe("peer does not speak CCP");
  } else if (protocol == PppProtocol::kIpcp) {
    ipcp_.down();
    link_.protocol_failed(protocol, EndReason::kIpcpFailed, "peer does not speak IPCP");
  } else if (!is_ever_sent(protocol)) {
    on_nonsense();
  }
}

// Linux has no way back when it loses the flushed packet that it asked for: it misses a key change, believes what it
// decrypts from there on, and rejects the protocols that it finds. A new call serves better than a dead one.
void NetworkPhase::on_nonsense() {
  if (ccp_.encrypts() && ccp_.send_mode().stateful && ++nonsense_ == kNonsenseRejects) {
    link_.protocol_failed(PppProtocol::kCcp, EndReason::kMppeDesynchronised,
                          "peer decrypts what we send to nonsense");
  }
}

// ---- CCP --------------------------------------------------------------------------------------------------

void NetworkPhase::on_ccp_packet(Bytes packet) {
  if (ccp_is_passive()) {
    if (!has_code(packet, PppCode::kConfigureRequest)) {
      return;
    }
    if (Ccp::wants_mppe(packet)) {
      ccp_.peer_wants_mppe();
    }
    ccp_.open();
    ccp_.up();
    if (!ipcp_started_) {
      ccp_patience_.arm(kCcpMayLast);
    }
  }
  ccp_.on_packet(packet);
  if (has_code(packet, PppCode::kTerminateAck) && ccp_patience_.armed()) {
    ccp_patience_.arm(kCcpMayCome);  // the peer's CCP is closed (RFC 1661 §4.1), and may well stay so
  }
}

void NetworkPhase::expect_encrypted(contract::MppeMode mode) {
  arm_mppe(contract::Direction::kReceive, mode, keys_->receive);
}

void NetworkPhase::arm_mppe(contract::Direction direction, contract::MppeMode mode,
                            const crypto::Secret<16>& start_key) {
  mppe_armed_ = true;
  host_.enable_mppe(
      direction, mode, start_key,
      crypto::mppe_initial_session_key(start_key, crypto::MppeKeyLength{std::to_underlying(mode.strength)}));
}

void NetworkPhase::disarm_mppe() {
  if (std::exchange(mppe_armed_, false)) {
    host_.disable_mppe();
  }
}

void NetworkPhase::go_on_without_mppe(std::string_view why) {
  if (mppe_required()) {
    return link_.protocol_failed(PppProtocol::kCcp, EndReason::kMppeRefused, why);
  }
  start_ipcp();
}

// ---- IPCP -------------------------------------------------------------------------------------------------

// An early request is neither refused nor answered: pppd loses three seconds over a Terminate-Ack, MikroTik
// the session. The last one is kept and answered once CCP is settled, so the peer need not repeat it.
void NetworkPhase::on_ipcp_packet(Bytes packet) {
  if (!ipcp_started_ && ccp_is_passive()) {
    start_ipcp();  // the peer goes on without CCP
  }
  if (ipcp_may_go_on()) {
    return ipcp_.on_packet(packet);
  }
  if (has_code(packet, PppCode::kConfigureRequest) && packet.size() <= kMaxHeldRequest) {
    held_request_.assign(packet.begin(), packet.end());
  }
}

void NetworkPhase::start_ipcp() {
  ccp_patience_.cancel();
  if (!std::exchange(ipcp_started_, true)) {
    ipcp_.open();
    ipcp_.up();
  }
  const std::vector<std::uint8_t> held = std::exchange(held_request_, {});
  if (!held.empty()) {
    ipcp_.on_packet(held);
  }
}

void NetworkPhase::expect_ip() {
  if (!std::exchange(ip_enabled_, true)) {
    const std::uint16_t ours = std::min(settings_.ppp.mtu, mtu_.value_or(settings_.ppp.mtu));
    host_.enable_ip(address(), std::min(peer_mru(), ours), mppe_required());
  }
}

void NetworkPhase::disable_ip() {
  if (std::exchange(ip_enabled_, false)) {
    host_.disable_ip();
  }
}

// ---- what CCP and IPCP report -----------------------------------------------------------------------------

void NetworkPhase::protocol_up(PppProtocol protocol) {
  if (protocol == PppProtocol::kIpcp) {
    return link_.protocol_up(protocol);
  }
  if (!ccp_.encrypts()) {
    disarm_mppe();
    return go_on_without_mppe("CCP opened without MPPE");
  }
  nonsense_ = 0;
  arm_mppe(contract::Direction::kSend, ccp_.send_mode(), keys_->send);
  start_ipcp();
}

void NetworkPhase::protocol_down(PppProtocol protocol) {
  if (protocol == PppProtocol::kIpcp) {
    disable_ip();
    return link_.protocol_down(protocol);
  }
  disarm_mppe();
}

void NetworkPhase::protocol_finished(PppProtocol protocol) {
  if (protocol == PppProtocol::kIpcp) {
    return link_.protocol_finished(protocol);
  }
  disarm_mppe();
  go_on_without_mppe("CCP came to nothing");
}

void NetworkPhase::protocol_failed(PppProtocol protocol, EndReason reason, std::string_view why) {
  if (protocol == PppProtocol::kIpcp) {
    return link_.protocol_failed(protocol, reason, why);
  }
  go_on_without_mppe(why);
}

void NetworkPhase::peer_terminates(PppProtocol protocol, Bytes data) {
  link_.peer_terminates(protocol, data);
  if (protocol == PppProtocol::kCcp) {
    go_on_without_mppe("peer terminates CCP");
  }
}

}  // namespace adit::control
