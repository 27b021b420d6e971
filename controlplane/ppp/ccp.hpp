// SPDX-License-Identifier: Apache-2.0
// CCP, our side: RFC 1962 with one option, MPPE (RFC 3078 §2), in the modes that the settings allow. Directions are
// negotiated one by one and may end in different modes, but not one encrypted and one in clear. Everything else is Nak'd
// or rejected. Whether clear text is acceptable is the session's decision: CCP only reports what was agreed.
// Thread: control. Owner: the session.
#pragma once

#include <cstdint>
#include <string>

#include "controlplane/base/settings.hpp"
#include "controlplane/ppp/control_protocol.hpp"
#include "dataplane/contract/messages.hpp"
#include "dataplane/wire/ccp.hpp"

namespace adit::control {

class CcpEvents {
 public:
  /// Our Configure-Ack to the peer's MPPE is about to leave, or after it a request of another mode: the peer may encrypt
  /// by it in its very next packet.
  virtual void expect_encrypted(contract::MppeMode mode) = 0;
  /// The peer cannot read our stateful stream any more; the Reset-Ack has just left. `repeated`: as
  /// contract::FlushMppe has it.
  virtual void begin_anew(bool repeated) = 0;

 protected:
  ~CcpEvents() = default;
};

class Ccp final : public ControlProtocol {
 public:
  /// settings.mppe: `prefer` and `require` ask for MPPE, `allow` only after peer_wants_mppe(); never made for
  /// `deny`.
  Ccp(const PppSettings& settings, TimerWheel& wheel, ControlProtocolHost& host, CcpEvents& events);
  ~Ccp() = default;

  /// Opened, with MPPE both ways.
  [[nodiscard]] bool encrypts() const { return opened() && ask_ != 0 && peer_asked_ != 0; }
  /// What was agreed: the mode of what we receive, and of what we send. While encrypts().
  [[nodiscard]] contract::MppeMode receive_mode() const;
  [[nodiscard]] contract::MppeMode send_mode() const;
  /// "128", "40-stateful"; "none" without encryption; "128/128-stateful" when what we receive differs from what we send.
  [[nodiscard]] std::string describe() const;
  /// True when the packet is a Configure-Request that wants MPPE: what a passive end waits for.
  [[nodiscard]] static bool wants_mppe(wire::Bytes packet);
  /// Before up(): under `allow` we may ask as well.
  void peer_wants_mppe() { peer_wants_ = true; }
  /// Before up(): which of the configured strengths (wire::mppe_bits) may be agreed on. False: none is left.
  [[nodiscard]] bool limit_strengths(std::uint32_t strengths);
  /// Before up(): this user may not go without MPPE, whatever the settings.
  void require(bool required) { required_ = required; }
  /// Our worker cannot read the peer's stateful stream any more: asks the peer to begin anew (RFC 3078 §8.2).
  void request_reset();

 private:
  void write_request(wire::PppFrameWriter& request) override;
  void judge(const wire::PppOptions& wishes, ConfigureReply& reply) override;
  void about_to_ack() override;
  bool on_nak(const wire::PppOptions& hints, bool insist_no_more) override;
  bool on_reject(const wire::PppOptions& refused) override;
  void forget() override;
  bool on_extra_code(const wire::PppPacket& packet) override;
  EndReason failure() const override { return EndReason::kMppeRefused; }
  void this_layer_up() override;
  void on_reset_request(const wire::PppPacket& packet);
  void ask_for(std::uint32_t bits);
  [[nodiscard]] std::uint32_t answer_to(std::uint32_t wish);
  [[nodiscard]] bool give_up_mppe();

  CcpEvents& events_;
  std::uint32_t strengths_;  // of wire::mppe_bits, as the others; that may be agreed on
  bool required_ = false;
  bool peer_wants_ = false;
  std::uint32_t ask_ = 0;         // what our request has, of what we receive; 0: no MPPE
  std::uint32_t peer_asked_ = 0;  // what the peer's acknowledged request has, of what we send
  std::uint32_t peer_asks_ = 0;   // the request being judged, when it can be acknowledged
  bool suggested_ = false;        // stateless or stateful, against the peer's wish: once, then it may insist
  std::uint16_t answered_reset_ = kNoReset;  // identifier of the last Reset-Request

  static constexpr std::uint16_t kNoReset = 0x100;  // no identifier is that
};

}  // namespace adit::control
