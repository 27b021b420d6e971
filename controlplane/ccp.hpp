// SPDX-License-Identifier: Apache-2.0
// CCP, our side: RFC 1962 with one option, MPPE (RFC 3078 §2), and of that one shape, 128-bit stateless in
// both directions. Everything else is Nak'd to it or rejected. Whether clear text is acceptable is the
// session's decision: CCP only reports what was agreed. Thread: control. Owner: the session.
#pragma once

#include <cstdint>

#include "controlplane/control_protocol.hpp"
#include "controlplane/settings.hpp"
#include "dataplane/wire/ccp.hpp"

namespace adit::control {

class CcpEvents {
 public:
  /// Our Configure-Ack to the peer's MPPE is about to leave: it may encrypt in its very next packet.
  virtual void expect_encrypted() = 0;

 protected:
  ~CcpEvents() = default;
};

class Ccp final : public ControlProtocol {
 public:
  /// settings.mppe: `prefer` and `require` ask for MPPE, `allow` only after peer_wants_mppe(); never made for
  /// `deny`.
  Ccp(const PppSettings& settings, TimerWheel& wheel, ControlProtocolHost& host, CcpEvents& events)
      : ControlProtocol(wire::PppProtocol::kCcp, settings, wheel, host), events_(events) {}
  ~Ccp() = default;

  /// Opened, with MPPE-128 stateless both ways.
  [[nodiscard]] bool encrypts() const { return opened() && ask_ && peer_asked_; }
  /// True when the packet is a Configure-Request that wants MPPE: what a passive end waits for.
  [[nodiscard]] static bool wants_mppe(wire::Bytes packet);
  /// Before up(): under `allow` we may ask as well.
  void peer_wants_mppe() { peer_wants_ = true; }

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
  [[nodiscard]] bool give_up_mppe();

  CcpEvents& events_;
  bool peer_wants_ = false;
  bool ask_ = false;         // our request has MPPE: what we receive is encrypted
  bool peer_asked_ = false;  // the peer's acknowledged request has it: what we send is
  bool peer_asks_ = false;   // the request being judged
};

}  // namespace adit::control
