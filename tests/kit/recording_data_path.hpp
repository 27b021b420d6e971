// SPDX-License-Identifier: Apache-2.0
// The data path of a PPP link under test, at either end: keeps the frames, and records the order of requests.
// `Host` is the interface of that end's host, a control::PppDataPath.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/kit/ppp_kit.hpp"

namespace adit::test {

struct Frame {
  wire::PppProtocol protocol{};
  control::Packet packet;
  friend bool operator==(const Frame&, const Frame&) = default;
};
inline std::ostream& operator<<(std::ostream& out, const Frame& frame) {
  return out << std::hex << static_cast<int>(frame.protocol) << std::dec << ' ' << frame.packet;
}

template <typename Host>
class RecordingDataPath : public Host {
 public:
  void send_ppp_frame(std::span<const std::uint8_t> frame) override {
    const auto header = wire::parse_ppp(frame);
    ASSERT_TRUE(header && header->header_length == 4) << "FF 03 and a whole protocol field";
    const auto packet = wire::parse_ppp_packet(frame.subspan(4));
    ASSERT_TRUE(packet);
    frames.push_back(
        {header->protocol,
         {wire::PppCode{packet->code}, packet->identifier, {packet->data.begin(), packet->data.end()}}});
    trace.push_back(text_of(header->protocol, packet->code));
  }
  void set_ppp_compression(bool acfc, bool pfc) override {
    trace.push_back(std::string("compression ") + (acfc ? "acfc" : "-") + (pfc ? "pfc" : "-"));
  }
  void enable_mppe(contract::Direction direction, contract::MppeMode, const crypto::Secret<16>&,
                   const crypto::Secret<16>&) override {
    trace.emplace_back(direction == contract::Direction::kSend ? "mppe send" : "mppe receive");
  }
  void disable_mppe() override { trace.emplace_back("mppe off"); }
  void enable_ip(wire::Ipv4Address subscriber, std::uint16_t mru, bool require_mppe) override {
    trace.push_back("ip " + wire::to_string(subscriber) + " " + std::to_string(mru) +
                    (require_mppe ? " mppe" : ""));
  }
  void disable_ip() override { trace.emplace_back("ip off"); }
  void enable_ipv6(const control::Ipv6Binding& binding, std::uint16_t mru, bool require_mppe) override {
    trace.push_back("ipv6 " + wire::interface_id_text(binding.interface_id) +
                    (binding.link ? " " + wire::to_string(*binding.link) : "") +
                    (binding.address ? " " + wire::to_string(*binding.address) : "") +
                    (binding.delegated ? " " + wire::to_string(*binding.delegated) : "") + " " +
                    std::to_string(mru) + (require_mppe ? " mppe" : ""));
  }
  void disable_ipv6() override { trace.emplace_back("ipv6 off"); }

  [[nodiscard]] bool traced(std::string_view line) const {
    return std::find(trace.begin(), trace.end(), line) != trace.end();
  }

  std::vector<Frame> frames;
  std::vector<std::string> trace;

 protected:
  /// A frame as it appears in the trace.
  [[nodiscard]] virtual std::string text_of(wire::PppProtocol protocol, unsigned code) const = 0;
};

}  // namespace adit::test
