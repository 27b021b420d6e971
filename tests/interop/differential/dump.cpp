// SPDX-License-Identifier: Apache-2.0
// What our codecs read in frames, for tests/interop/differential/run, which compares it with tshark's reading.
// In: frames on stdin, each a kind ('g' GRE, 'p' PPTP, 'r' RADIUS) and a length of two octets before it. Out: a
// line each, of words "field=value", or "refused=REASON" where the reading stopped.
#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <variant>
#include <vector>

#include "controlplane/pptp/messages.hpp"
#include "controlplane/radius/packet.hpp"
#include "crypto/library.hpp"
#include "dataplane/wire/chap.hpp"
#include "dataplane/wire/gre.hpp"
#include "dataplane/wire/pap.hpp"
#include "dataplane/wire/ppp.hpp"
#include "dataplane/wire/ppp_packet.hpp"

namespace {

using namespace adit;
using wire::Bytes;

void say(const char* field, std::uint64_t value) {
  std::printf("%s=%llu ", field, static_cast<unsigned long long>(value));
}
void refuse(const char* why) {
  std::printf("refused=%s", why);
}

void dump_options(Bytes data) {
  const auto options = wire::PppOptions::parse(data);
  if (!options) {
    return refuse("options");
  }
  std::printf("options=");
  for (const wire::PppOption& option : *options) {
    std::printf("%u:%zu,", unsigned{option.type}, option.whole.size());
  }
}

void dump_ppp(Bytes frame) {
  using Protocol = wire::PppProtocol;
  const auto header = wire::parse_ppp(frame);
  if (!header) {
    return refuse(header.error() == wire::PppError::kTruncated ? "ppp_truncated" : "ppp_address");
  }
  const wire::PppHeader peeked = wire::peek_ppp(frame);
  if (peeked.protocol != header->protocol || peeked.header_length != header->header_length) {
    return refuse("ppp_readers_differ");
  }
  say("protocol", static_cast<std::uint16_t>(header->protocol));
  const bool negotiates = header->protocol == Protocol::kLcp || header->protocol == Protocol::kIpcp ||
                          header->protocol == Protocol::kCcp;
  if (!negotiates && header->protocol != Protocol::kPap && header->protocol != Protocol::kChap) {
    return;
  }
  const auto packet = wire::parse_ppp_packet(frame.subspan(header->header_length));
  if (!packet) {
    return refuse(packet.error() == wire::PppPacketError::kLengthTooLarge   ? "packet_long"
                  : packet.error() == wire::PppPacketError::kLengthTooSmall ? "packet_short"
                                                                            : "packet_truncated");
  }
  say("code", packet->code);
  say("identifier", packet->identifier);
  say("length", packet->whole.size());
  if (negotiates && packet->code >= 1 && packet->code <= 4) {
    dump_options(packet->data);
  } else if (header->protocol == Protocol::kPap && packet->code == 1) {
    if (const auto request = wire::parse_pap_request(packet->data)) {
      say("user", request->peer_id.size());
      say("password", request->password.size());
    } else {
      refuse("pap");
    }
  } else if (header->protocol == Protocol::kChap && (packet->code == 1 || packet->code == 2)) {
    if (const auto value = wire::parse_chap_value(packet->data)) {
      say("value", value->value.size());
      say("name", value->name.size());
    } else {
      refuse("chap");
    }
  }
}

void dump_gre(Bytes octets) {
  const auto header = wire::parse_gre(octets);
  if (!header) {
    constexpr const char* kWhy[] = {"", "gre_truncated", "gre_not_enhanced", "gre_flags",
                                    "gre_payload_length"};
    return refuse(kWhy[static_cast<std::size_t>(header.error())]);
  }
  say("call", header->call_id.value);
  if (header->ack) {
    say("ack", header->ack->value);
  }
  if (header->sequence) {
    say("sequence", header->sequence->value);
    say("payload", header->payload_length);
    if (header->payload_length != 0) {
      dump_ppp(octets.subspan(header->header_length, header->payload_length));
    }
  }
}

void dump_pptp(Bytes octets) {
  const auto message = control::pptp::parse(octets);
  if (!message) {
    constexpr const char* kWhy[] = {"pptp_length", "pptp_not_control", "pptp_magic", "pptp_type",
                                    "pptp_truncated"};
    return refuse(kWhy[static_cast<std::size_t>(message.error())]);
  }
  say("type", message->index() + 1);
  std::visit(
      [](const auto& m) {
        if constexpr (requires { m.call_id; }) {
          say("call", m.call_id);
        }
        if constexpr (requires { m.peer_call_id; }) {
          say("peer", m.peer_call_id);
        }
        if constexpr (requires { m.identifier; }) {
          say("identifier", m.identifier);
        }
        if constexpr (requires { m.version; }) {
          say("version", m.version);
        }
        if constexpr (requires { m.cause; }) {
          say("cause", m.cause);
        }
        if constexpr (requires { m.error; }) {
          say("error", static_cast<std::uint8_t>(m.error));
        }
        if constexpr (requires { m.receive_window; }) {
          say("window", m.receive_window);
        }
        if constexpr (requires { m.connect_speed; }) {
          say("speed", m.connect_speed);
        }
        if constexpr (requires { m.send_accm; }) {
          say("send_accm", m.send_accm);
          say("receive_accm", m.receive_accm);
        }
        if constexpr (requires { m.crc_errors; }) {
          say("crc", m.crc_errors);
          say("alignment", m.alignment_errors);
        }
      },
      *message);
}

void dump_radius(Bytes octets) {
  using namespace control::radius;
  constexpr std::string_view kSecret = "differential";
  const auto packet = read_request(octets, wire::octets_of(kSecret), false);
  if (!packet) {
    constexpr const char* kWhy[] = {"radius_length", "radius_authenticator", "radius_unsigned",
                                    "radius_signature", "radius_attributes"};
    return refuse(kWhy[static_cast<std::size_t>(packet.error())]);
  }
  say("code", static_cast<std::uint8_t>(packet->code()));
  say("identifier", packet->identifier());
  std::printf("attributes=");
  for (const Attribute& attribute : packet->attributes()) {
    if (attribute.vendor == kNoVendor) {
      std::printf("%u:%zu,", unsigned{static_cast<std::uint8_t>(attribute.type)}, attribute.value.size() + 2);
    }
  }
}

}  // namespace

int main() {
  if (!crypto::initialise()) {
    return 1;
  }
  std::array<std::uint8_t, 3> head{};
  std::vector<std::uint8_t> frame;
  while (std::fread(head.data(), 1, head.size(), stdin) == head.size()) {
    frame.resize(std::size_t{head[1]} << 8 | head[2]);
    if (std::fread(frame.data(), 1, frame.size(), stdin) != frame.size()) {
      return 1;
    }
    (head[0] == 'g' ? dump_gre : head[0] == 'p' ? dump_pptp : dump_radius)(frame);
    std::putchar('\n');
  }
  return 0;
}
