// SPDX-License-Identifier: Apache-2.0
// The part of CCP (RFC 1962) that both ends of a link share: one option, MPPE and MPPC (RFC 3078 §2, RFC 2118), negotiated
// separately for each direction, MPPE in both directions or in none; Reset-Request and Reset-Ack. Which modes an
// end requests and accepts is its policy: Ccp is the concentrator's, ClientCcp the caller's. The network
// phase decides whether clear text is acceptable.
// Requests are or-ed wire::mppe_bits. Thread: control. Owner: the network phase.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/ppp/control_protocol.hpp"
#include "controlplane/ppp/session_details.hpp"
#include "dataplane/contract/messages.hpp"
#include "dataplane/wire/ccp.hpp"

namespace adit::control {

class CcpEvents {
 public:
  /// About to send our Configure-Ack to the peer's MPPE, or later a request for another mode: the peer's very
  /// next packet may be encrypted and compressed accordingly.
  virtual void expect_encrypted(contract::MppeMode mode) = 0;
  /// The peer can no longer read our stateful stream; the Reset-Ack has just been sent. `repeated`: see
  /// contract::FlushMppe.
  virtual void flush_mppe(bool repeated) = 0;
  /// The link has memory for stateful MPPC, from now on until it ends. False: there is none left.
  [[nodiscard]] virtual bool reserve_mppc_history() = 0;
  /// The peer terminates MPPE or negotiates it anew, and gets no answer: its keys are in use already.
  virtual void peer_restarts_mppe() = 0;

 protected:
  ~CcpEvents() = default;
};

struct CarriedCcp;

class CcpEndpoint : public ControlProtocol {
 public:
  /// Opened, with MPPE both ways.
  [[nodiscard]] bool encrypts() const {
    return opened() && (requested_ & wire::mppe_bits::kStrengths) != 0 &&
           (acknowledged_ & wire::mppe_bits::kStrengths) != 0;
  }
  /// Opened, with MPPC at least one way.
  [[nodiscard]] bool compresses() const {
    return opened() && ((requested_ | acknowledged_) & wire::mppe_bits::kMppc) != 0;
  }
  /// The agreed modes for receiving and for sending. Valid while encrypts() or compresses().
  [[nodiscard]] contract::MppeMode receive_mode() const;
  [[nodiscard]] contract::MppeMode send_mode() const;
  /// "128", "40-stateful"; "none" without encryption; "128/128-stateful" when what we receive differs from
  /// what we send.
  [[nodiscard]] std::string describe() const;
  /// "mppc", "mppc-stateful"; "none" without compression; "mppc/none" when what we receive differs from what we send.
  [[nodiscard]] std::string describe_compression() const;
  [[nodiscard]] CcpDetails details() const {
    CcpDetails details{.state = state(), .required = required_, .receive = {}, .send = {}};
    if (encrypts() || compresses()) {
      details.receive = receive_mode();
      details.send = send_mode();
    }
    return details;
  }

  /// The settings let packets be compressed.
  [[nodiscard]] bool may_compress() const { return settings().mppc != MppcPolicy::kDeny; }

  /// Before up(): limits the configured strengths to these. False: none is left, and MPPE is rejected.
  bool limit_strengths(std::uint32_t strengths);
  /// Before up(): without MPPE the link must end.
  void require(bool required) { required_ = required; }
  /// Our worker can no longer read the peer's stateful stream: asks the peer to flush it (RFC 3078 §8.2).
  void request_reset();

 protected:
  /// `key_lengths`: those configured. `peer_name`: the other end in error texts.
  CcpEndpoint(const PppSettings& settings, const std::vector<contract::MppeStrength>& key_lengths,
              TimerWheel& wheel, ControlProtocolHost& host, CcpEvents& events, std::string_view peer_name);
  ~CcpEndpoint() = default;

  // ---- policy
  /// What to request after up(); 0: no MPPE.
  [[nodiscard]] virtual std::uint32_t first_request() const = 0;
  /// What to Nak with when the peer's request leaves MPPE out.
  [[nodiscard]] virtual std::uint32_t request_for_peer() const { return requested_; }
  /// Stateless or stateful (wire::mppe_bits::kStateless or 0) in reply to the peer's `wish`: if it differs, a
  /// Nak.
  [[nodiscard]] virtual std::uint32_t mode_for(std::uint32_t wish) = 0;
  /// Whether to follow a Nak to `wanted`, which has a strength that we allow.
  [[nodiscard]] virtual bool follow_nak(std::uint32_t wanted) = 0;

  bool on_reject(const wire::PppOptions& refused) override;
  void forget() override;

  /// wire::mppe_bits::kMppc where a direction in this mode, of which only kStateless counts, may be compressed; else 0.
  [[nodiscard]] std::uint32_t compression_in(std::uint32_t mode) const;
  /// Changes our request. If the peer's own request has been acknowledged, it may encrypt accordingly as soon
  /// as it receives this one.
  void ask_for(std::uint32_t request);
  /// What this class knows of it.
  [[nodiscard]] CarriedCcp carried_agreement() const;
  void adopt_agreement(const CarriedCcp& from);
  [[nodiscard]] std::uint32_t requested() const { return requested_; }
  [[nodiscard]] std::uint32_t strengths() const { return strengths_; }
  [[nodiscard]] bool required() const { return required_; }

 private:
  void write_request(wire::PppFrameWriter& request) final;
  void judge(const wire::PppOptions& wishes, ConfigureReply& reply) final;
  void about_to_ack() final;
  bool on_nak(const wire::PppOptions& hints, bool insist_no_more) final;
  bool may_renegotiate() final;
  bool in_use() const final { return encrypts() || compresses(); }
  bool has_agreed_before() const final { return required_ && ControlProtocol::has_agreed_before(); }
  std::optional<std::uint8_t> probe() final;
  bool on_extra_code(const wire::PppPacket& packet) final;
  EndReason failure() const final { return EndReason::kMppeRefused; }
  void this_layer_up() final;

  /// Our request is for MPPE, or still is: the peer has not refused it.
  [[nodiscard]] bool asks_for_mppe() const { return (requested_ & wire::mppe_bits::kStrengths) != 0; }
  [[nodiscard]] std::uint32_t answer_to(std::uint32_t wish);
  [[nodiscard]] std::uint32_t compression_alone(std::uint32_t wish) const;
  void expect_what_we_asked_for();
  [[nodiscard]] bool give_up_mppe(std::uint32_t instead = 0);
  void on_reset_request(const wire::PppPacket& packet);

  static constexpr std::uint16_t kNoReset = 0x100;  // not a possible identifier

  const std::vector<contract::MppeStrength>& key_lengths_;
  CcpEvents& events_;
  std::string_view peer_name_;
  std::uint32_t strengths_;         // the ones allowed
  std::uint32_t requested_ = 0;     // our request: how the peer encrypts and compresses; 0: not at all
  std::uint32_t acknowledged_ = 0;  // the peer's request as we acknowledged it: how we do
  std::uint32_t acceptable_ = 0;    // the peer's request being judged, if it can be acknowledged
  std::uint16_t answered_reset_ = kNoReset;  // identifier of the last Reset-Request
  bool required_ = false;
};

}  // namespace adit::control
