// SPDX-License-Identifier: Apache-2.0
// CCP, the caller's side: RFC 1962 with one option, MPPE (RFC 3078 §2), in the strengths that are allowed. Both
// directions or none. Thread: control. Owner: the client's network phase.
#pragma once

#include <cstdint>

#include "controlplane/client/client_settings.hpp"
#include "controlplane/ppp/ccp.hpp"
#include "controlplane/ppp/control_protocol.hpp"

namespace adit::control {

class ClientCcp final : public ControlProtocol {
 public:
  ClientCcp(const ClientSettings& settings, TimerWheel& wheel, ControlProtocolHost& host, CcpEvents& events);
  ~ClientCcp() = default;

  /// Before up(): the strengths that may be agreed on, of wire::mppe_bits; 0: MPPE is rejected.
  void allow(std::uint32_t strengths) { strengths_ = strengths; }
  /// Opened, with MPPE both ways.
  [[nodiscard]] bool encrypts() const { return opened() && ask_ != 0 && peer_asked_ != 0; }
  /// What was agreed on, while encrypts().
  [[nodiscard]] contract::MppeMode receive_mode() const;
  [[nodiscard]] contract::MppeMode send_mode() const;

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

  [[nodiscard]] std::uint32_t first_request() const;
  [[nodiscard]] std::uint32_t answer_to(std::uint32_t wish) const;
  [[nodiscard]] bool takes_mode(std::uint32_t request) const;
  void ask_for(std::uint32_t request);
  [[nodiscard]] bool give_up_mppe();

  const ClientSettings& client_;
  CcpEvents& events_;
  std::uint32_t strengths_ = 0;
  std::uint32_t ask_ = 0;         // what our request has, of what we receive; 0: no MPPE
  std::uint32_t peer_asked_ = 0;  // what the server's acknowledged request has, of what we send
  std::uint32_t peer_asks_ = 0;   // the request being judged, when it can be acknowledged
};

}  // namespace adit::control
