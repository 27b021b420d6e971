// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ppp/network_endpoint.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace adit::control {
namespace {

using wire::Bytes;
using wire::PppCode;
using wire::PppProtocol;

/// How long IPCP waits for a peer that has not opened CCP but may (`allow`): pppd and Windows open CCP first.
constexpr Duration kCcpMayCome{1000};
/// How long IPCP waits for a CCP negotiation that does not finish (`prefer`). CCP may still open later.
constexpr Duration kCcpMayLast{8000};
/// The longest Configure-Request of IPCP that is held; real ones have 4 to 40 octets.
constexpr std::size_t kMaxHeldRequest = 256;

bool has_code(Bytes packet, PppCode code) {
  return !packet.empty() && PppCode{packet[0]} == code;
}

}  // namespace

NetworkEndpoint::NetworkEndpoint(TimerWheel& wheel, PppDataPath& data_path, NetworkLink& link,
                                 std::string_view peer_name)
    : data_path_(data_path),
      link_(link),
      peer_name_(peer_name),
      ccp_timer_(wheel, on_timer<&NetworkEndpoint::settle_ccp>, this) {}

bool NetworkEndpoint::up() const {
  return ipcp().opened() && (mppe_required_ ? ccp().encrypts() : ccp_settled_);
}

// ---- begin and end ----------------------------------------------------------------------------------------

void NetworkEndpoint::begin(const Terms& terms) {
  begun_ = true;
  mtu_ = terms.mtu;
  mppe_required_ = terms.mppe_required || encrypted_;
  ccp().require(mppe_required_);
  const bool wanted = terms.mppe != MppePolicy::kDeny && terms.keys;
  has_keys_ = ccp().limit_strengths(wanted ? terms.strengths : 0);
  if (has_keys_ && !keys_.load(*terms.keys)) {
    begun_ = has_keys_ = false;  // the link ends, and until then acknowledges no encryption
    return link_.protocol_failed(PppProtocol::kCcp, EndReason::kMppeRefused,
                                 "the new authentication made the MPPE keys that were in use before");
  }
  if (has_keys_) {
    return begin_ccp(terms.mppe);
  }
  if (!mppe_required_) {
    ccp_without_mppe();
  }
  go_on_without_mppe("the authentication method makes no MPPE keys of an allowed length");
}

void NetworkEndpoint::begin_ccp(MppePolicy policy) {
  peer_ccp_closed_ = false;
  if (!mppe_required_) {
    ccp_timer_.arm(policy == MppePolicy::kAllow ? kCcpMayCome : kCcpMayLast);
    if (policy == MppePolicy::kAllow) {
      return;
    }
  }
  ccp().open();
  ccp().up();
  ccp_begun();
}

void NetworkEndpoint::end() {
  ccp_timer_.cancel();
  begun_ = ipcp_started_ = ccp_settled_ = told_up_ = has_keys_ = keys_spent_ = false;
  disable_ip();  // before the keys go: nothing may be sent in clear in between
  // down() alone would leave them in Starting (RFC 1661 §4.1), about to open; begin() decides whether they
  // do.
  ipcp().down();
  ipcp().close();
  ccp().down();
  ccp().close();
  disable_mppe();
  keys_.forget();
  held_request_ = {};
}

bool NetworkEndpoint::on_packet(PppProtocol protocol, Bytes packet) {
  if (!begun_) {
    return true;
  }
  switch (protocol) {
    case PppProtocol::kIpcp:
      on_ipcp_packet(packet);
      return true;
    case PppProtocol::kCcp:
      if (speaks_ccp()) {
        on_ccp_packet(packet);
      }
      return speaks_ccp();
    case PppProtocol::kIpv4:
    case PppProtocol::kMppe:
      return true;  // a data packet that the worker passed on: nothing to reject
    default:
      return false;
  }
}

void NetworkEndpoint::on_protocol_reject(PppProtocol protocol) {
  const bool has_spoken_it =
      link_.has_been_up() || (protocol == PppProtocol::kCcp ? ccp().encrypts() : ipcp().opened());
  if (!begun_ || has_spoken_it) {
    return;
  }
  if (protocol == PppProtocol::kCcp) {
    lose_mppe(EndReason::kMppeRefused, std::string(peer_name_) + " does not speak CCP");
    ccp().down();
  } else if (protocol == PppProtocol::kIpcp) {
    ipcp().down();
    link_.protocol_failed(protocol, EndReason::kIpcpFailed, std::string(peer_name_) + " does not speak IPCP");
  }
}

// ---- CCP --------------------------------------------------------------------------------------------------

bool NetworkEndpoint::ccp_is_passive() const {
  return ccp().state() < PppState::kClosed;
}

void NetworkEndpoint::on_ccp_packet(Bytes packet) {
  if (keys_spent_ && !ccp().opened()) {
    return;  // LCP is about to begin anew
  }
  if (ccp_is_passive()) {
    if (!has_code(packet, PppCode::kConfigureRequest)) {
      return;
    }
    if (ccp_timer_.armed()) {
      ccp_timer_.arm(kCcpMayLast);
    }
    peer_opens_ccp(packet);
    ccp().open();
    ccp().up();
  }
  ccp().on_packet(packet);
  // The peer's CCP is closed (RFC 1661 §4.1) and may stay closed. It says so to each repeat of our request, which makes
  // nothing later.
  if (has_code(packet, PppCode::kTerminateAck) && ccp_timer_.armed() &&
      !std::exchange(peer_ccp_closed_, true)) {
    ccp_timer_.arm(kCcpMayCome);
  }
}

