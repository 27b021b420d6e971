// SPDX-License-Identifier: Apache-2.0
// The network phase of a link, the concentrator's end: MPPE by [ppp] mppe and the user's own terms, the
// peer's address and name servers, and detection of a peer that decrypts to garbage. Sans-I/O. Thread:
// control. Owner: the session.
#pragma once

#include <cstdint>
#include <string>

#include "controlplane/auth/auth_backend.hpp"
#include "controlplane/base/settings.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/ppp/ccp.hpp"
#include "controlplane/ppp/ipcp.hpp"
#include "controlplane/ppp/network_endpoint.hpp"
#include "controlplane/ppp/session.hpp"

namespace adit::control {

class NetworkPhase final : public NetworkEndpoint {
 public:
  /// `link` is the session.
  NetworkPhase(const Settings& settings, TimerWheel& wheel, SessionHost& host, NetworkLink& link)
      : NetworkEndpoint(wheel, host, link, "peer"),
        settings_(settings),
        host_(host),
        ccp_(settings.ppp, wheel, *this, *this),
        ipcp_(settings, wheel, *this, *this) {}

  /// Before begin(): the peer's address.
  void assign(wire::Ipv4Address address) { ipcp_.assign(address); }
  [[nodiscard]] wire::Ipv4Address address() const { return ipcp_.assigned(); }

  /// The peer is authenticated by `method`.
  void begin(const AuthAccepted& accepted, AuthMethod method);
  void on_protocol_reject(wire::PppProtocol protocol) override;

  /// See CcpEndpoint::describe().
  [[nodiscard]] std::string mppe() const { return ccp_.describe(); }
  [[nodiscard]] CcpDetails ccp_details() const {
    CcpDetails details = ccp_.details();
    details.required = mppe_required();
    return details;
  }
  [[nodiscard]] IpcpDetails ipcp_details() const { return ipcp_.details(); }
  /// The worker can no longer read the peer's stateful MPPE.
  void request_mppe_reset() { ccp_.request_reset(); }
  /// MPPE is agreed, both ways.
  [[nodiscard]] bool encrypts() const { return ccp_.encrypts(); }

 private:
  Ccp& ccp() override { return ccp_; }
  const Ccp& ccp() const override { return ccp_; }
  Ipcp& ipcp() override { return ipcp_; }
  const Ipcp& ipcp() const override { return ipcp_; }
  bool ccp_is_passive() const override;
  bool ipcp_may_negotiate() const override;
  void peer_opens_ccp(wire::Bytes request) override;
  void protocol_up(wire::PppProtocol protocol) override;
  void protocol_down(wire::PppProtocol protocol) override;
  void flush_mppe(bool repeated) override { host_.flush_mppe(repeated); }
  std::optional<std::uint64_t> packets_received() const override { return host_.packets_received(); }

  void on_nonsense();

  const Settings& settings_;
  SessionHost& host_;
  Ccp ccp_;
  Ipcp ipcp_;
  std::uint32_t nonsense_ = 0;  // rejected protocols that we never sent, since MPPE came up
};

}  // namespace adit::control
