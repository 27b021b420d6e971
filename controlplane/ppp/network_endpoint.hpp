// SPDX-License-Identifier: Apache-2.0
// The part of the network phase (RFC 1661 §3.5) that both ends share: CCP first; IPCP and IPv6CP, independent of each
// other, once it is settled whether packets are encrypted; the data path's keys, IP and IPv6 in step with them.
// NetworkPhase is the concentrator's end, ClientNetwork the caller's: they own the protocols and set the policy.
// Sans-I/O. Thread: control. Owner: the link.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "controlplane/base/settings.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/ppp/ccp_endpoint.hpp"
#include "controlplane/ppp/control_protocol.hpp"
#include "controlplane/ppp/data_path.hpp"
#include "controlplane/ppp/ipcp.hpp"
#include "controlplane/ppp/ipv6cp.hpp"
#include "controlplane/ppp/single_use_keys.hpp"
#include "crypto/mppe_keys.hpp"

namespace adit::control {

/// What the network phase needs from its link: the session, or the caller's.
class NetworkLink : public ControlProtocolHost {
 public:
  /// The link encrypts, and cannot go on with its keys. LCP begins anew after this returns, and with it the
  /// authentication, which makes new ones; where that is impossible the link ends for `otherwise`.
  virtual void need_new_keys(EndReason otherwise, std::string_view why) = 0;
  /// There will be no IPv4 until LCP begins anew, and IPv6CP is up or may come: a link that can do with that goes on.
  virtual void without_ipv4(EndReason reason, std::string_view why) {
    protocol_failed(wire::PppProtocol::kIpcp, reason, why);
  }
  /// There will be no IPv6 until LCP begins anew, and the link can do without: IPv6CP has failed.
  virtual void without_ipv6(std::string_view /*why*/) {}
  /// The same, but packets of `room` octets are too small for IPv6, and nobody has failed. May be said again after LCP.
  virtual void too_small_for_ipv6(std::uint16_t /*room*/, std::string_view /*why*/) {}
  /// Of the port that packets to the peer leave by; none: not known.
  [[nodiscard]] virtual std::optional<std::uint16_t> port_mtu() const { return std::nullopt; }
  /// Of the headers of packets to the peer.
  [[nodiscard]] virtual wire::PppCompression compression() const { return {}; }