// Our Ack may be repeated; the data path is told once, or the same stream would be read from its beginning
// again. From here on clear text is neither accepted nor sent, whatever becomes of CCP.
void NetworkEndpoint::expect_encrypted(contract::MppeMode mode) {
  if (receives_ == mode) {
    return;
  }
  if (const auto key = keys_.receive()) {
    receives_ = mode;
    encrypted_ = mppe_required_ = true;
    ccp().require(true);
    ccp_timer_.cancel();
    enable_mppe(contract::Direction::kReceive, mode, *key);
  }
}

void NetworkEndpoint::peer_restarts_mppe() {
  lose_mppe(EndReason::kMppeRefused, std::string(peer_name_) + " negotiates CCP anew");
}

void NetworkEndpoint::enable_mppe(contract::Direction direction, contract::MppeMode mode,
                                  const crypto::Secret<16>& start_key) {
  const crypto::MppeKeyLength length{std::to_underlying(mode.strength)};
  data_path_.enable_mppe(direction, mode, start_key, crypto::mppe_initial_session_key(start_key, length));
}

void NetworkEndpoint::disable_mppe() {
  if (std::exchange(receives_, std::nullopt)) {
    data_path_.disable_mppe();
  }
}

/// Encryption ends, or never began. Where it was on, only new keys can follow.
void NetworkEndpoint::lose_mppe(EndReason reason, std::string_view why) {
  if (keys_spent_) {
    return link_.need_new_keys(reason, why);
  }
  go_on_without_mppe(why);
}

void NetworkEndpoint::go_on_without_mppe(std::string_view why) {
  if (mppe_required_) {
    return link_.protocol_failed(PppProtocol::kCcp, EndReason::kMppeRefused, why);
  }
  settle_ccp();
}

void NetworkEndpoint::settle_ccp() {
  ccp_timer_.cancel();
  ccp_settled_ = true;
  start_ipcp();
  tell_when_up();
}

// ---- IPCP -------------------------------------------------------------------------------------------------

// An early request is neither refused nor answered: a Terminate-Ack costs pppd three seconds and MikroTik the
// session. The last one is held and answered once CCP is settled, so that the peer need not repeat it.
void NetworkEndpoint::on_ipcp_packet(Bytes packet) {
  if (!ipcp_started_ && has_keys() && ccp_is_passive()) {
    settle_ccp();  // the peer goes on without CCP
  }
  if (ipcp_may_negotiate()) {
    return ipcp().on_packet(packet);
  }
  if (has_code(packet, PppCode::kConfigureRequest) && packet.size() <= kMaxHeldRequest) {
    held_request_.assign(packet.begin(), packet.end());
  }
}

void NetworkEndpoint::start_ipcp() {
  if (!std::exchange(ipcp_started_, true)) {
    open_ipcp();
  }
  const std::vector<std::uint8_t> held = std::exchange(held_request_, {});
  if (!held.empty()) {
    ipcp().on_packet(held);
  }
}

void NetworkEndpoint::open_ipcp() {
  ipcp().open();
  if (ipcp().state() == PppState::kStarting) {
    ipcp().up();
  }
}

void NetworkEndpoint::expect_ip(wire::Ipv4Address subscriber) {
  if (subscriber == enabled_) {
    return;
  }
  disable_ip();
  enabled_ = subscriber;
  data_path_.enable_ip(subscriber, std::min(peer_mru(), mtu_), mppe_required_);
}

void NetworkEndpoint::disable_ip() {
  if (!std::exchange(enabled_, {}).is_none()) {
    data_path_.disable_ip();
  }
}

// ---- what CCP and IPCP report -----------------------------------------------------------------------------

void NetworkEndpoint::tell_when_up() {
  if (up() && !std::exchange(told_up_, true)) {
    link_.protocol_up(PppProtocol::kIpcp);
  }
}

void NetworkEndpoint::protocol_up(PppProtocol protocol) {
  if (protocol == PppProtocol::kIpcp) {
    return tell_when_up();
  }
  if (!ccp().encrypts()) {
    disable_mppe();
    return go_on_without_mppe("CCP opened without MPPE");
  }
  if (const auto key = keys_.take_send()) {
    keys_spent_ = true;
    enable_mppe(contract::Direction::kSend, ccp().send_mode(), *key);
    settle_ccp();
  }
}

void NetworkEndpoint::protocol_down(PppProtocol protocol) {
  if (protocol == PppProtocol::kCcp) {
    disable_mppe();
    if (begun_ && keys_spent_) {
      link_.need_new_keys(EndReason::kMppeRefused, "CCP went down");
    }
    return;
  }
  told_up_ = false;
  link_.protocol_down(protocol);
}

void NetworkEndpoint::protocol_finished(PppProtocol protocol) {
  if (!begun_) {
    return;  // end() closes them
  }
  if (protocol == PppProtocol::kIpcp) {
    return link_.protocol_finished(protocol);
  }
  disable_mppe();
  lose_mppe(EndReason::kMppeRefused, "CCP was not agreed on");
}

void NetworkEndpoint::protocol_failed(PppProtocol protocol, EndReason reason, std::string_view why) {
  if (protocol == PppProtocol::kIpcp) {
    return link_.protocol_failed(protocol, reason, why);
  }
  lose_mppe(reason, why);
}

void NetworkEndpoint::peer_terminates(PppProtocol protocol, Bytes data) {
  link_.peer_terminates(protocol, data);
  if (protocol == PppProtocol::kCcp) {
    lose_mppe(EndReason::kMppeRefused, std::string(peer_name_) + " terminates CCP");
  }
}

}  // namespace adit::control
