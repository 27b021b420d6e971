// SPDX-License-Identifier: Apache-2.0
// What runs on an authenticated link: CCP first, and IPCP once it is settled whether packets are encrypted.
// All rules about MPPE and its policies stand here: who asks, how long IPCP waits, when keys are armed, what
// clear text costs. Sans-I/O. Thread: control. Owner: the session.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/auth/auth_backend.hpp"
#include "controlplane/base/settings.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/ppp/ccp.hpp"
#include "controlplane/ppp/control_protocol.hpp"
#include "controlplane/ppp/ipcp.hpp"
#include "controlplane/ppp/session.hpp"

namespace adit::control {

class NetworkPhase final : ControlProtocolHost, CcpEvents, IpcpEvents {
 public:
  /// `link` is the session: frames leave through it; it learns that IPCP went up, down or finished, what the
  /// peer terminates, and by protocol_failed that the link is of no use (encryption required and refused, no
  /// IPCP).
  NetworkPhase(const Settings& settings, TimerWheel& wheel, SessionHost& host, ControlProtocolHost& link)
      : settings_(settings),
        host_(host),
        link_(link),
        ccp_(settings.ppp, wheel, *this, *this),
        ipcp_(settings, wheel, *this, *this),
        ccp_patience_(wheel, on_timer<&NetworkPhase::start_ipcp>, this),
        mppe_required_(settings.ppp.mppe == MppePolicy::kRequire) {}

  /// Before begin(): the peer's address.
  void assign(wire::Ipv4Address address) { ipcp_.assign(address); }
  [[nodiscard]] wire::Ipv4Address address() const { return ipcp_.assigned(); }

  /// The peer is authenticated by `method`.
  void begin(const AuthAccepted& accepted, AuthMethod method);
  /// LCP is going down: no data, no keys. Harmless when begin() was not called.
  void end();
  /// False: a protocol that is not spoken here, to be Protocol-Rejected.
  [[nodiscard]] bool on_packet(wire::PppProtocol protocol, wire::Bytes packet);
  /// The peer Protocol-Rejected it.
  void on_protocol_reject(wire::PppProtocol protocol);

  /// As Ccp::describe().
  [[nodiscard]] std::string mppe() const { return ccp_.describe(); }
  /// The worker cannot read the peer's stateful MPPE any more.
  void request_mppe_reset() { ccp_.request_reset(); }

 private:
  // ControlProtocolHost, for CCP and IPCP
  void send_frame(wire::Bytes frame) override { link_.send_frame(frame); }
  std::uint16_t peer_mru() const override { return link_.peer_mru(); }
  void protocol_up(wire::PppProtocol protocol) override;
  void protocol_down(wire::PppProtocol protocol) override;
  void protocol_finished(wire::PppProtocol protocol) override;
  void protocol_failed(wire::PppProtocol protocol, EndReason reason, std::string_view why) override;
  void peer_terminates(wire::PppProtocol protocol, wire::Bytes data) override;
  // CcpEvents
  void expect_encrypted(contract::MppeMode mode) override;
  void begin_anew(bool repeated) override { host_.flush_mppe(repeated); }
  // IpcpEvents
  void expect_ip() override;

  void on_ccp_packet(wire::Bytes packet);
  void on_ipcp_packet(wire::Bytes packet);
  void arm_mppe(contract::Direction direction, contract::MppeMode mode, const crypto::Secret<16>& start_key);
  void disarm_mppe();
  void on_nonsense();
  void go_on_without_mppe(std::string_view why);
  void start_ipcp();
  void disable_ip();
  /// IPCP may neither open nor close without encryption that is required, also while CCP renegotiates.
  [[nodiscard]] bool ipcp_may_go_on() const { return ipcp_started_ && (!mppe_required() || ccp_.encrypts()); }
  [[nodiscard]] bool mppe_required() const { return mppe_required_; }
  /// The policy allows MPPE and the authentication method made keys for it; begin() drops those that are of no use.
  [[nodiscard]] bool mppe_possible() const {
    return settings_.ppp.mppe != MppePolicy::kDeny && keys_.has_value();
  }
  /// `allow`, and the peer has not begun with CCP.
  [[nodiscard]] bool ccp_is_passive() const {
    return settings_.ppp.mppe == MppePolicy::kAllow && !mppe_required_ && ccp_.state() < PppState::kClosed;
  }

  const Settings& settings_;
  SessionHost& host_;
  ControlProtocolHost& link_;
  Ccp ccp_;
  Ipcp ipcp_;
  Timer ccp_patience_;
  std::optional<MppeStartKeys> keys_;
  std::vector<std::uint8_t> held_request_;  // IPCP's, while CCP is not settled
  std::uint32_t nonsense_ = 0;              // rejected protocols that we never sent, since MPPE is up
  std::optional<std::uint16_t> mtu_;        // the user's own
  bool mppe_required_;                      // by the settings or for this user
  bool ipcp_started_ = false;
  bool mppe_armed_ = false;  // the worker has keys
  bool ip_enabled_ = false;
};

}  // namespace adit::control