 protected:
  ~NetworkLink() = default;
};

struct CarriedNetwork;

class NetworkEndpoint : protected ControlProtocolHost,
                        protected CcpEvents,
                        protected IpcpEvents,
                        protected Ipv6cpEvents {
 public:
  /// LCP is going down: no data, no keys. No effect before begin().
  virtual void end();
  /// False: the protocol is not supported; send a Protocol-Reject.
  [[nodiscard]] virtual bool on_packet(wire::PppProtocol protocol, wire::Bytes packet);
  /// The peer sent a Protocol-Reject for it.
  virtual void on_protocol_reject(wire::PppProtocol protocol);

  /// The NCP is open, and encryption is settled as the policy requires.
  [[nodiscard]] bool is_up(wire::PppProtocol ncp) const;
  /// Why there is no IPv4 until LCP begins anew: IPCP is Protocol-Rejected. kNone: there may be.
  [[nodiscard]] EndReason ipv4_given_up() const { return ipv4_given_up_; }
  /// The link goes on by IPv6 alone, where it can. Not from inside IPCP's own packets.
  void give_up_ipv4(EndReason reason, std::string_view why);

  /// Octets of an IPv6 packet that fit into a packet to the peer, and that into the port.
  [[nodiscard]] int ipv6_room() const;

 protected:
  /// Agreed when the link was authenticated.
  struct Terms {
    MppePolicy mppe;
    bool mppe_required;                         ///< by `mppe`, or for this user
    std::optional<crypto::MppeStartKeys> keys;  ///< none: the authentication method does not make any
    std::uint32_t strengths;                    ///< wire::mppe_bits that the keys are good for
    std::uint16_t mtu;                          ///< the largest IP packet to send, whatever the peer's MRU
    Ipv6Policy ipv6 = Ipv6Policy::kDeny;
    bool ipv4 = true;  ///< false: IPCP is never spoken
  };

  /// `link` sends frames; it is told when an NCP comes up or goes down, when one that the link needs finishes, what
  /// the peer terminates, and through protocol_failed that the link must end. `peer_name`: the other end in
  /// error texts.
  NetworkEndpoint(TimerWheel& wheel, PppDataPath& data_path, NetworkLink& link, std::string_view peer_name);
  ~NetworkEndpoint() = default;

  void begin(const Terms& terms);

  /// What this class knows of it, the protocols left out.
  void carry(CarriedNetwork& into) const;
  /// Before the protocols. Keys that were not in use yet are gone: what has none stays in clear.
  void adopt_terms(const CarriedNetwork& from);

  // ---- this end's protocols
  [[nodiscard]] virtual CcpEndpoint& ccp() = 0;
  [[nodiscard]] virtual const CcpEndpoint& ccp() const = 0;
  [[nodiscard]] virtual ControlProtocol& ipcp() = 0;
  [[nodiscard]] virtual const ControlProtocol& ipcp() const = 0;
  /// nullptr: never spoken, Ipv6Policy::kDeny.
  [[nodiscard]] virtual ControlProtocol* ipv6cp() = 0;
  [[nodiscard]] virtual const ControlProtocol* ipv6cp() const = 0;
  // ---- this end's policy
  /// CCP is closed, but the peer may open it.
  [[nodiscard]] virtual bool ccp_is_passive() const;
  /// CCP packets are answered; else CCP is Protocol-Rejected.
  [[nodiscard]] virtual bool speaks_ccp() const { return has_keys() || ccp().may_compress(); }
  /// False: the NCP's packets are held, neither answered nor refused.
  [[nodiscard]] virtual bool may_negotiate(wire::PppProtocol ncp) const { return started(ncp); }
  /// Our first CCP request has been sent without waiting for the peer's.
  virtual void ccp_begun() {}
  /// There will be no MPPE on this link, and none is required; IPCP has not been started.
  virtual void ccp_without_mppe() {}
  /// CCP is passive; `request` is the peer's Configure-Request that opens it.
  virtual void peer_opens_ccp(wire::Bytes /*request*/) {}
  virtual void open_ipcp();
  /// What the subscriber with this identifier, whose IPv6CP is about to open, has.
  [[nodiscard]] virtual Ipv6Binding binding_of(std::uint64_t subscriber) {
    return {.interface_id = subscriber};
  }

  // ---- for the policy's use
  /// The NCPs need not wait for CCP any longer.
  void start_ipcp();
  void start_ipv6cp();
  void disable_ip();
  /// The data path forwards what `binding` has; after expect_ipv6(), also when it has changed.
  void enable_ipv6(const Ipv6Binding& binding);
  [[nodiscard]] NetworkLink& link() { return link_; }
  [[nodiscard]] bool started(wire::PppProtocol ncp) const { return control_of(ncp).started; }
  /// IPv6CP packets are answered; else IPv6CP is Protocol-Rejected.
  [[nodiscard]] bool speaks_ipv6cp() const;
  [[nodiscard]] bool requires_ipv6() const { return ipv6_policy_ == Ipv6Policy::kRequire; }
  /// The authentication made keys of an allowed length.
  [[nodiscard]] bool has_keys() const { return has_keys_; }
  /// By policy, or because this link has been encrypted before: from then on it is until it ends.
  [[nodiscard]] bool mppe_required() const { return mppe_required_; }

  // ControlProtocolHost, for CCP and the NCPs
  void send_frame(wire::Bytes frame) final { link_.send_frame(frame); }
  std::uint16_t peer_mru() const final { return link_.peer_mru(); }
  bool has_been_up(wire::PppProtocol protocol) const final;
  void protocol_up(wire::PppProtocol protocol) override;
  void protocol_down(wire::PppProtocol protocol) override;
  void protocol_finished(wire::PppProtocol protocol) final;
  void protocol_failed(wire::PppProtocol protocol, EndReason reason, std::string_view why) final;
  void peer_terminates(wire::PppProtocol protocol, wire::Bytes data) final;
  // CcpEvents
  void expect_encrypted(contract::MppeMode mode) final;
  bool reserve_mppc_history() final { return data_path_.reserve_mppc_history(); }
  void peer_restarts_mppe() final;
  // IpcpEvents
  void expect_ip(wire::Ipv4Address subscriber) final;
  // Ipv6cpEvents
  void expect_ipv6(std::uint64_t subscriber) final;

 private:
  /// One NCP, and its turn.
  struct NetworkControl {
    /// The peer's, held until the NCP may negotiate; rare, so it is not part of every call.
    std::unique_ptr<std::vector<std::uint8_t>> held_request{};
    bool started = false;  // since begin()
    bool told_up = false;
    bool has_been_up = false;  // once true, true for the rest of the session
  };

  [[nodiscard]] const NetworkControl& control_of(wire::PppProtocol ncp) const {
    return ncp == wire::PppProtocol::kIpv6cp ? ipv6_control_ : ipv4_control_;
  }
  [[nodiscard]] NetworkControl& control_of(wire::PppProtocol ncp) {
    return ncp == wire::PppProtocol::kIpv6cp ? ipv6_control_ : ipv4_control_;
  }
  [[nodiscard]] ControlProtocol& protocol_of(wire::PppProtocol ncp) {
    return ncp == wire::PppProtocol::kIpv6cp ? *ipv6cp() : ipcp();
  }

  void begin_ccp(MppePolicy policy);
  void on_ccp_packet(wire::Bytes packet);
  [[nodiscard]] bool speaks(wire::PppProtocol ncp) const;
  /// False: it is not spoken.
  [[nodiscard]] bool on_ncp_packet(wire::PppProtocol ncp, wire::Bytes packet);
  void start(wire::PppProtocol ncp);
  void deliver(wire::PppProtocol ncp, wire::Bytes packet);
  void open(ControlProtocol& ncp);
  void ipcp_finished();
  void go_on_without_ipv4(EndReason reason, std::string_view why);
  void go_on_without_ipv6(std::string_view why);
  /// No IPv6 from here on. False: there is none already, or the link ends as it is required, or all that was left.
  [[nodiscard]] bool give_up_ipv6(std::string_view why);
  void disable_ipv6();
  void enable_mppe(contract::Direction direction, contract::MppeMode mode,
                   const crypto::Secret<16>& start_key);
  void disable_mppe();
  void compress_clear_packets();
  void lose_mppe(EndReason reason, std::string_view why);
  void go_on_without_mppe(std::string_view why);
  void settle_ccp();
  void tell_when_up();

  PppDataPath& data_path_;
  NetworkLink& link_;
  std::string_view peer_name_;
  Timer ccp_timer_;  // how long the NCPs wait for CCP
  NetworkControl ipv4_control_, ipv6_control_;
  std::uint64_t ipv6_enabled_ = 0;              // the interface identifier that the data path forwards for
  wire::Ipv4Address enabled_;                   // the address that it forwards for
  std::optional<contract::MppeMode> receives_;  // how it has been told to decrypt and decompress
  std::uint16_t mtu_ = 0;
  std::uint16_t port_mtu_ = 0;  // when it began
  Ipv6Policy ipv6_policy_ = Ipv6Policy::kDeny;
  // In bits, as each call has them for as long as it lasts.
  bool mppe_required_ : 1 = false;
  bool begun_ : 1 = false;
  bool ccp_settled_ : 1 = false;
  bool has_keys_ : 1 = false;
  bool peer_ccp_closed_ = false;
  bool sends_compressed_ = false;               // it has been told to compress, without MPPE
  bool encrypted_ = false;                      // once true, true for the rest of the session
  bool keys_spent_ = false;                     // CCP has been open with them since begin()
  bool ipv6_given_up_ = false;                  // since begin()
  EndReason ipv4_given_up_ = EndReason::kNone;  // since begin()
  SingleUseKeys keys_;
};

}  // namespace adit::control
