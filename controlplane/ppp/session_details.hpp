// SPDX-License-Identifier: Apache-2.0
// What a session's protocols have agreed on, for an operator who looks at one call. "receive" is from the peer, "send" to
// it. No keys. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "controlplane/base/settings.hpp"
#include "controlplane/ppp/automaton.hpp"
#include "dataplane/contract/messages.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::control {

struct LcpDetails {
  PppState state = PppState::kInitial;
  std::uint16_t receive_mru = 1500, send_mru = 1500;
  std::uint32_t magic = 0, peer_magic = 0;  ///< 0: none
  bool receive_acfc = false, send_acfc = false;
  bool receive_pfc = false, send_pfc = false;
  std::uint32_t echoes_answered = 0;  ///< by the peer
};

struct CcpDetails {
  PppState state = PppState::kInitial;
  bool required = false;
  std::optional<contract::MppeMode> receive, send;  ///< none: no MPPE
};

struct IpcpDetails {
  PppState state = PppState::kInitial;
  wire::Ipv4Address address, gateway;  ///< the peer's, and ours
  NameServers servers{};
};

struct Ipv6cpDetails {
  PppState state = PppState::kInitial;
  std::uint64_t interface_id = 0, gateway_id = 0;  ///< the peer's, and ours
  std::optional<wire::Ipv6Prefix> link{};          ///< this and what follows as in Ipv6Binding
  std::optional<wire::Ipv6Address> address{};
  std::optional<wire::Ipv6Prefix> delegated{};
};

struct SessionDetails {
  LcpDetails lcp;
  CcpDetails ccp;
  IpcpDetails ipcp;
  Ipv6cpDetails ipv6cp{};
};

}  // namespace adit::control
