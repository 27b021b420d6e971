// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ppp/network_endpoint.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "controlplane/ppp/carried_session.hpp"
#include "dataplane/wire/tunnel_mtu.hpp"

namespace adit::control {
namespace {

using wire::Bytes;
using wire::PppCode;
using wire::PppProtocol;

/// How long the NCPs wait for a peer that has not opened CCP but may (`allow`): pppd and Windows open CCP first.
constexpr Duration kCcpMayCome{1000};
/// How long they wait for a CCP negotiation that does not finish (`prefer`). CCP may still open later.
constexpr Duration kCcpMayLast{8000};
/// The longest Configure-Request of an NCP that is held; real ones have 4 to 40 octets.
constexpr std::size_t kMaxHeldRequest = 256;
/// RFC 8200 §5: every link carries packets of this size, and routers do not fragment.
constexpr int kIpv6MinimumMtu = 1280;

bool has_code(Bytes packet, PppCode code) {
  return !packet.empty() && PppCode{packet[0]} == code;
}

bool is_ncp(PppProtocol protocol) {
  return protocol == PppProtocol::kIpcp || protocol == PppProtocol::kIpv6cp;
}

/// At once, and without a word to the peer. down() alone would leave it in Starting (RFC 1661 §4.1), about to open.
void shut(ControlProtocol* protocol) {
  if (protocol != nullptr) {
    protocol->down();
    protocol->close();
  }
}

}  // namespace

NetworkEndpoint::NetworkEndpoint(TimerWheel& wheel, PppDataPath& data_path, NetworkLink& link,
                                 std::string_view peer_name)
    : data_path_(data_path),
      link_(link),
      peer_name_(peer_name),
      ccp_timer_(wheel, on_timer<&NetworkEndpoint::settle_ccp>, this) {}

bool NetworkEndpoint::is_up(PppProtocol ncp) const {
  const ControlProtocol* const protocol = ncp == PppProtocol::kIpv6cp ? ipv6cp() : &ipcp();
  return protocol != nullptr && protocol->opened() && (mppe_required_ ? ccp().encrypts() : ccp_settled_);
}

/// A link may have been up without one of the NCPs: then nothing is known of what the peer thinks of it.
bool NetworkEndpoint::has_been_up(PppProtocol protocol) const {
  return is_ncp(protocol) ? control_of(protocol).has_been_up : link_.has_been_up(protocol);
}

// ---- begin and end ----------------------------------------------------------------------------------------

void NetworkEndpoint::begin(const Terms& terms) {
  begun_ = true;
  mtu_ = terms.mtu;
  constexpr std::uint16_t kNoLimit = 0xffff;
  port_mtu_ = link_.port_mtu().value_or(kNoLimit);
  ipv6_policy_ = ipv6cp() != nullptr ? terms.ipv6 : Ipv6Policy::kDeny;
  ipv4_given_up_ = terms.ipv4 ? EndReason::kNone : EndReason::kIpv6Failed;
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
  begun_ = ccp_settled_ = has_keys_ = keys_spent_ = ipv6_given_up_ = false;
  ipv4_given_up_ = EndReason::kNone;
  disable_ip();  // before the keys go: nothing may be sent in clear in between
  disable_ipv6();
  shut(&ipcp());
  shut(ipv6cp());
  shut(&ccp());
  disable_mppe();
  keys_.forget();
  for (NetworkControl* const control : {&ipv4_control_, &ipv6_control_}) {
    control->started = control->told_up = false;
    control->held_request.reset();
  }
}

void NetworkEndpoint::carry(CarriedNetwork& into) const {
  const auto ncp = [](const NetworkControl& control) {
    return CarriedNetwork::Ncp{
        .started = control.started, .told_up = control.told_up, .has_been_up = control.has_been_up};
  };
  into.ipv4 = ncp(ipv4_control_);
  into.ipv6 = ncp(ipv6_control_);
  into.enabled = enabled_;
  into.ipv6_enabled = ipv6_enabled_;
  into.receives = receives_;
  into.mtu = mtu_;
  into.port_mtu = port_mtu_;
  into.ipv6_policy = ipv6_policy_;
  into.mppe_required = mppe_required_;
  into.begun = begun_;
  into.ccp_settled = ccp_settled_;
  into.peer_ccp_closed = peer_ccp_closed_;
  into.sends_compressed = sends_compressed_;
  into.encrypted = encrypted_;
  into.keys_spent = keys_spent_;
  into.ipv6_given_up = ipv6_given_up_;
  into.ipv4_given_up = ipv4_given_up_ == EndReason::kNone ? "" : to_text(ipv4_given_up_);
  into.used_keys = keys_.used();
}

void NetworkEndpoint::adopt_terms(const CarriedNetwork& from) {
  const auto adopt = [](NetworkControl& control, const CarriedNetwork::Ncp& ncp) {
    control.started = ncp.started;
    control.told_up = ncp.told_up;
    control.has_been_up = ncp.has_been_up;
  };
  adopt(ipv4_control_, from.ipv4);
  adopt(ipv6_control_, from.ipv6);
  enabled_ = from.enabled;
  ipv6_enabled_ = from.ipv6_enabled;
  receives_ = from.receives;
  mtu_ = from.mtu;
  port_mtu_ = from.port_mtu;
  ipv6_policy_ = ipv6cp() != nullptr ? from.ipv6_policy : Ipv6Policy::kDeny;
  mppe_required_ = from.mppe_required;
  begun_ = from.begun;
  ccp_settled_ = from.ccp_settled;
  peer_ccp_closed_ = from.peer_ccp_closed;
  sends_compressed_ = from.sends_compressed;
  encrypted_ = from.encrypted;
  keys_spent_ = has_keys_ = from.keys_spent;
  ipv6_given_up_ = from.ipv6_given_up;
  const auto* const reason = std::ranges::find(kEndReasonTexts, from.ipv4_given_up, &EndReasonText::name);
  ipv4_given_up_ = from.ipv4_given_up.empty() ? EndReason::kNone
                   : reason == kEndReasonTexts.end()
                       ? EndReason::kIpcpFailed
                       : static_cast<EndReason>(reason - kEndReasonTexts.begin());
  keys_.adopt(from.used_keys);
}

bool NetworkEndpoint::on_packet(PppProtocol protocol, Bytes packet) {
  if (!begun_) {
    return true;
  }
  switch (protocol) {
    case PppProtocol::kIpcp:
    case PppProtocol::kIpv6cp:
      return on_ncp_packet(protocol, packet);
    case PppProtocol::kIpv6:
      return speaks_ipv6cp();
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
  if (!begun_ || (protocol == PppProtocol::kIpv6cp && !started(protocol))) {
    return;
  }
  const bool has_spoken_it =
      has_been_up(protocol) || (is_ncp(protocol) ? protocol_of(protocol).opened() : ccp().encrypts());
  if (has_spoken_it) {
    return;
  }
  if (protocol == PppProtocol::kCcp) {
    lose_mppe(EndReason::kMppeRefused, std::string(peer_name_) + " does not speak CCP");
    ccp().down();
  } else if (protocol == PppProtocol::kIpcp) {
    ipcp().down();
    go_on_without_ipv4(EndReason::kIpcpFailed, std::string(peer_name_) + " does not speak IPCP");
  } else if (protocol == PppProtocol::kIpv6cp && ipv6cp()->state() > PppState::kStarting) {
    go_on_without_ipv6(std::string(peer_name_) + " does not speak IPv6CP");
    shut(ipv6cp());
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
  if (!mode.encrypted()) {
    if (!mppe_required_) {
      receives_ = mode;
      data_path_.enable_mppe(contract::Direction::kReceive, mode, {}, {});
    }
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
  const bool receives = std::exchange(receives_, std::nullopt).has_value();
  if (std::exchange(sends_compressed_, false) || receives) {
    data_path_.disable_mppe();
  }
}

/// CCP is open, with MPPC alone, in one direction or both.
void NetworkEndpoint::compress_clear_packets() {
  const contract::MppeMode receive = ccp().receive_mode();
  if (receive.compressed) {
    expect_encrypted(receive);
  } else {
    disable_mppe();  // the peer has refused what we had asked for
  }
  const contract::MppeMode send = ccp().send_mode();
  if (send.compressed) {
    sends_compressed_ = true;
    data_path_.enable_mppe(contract::Direction::kSend, send, {}, {});
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
  start_ipv6cp();
  tell_when_up();
}

// ---- the NCPs ---------------------------------------------------------------------------------------------

// An early request is neither refused nor answered: a Terminate-Ack costs pppd three seconds and MikroTik the
// session. The last one is held and answered once CCP is settled, so that the peer need not repeat it.
// Of an NCP that is not spoken, one that terminates has the last word; what it has left of another end is silenced by the
// peer's next packet.
bool NetworkEndpoint::on_ncp_packet(PppProtocol ncp, Bytes packet) {
  if (!speaks(ncp)) {
    ControlProtocol* const protocol = ncp == PppProtocol::kIpv6cp ? ipv6cp() : &ipcp();
    const PppState state = protocol != nullptr ? protocol->state() : PppState::kInitial;
    if (state != PppState::kClosing && state != PppState::kStopping) {
      shut(protocol);
      return false;
    }
  }
  // The peer goes on without CCP. Its IPv6CP does not say so: Windows opens that before CCP.
  if (ncp == PppProtocol::kIpcp && !ipv4_control_.started && has_keys() && ccp_is_passive()) {
    settle_ccp();
  }
  if (may_negotiate(ncp)) {
    deliver(ncp, packet);
  } else if (has_code(packet, PppCode::kConfigureRequest) && packet.size() <= kMaxHeldRequest) {
    control_of(ncp).held_request = std::make_unique<std::vector<std::uint8_t>>(packet.begin(), packet.end());
  }
  return true;
}

bool NetworkEndpoint::speaks(PppProtocol ncp) const {
  return ncp == PppProtocol::kIpv6cp ? speaks_ipv6cp() : ipv4_given_up_ == EndReason::kNone;
}

/// What we have not opened, the peer may.
void NetworkEndpoint::deliver(PppProtocol ncp, Bytes packet) {
  ControlProtocol& protocol = protocol_of(ncp);
  if (protocol.state() < PppState::kClosed && has_code(packet, PppCode::kConfigureRequest)) {
    open(protocol);
  }
  protocol.on_packet(packet);
}

void NetworkEndpoint::start(PppProtocol ncp) {
  NetworkControl& control = control_of(ncp);
  if (!std::exchange(control.started, true)) {
    if (ncp == PppProtocol::kIpcp) {
      open_ipcp();
    } else if (ipv6_policy_ >= Ipv6Policy::kPrefer || ipv4_given_up_ != EndReason::kNone) {
      open(*ipv6cp());
    }
  }
  if (const auto held = std::move(control.held_request)) {
    deliver(ncp, *held);
  }
}

void NetworkEndpoint::open(ControlProtocol& ncp) {
  ncp.open();
  if (ncp.state() == PppState::kStarting) {
    ncp.up();
  }
}

void NetworkEndpoint::start_ipcp() {
  if (ipv4_given_up_ == EndReason::kNone) {
    start(PppProtocol::kIpcp);
  }
}

void NetworkEndpoint::open_ipcp() {
  open(ipcp());
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

/// The peer need not have opened IPv6CP yet: with `allow`, too, it is asked for what is left.
void NetworkEndpoint::go_on_without_ipv4(EndReason reason, std::string_view why) {
  if (ipv4_given_up_ != EndReason::kNone) {
    return;
  }
  if (!speaks_ipv6cp()) {
    return link_.protocol_failed(PppProtocol::kIpcp, reason, why);
  }
  ipv4_given_up_ = reason;
  ipv4_control_.held_request.reset();
  disable_ip();
  link_.without_ipv4(reason, why);
  if (started(PppProtocol::kIpv6cp) && ipv6cp()->state() < PppState::kClosed) {
    open(*ipv6cp());
  }
}

void NetworkEndpoint::give_up_ipv4(EndReason reason, std::string_view why) {
  go_on_without_ipv4(reason, why);
  shut(&ipcp());
}

// ---- IPv6 -------------------------------------------------------------------------------------------------

int NetworkEndpoint::ipv6_room() const {
  return wire::inner_mtu(port_mtu_, std::min(peer_mru(), mtu_), link_.compression(),
                         mppe_required_ || ccp().may_compress());
}

bool NetworkEndpoint::speaks_ipv6cp() const {
  return ipv6_policy_ != Ipv6Policy::kDeny && !ipv6_given_up_ && ipv6_room() >= kIpv6MinimumMtu;
}

void NetworkEndpoint::start_ipv6cp() {
  if (ipv6_policy_ == Ipv6Policy::kDeny || ipv6_given_up_) {
    return;
  }
  if (const int room = ipv6_room(); room < kIpv6MinimumMtu) {
    const std::string why = "packets of " + std::to_string(room) + " octets reach the " +
                            std::string(peer_name_) + ", and IPv6 needs " + std::to_string(kIpv6MinimumMtu);
    if (give_up_ipv6(why)) {
      link_.too_small_for_ipv6(static_cast<std::uint16_t>(room), why);
    }
    return ipv6cp()->close();  // encryption has come late, and takes its octets from a link that is open
  }
  start(PppProtocol::kIpv6cp);
}

void NetworkEndpoint::go_on_without_ipv6(std::string_view why) {
  if (give_up_ipv6(why)) {
    link_.without_ipv6(why);
  }
}

bool NetworkEndpoint::give_up_ipv6(std::string_view why) {
  if (std::exchange(ipv6_given_up_, true)) {
    return false;
  }
  ipv6_control_.held_request.reset();
  disable_ipv6();
  if (requires_ipv6()) {
    link_.protocol_failed(PppProtocol::kIpv6cp, EndReason::kIpv6Failed, why);
    return false;
  }
  if (ipv4_given_up_ != EndReason::kNone) {
    link_.protocol_failed(PppProtocol::kIpv6cp, ipv4_given_up_, std::string(why) + ", nor is there IPv4");
    return false;
  }
  return true;
}

void NetworkEndpoint::expect_ipv6(std::uint64_t subscriber) {
  if (std::exchange(ipv6_enabled_, subscriber) != subscriber) {
    enable_ipv6(binding_of(subscriber));
  }
}

void NetworkEndpoint::enable_ipv6(const Ipv6Binding& binding) {
  data_path_.enable_ipv6(binding, std::min(peer_mru(), mtu_), mppe_required_);
}

void NetworkEndpoint::disable_ipv6() {
  if (std::exchange(ipv6_enabled_, 0) != 0) {
    data_path_.disable_ipv6();
  }
}

// ---- what CCP and the NCPs report -------------------------------------------------------------------------

void NetworkEndpoint::tell_when_up() {
  for (const PppProtocol ncp : {PppProtocol::kIpcp, PppProtocol::kIpv6cp}) {
    NetworkControl& control = control_of(ncp);
    if (is_up(ncp) && !std::exchange(control.told_up, true)) {
      control.has_been_up = true;
      link_.protocol_up(ncp);
    }
  }
}

void NetworkEndpoint::protocol_up(PppProtocol protocol) {
  if (protocol != PppProtocol::kCcp) {
    return tell_when_up();
  }
  if (!ccp().encrypts()) {
    if (ccp().compresses() && !mppe_required_) {
      compress_clear_packets();
    } else {
      disable_mppe();
    }
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
  if (protocol == PppProtocol::kIpv6cp) {
    disable_ipv6();
  }
  control_of(protocol).told_up = false;
  link_.protocol_down(protocol);
}

void NetworkEndpoint::protocol_finished(PppProtocol protocol) {
  if (!begun_) {
    return;  // end() closes them
  }
  switch (protocol) {
    case PppProtocol::kIpcp:
      return ipcp_finished();
    case PppProtocol::kIpv6cp:
      disable_ipv6();
      // Else the peer may open it again.
      return requires_ipv6() || ipv4_given_up_ != EndReason::kNone ? link_.protocol_finished(protocol)
                                                                   : void();
    default:
      disable_mppe();
      return lose_mppe(EndReason::kMppeRefused, "CCP was not agreed on");
  }
}

/// Where it has been up, anybody may have ended it, and the link knows how long the peer has to negotiate anew.
void NetworkEndpoint::ipcp_finished() {
  if (ipv4_given_up_ != EndReason::kNone) {
    return;
  }
  if (!ipv4_control_.has_been_up && speaks_ipv6cp()) {
    return go_on_without_ipv4(EndReason::kIpcpFailed, std::string(peer_name_) + " has not agreed to IPCP");
  }
  link_.protocol_finished(PppProtocol::kIpcp);
}

void NetworkEndpoint::protocol_failed(PppProtocol protocol, EndReason reason, std::string_view why) {
  switch (protocol) {
    case PppProtocol::kIpcp:
      return go_on_without_ipv4(reason, why);
    case PppProtocol::kIpv6cp:
      return go_on_without_ipv6(why);
    default:
      return lose_mppe(reason, why);
  }
}

void NetworkEndpoint::peer_terminates(PppProtocol protocol, Bytes data) {
  link_.peer_terminates(protocol, data);
  if (protocol == PppProtocol::kCcp) {
    lose_mppe(EndReason::kMppeRefused, std::string(peer_name_) + " terminates CCP");
  }
}

}  // namespace adit::control
