// SPDX-License-Identifier: Apache-2.0
#include "controlplane/client/client_network.hpp"

#include "controlplane/ppp/mppe_modes.hpp"
#include "dataplane/wire/ipv6cp.hpp"

namespace adit::control {
namespace {

using wire::PppCode;
using wire::PppProtocol;

}  // namespace

ClientNetwork::ClientNetwork(const ClientSettings& settings, TimerWheel& wheel, Entropy& entropy,
                             PppDataPath& data_path, NetworkLink& link)
    : NetworkEndpoint(wheel, data_path, link, "server"),
      settings_(settings),
      profile_(*settings.profile),
      entropy_(entropy),
      ccp_(settings, wheel, *this, *this),
      ipcp_(settings, wheel, *this, *this),
      ipv6cp_(settings.ipv6 != Ipv6Policy::kDeny ? new ClientIpv6cp(settings, wheel, *this, *this) : nullptr),
      ipcp_delay_(wheel, on_timer<&ClientNetwork::on_ipcp_delay>, this) {}

void ClientNetwork::begin(const std::optional<crypto::MppeStartKeys>& keys, bool short_keys) {
  if (profile_.refuses_early_ipcp) {
    ipcp_.up();  // if not open, the automaton itself ignores it
  }
  NetworkEndpoint::begin({.mppe = settings_.mppe,
                          .mppe_required = settings_.mppe == MppePolicy::kRequire,
                          .keys = keys,
                          .strengths = short_keys ? wire::mppe_bits::kStrengths : wire::mppe_bits::k128,
                          .mtu = settings_.ppp.mtu,
                          .ipv6 = settings_.ipv6,
                          .ipv4 = settings_.ipv4});
}

bool ClientNetwork::up() const {
  const bool needs_ipv6 = requires_ipv6() || !settings_.ipv4;
  return (is_up(PppProtocol::kIpcp) || !settings_.ipv4) && (is_up(PppProtocol::kIpv6cp) || !needs_ipv6);
}

void ClientNetwork::ccp_begun() {
  if (profile_.ipcp_after_ccp_began == Duration{0}) {
    start_ipcp();
  } else if (profile_.ipcp_after_ccp_began) {
    ipcp_delay_.arm(*profile_.ipcp_after_ccp_began);
  }
}

void ClientNetwork::ccp_without_mppe() {
  if (profile_.without_mppe == CcpWithoutMppe::kOffer || ccp_.may_compress()) {
    ccp_.open();
  }
  if (profile_.without_mppe >= CcpWithoutMppe::kTerminateAck || ccp_.may_compress()) {
    ccp_.up();
  }
}

void ClientNetwork::end() {
  ipcp_delay_.cancel();
  NetworkEndpoint::end();
}

bool ClientNetwork::on_packet(PppProtocol protocol, wire::Bytes packet) {
  if (protocol != PppProtocol::kIpv6cp || !only_attempts_ipv6cp()) {
    return NetworkEndpoint::on_packet(protocol, packet);
  }
  // IPv6 is only ever requested: answers are ignored, and the server's own request is rejected.
  return packet.empty() || PppCode{packet[0]} != PppCode::kConfigureRequest;
}

void ClientNetwork::open_ipcp() {
  ipcp_delay_.cancel();
  attempt_ipv6cp(Ipv6cpAttempt::kBeforeIpcp);
  NetworkEndpoint::open_ipcp();
  attempt_ipv6cp(Ipv6cpAttempt::kAfterIpcp);
}

void ClientNetwork::attempt_ipv6cp(Ipv6cpAttempt when) {
  if (profile_.ipv6cp != when) {
    return;
  }
  if (!only_attempts_ipv6cp()) {
    return start_ipv6cp();
  }
  wire::PppFrameWriter request(PppProtocol::kIpv6cp, PppCode::kConfigureRequest, 1);
  wire::write_ipv6cp_identifier(request, random_interface_id(entropy_, 0));
  send_frame(request.frame());
}

}  // namespace adit::control
