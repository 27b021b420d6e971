// SPDX-License-Identifier: Apache-2.0
#include "controlplane/client/client_network.hpp"

#include <algorithm>
#include <utility>

#include "controlplane/ppp/mppe_modes.hpp"
#include "dataplane/wire/ipv6cp.hpp"

namespace adit::control {
namespace {

using wire::Bytes;
using wire::PppCode;
using wire::PppProtocol;

/// How long IPCP waits for a server that may want MPPE but has not said so (`allow`).
constexpr Duration kCcpMayCome{1000};
/// How long IPCP waits for CCP that goes on but does not end (`prefer`). It may still open later.
constexpr Duration kCcpMayLast{8000};
/// The longest early Configure-Request of IPCP that is kept; real ones have 4 to 40 octets.
constexpr std::size_t kMaxHeldRequest = 256;

bool has_code(Bytes packet, PppCode code) {
  return !packet.empty() && PppCode{packet[0]} == code;
}

}  // namespace

ClientNetwork::ClientNetwork(const ClientSettings& settings, TimerWheel& wheel, Entropy& entropy,
                             ClientCallHost& host, ClientNetworkHost& link)
    : settings_(settings),
      profile_(*settings.profile),
      entropy_(entropy),
      host_(host),
      link_(link),
      ccp_(settings, wheel, *this, *this),
      ipcp_(settings, wheel, *this, *this),
      ccp_patience_(wheel, on_timer<&ClientNetwork::settle_ccp>, this),
      ipcp_delay_(wheel, on_timer<&ClientNetwork::start_ipcp>, this) {}

// ---- begin and end ------------------------------------------------------------------------------------------------

void ClientNetwork::begin(const std::optional<crypto::MppeStartKeys>& keys, bool short_keys) {
  begun_ = true;
  const std::uint32_t allowed = mppe_strengths(settings_.mppe_key_lengths) &
                                (short_keys ? wire::mppe_bits::kStrengths : wire::mppe_bits::k128);
  const bool possible = settings_.mppe != MppePolicy::kDeny && keys && allowed != 0;
  keys_ = possible ? keys : std::nullopt;
  ccp_.allow(possible ? allowed : 0);
  if (profile_.refuses_early_ipcp) {
    ipcp_.up();  // not open: the automaton refuses by itself
  }
  possible ? begin_ccp() : begin_without_mppe();
}

void ClientNetwork::begin_ccp() {
  if (settings_.mppe == MppePolicy::kAllow) {
    return ccp_patience_.arm(kCcpMayCome);
  }
  if (!requires_mppe()) {
    ccp_patience_.arm(kCcpMayLast);
  }
  ccp_.open();
  ccp_.up();
  if (profile_.ipcp_after_ccp_began == Duration{0}) {
    start_ipcp();
  } else if (profile_.ipcp_after_ccp_began) {
    ipcp_delay_.arm(*profile_.ipcp_after_ccp_began);
  }
}

void ClientNetwork::begin_without_mppe() {
  if (requires_mppe()) {
    return link_.network_failed(ClientEnd::kMppeRefused,
                                "the authentication method makes no MPPE keys of an allowed length");
  }
  if (profile_.without_mppe == CcpWithoutMppe::kOffer) {
    ccp_.open();
  }
  if (profile_.without_mppe >= CcpWithoutMppe::kTerminateAck) {
    ccp_.up();
  }
  settle_ccp();
}

void ClientNetwork::end() {
  ccp_patience_.cancel();
  ipcp_delay_.cancel();
  begun_ = ipcp_started_ = ccp_settled_ = told_up_ = false;
  disable_ip();  // before the keys go: nothing may leave in clear in between
  // Down and closed, the protocols are where begin() found them; RFC 1661 §4.1 has them wait for the layer beneath else.
  ipcp_.down();
  ipcp_.close();
  ccp_.down();
  ccp_.close();
  disarm_mppe();
  keys_.reset();
  held_request_ = {};
}

bool ClientNetwork::on_packet(PppProtocol protocol, Bytes packet) {
  if (!begun_) {
    return true;
  }
  switch (protocol) {
    case PppProtocol::kIpcp:
      on_ipcp_packet(packet);
      return true;
    case PppProtocol::kCcp:
      if (!keys_ && profile_.without_mppe == CcpWithoutMppe::kProtocolReject) {
        return false;
      }
      on_ccp_packet(packet);
      return true;
    case PppProtocol::kIpv6cp:  // of IPv6 we know no more than how to ask for it
      return profile_.ipv6cp != Ipv6cpAttempt::kNone && !has_code(packet, PppCode::kConfigureRequest);
    case PppProtocol::kIpv4:
    case PppProtocol::kMppe:
      return true;  // data has lost its way; that is no news for the server
    default:
      return false;
  }
}

void ClientNetwork::on_protocol_reject(PppProtocol protocol) {
  if (!begun_) {
    return;
  }
  if (protocol == PppProtocol::kCcp) {
    ccp_.down();
    go_on_without_mppe("server does not speak CCP");
  } else if (protocol == PppProtocol::kIpcp) {
    ipcp_.down();
    link_.network_failed(ClientEnd::kIpcpFailed, "server does not speak IPCP");
  }
}

// ---- CCP ----------------------------------------------------------------------------------------------------------

void ClientNetwork::on_ccp_packet(Bytes packet) {
  if (ccp_is_passive()) {
    if (!has_code(packet, PppCode::kConfigureRequest)) {
      return;
    }
    if (ccp_patience_.armed()) {
      ccp_patience_.arm(kCcpMayLast);
    }
    ccp_.open();
    ccp_.up();
  }
  ccp_.on_packet(packet);
  if (has_code(packet, PppCode::kTerminateAck) && ccp_patience_.armed()) {
    ccp_patience_.arm(kCcpMayCome);  // the server's CCP is closed (RFC 1661 §4.1), and may well stay so
  }
}

void ClientNetwork::expect_encrypted(contract::MppeMode mode) {
  receive_armed_ = true;
  arm_mppe(contract::Direction::kReceive, mode, keys_->receive);
}

void ClientNetwork::arm_mppe(contract::Direction direction, contract::MppeMode mode,
                             const crypto::Secret<16>& start_key) {
  host_.enable_mppe(
      direction, mode, start_key,
      crypto::mppe_initial_session_key(start_key, crypto::MppeKeyLength{std::to_underlying(mode.strength)}));
}

void ClientNetwork::disarm_mppe() {
  const bool armed = std::exchange(receive_armed_, false) | std::exchange(send_armed_, false);
  told_up_ = told_up_ && !requires_mppe();
  if (armed) {
    host_.disable_mppe();
  }
}

void ClientNetwork::go_on_without_mppe(std::string_view why) {
  if (requires_mppe()) {
    return link_.network_failed(ClientEnd::kMppeRefused, why);
  }
  settle_ccp();
}

void ClientNetwork::settle_ccp() {
  ccp_patience_.cancel();
  ccp_settled_ = true;
  start_ipcp();
  tell_when_up();
}

// ---- IPCP ---------------------------------------------------------------------------------------------------------

void ClientNetwork::on_ipcp_packet(Bytes packet) {
  if (!ipcp_started_ && ccp_is_passive() && keys_) {
    settle_ccp();  // the server goes on without CCP
  }
  if (ipcp_started_ || profile_.refuses_early_ipcp) {
    return ipcp_.on_packet(packet);
  }
  if (has_code(packet, PppCode::kConfigureRequest) && packet.size() <= kMaxHeldRequest) {
    held_request_.assign(packet.begin(), packet.end());
  }
}

void ClientNetwork::start_ipcp() {
  ipcp_delay_.cancel();
  if (std::exchange(ipcp_started_, true)) {
    return;
  }
  attempt_ipv6cp(Ipv6cpAttempt::kBeforeIpcp);
  ipcp_.open();
  if (ipcp_.state() == PppState::kStarting) {
    ipcp_.up();
  }
  attempt_ipv6cp(Ipv6cpAttempt::kAfterIpcp);
  const std::vector<std::uint8_t> held = std::exchange(held_request_, {});
  if (!held.empty()) {
    ipcp_.on_packet(held);
  }
}

void ClientNetwork::attempt_ipv6cp(Ipv6cpAttempt when) {
  if (profile_.ipv6cp != when) {
    return;
  }
  constexpr std::uint64_t kNotUniversal = ~(std::uint64_t{0x02} << 56);  // RFC 5072 §4.1: the u/l bit
  const std::uint64_t random = std::uint64_t{entropy_.next_u32()} << 32 | entropy_.next_u32();
  wire::PppFrameWriter request(PppProtocol::kIpv6cp, PppCode::kConfigureRequest, 1);
  wire::write_ipv6cp_identifier(request, random & kNotUniversal);
  link_.send_network_frame(request.frame());
}

void ClientNetwork::expect_ip(wire::Ipv4Address own) {
  if (own == enabled_) {
    return;
  }
  disable_ip();
  enabled_ = own;
  host_.enable_ip(own, std::min(peer_mru(), settings_.ppp.mtu), requires_mppe());
}

void ClientNetwork::disable_ip() {
  if (!std::exchange(enabled_, {}).is_none()) {
    host_.disable_ip();
  }
}

// ---- what CCP and IPCP report -------------------------------------------------------------------------------------

void ClientNetwork::tell_when_up() {
  if (up() && !std::exchange(told_up_, true)) {
    link_.network_up();
  }
}

void ClientNetwork::protocol_up(PppProtocol protocol) {
  if (protocol == PppProtocol::kIpcp) {
    expect_ip(ipcp_.own());
    return tell_when_up();
  }
  if (!ccp_.encrypts()) {
    disarm_mppe();
    return go_on_without_mppe("CCP opened without MPPE");
  }
  send_armed_ = true;
  arm_mppe(contract::Direction::kSend, ccp_.send_mode(), keys_->send);
  settle_ccp();
}

void ClientNetwork::protocol_down(PppProtocol protocol) {
  if (protocol == PppProtocol::kCcp) {
    return disarm_mppe();
  }
  // It negotiates anew, with the address that it has: the server may send to it as soon as it has that request. So IP
  // stays enabled until the link goes.
  told_up_ = false;
}

void ClientNetwork::protocol_finished(PppProtocol protocol) {
  if (!begun_) {
    return;  // end() closes them
  }
  if (protocol == PppProtocol::kIpcp) {
    return link_.network_failed(ClientEnd::kIpcpFailed, "IPCP came to nothing");
  }
  disarm_mppe();
  go_on_without_mppe("CCP came to nothing");
}

void ClientNetwork::protocol_failed(PppProtocol protocol, EndReason, std::string_view why) {
  if (protocol == PppProtocol::kIpcp) {
    return link_.network_failed(ClientEnd::kIpcpFailed, why);
  }
  go_on_without_mppe(why);
}

void ClientNetwork::peer_terminates(PppProtocol protocol, Bytes) {
  if (protocol == PppProtocol::kCcp) {
    go_on_without_mppe("server terminates CCP");
  }
}

}  // namespace adit::control
