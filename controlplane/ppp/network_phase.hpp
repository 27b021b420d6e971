// SPDX-License-Identifier: Apache-2.0
// The network phase of a link, the concentrator's end: MPPE by [ppp] mppe, IPv6 by [ipv6] mode, both by the user's own
// terms; the peer's address, prefix and name servers; and detection of a peer that decrypts to garbage. Sans-I/O.
// Thread: control. Owner: the session.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "controlplane/auth/auth_backend.hpp"
#include "controlplane/base/settings.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/ppp/ccp.hpp"
#include "controlplane/ppp/ipcp.hpp"
#include "controlplane/ppp/ipv6cp.hpp"
#include "controlplane/ppp/network_endpoint.hpp"
#include "controlplane/ppp/session.hpp"

namespace adit::control {

class NetworkPhase final : public NetworkEndpoint {
 public:
  /// `link` is the session.
  NetworkPhase(const Settings& settings, TimerWheel& wheel, Entropy& entropy, SessionHost& host,
               NetworkLink& link)
      : NetworkEndpoint(wheel, host, link, "peer"),
        settings_(settings),
        host_(host),
        ccp_(settings.ppp, wheel, *this, *this),
        ipcp_(settings, wheel, *this, *this),
        ipv6_(settings.ipv6.mode != Ipv6Policy::kDeny
                  ? new Ipv6{.protocol = {settings, wheel, entropy, *this, *this}}
                  : nullptr) {}

  /// IP is up by either family, by IPv6 if that is required.
  [[nodiscard]] bool up() const {
    return is_up(wire::PppProtocol::kIpv6cp) || (is_up(wire::PppProtocol::kIpcp) && !requires_ipv6());
  }

  /// Before begin(), or without IPv4: the peer's address.
  void assign(wire::Ipv4Address address) { ipcp_.assign(address); }
  [[nodiscard]] wire::Ipv4Address address() const { return ipcp_.assigned(); }
  /// What the peer has in IPv6; while IPv6CP is not up, what it had last.
  [[nodiscard]] Ipv6Binding ipv6() const { return ipv6_ ? ipv6_->subscriber : Ipv6Binding{}; }
  /// While IPv6CP is up: what the peer has by DHCPv6 from now on. Tells the data path, also when nothing has changed.
  void bind(std::optional<wire::Ipv6Address> address, std::optional<wire::Ipv6Prefix> delegated);

  [[nodiscard]] CarriedNetwork carried() const;
  /// Instead of begin(). What the data path does stays as it is; a protocol that was being negotiated begins anew.
  void adopt(const CarriedNetwork& from);
  /// The session lives on, but LCP begins anew in this process, and begin() follows: of what there was, only what holds for
  /// the rest of the session.
  void adopt_past(const CarriedNetwork& from);

  /// The peer is authenticated by `method`.
  void begin(const AuthAccepted& accepted, AuthMethod method);
  void on_protocol_reject(wire::PppProtocol protocol) override;

  /// See CcpEndpoint::describe().
  [[nodiscard]] std::string mppe() const { return ccp_.describe(); }
  /// See CcpEndpoint::describe_compression().
  [[nodiscard]] std::string compression() const { return ccp_.describe_compression(); }
  [[nodiscard]] CcpDetails ccp_details() const {
    CcpDetails details = ccp_.details();
    details.required = mppe_required();
    return details;
  }
  [[nodiscard]] IpcpDetails ipcp_details() const { return ipcp_.details(); }
  [[nodiscard]] Ipv6cpDetails ipv6cp_details() const {
    const Ipv6Binding subscriber = ipv6();
    return {.state = ipv6_ ? ipv6_->protocol.state() : PppState::kInitial,
            .interface_id = subscriber.interface_id,
            .gateway_id = settings_.ipv6.gateway_id,
            .link = subscriber.link,
            .address = subscriber.address,
            .delegated = subscriber.delegated};
  }
  /// The worker can no longer read the peer's stateful MPPE.
  void request_mppe_reset() { ccp_.request_reset(); }
  /// The link may not carry data as it is: it was encrypted, and waits for new keys.
  [[nodiscard]] bool lacks_keys() const { return mppe_required() && !ccp_.encrypts(); }
  /// What the peer sends depends on what it has sent before.
  [[nodiscard]] bool receives_statefully() const {
    return (ccp_.encrypts() || ccp_.compresses()) && ccp_.receive_mode().stateful;
  }
  /// MPPE is agreed, both ways.
  [[nodiscard]] bool encrypts() const { return ccp_.encrypts(); }

 private:
  Ccp& ccp() override { return ccp_; }
  const Ccp& ccp() const override { return ccp_; }
  Ipcp& ipcp() override { return ipcp_; }
  const Ipcp& ipcp() const override { return ipcp_; }
  Ipv6cp* ipv6cp() override { return ipv6_ ? &ipv6_->protocol : nullptr; }
  const Ipv6cp* ipv6cp() const override { return ipv6_ ? &ipv6_->protocol : nullptr; }
  bool ccp_is_passive() const override;
  bool may_negotiate(wire::PppProtocol ncp) const override;
  Ipv6Binding binding_of(std::uint64_t subscriber) override;
  void peer_opens_ccp(wire::Bytes request) override;
  void protocol_up(wire::PppProtocol protocol) override;
  void protocol_down(wire::PppProtocol protocol) override;
  void flush_mppe(bool repeated) override { host_.flush_mppe(repeated); }
  std::optional<std::uint64_t> packets_received(wire::PppProtocol protocol) const override;

  [[nodiscard]] bool is_ever_sent(wire::PppProtocol protocol) const;
  void on_nonsense();

  const Settings& settings_;
  SessionHost& host_;
  Ccp ccp_;
  Ipcp ipcp_;
  struct Ipv6 {
    Ipv6cp protocol;
    Ipv6Binding subscriber{};
  };
  std::unique_ptr<Ipv6> ipv6_;  // none where IPv6 is denied: most of a call's IPv6 state
  std::uint32_t nonsense_ = 0;  // rejected protocols that we never sent, since MPPE came up
};

}  // namespace adit::control
