// SPDX-License-Identifier: Apache-2.0
// IPv6 on the caller's end of a PPP link after IPv6CP: looks for the router, takes the /64 that it advertises and, if it is
// to, asks for a prefix to use behind it. The counterpart of Ipv6Link. A call that lasts hears how long it may use
// what it has; lifetimes of the /64 are not followed beyond that. Sans-I/O. Thread: control. Owner: the client's link.
#pragma once

#include <cstdint>
#include <optional>

#include "controlplane/client/client_ipv6_context.hpp"
#include "controlplane/client/client_settings.hpp"
#include "controlplane/client/dhcpv6_requester.hpp"
#include "controlplane/client/router_solicitor.hpp"
#include "controlplane/ppp/data_path.hpp"

namespace adit::control {

class ClientIpv6Link final : ClientIpv6Host {
 public:
  /// What the link needs of its owner. None of these ends the link before it returns.
  class Host {
   public:
    /// One IPv6 packet to the server.
    virtual void send_ipv6(wire::Bytes packet) = 0;
    virtual void binding_changed(const Ipv6Binding& binding) = 0;

   protected:
    ~Host() = default;
  };

  ClientIpv6Link(const ClientSettings& settings, TimerWheel& wheel, Entropy& entropy, Host& host);
  ClientIpv6Link(const ClientIpv6Link&) = delete;
  ClientIpv6Link& operator=(const ClientIpv6Link&) = delete;

  /// IPv6CP has opened with this identifier for our end.
  void up(std::uint64_t interface_id);
  /// One whole IPv6 packet from the server; anything that is neither an advertisement nor DHCPv6 for a client is ignored.
  void on_packet(wire::Bytes packet);
  /// Nothing is held any more; nothing is sent.
  void down();

  [[nodiscard]] const Ipv6Binding& binding() const { return binding_; }
  /// Something that was asked for may still come.
  [[nodiscard]] bool waits() const { return solicitor_.waits() || requester_.waits(); }
  /// Valid Router Advertisements, over the whole call.
  [[nodiscard]] std::uint32_t advertisements() const { return advertisements_; }

 private:
  void send_ipv6(wire::Bytes packet) override { host_.send_ipv6(packet); }
  void delegated(const std::optional<wire::Ipv6Prefix>& prefix) override;

  const ClientSettings& settings_;
  Host& host_;
  Ipv6Binding binding_;
  RouterSolicitor solicitor_;
  Dhcpv6Requester requester_;
  std::uint32_t advertisements_ = 0;
};

}  // namespace adit::control
