// SPDX-License-Identifier: Apache-2.0
// What a session has agreed on and what it is, for the process that goes on with it: each protocol gives and takes its own.
// A session is carried once it has been up, and only what is agreed: what is being negotiated begins anew, and with it
// LCP's identifiers, challenges and restart timers. No keys: the data plane has them.
// The numbers of enumerators and tags are those of records: only ever add to them, at the end. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/base/field_codec.hpp"
#include "controlplane/base/settings.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/ppp/automaton.hpp"
#include "controlplane/ppp/data_path.hpp"
#include "controlplane/ppp/lcp_endpoint.hpp"
#include "controlplane/ppp/single_use_keys.hpp"
#include "dataplane/contract/messages.hpp"

namespace adit::control {

/// Of ControlProtocol, which every protocol has.
struct CarriedProtocol {
  PppState state = PppState::kInitial;  ///< one that negotiates begins anew
  std::uint8_t identifier = 0, request_identifier = 0;
  std::vector<std::uint8_t> acknowledged;  ///< the peer's request: it may come once more
};

struct CarriedLcp {
  CarriedProtocol protocol;
  AuthMethod method{};
  bool asks_mru = false, asks_magic = false, asks_pfc = false, asks_acfc = false;
  std::uint32_t magic = 0;
  LcpPeer peer;
  std::uint32_t echoes_answered = 0;
};

struct CarriedCcp {
  CarriedProtocol protocol;
  std::uint32_t strengths = 0, requested = 0, acknowledged = 0;
  bool required = false, peer_wants = false, suggested = false;
};

struct CarriedIpcp {
  CarriedProtocol protocol;
  wire::Ipv4Address assigned;
  NameServers servers;
  bool asks_address = false;
};

struct CarriedIpv6cp {
  CarriedProtocol protocol;
  std::optional<std::uint64_t> forced;
  std::uint64_t peer = 0;
  bool asks = false;
};

struct CarriedNetwork {
  /// Of IPCP and of IPv6CP.
  struct Ncp {
    bool started = false, told_up = false, has_been_up = false;
  };
  CarriedCcp ccp;
  CarriedIpcp ipcp;
  std::optional<CarriedIpv6cp> ipv6cp;
  Ncp ipv4, ipv6;
  wire::Ipv4Address enabled;
  std::uint64_t ipv6_enabled = 0;
  std::optional<contract::MppeMode> receives;
  std::uint16_t mtu = 0, port_mtu = 0;
  Ipv6Policy ipv6_policy{};
  bool mppe_required = false, begun = false, ccp_settled = false, peer_ccp_closed = false;
  bool sends_compressed = false, encrypted = false, keys_spent = false, ipv6_given_up = false;
  std::string ipv4_given_up;  ///< by the reason's name, which stays as it is
  SingleUseKeys::Used used_keys;
  Ipv6Binding subscriber6;
};

struct CarriedSession {
  /// LCP, or what the link cannot do without, was being negotiated: LCP begins anew, and the same user logs in.
  bool renews = false;
  CarriedLcp lcp;
  CarriedNetwork network;
  std::string user, claimed;
  std::string auth_method;  ///< as it is told
  std::vector<wire::Ipv6Address> ipv6_dns;
  std::uint32_t rejections = 0;
  Instant up_since;
  std::optional<Instant> desynchronised;
  bool told_too_small = false;
  std::uint8_t told_no_lease = 0;
};

// ---- the fields -------------------------------------------------------------------------------------------

void fields(auto& at, FieldsOf<CarriedProtocol> auto& protocol) {
  at(1, protocol.state, PppState::kOpened);
  at(2, protocol.identifier);
  at(3, protocol.request_identifier);
  at(4, protocol.acknowledged);
}

void fields(auto& at, FieldsOf<LcpPeer> auto& peer) {
  at(1, peer.mru);
  at(2, peer.magic);
  at(3, peer.accepts_acfc);
  at(4, peer.accepts_pfc);
}

void fields(auto& at, FieldsOf<CarriedLcp> auto& lcp) {
  at(1, lcp.protocol);
  at(2, lcp.method, AuthMethod::kEap);
  at(3, lcp.asks_mru);
  at(4, lcp.asks_magic);
  at(5, lcp.asks_pfc);
  at(6, lcp.asks_acfc);
  at(7, lcp.magic);
  at(8, lcp.peer);
  at(9, lcp.echoes_answered);
}

void fields(auto& at, FieldsOf<CarriedCcp> auto& ccp) {
  at(1, ccp.protocol);
  at(2, ccp.strengths);
  at(3, ccp.requested);
  at(4, ccp.acknowledged);
  at(5, ccp.required);
  at(6, ccp.peer_wants);
  at(7, ccp.suggested);
}

void fields(auto& at, FieldsOf<NameServers> auto& servers) {
  at(1, servers.dns1);
  at(2, servers.dns2);
  at(3, servers.wins1);
  at(4, servers.wins2);
}

void fields(auto& at, FieldsOf<CarriedIpcp> auto& ipcp) {
  at(1, ipcp.protocol);
  at(2, ipcp.assigned);
  at(3, ipcp.servers);
  at(4, ipcp.asks_address);
}

void fields(auto& at, FieldsOf<CarriedIpv6cp> auto& ipv6cp) {
  at(1, ipv6cp.protocol);
  at(2, ipv6cp.forced);
  at(3, ipv6cp.peer);
  at(4, ipv6cp.asks);
}

void fields(auto& at, FieldsOf<CarriedNetwork::Ncp> auto& ncp) {
  at(1, ncp.started);
  at(2, ncp.told_up);
  at(3, ncp.has_been_up);
}

void fields(auto& at, FieldsOf<contract::MppeMode> auto& mode) {
  at(1, mode.strength, contract::MppeStrength::k128);
  at(2, mode.stateful);
  at(3, mode.compressed);
}

void fields(auto& at, FieldsOf<Ipv6Binding> auto& binding) {
  at(1, binding.interface_id);
  at(2, binding.link);
  at(3, binding.address);
  at(4, binding.delegated);
}

void fields(auto& at, FieldsOf<SingleUseKeys::Used> auto& used) {
  at(1, used.send);
  at(2, used.receive);
}

void fields(auto& at, FieldsOf<CarriedNetwork> auto& network) {
  at(1, network.ccp);
  at(2, network.ipcp);
  at(3, network.ipv6cp);
  at(4, network.ipv4);
  at(5, network.ipv6);
  at(6, network.enabled);
  at(7, network.ipv6_enabled);
  at(8, network.receives);
  at(9, network.mtu);
  at(10, network.port_mtu);
  at(11, network.ipv6_policy, Ipv6Policy::kRequire);
  at(12, network.mppe_required);
  at(13, network.begun);
  at(14, network.ccp_settled);
  at(15, network.peer_ccp_closed);
  at(16, network.sends_compressed);
  at(17, network.encrypted);
  at(18, network.keys_spent);
  at(19, network.ipv6_given_up);
  at(20, network.ipv4_given_up);
  at(21, network.used_keys);
  at(22, network.subscriber6);
}

void fields(auto& at, FieldsOf<CarriedSession> auto& session) {
  at(1, session.renews);
  at(2, session.lcp);
  at(3, session.network);
  at(4, session.user);
  at(5, session.claimed);
  at(6, session.auth_method);
  at(7, session.ipv6_dns);
  at(8, session.rejections);
  at(9, session.up_since);
  at(10, session.desynchronised);
  at(11, session.told_too_small);
  at(12, session.told_no_lease);
}

}  // namespace adit::control
