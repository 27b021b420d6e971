// SPDX-License-Identifier: Apache-2.0
// IPCP, the caller's side: RFC 1332 and RFC 1877. Asks for an address and the profile's other options,
// follows the server's Naks, accepts whatever address the server has. Thread: control. Owner: the client's
// network phase.
#pragma once

#include <cstdint>

#include "controlplane/client/client_settings.hpp"
#include "controlplane/ppp/control_protocol.hpp"
#include "controlplane/ppp/ipcp.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipcp.hpp"

namespace adit::control {

class ClientIpcp final : public ControlProtocol {
 public:
  ClientIpcp(const ClientSettings& settings, TimerWheel& wheel, ControlProtocolHost& host, IpcpEvents& events)
      : ControlProtocol(wire::PppProtocol::kIpcp, settings.ppp, wheel, host),
        options_(settings.profile->ipcp_options),
        events_(events) {}
  ~ClientIpcp() = default;

  [[nodiscard]] wire::Ipv4Address own() const { return own_; }
  /// The server's end; none if it gave none.
  [[nodiscard]] wire::Ipv4Address peer() const { return peer_; }
  [[nodiscard]] wire::Ipv4Address dns1() const { return servers_[0]; }

 private:
  void write_request(wire::PppFrameWriter& request) override;
  void judge(const wire::PppOptions& wishes, ConfigureReply& reply) override;
  void about_to_ack() override { peer_ = wished_; }
  bool on_nak(const wire::PppOptions& hints, bool insist_no_more) override;
  bool on_reject(const wire::PppOptions& refused) override;
  void forget() override;
  EndReason failure() const override { return EndReason::kIpcpFailed; }
  void this_layer_up() override;

  [[nodiscard]] wire::Ipv4Address* value_of(std::uint8_t type);

  std::span<const wire::IpcpOption> options_;
  IpcpEvents& events_;
  wire::Ipv4Address own_;
  wire::Ipv4Address peer_;
  wire::Ipv4Address wished_;
  wire::Ipv4Address servers_[4];  // dns1, wins1, dns2, wins2: in order of option number
  std::uint32_t refused_ = 0;     // bit per index of options_
};

}  // namespace adit::control
