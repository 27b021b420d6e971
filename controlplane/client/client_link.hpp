// SPDX-License-Identifier: Apache-2.0
// The caller's end of a PPP link: LCP, authentication and the network phase in the order of RFC 1661 §3.2.
// Sans-I/O: frames and timers in, PppDataPath and ClientLinkHost calls out. The counterpart of Session.
// Thread: control. Owner: the client call.
#pragma once

#include <memory>
#include <string_view>

#include "controlplane/client/client_auth.hpp"
#include "controlplane/client/client_end.hpp"
#include "controlplane/client/client_ipv6_link.hpp"
#include "controlplane/client/client_lcp.hpp"
#include "controlplane/client/client_network.hpp"
#include "controlplane/ppp/data_path.hpp"

namespace adit::control {

/// None of these may call the link before returning.
class ClientLinkHost {
 public:
  virtual void link_opened() = 0;   ///< LCP is up: time for Set-Link-Info
  virtual void link_up() = 0;       ///< see ClientNetwork::up(); again after each renegotiation
  virtual void link_ipv6_up() = 0;  ///< IPv6CP is up; again after each renegotiation
  virtual void link_down() = 0;     ///< LCP was up, and is negotiating again
  virtual void link_failed(ClientEnd end, std::string_view detail) = 0;
  virtual void link_finished() = 0;  ///< what close() began is complete
 protected:
  ~ClientLinkHost() = default;
};

class ClientLink final : NetworkLink, LcpEvents, ClientAuthHost, ClientIpv6Link::Host {
 public:
  ClientLink(const ClientSettings& settings, TimerWheel& wheel, Entropy& entropy, PppDataPath& data_path,
             ClientLinkHost& host);

  void start();
  /// Before start(): logs in as `user` instead of the settings' user.
  void log_in_as(std::string user) { auth_.log_in_as(std::move(user)); }
  /// 2-octet protocol, then the packet.
  void on_frame(wire::Bytes frame);
  /// Terminates LCP; link_finished() follows. False: LCP is not up, nothing to wait for.
  [[nodiscard]] bool close();
  /// Ends at once, without a Terminate-Request: no data, no keys, no timers.
  void abandon();

  [[nodiscard]] bool up() const { return network_.up(); }
  [[nodiscard]] const ClientNetwork& network() const { return network_; }
  [[nodiscard]] const ClientLcp& lcp() const { return lcp_; }
  /// nullptr: ClientSettings::ipv6 denies it.
  [[nodiscard]] const ClientIpv6Link* ipv6() const { return ipv6_.get(); }
  /// IPv6, or something that was to come with it, may still come.
  [[nodiscard]] bool waits_for_ipv6() const {
    return network_.may_have_ipv6() && (ipv6_->binding().interface_id == 0 || ipv6_->waits());
  }
  [[nodiscard]] bool is_authenticated() const { return phase_ == Phase::kNetwork && lcp_.method(); }
  /// The reason for a set-up timeout: the phase that the link is in.
  [[nodiscard]] ClientEnd timeout() const;

 private:
  enum class Phase : std::uint8_t { kDead, kEstablish, kAuthenticate, kNetwork, kTerminate };

  // ControlProtocolHost, for LCP and for the network phase's NCPs
  void send_frame(wire::Bytes frame) override;
  std::uint16_t peer_mru() const override { return lcp_.peer().mru; }  // and ClientAuthHost's
  void protocol_up(wire::PppProtocol protocol) override;
  void protocol_down(wire::PppProtocol protocol) override;
  void protocol_finished(wire::PppProtocol protocol) override;
  void protocol_failed(wire::PppProtocol protocol, EndReason reason, std::string_view why) override;
  void peer_terminates(wire::PppProtocol protocol, wire::Bytes data) override;
  /// A caller that measures does not mend the link; the server may, by LCP.
  void need_new_keys(EndReason otherwise, std::string_view why) override {
    protocol_failed(wire::PppProtocol::kCcp, otherwise, why);
  }
  // LcpEvents
  void protocol_rejected(wire::PppProtocol protocol) override { network_.on_protocol_reject(protocol); }
  // ClientIpv6Link::Host
  void send_ipv6(wire::Bytes packet) override { data_path_.send_ipv6(packet); }
  void binding_changed(const Ipv6Binding& binding) override { network_.ipv6_changed(binding); }
  // ClientAuthHost
  void send_auth_frame(wire::Bytes frame) override { send_frame(frame); }
  void authenticated(const std::optional<crypto::MppeStartKeys>& keys) override;
  void auth_failed(ClientEnd end, std::string_view detail) override { host_.link_failed(end, detail); }

  void lcp_up();
  void lcp_down();
  void lcp_finished();

  PppDataPath& data_path_;
  ClientLinkHost& host_;
  ClientLcp lcp_;
  ClientAuth auth_;
  ClientNetwork network_;
  std::unique_ptr<ClientIpv6Link> ipv6_;
  Phase phase_ = Phase::kDead;
  bool told_up_ = false;
};

}  // namespace adit::control
