// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ppp/network_phase.hpp"

#include <algorithm>

#include "controlplane/ppp/carried_session.hpp"

namespace adit::control {
namespace {

using wire::Bytes;
using wire::PppProtocol;

/// Protocol-Rejects of protocols that we never sent, before we conclude that the peer decrypts to garbage.
constexpr std::uint32_t kNonsenseRejects = 8;

}  // namespace

// The user's own terms can make MPPE stricter than the settings, never laxer: `deny` stays, and ends the call
// of a user who must have MPPE.
void NetworkPhase::begin(const AuthAccepted& accepted, AuthMethod method) {
  const PppSettings& ppp = settings_.ppp;
  if (ppp.mppe == MppePolicy::kDeny && accepted.mppe_required) {
    return link().protocol_failed(PppProtocol::kCcp, EndReason::kMppeRefused,
                                  "the user must have MPPE, and [ppp] mppe denies it");
  }
  const bool required = accepted.mppe_required || ppp.mppe == MppePolicy::kRequire;
  if (method == AuthMethod::kEap && required && !accepted.mppe) {
    return link().protocol_failed(PppProtocol::kCcp, EndReason::kEapNoKeys, "EAP has made no keys for MPPE");
  }
  ipcp_.use(accepted.servers);
  if (ipv6_) {
    ipv6_->protocol.force(accepted.ipv6.interface_id);
  }
  // RFC 3079 §2.1: with MS-CHAPv1 the short keys come from the LAN Manager hash, which we do not keep.
  const std::uint32_t made =
      method == AuthMethod::kMsChapV1 ? wire::mppe_bits::k128 : wire::mppe_bits::kStrengths;
  NetworkEndpoint::begin({.mppe = ppp.mppe,
                          .mppe_required = required,
                          .keys = accepted.mppe,
                          .strengths = accepted.mppe_strengths & made,
                          .mtu = std::min(ppp.mtu, accepted.mtu.value_or(ppp.mtu)),
                          .ipv6 = accepted.ipv6.denied ? Ipv6Policy::kDeny : settings_.ipv6.mode});
}

CarriedNetwork NetworkPhase::carried() const {
  CarriedNetwork carried;
  carry(carried);
  carried.ccp = ccp_.carried();
  carried.ipcp = ipcp_.carried();
  if (ipv6_) {
    carried.ipv6cp = ipv6_->protocol.carried();
    carried.subscriber6 = ipv6_->subscriber;
  }
  return carried;
}

void NetworkPhase::adopt(const CarriedNetwork& from) {
  adopt_terms(from);
  CarriedCcp ccp = from.ccp;
  if (!from.keys_spent) {
    ccp.strengths = 0;  // there are no keys to agree on MPPE with
  }
  if (ccp_.adopt(ccp)) {
    ccp_.open();
    ccp_.up();
  }
  if (ipcp_.adopt(from.ipcp)) {
    ipcp_.open();
    ipcp_.up();
  }
  if (ipv6_ && from.ipv6cp) {
    ipv6_->subscriber = from.subscriber6;
    if (ipv6_->protocol.adopt(*from.ipv6cp)) {
      ipv6_->protocol.open();
      ipv6_->protocol.up();
    }
  }
}

void NetworkPhase::adopt_past(const CarriedNetwork& from) {
  CarriedNetwork past;
  past.ipv4.has_been_up = from.ipv4.has_been_up;
  past.ipv6.has_been_up = from.ipv6.has_been_up;
  past.encrypted = past.mppe_required = from.encrypted;
  past.used_keys = from.used_keys;
  past.ipcp.assigned = from.ipcp.assigned;
  past.ipcp.servers = from.ipcp.servers;
  past.subscriber6 = from.subscriber6;
  past.ipv6cp = from.ipv6cp;
  if (past.ipv6cp) {
    past.ipv6cp->protocol = {};
  }
  adopt(past);
}

/// `allow`, or nothing but compression is left to agree on; and the peer has not opened CCP.
bool NetworkPhase::ccp_is_passive() const {
  return (settings_.ppp.mppe == MppePolicy::kAllow || !has_keys()) && !mppe_required() &&
         NetworkEndpoint::ccp_is_passive();
}

/// When encryption is required, no NCP may open or close without it, not even while CCP renegotiates.
bool NetworkPhase::may_negotiate(PppProtocol ncp) const {
  return started(ncp) && (!mppe_required() || ccp_.encrypts());
}

/// Without a prefix for the link the peer has its link-local address, and may have others by DHCPv6. What it has by that
/// stays: its DHCPv6 client need not notice that IPv6CP was down.
Ipv6Binding NetworkPhase::binding_of(std::uint64_t subscriber) {
  const auto prefix = host_.lease_ipv6(Ipv6Use::kLink);
  ipv6_->subscriber.interface_id = subscriber;
  ipv6_->subscriber.link = prefix ? std::optional(*prefix) : std::nullopt;
  return ipv6_->subscriber;
}

void NetworkPhase::bind(std::optional<wire::Ipv6Address> address, std::optional<wire::Ipv6Prefix> delegated) {
  ipv6_->subscriber.address = address;
  ipv6_->subscriber.delegated = delegated;
  enable_ipv6(ipv6_->subscriber);
}

/// Packets of the one family say nothing of the other's NCP.
std::optional<std::uint64_t> NetworkPhase::packets_received(PppProtocol protocol) const {
  const auto all = host_.packets_received();
  const auto ipv6 = host_.ipv6_packets_received();
  switch (protocol) {
    case PppProtocol::kIpv6cp:
      return ipv6;
    case PppProtocol::kIpcp:
      return all ? std::optional(*all - ipv6.value_or(0)) : std::nullopt;
    default:
      return all;
  }
}

void NetworkPhase::peer_opens_ccp(Bytes request) {
  if (Ccp::wants_mppe(request)) {
    ccp_.peer_wants_mppe();
  }
}

void NetworkPhase::protocol_up(PppProtocol protocol) {
  if (protocol == PppProtocol::kCcp) {
    nonsense_ = 0;
  }
  NetworkEndpoint::protocol_up(protocol);
}

void NetworkPhase::protocol_down(PppProtocol protocol) {
  if (protocol == PppProtocol::kIpcp) {
    disable_ip();
  }
  NetworkEndpoint::protocol_down(protocol);
}

bool NetworkPhase::is_ever_sent(PppProtocol protocol) const {
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
    case PppProtocol::kIpv6cp:
    case PppProtocol::kIpv6:
      return started(PppProtocol::kIpv6cp);
    default:
      return false;
  }
}

void NetworkPhase::on_protocol_reject(PppProtocol protocol) {
  is_ever_sent(protocol) ? NetworkEndpoint::on_protocol_reject(protocol) : on_nonsense();
}

// Linux does not recover when it loses the flushed packet that it asked for: it misses a key change, trusts
// what it decrypts from there on, and rejects the protocols it finds there. Only new keys help.
void NetworkPhase::on_nonsense() {
  if (ccp_.encrypts() && ccp_.send_mode().stateful && ++nonsense_ >= kNonsenseRejects) {
    nonsense_ = 0;
    link().need_new_keys(EndReason::kMppeDesynchronised, "peer decrypts our packets to garbage");
  }
}

}  // namespace adit::control
