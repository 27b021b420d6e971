// SPDX-License-Identifier: Apache-2.0
// What runs on an authenticated link, the caller's side: CCP and IPCP in the order of the profile, what the MPPE policy
// makes of each outcome, and when keys and IP are enabled. The mirror of NetworkPhase.
// Sans-I/O. Thread: control. Owner: the client's link.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "controlplane/client/client_call.hpp"
#include "controlplane/client/client_ccp.hpp"
#include "controlplane/client/client_ipcp.hpp"
#include "crypto/mppe_keys.hpp"

namespace adit::control {

class ClientNetworkHost {
 public:
  virtual void send_network_frame(wire::Bytes frame) = 0;
  [[nodiscard]] virtual std::uint16_t server_mru() const = 0;
  /// up() has turned true.
  virtual void network_up() = 0;
  virtual void network_failed(ClientEnd end, std::string_view detail) = 0;

 protected:
  ~ClientNetworkHost() = default;
};

class ClientNetwork final : ControlProtocolHost, CcpEvents, ClientIpcpEvents {
 public:
  ClientNetwork(const ClientSettings& settings, TimerWheel& wheel, Entropy& entropy, ClientCallHost& host,
                ClientNetworkHost& link);

  /// We are authenticated; `keys` when the method made some, of 128 bits only unless `short_keys`.
  void begin(const std::optional<crypto::MppeStartKeys>& keys, bool short_keys);
  /// LCP is going down: no data, no keys. Harmless when begin() was not called.
  void end();
  /// False: a protocol that is not spoken here, to be Protocol-Rejected.
  [[nodiscard]] bool on_packet(wire::PppProtocol protocol, wire::Bytes packet);
  void on_protocol_reject(wire::PppProtocol protocol);

  /// IPCP is open, and it is settled whether packets are encrypted: as the policy wants it.
  [[nodiscard]] bool up() const {
    return ipcp_.opened() && (requires_mppe() ? ccp_.encrypts() : ccp_settled_);
  }
  [[nodiscard]] const ClientIpcp& ipcp() const { return ipcp_; }
  [[nodiscard]] const ClientCcp& ccp() const { return ccp_; }
  [[nodiscard]] bool encrypts_receive() const { return receive_armed_; }

 private:
  // ControlProtocolHost, for CCP and IPCP
  void send_frame(wire::Bytes frame) override { link_.send_network_frame(frame); }
  std::uint16_t peer_mru() const override { return link_.server_mru(); }
  void protocol_up(wire::PppProtocol protocol) override;
  void protocol_down(wire::PppProtocol protocol) override;
  void protocol_finished(wire::PppProtocol protocol) override;
  void protocol_failed(wire::PppProtocol protocol, EndReason reason, std::string_view why) override;
  void peer_terminates(wire::PppProtocol protocol, wire::Bytes data) override;
  // CcpEvents
  void expect_encrypted(contract::MppeMode mode) override;
  void begin_anew(bool) override {}
  // ClientIpcpEvents
  void expect_ip(wire::Ipv4Address own) override;

  void begin_ccp();
  void begin_without_mppe();
  void on_ccp_packet(wire::Bytes packet);
  void on_ipcp_packet(wire::Bytes packet);
  void start_ipcp();
  void attempt_ipv6cp(Ipv6cpAttempt when);
  void settle_ccp();
  void go_on_without_mppe(std::string_view why);
  void arm_mppe(contract::Direction direction, contract::MppeMode mode, const crypto::Secret<16>& start_key);
  void disarm_mppe();
  void disable_ip();
  void tell_when_up();
  [[nodiscard]] bool requires_mppe() const { return settings_.mppe == MppePolicy::kRequire; }
  [[nodiscard]] bool ccp_is_passive() const { return ccp_.state() < PppState::kClosed; }

  const ClientSettings& settings_;
  const ClientProfile& profile_;
  Entropy& entropy_;
  ClientCallHost& host_;
  ClientNetworkHost& link_;
  ClientCcp ccp_;
  ClientIpcp ipcp_;
  Timer ccp_patience_;
  Timer ipcp_delay_;
  std::optional<crypto::MppeStartKeys> keys_;  // none: no MPPE on this link
  std::vector<std::uint8_t> held_request_;     // the server's IPCP request, before ours
  wire::Ipv4Address enabled_;                  // the address that the worker forwards for
  bool begun_ = false;
  bool ipcp_started_ = false;
  bool ccp_settled_ = false;
  bool told_up_ = false;
  bool receive_armed_ = false;
  bool send_armed_ = false;
};

}  // namespace adit::control
