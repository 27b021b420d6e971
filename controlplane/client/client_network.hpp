// SPDX-License-Identifier: Apache-2.0
// The network phase of a link, the caller's end: CCP, IPCP and IPv6CP in the profile's order, and its behaviour
// towards CCP without MPPE. Sans-I/O. Thread: control. Owner: the client's link.
#pragma once

#include <memory>
#include <optional>

#include "controlplane/base/entropy.hpp"
#include "controlplane/client/client_ccp.hpp"
#include "controlplane/client/client_ipcp.hpp"
#include "controlplane/client/client_ipv6cp.hpp"
#include "controlplane/client/client_settings.hpp"
#include "controlplane/ppp/network_endpoint.hpp"

namespace adit::control {

class ClientNetwork final : public NetworkEndpoint {
 public:
  ClientNetwork(const ClientSettings& settings, TimerWheel& wheel, Entropy& entropy, PppDataPath& data_path,
                NetworkLink& link);

  /// Authenticated; `keys` if the method made any, valid only for 128 bits unless `short_keys`.
  void begin(const std::optional<crypto::MppeStartKeys>& keys, bool short_keys);
  void end() override;
  [[nodiscard]] bool on_packet(wire::PppProtocol protocol, wire::Bytes packet) override;
  /// What this end has in IPv6 has changed, while IPv6CP is up.
  void ipv6_changed(const Ipv6Binding& binding) { enable_ipv6(binding); }
  /// IPCP is up, and so is IPv6CP if it is required; without IPv4, IPv6CP alone.
  [[nodiscard]] bool up() const;
  /// IPv6CP may still open.
  [[nodiscard]] bool may_have_ipv6() const { return speaks_ipv6cp(); }

  [[nodiscard]] const ClientCcp& ccp() const override { return ccp_; }
  [[nodiscard]] const ClientIpcp& ipcp() const override { return ipcp_; }
  [[nodiscard]] const ClientIpv6cp* ipv6cp() const override { return ipv6cp_.get(); }

 private:
  ClientCcp& ccp() override { return ccp_; }
  ClientIpcp& ipcp() override { return ipcp_; }
  ClientIpv6cp* ipv6cp() override { return ipv6cp_.get(); }
  bool speaks_ccp() const override {
    return NetworkEndpoint::speaks_ccp() || profile_.without_mppe != CcpWithoutMppe::kProtocolReject;
  }
  bool may_negotiate(wire::PppProtocol ncp) const override {
    return started(ncp) || (ncp == wire::PppProtocol::kIpcp && profile_.refuses_early_ipcp);
  }
  void ccp_begun() override;
  void ccp_without_mppe() override;
  void open_ipcp() override;
  /// No flush: stateful mode is for simulations only, the load generator never uses it.
  void flush_mppe(bool) override {}

  void on_ipcp_delay() { start_ipcp(); }
  void attempt_ipv6cp(Ipv6cpAttempt when);
  [[nodiscard]] bool only_attempts_ipv6cp() const {
    return settings_.ipv6 == Ipv6Policy::kDeny && profile_.ipv6cp != Ipv6cpAttempt::kNone;
  }

  const ClientSettings& settings_;
  const ClientProfile& profile_;
  Entropy& entropy_;
  ClientCcp ccp_;
  ClientIpcp ipcp_;
  std::unique_ptr<ClientIpv6cp> ipv6cp_;  // none: ClientSettings::ipv6 denies it
  Timer ipcp_delay_;
};

}  // namespace adit::control
