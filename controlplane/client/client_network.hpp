// SPDX-License-Identifier: Apache-2.0
// The network phase of a link, the caller's end: CCP and IPCP in the profile's order, and its behaviour
// towards CCP without MPPE. Sans-I/O. Thread: control. Owner: the client's link.
#pragma once

#include <optional>

#include "controlplane/base/entropy.hpp"
#include "controlplane/client/client_ccp.hpp"
#include "controlplane/client/client_ipcp.hpp"
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

  [[nodiscard]] const ClientCcp& ccp() const override { return ccp_; }
  [[nodiscard]] const ClientIpcp& ipcp() const override { return ipcp_; }

 private:
  ClientCcp& ccp() override { return ccp_; }
  ClientIpcp& ipcp() override { return ipcp_; }
  bool speaks_ccp() const override {
    return has_keys() || profile_.without_mppe != CcpWithoutMppe::kProtocolReject;
  }
  bool ipcp_may_negotiate() const override { return ipcp_started() || profile_.refuses_early_ipcp; }
  void ccp_begun() override;
  void ccp_without_mppe() override;
  void open_ipcp() override;
  /// No flush: stateful mode is for simulations only, the load generator never uses it.
  void flush_mppe(bool) override {}

  void on_ipcp_delay() { start_ipcp(); }
  void attempt_ipv6cp(Ipv6cpAttempt when);

  const ClientSettings& settings_;
  const ClientProfile& profile_;
  Entropy& entropy_;
  ClientCcp ccp_;
  ClientIpcp ipcp_;
  Timer ipcp_delay_;
};

}  // namespace adit::control
