// SPDX-License-Identifier: Apache-2.0
// LCP, our side: RFC 1661 §6 options, RFC 1570 Identification and Time-Remaining, echoes, loop detection and
// the order in which we ask for authentication. Thread: control. Owner: the session.
#pragma once

#include <cstdint>
#include <optional>

#include "controlplane/control_protocol.hpp"
#include "controlplane/entropy.hpp"
#include "controlplane/settings.hpp"
#include "dataplane/wire/lcp.hpp"

namespace adit::control {

/// What LCP tells its session beyond the rest.
class LcpEvents {
 public:
  /// The peer does not speak `protocol` (RFC 1661 §5.7); never LCP itself.
  virtual void protocol_rejected(wire::PppProtocol protocol) = 0;

 protected:
  ~LcpEvents() = default;
};

/// What the peer asked of us and got.
struct LcpPeer {
  std::uint16_t mru = wire::kDefaultMru;
  std::uint32_t magic = 0;  ///< 0: none
  bool accepts_acfc = false;
  bool accepts_pfc = false;
};

class Lcp final : public ControlProtocol {
 public:
  Lcp(const Settings& settings, TimerWheel& wheel, Entropy& entropy, ControlProtocolHost& host,
      LcpEvents& events);
  ~Lcp() = default;

  [[nodiscard]] const LcpPeer& peer() const { return peer_; }
  /// What the peer agreed to prove itself with. Valid once opened.
  [[nodiscard]] AuthMethod method() const { return auth_.methods[method_]; }

  /// Something came from the peer: it lives.
  void heard() {
    last_heard_ = now();
    unanswered_echoes_ = 0;
  }
  /// RFC 1661 §5.7; only in Opened, at a bounded rate, cut to the peer's MRU.
  void send_protocol_reject(std::uint16_t protocol, wire::Bytes information);

 private:
  void write_request(wire::PppFrameWriter& request) override;
  void judge(const wire::PppOptions& wishes, ConfigureReply& reply) override;
  void about_to_ack() override { peer_ = wished_; }
  bool on_nak(const wire::PppOptions& hints, bool insist_no_more) override;
  bool on_reject(const wire::PppOptions& refused) override;
  void forget() override;
  bool on_extra_code(const wire::PppPacket& packet) override;
  EndReason failure() const override { return EndReason::kLcpFailed; }
  void this_layer_up() override;
  void this_layer_down() override;
  void send_echo_reply() override;

  void judge_option(const wire::PppOption& option, ConfigureReply& reply);
  void judge_mru(const wire::PppOption& option, ConfigureReply& reply);
  void judge_magic(const wire::PppOption& option, ConfigureReply& reply);
  [[nodiscard]] bool choose_method(std::optional<wire::LcpAuthentication> hint);
  void on_protocol_reject(const wire::PppPacket& packet);
  void on_echo_request(const wire::PppPacket& packet);
  void on_echo_timer();
  void suspect_loop();
  [[nodiscard]] std::uint32_t new_magic();

  const AuthSettings& auth_;
  Entropy& entropy_;
  LcpEvents& events_;
  Timer echo_timer_;
  RateLimit protocol_rejects_;
  LcpPeer peer_;
  LcpPeer wished_;
  Instant last_heard_{};
  std::uint32_t magic_ = 0;
  std::uint32_t refused_methods_ = 0;  // bit per index of auth_.methods
  std::uint8_t method_ = 0;            // index into auth_.methods
  std::uint8_t unanswered_echoes_ = 0;
  std::uint8_t own_magic_seen_ = 0;
  bool ask_mru_ = true;
  bool ask_magic_ = true;
  bool ask_pfc_ = false;
  bool ask_acfc_ = false;
};

}  // namespace adit::control
