// SPDX-License-Identifier: Apache-2.0
#include "app/adit/trace_line.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dataplane/wire/gre.hpp"
#include "dataplane/wire/ipv4.hpp"
#include "dataplane/wire/ppp.hpp"

namespace adit::app {
namespace {

using wire::Bytes;
using wire::PppProtocol;

std::string_view name_of(PppProtocol protocol) {
  switch (protocol) {
    case PppProtocol::kIpv4:
      return "IPv4";
    case PppProtocol::kIpv6:
      return "IPv6";
    case PppProtocol::kMppe:
      return "MPPE";
    case PppProtocol::kIpcp:
      return "IPCP";
    case PppProtocol::kIpv6cp:
      return "IPV6CP";
    case PppProtocol::kCcp:
      return "CCP";
    case PppProtocol::kLcp:
      return "LCP";
    case PppProtocol::kPap:
      return "PAP";
    case PppProtocol::kChap:
      return "CHAP";
    case PppProtocol::kEap:
      return "EAP";
  }
  return "";
}

std::string_view code_of(PppProtocol protocol, std::uint8_t code) {
  static constexpr std::string_view kPap[] = {"Authenticate-Request", "Authenticate-Ack", "Authenticate-Nak"};
  static constexpr std::string_view kChap[] = {"Challenge", "Response", "Success", "Failure"};
  static constexpr std::string_view kControl[] = {
      "Configure-Request", "Configure-Ack",  "Configure-Nak",   "Configure-Reject", "Terminate-Request",
      "Terminate-Ack",     "Code-Reject",    "Protocol-Reject", "Echo-Request",     "Echo-Reply",
      "Discard-Request",   "Identification", "Time-Remaining",  "Reset-Request",    "Reset-Ack"};
  const std::span<const std::string_view> names = protocol == PppProtocol::kPap ? std::span(kPap)
                                                  : protocol == PppProtocol::kChap
                                                      ? std::span<const std::string_view>(kChap)
                                                      : std::span<const std::string_view>(kControl);
  return code >= 1 && code <= names.size() ? names[code - 1U] : "";
}

std::string ppp_in_words(Bytes frame) {
  const wire::PppHeader header = wire::peek_ppp(frame);
  if (header.header_length == 0) {
    return "PPP, malformed";
  }
  const std::string_view name = name_of(header.protocol);
  std::string text =
      name.empty() ? fmt::format("PPP {:04x}", static_cast<unsigned>(header.protocol)) : std::string(name);
  const Bytes packet = frame.subspan(header.header_length);
  if (wire::is_control(header.protocol) && packet.size() >= 2) {
    const std::string_view code = code_of(header.protocol, packet[0]);
    text += code.empty() ? fmt::format(" code {}", packet[0]) : fmt::format(" {}", code);
    text += fmt::format(" id {}", packet[1]);
  }
  return text;
}

std::string icmp_in_words(Bytes packet) {
  if (packet.size() < 8) {
    return "ICMP";
  }
  switch (packet[0]) {
    case 0:
      return fmt::format("ICMP echo reply, seq {}", wire::load_be<std::uint16_t>(packet.data() + 6));
    case 3:
      return packet[1] == 4 ? "ICMP fragmentation needed" : "ICMP unreachable";
    case 8:
      return fmt::format("ICMP echo request, seq {}", wire::load_be<std::uint16_t>(packet.data() + 6));
    case 11:
      return "ICMP time exceeded";
    default:
      return fmt::format("ICMP type {}", packet[0]);
  }
}

std::string gre_in_words(Bytes packet) {
  const wire::GreError error = wire::check_gre(packet);
  if (error != wire::GreError::kNone && error != wire::GreError::kPayloadLength) {
    return "GRE";
  }
  const wire::GreView gre(packet.data());
  std::string text = fmt::format("GRE call {}", gre.call_id().value);
  if (gre.has_sequence()) {
    text += fmt::format(" seq {}", gre.sequence().value);
  }
  if (gre.has_ack()) {
    text += fmt::format(" ack {}", gre.ack().value);
  }
  if (gre.has_sequence() && packet.size() > gre.header_length()) {
    text += ", " + ppp_in_words(packet.subspan(gre.header_length()));
  }
  return text;
}

std::string transport_in_words(std::string_view name, Bytes packet) {
  if (packet.size() < 4) {
    return std::string(name);
  }
  return fmt::format("{} {} > {}", name, wire::load_be<std::uint16_t>(packet.data()),
                     wire::load_be<std::uint16_t>(packet.data() + 2));
}

std::string ip_in_words(Bytes packet) {
  if (packet.size() >= 40 && packet[0] >> 4 == 6) {
    return "IPv6";
  }
  if (packet.size() < wire::kIpv4Size || packet[0] >> 4 != 4) {
    return "IP, malformed";
  }
  const wire::Ipv4View ip(packet.data());
  const Bytes payload = packet.subspan(std::min<std::size_t>(ip.header_length(), packet.size()));
  const std::string addresses = to_string(ip.source()) + " > " + to_string(ip.destination()) + ' ';
  if (ip.fragment_offset() != 0) {
    return addresses + fmt::format("fragment at {}", ip.fragment_offset());
  }
  switch (ip.protocol()) {
    case wire::kIpProtocolIcmp:
      return addresses + icmp_in_words(payload);
    case wire::kIpProtocolTcp:
      return addresses + transport_in_words("TCP", payload);
    case wire::kIpProtocolUdp:
      return addresses + transport_in_words("UDP", payload);
    case wire::kIpProtocolGre:
      return addresses + gre_in_words(payload);
    default:
      return addresses + fmt::format("protocol {}", ip.protocol());
  }
}

}  // namespace

std::string packet_in_words(std::string_view layer, std::span<const std::uint8_t> octets) {
  return layer == "ppp" ? ppp_in_words(octets) : ip_in_words(octets);
}

std::string verdict_in_words(const Json& packet) {
  const std::string reason = text(packet, "reason");
  const std::string verdict = text(packet, "verdict");
  const std::string words = text(packet, "text");
  if (!reason.empty()) {
    return verdict + ", " + reason + ": " + words;
  }
  return words.empty() || words == verdict ? verdict : verdict + ": " + words;
}

std::string trace_line(const Json& packet, std::span<const std::uint8_t> octets) {
  const std::string time = text(packet, "time");
  const std::string reason = text(packet, "reason");
  const std::size_t clock = time.find('T') + 1;  // 0: there is none
  return fmt::format("{} {:<4} {:<5} {}, {} octets: {}{}", time.substr(clock, time.find('Z') - clock),
                     text(packet, "direction"), text(packet, "layer"),
                     packet_in_words(text(packet, "layer"), octets), number(packet, "octets"),
                     text(packet, "verdict"), reason.empty() ? "" : ", " + reason);
}

}  // namespace adit::app
