// SPDX-License-Identifier: Apache-2.0
// The part of the network phase (RFC 1661 §3.5) that both ends share: CCP first, IPCP once it is settled
// whether packets are encrypted, the data path's keys and IP in step with them. NetworkPhase is the
// concentrator's end, ClientNetwork the caller's: they own the protocols and set the policy.
// Sans-I/O. Thread: control. Owner: the link.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "controlplane/base/settings.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/ppp/ccp_endpoint.hpp"
#include "controlplane/ppp/control_protocol.hpp"
#include "controlplane/ppp/data_path.hpp"
#include "controlplane/ppp/ipcp.hpp"
#include "controlplane/ppp/single_use_keys.hpp"
#include "crypto/mppe_keys.hpp"

namespace adit::control {

/// What the network phase needs from its link: the session, or the caller's.
class NetworkLink : public ControlProtocolHost {
 public:
  /// The link encrypts, and cannot go on with its keys. LCP begins anew after this returns, and with it the
  /// authentication, which makes new ones; where that is impossible the link ends for `otherwise`.
  virtual void need_new_keys(EndReason otherwise, std::string_view why) = 0;

 protected:
  ~NetworkLink() = default;
};

class NetworkEndpoint : protected ControlProtocolHost, protected CcpEvents, protected IpcpEvents {
 public:
  /// LCP is going down: no data, no keys. No effect before begin().
  virtual void end();
  /// False: the protocol is not supported; send a Protocol-Reject.
  [[nodiscard]] virtual bool on_packet(wire::PppProtocol protocol, wire::Bytes packet);
  /// The peer sent a Protocol-Reject for it.
  virtual void on_protocol_reject(wire::PppProtocol protocol);

  /// IPCP is open, and encryption is settled as the policy requires.
  [[nodiscard]] bool up() const;

 protected:
  /// Agreed when the link was authenticated.
  struct Terms {
    MppePolicy mppe;
    bool mppe_required;                         ///< by `mppe`, or for this user
    std::optional<crypto::MppeStartKeys> keys;  ///< none: the authentication method does not make any
    std::uint32_t strengths;                    ///< wire::mppe_bits that the keys are good for
    std::uint16_t mtu;                          ///< the largest IP packet to send, whatever the peer's MRU
  };

  /// `link` sends frames; it is told when IP comes up, when IPCP goes down or finishes, what the peer
  /// terminates, and through protocol_failed that the link must end. `peer_name`: the other end in error
  /// texts.
  NetworkEndpoint(TimerWheel& wheel, PppDataPath& data_path, NetworkLink& link, std::string_view peer_name);
  ~NetworkEndpoint() = default;

  void begin(const Terms& terms);

  // ---- this end's protocols
  [[nodiscard]] virtual CcpEndpoint& ccp() = 0;
  [[nodiscard]] virtual const CcpEndpoint& ccp() const = 0;
  [[nodiscard]] virtual ControlProtocol& ipcp() = 0;
  [[nodiscard]] virtual const ControlProtocol& ipcp() const = 0;
  // ---- this end's policy
  /// CCP is closed, but the peer may open it.
  [[nodiscard]] virtual bool ccp_is_passive() const;
  /// CCP packets are answered; else CCP is Protocol-Rejected.
  [[nodiscard]] virtual bool speaks_ccp() const { return has_keys(); }
  /// False: IPCP packets are held, neither answered nor refused.
  [[nodiscard]] virtual bool ipcp_may_negotiate() const { return ipcp_started_; }
  /// Our first CCP request has been sent without waiting for the peer's.
  virtual void ccp_begun() {}
  /// There will be no MPPE on this link, and none is required; IPCP has not been started.
  virtual void ccp_without_mppe() {}
  /// CCP is passive; `request` is the peer's Configure-Request that opens it.
  virtual void peer_opens_ccp(wire::Bytes /*request*/) {}
  virtual void open_ipcp();

  // ---- for the policy's use
  void start_ipcp();
  void disable_ip();
  [[nodiscard]] NetworkLink& link() { return link_; }
  [[nodiscard]] bool ipcp_started() const { return ipcp_started_; }
  /// The authentication made keys of an allowed length.
  [[nodiscard]] bool has_keys() const { return has_keys_; }
  /// By policy, or because this link has been encrypted before: from then on it is until it ends.
  [[nodiscard]] bool mppe_required() const { return mppe_required_; }

  // ControlProtocolHost, for CCP and IPCP
  void send_frame(wire::Bytes frame) final { link_.send_frame(frame); }
  std::uint16_t peer_mru() const final { return link_.peer_mru(); }
  bool has_been_up() const final { return link_.has_been_up(); }
  void protocol_up(wire::PppProtocol protocol) override;
  void protocol_down(wire::PppProtocol protocol) override;
  void protocol_finished(wire::PppProtocol protocol) final;
  void protocol_failed(wire::PppProtocol protocol, EndReason reason, std::string_view why) final;
  void peer_terminates(wire::PppProtocol protocol, wire::Bytes data) final;
  // CcpEvents
  void expect_encrypted(contract::MppeMode mode) final;
  void peer_restarts_mppe() final;
  // IpcpEvents
  void expect_ip(wire::Ipv4Address subscriber) final;

 private:
  void begin_ccp(MppePolicy policy);
  void on_ccp_packet(wire::Bytes packet);
  void on_ipcp_packet(wire::Bytes packet);
  void enable_mppe(contract::Direction direction, contract::MppeMode mode,
                   const crypto::Secret<16>& start_key);
  void disable_mppe();
  void lose_mppe(EndReason reason, std::string_view why);
  void go_on_without_mppe(std::string_view why);
  void settle_ccp();
  void tell_when_up();

  PppDataPath& data_path_;
  NetworkLink& link_;
  std::string_view peer_name_;
  Timer ccp_timer_;  // how long IPCP waits for CCP
  SingleUseKeys keys_;
  std::optional<contract::MppeMode> receives_;  // how the data path has been told to decrypt
  std::vector<std::uint8_t> held_request_;      // IPCP's, held until IPCP may negotiate
  wire::Ipv4Address enabled_;                   // the address that the data path forwards for
  std::uint16_t mtu_ = 0;
  bool mppe_required_ = false;
  bool begun_ = false;
  bool ipcp_started_ = false;
  bool ccp_settled_ = false;
  bool peer_ccp_closed_ = false;
  bool has_keys_ = false;
  bool encrypted_ = false;   // once true, true for the rest of the session
  bool keys_spent_ = false;  // CCP has been open with them since begin()
  bool told_up_ = false;
};

}  // namespace adit::control
