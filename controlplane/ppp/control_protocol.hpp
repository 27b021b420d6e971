// SPDX-License-Identifier: Apache-2.0
// The packets of RFC 1661 §5 around the automaton: codes, identifiers, Configure-Request/Ack/Nak/Reject and
// the loop bounds of §4.6. LCP, CCP, IPCP and IPv6CP derive from it and only decide which options to request and
// accept. Sans-I/O. Thread: control. Owner: the session; controlplane/client/ derives the dialling side from
// it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "controlplane/base/end_reason.hpp"
#include "controlplane/base/rate_limit.hpp"
#include "controlplane/base/settings.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/ppp/automaton.hpp"
#include "controlplane/ppp/configure_reply.hpp"
#include "dataplane/wire/ppp.hpp"
#include "dataplane/wire/ppp_packet.hpp"

namespace adit::control {

/// What a control protocol needs from its owner, the link or the network phase. None of these may destroy the
/// protocol or close it before returning, except that protocol_up may close it.
class ControlProtocolHost {
 public:
  /// One frame, FF 03 first.
  virtual void send_frame(wire::Bytes frame) = 0;
  /// The peer's MRU: limits packets that quote the peer's octets.
  [[nodiscard]] virtual std::uint16_t peer_mru() const = 0;
  virtual void protocol_up(wire::PppProtocol protocol) = 0;
  virtual void protocol_down(wire::PppProtocol protocol) = 0;
  /// In Opened, a request that had been acknowledged came once more, and was acknowledged once more: if our first Ack was
  /// lost, the peer opens only now.
  virtual void acknowledged_again(wire::PppProtocol /*protocol*/) {}
  /// The automaton gave up or finished terminating.
  virtual void protocol_finished(wire::PppProtocol protocol) = 0;
  /// Negotiation has failed. The host ends the link, or goes on without the protocol.
  virtual void protocol_failed(wire::PppProtocol protocol, EndReason reason, std::string_view why) = 0;
  /// A Terminate-Request arrived, in any state but a later negotiation of CCP or an NCP; it is being answered. `data`
  /// is the peer's diagnosis, untrusted text.
  virtual void peer_terminates(wire::PppProtocol protocol, wire::Bytes data) = 0;
  /// The link has been up with the protocol: its peer speaks it, and has agreed once. What seems to say otherwise in a
  /// later negotiation is anybody's, and ends nothing: the deadline of that negotiation does.
  [[nodiscard]] virtual bool has_been_up(wire::PppProtocol /*protocol*/) const { return false; }
  /// Packets that the peer has sent so far and could not send without the protocol; none: nobody counts them.
  [[nodiscard]] virtual std::optional<std::uint64_t> packets_received(wire::PppProtocol /*protocol*/) const {
    return std::nullopt;
  }

 protected:
  ~ControlProtocolHost() = default;
};

struct CarriedProtocol;

class ControlProtocol : protected AutomatonActions {
 public:
  ControlProtocol(wire::PppProtocol protocol, const PppSettings& settings, TimerWheel& wheel,
                  ControlProtocolHost& host);
  ControlProtocol(const ControlProtocol&) = delete;
  ControlProtocol& operator=(const ControlProtocol&) = delete;

  /// The lower layer is up: forgets everything from before.
  void up();
  void down() { automaton_.on(PppEvent::kDown); }
  void open() { automaton_.on(PppEvent::kOpen); }
  void close() { automaton_.on(PppEvent::kClose); }
  /// One packet, from its Code octet on.
  void on_packet(wire::Bytes octets);

  [[nodiscard]] PppState state() const { return automaton_.state(); }
  [[nodiscard]] bool opened() const { return state() == PppState::kOpened; }
  /// In Opened, the peer seems to have sent a Terminate-Request, which is being doubted.
  [[nodiscard]] bool doubts_termination() const;

 protected:
  ~ControlProtocol() = default;

  [[nodiscard]] CarriedProtocol carried_protocol() const;
  /// Instead of up(). What was being negotiated is left closed, and is for the owner to open: true.
  [[nodiscard]] bool adopt_protocol(const CarriedProtocol& from);

