// SPDX-License-Identifier: Apache-2.0
// Shared by the tests of LCP, CCP, IPCP, IPv6CP and the session: packets as values, a host that records.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/ppp/ccp.hpp"
#include "controlplane/ppp/control_protocol.hpp"
#include "controlplane/ppp/lcp.hpp"
#include "dataplane/wire/ppp.hpp"
#include "dataplane/wire/ppp_packet.hpp"

namespace adit::control {

using Octets = std::vector<std::uint8_t>;

inline Octets operator+(Octets a, const Octets& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline Octets u16(std::uint16_t v) {
  return {static_cast<std::uint8_t>(v >> 8), static_cast<std::uint8_t>(v)};
}
inline Octets u32(std::uint32_t v) {
  return u16(static_cast<std::uint16_t>(v >> 16)) + u16(static_cast<std::uint16_t>(v));
}
inline Octets u64(std::uint64_t v) {
  return u32(static_cast<std::uint32_t>(v >> 32)) + u32(static_cast<std::uint32_t>(v));
}
inline Octets option(unsigned type, const Octets& value = {}) {
  return Octets{static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(value.size() + 2)} + value;
}

/// CCP's option for MPPE (RFC 3078 §2.1).
inline Octets mppe(std::uint32_t bits) {
  return option(18, u32(bits));
}

/// A control packet without its framing.
struct Packet {
  wire::PppCode code{};
  unsigned id = 0;
  Octets data;
  friend bool operator==(const Packet&, const Packet&) = default;

  [[nodiscard]] Octets octets() const {
    return Octets{static_cast<std::uint8_t>(code), static_cast<std::uint8_t>(id)} +
           u16(static_cast<std::uint16_t>(data.size() + 4)) + data;
  }
};

inline std::ostream& operator<<(std::ostream& out, const Packet& packet) {
  out << "code " << static_cast<int>(packet.code) << " id " << packet.id << " data";
  for (const std::uint8_t octet : packet.data) {
    out << ' ' << std::hex << static_cast<int>(octet) << std::dec;
  }
  return out;
}

using Packets = std::vector<Packet>;

inline Packet conf_req(unsigned id, const Octets& data = {}) {
  return {wire::PppCode::kConfigureRequest, id, data};
}
inline Packet conf_ack(unsigned id, const Octets& data = {}) {
  return {wire::PppCode::kConfigureAck, id, data};
}
inline Packet conf_nak(unsigned id, const Octets& data) {
  return {wire::PppCode::kConfigureNak, id, data};
}
inline Packet conf_rej(unsigned id, const Octets& data) {
  return {wire::PppCode::kConfigureReject, id, data};
}
inline Packet term_req(unsigned id, const Octets& data = {}) {
  return {wire::PppCode::kTerminateRequest, id, data};
}
inline Packet term_ack(unsigned id) {
  return {wire::PppCode::kTerminateAck, id, {}};
}

/// Stands in for the session above one protocol: records every request as a line or a packet.
class RecordingHost final : public ControlProtocolHost, public LcpEvents, public CcpEvents {
 public:
  std::vector<Packet> sent;
  std::vector<std::string> events;
  std::uint16_t mru = 1500;
  contract::MppeMode expected;
  bool has_mppc_history = false;  ///< the answer to reserve_mppc_history()

  void send_frame(wire::Bytes frame) override {
    const auto packet = wire::parse_ppp_packet(frame.subspan(4));
    sent.push_back(
        {wire::PppCode{packet->code}, packet->identifier, Octets(packet->data.begin(), packet->data.end())});
  }
  std::uint16_t peer_mru() const override { return mru; }
  void protocol_up(wire::PppProtocol) override { events.emplace_back("up"); }
  void protocol_down(wire::PppProtocol) override { events.emplace_back("down"); }
  void protocol_finished(wire::PppProtocol) override { events.emplace_back("finished"); }
  void protocol_failed(wire::PppProtocol, EndReason reason, std::string_view) override {
    events.push_back("failed " + std::string(to_text(reason)));
  }
  void peer_terminates(wire::PppProtocol, wire::Bytes) override { events.emplace_back("peer terminates"); }
  void protocol_rejected(wire::PppProtocol protocol) override {
    events.push_back("rejected " + std::to_string(static_cast<unsigned>(protocol)));
  }
  void expect_encrypted(contract::MppeMode mode) override {
    events.emplace_back("expect encrypted");
    expected = mode;
  }
  void peer_restarts_mppe() override { events.emplace_back("restarts mppe"); }
  void flush_mppe(bool repeated) override {
    events.emplace_back(repeated ? "begin anew again" : "begin anew");
  }
  bool reserve_mppc_history() override { return has_mppc_history; }

  Packets take() { return std::exchange(sent, {}); }
  std::vector<std::string> take_events() { return std::exchange(events, {}); }
  [[nodiscard]] std::size_t count(wire::PppCode code) const {
    std::size_t n = 0;
    for (const Packet& packet : sent) {
      n += packet.code == code ? 1 : 0;
    }
    return n;
  }
};

}  // namespace adit::control
