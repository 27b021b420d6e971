// SPDX-License-Identifier: Apache-2.0
// IPv6CP, the caller's end: RFC 5072. Asks for the configured interface identifier, or for any, and follows the server's
// Naks. Thread: control. Owner: the client's network phase.
#pragma once

#include <cstdint>

#include "controlplane/client/client_settings.hpp"
#include "controlplane/ppp/control_protocol.hpp"
#include "controlplane/ppp/ipv6cp.hpp"

namespace adit::control {

class ClientIpv6cp final : public ControlProtocol {
 public:
  ClientIpv6cp(const ClientSettings& settings, TimerWheel& wheel, ControlProtocolHost& host,
               Ipv6cpEvents& events)
      : ControlProtocol(wire::PppProtocol::kIpv6cp, settings.ppp, wheel, host),
        asked_(settings.interface_id),
        events_(events) {}
  ~ClientIpv6cp() = default;

  /// 0: none yet.
  [[nodiscard]] std::uint64_t own() const { return own_; }
  /// The server's; 0: it gave none.
  [[nodiscard]] std::uint64_t peer() const { return peer_; }

 private:
  void write_request(wire::PppFrameWriter& request) override;
  void judge(const wire::PppOptions& wishes, ConfigureReply& reply) override;
  void about_to_ack() override;
  bool on_nak(const wire::PppOptions& hints, bool insist_no_more) override;
  bool on_reject(const wire::PppOptions& refused) override;
  void forget() override;
  EndReason failure() const override { return EndReason::kIpv6Failed; }
  void this_layer_up() override;

  const std::uint64_t asked_;
  Ipv6cpEvents& events_;
  std::uint64_t own_ = 0;
  std::uint64_t peer_ = 0;
  std::uint64_t wished_ = 0;
};

}  // namespace adit::control