  /// Writes the options that we currently request. Must not change until the next Nak, Reject or up(): an Ack
  /// is compared with it.
  virtual void write_request(wire::PppFrameWriter& request) = 0;
  /// Judges the peer's options and keeps them; they take effect in about_to_ack().
  virtual void judge(const wire::PppOptions& wishes, ConfigureReply& reply) = 0;
  virtual void about_to_ack() = 0;
  /// The peer refuses something. False: we cannot go on without it, and cannot_agree() has been called.
  /// `insist_no_more`: Max-Failure Naks in a row, so give up what is still refused, as after a Reject.
  [[nodiscard]] virtual bool on_nak(const wire::PppOptions& hints, bool insist_no_more) = 0;
  [[nodiscard]] virtual bool on_reject(const wire::PppOptions& refused) = 0;
  virtual void forget() = 0;
  /// Opened, and the peer terminates or begins to negotiate anew. False: the packet is ignored; the protocol
  /// has seen to what happens instead.
  [[nodiscard]] virtual bool may_renegotiate() { return true; }
  /// Whether the packet ends Opened.
  [[nodiscard]] virtual bool leaves_opened(const wire::PppPacket& packet) const;
  /// The peer has agreed to the protocol on this link, so that what says it cannot is not believed.
  [[nodiscard]] virtual bool has_agreed_before() const { return host_.has_been_up(protocol_); }
  /// There is something that a forged packet could take away.
  [[nodiscard]] virtual bool in_use() const { return true; }
  /// In Opened, a packet came that ends it, and nothing authenticates packets. Sends what a peer that is in Opened
  /// itself, and in no other state, answers under the same identifier; probe_answered() then discards the packet.
  /// None: there is no such question.
  [[nodiscard]] virtual std::optional<std::uint8_t> probe() { return std::nullopt; }
  void probe_answered(std::uint8_t identifier);
  /// A code above 7. False: unknown, send a Code-Reject.
  [[nodiscard]] virtual bool on_extra_code(const wire::PppPacket&) { return false; }
  /// The data of our Terminate-Request, RFC 1661 §5.5: may hold a diagnosis.
  virtual void write_diagnosis(wire::PppFrameWriter&) {}
  /// The reason if a negotiation does not converge.
  [[nodiscard]] virtual EndReason failure() const = 0;

  void this_layer_up() override { host_.protocol_up(protocol_); }
  void this_layer_down() override;
  void this_layer_started() override {}
  void this_layer_finished() override { host_.protocol_finished(protocol_); }
  void send_echo_reply() override {}

  void fail(EndReason reason, std::string_view why) { host_.protocol_failed(protocol_, reason, why); }
  /// What the peer has sent says that there can be no agreement. It is not believed of a peer that has agreed before.
  void cannot_agree(EndReason reason, std::string_view why) {
    if (!has_agreed_before()) {
      fail(reason, why);
    }
  }
  void send(wire::PppFrameWriter& writer) { host_.send_frame(writer.frame()); }
  [[nodiscard]] std::uint8_t next_identifier() { return ++identifier_; }
  void raise(PppEvent event, const wire::PppPacket& cause);
  /// The packet that raised the event being handled.
  [[nodiscard]] const wire::PppPacket& cause() const { return *cause_; }
  [[nodiscard]] const PppSettings& settings() const { return settings_; }
  [[nodiscard]] Instant now() const { return wheel_.now(); }
  [[nodiscard]] wire::PppProtocol protocol() const { return protocol_; }

 private:
  /// Our Configure-Request: the next one is a new one, or the last one has been sent, or acknowledged.
  enum class Request : std::uint8_t { kDue, kSent, kAcknowledged };
  /// A packet that seems to end Opened.
  struct Doubt {
    Timer timer;  // the peer's time to answer the probe
    std::optional<std::uint8_t> probe_identifier;
    std::optional<std::uint64_t> packets;  // received until then
    std::vector<std::uint8_t> packet;
  };

  void handle(const wire::PppPacket& packet);
  [[nodiscard]] bool doubts(const wire::PppPacket& packet);
  [[nodiscard]] bool negotiates_again() const;
  void on_doubt_timer();
  void on_configure_request(const wire::PppPacket& packet);
  void on_terminate_ack(const wire::PppPacket& packet);
  [[nodiscard]] bool is_acknowledged(const wire::PppPacket& request) const;
  [[nodiscard]] bool restart_is_allowed();
  void send_ack(const wire::PppPacket& request);
  void on_configure_ack(const wire::PppPacket& packet);
  void on_configure_refusal(const wire::PppPacket& packet);
  void on_code_reject(const wire::PppPacket& packet);
  [[nodiscard]] bool answers_our_request(const wire::PppPacket& packet) const;
  [[nodiscard]] bool were_all_ours(const wire::PppOptions& refused);

  void send_configure_request() final;
  void send_configure_ack() final;
  void send_configure_nak_or_reject() final;
  void send_terminate_request() final;
  void send_terminate_ack() final;
  void send_code_reject() final;

  const PppSettings& settings_;
  TimerWheel& wheel_;
  ControlProtocolHost& host_;
  PppAutomaton automaton_;
  const wire::PppPacket* cause_ = nullptr;  // these two only while an event is handled
  ConfigureReply* reply_ = nullptr;
  RateLimit code_rejects_;
  RateLimit renegotiations_;
  std::unique_ptr<Doubt> doubt_;            // rare, so it is not part of every protocol
  std::vector<std::uint8_t> acknowledged_;  // the peer's request that we acknowledged last
  std::uint32_t repeated_acks_ = 0;         // of that request, in Opened
  std::uint8_t identifier_ = 0;             // last one used
  std::uint8_t request_identifier_ = 0;     // of our last Configure-Request
  Request request_ = Request::kDue;
  wire::PppProtocol protocol_;
  std::uint32_t naks_sent_ = 0;  // since the last Ack that we sent
  std::uint32_t refused_ = 0;    // Naks and Rejects sent since then
  std::uint32_t refusals_ = 0;   // Naks and Rejects received since the last Ack received
};

}  // namespace adit::control
