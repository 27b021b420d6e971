// SPDX-License-Identifier: Apache-2.0
// The part of LCP that both ends share, whatever options they request: echoes and their replies (RFC 1661
// §5.8), Protocol-Reject (§5.7), and RFC 1570's Identification and Time-Remaining, which are accepted and
// ignored. Lcp is the concentrator's end, ClientLcp the caller's.
// Thread: control. Owner: the derived class.
#pragma once

#include <cstdint>

#include "controlplane/base/entropy.hpp"
#include "controlplane/ppp/control_protocol.hpp"
#include "dataplane/wire/lcp.hpp"

namespace adit::control {

/// What LCP reports to its link, besides ControlProtocolHost's events.
class LcpEvents {
 public:
  /// The peer does not speak `protocol` (RFC 1661 §5.7); never LCP itself.
  virtual void protocol_rejected(wire::PppProtocol protocol) = 0;

 protected:
  ~LcpEvents() = default;
};

/// The options of the peer that we acknowledged.
struct LcpPeer {
  std::uint16_t mru = wire::kDefaultMru;
  std::uint32_t magic = 0;  ///< 0: none
  bool accepts_acfc = false;
  bool accepts_pfc = false;
};

class LcpEndpoint : public ControlProtocol {
 public:
  [[nodiscard]] const LcpPeer& peer() const { return peer_; }
  /// Since the link was created.
  [[nodiscard]] std::uint32_t echoes_answered() const { return echoes_answered_; }

  /// A frame arrived: the peer is alive.
  void heard() {
    last_heard_ = now();
    unanswered_echoes_ = 0;
  }
  /// Down and up again (RFC 1661 §4.1, restart option): our Configure-Request takes the peer's link down as
  /// well (§3.4, §3.7). Never from inside a protocol's or a host's call.
  void renegotiate() {
    down();
    up();
  }
  /// RFC 1661 §5.7; only in Opened, at a bounded rate, cut to the peer's MRU.
  void send_protocol_reject(std::uint16_t protocol, wire::Bytes information);

 protected:
  /// `echo_interval`: how long the peer may be silent before an Echo-Request; 0: never.
  LcpEndpoint(const PppSettings& settings, Duration echo_interval, TimerWheel& wheel, Entropy& entropy,
              ControlProtocolHost& host, LcpEvents& events);
  ~LcpEndpoint() = default;

  /// Our agreed magic number; 0: none.
  [[nodiscard]] virtual std::uint32_t own_magic() const = 0;

  bool on_extra_code(const wire::PppPacket& packet) override;
  void this_layer_up() override;
  void this_layer_down() override;
  void send_echo_reply() final;
  bool leaves_opened(const wire::PppPacket& packet) const final;
  bool in_use() const final { return has_agreed_before(); }
  std::optional<std::uint8_t> probe() final;

  [[nodiscard]] Entropy& entropy() { return entropy_; }
  /// RFC 1661 §6.4: random, and not zero.
  [[nodiscard]] std::uint32_t new_magic();

  /// The link lives on from another process, in Opened. Echoes begin anywhere within the interval: all links have been
  /// adopted at once.
  void adopt_opened(const LcpPeer& peer, std::uint32_t echoes_answered);

  LcpPeer peer_;
  LcpPeer wished_;  ///< from the request being judged

 private:
  void on_protocol_reject(const wire::PppPacket& packet);
  void on_echo_timer();
  std::uint8_t send_echo_request();

  const Duration echo_interval_;
  Entropy& entropy_;
  LcpEvents& events_;
  Timer echo_timer_;
  RateLimit protocol_rejects_;
  RateLimit echo_replies_;
  Instant last_heard_{};
  std::uint32_t echoes_answered_ = 0;
  std::uint8_t unanswered_echoes_ = 0;
};

}  // namespace adit::control
