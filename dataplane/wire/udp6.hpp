// SPDX-License-Identifier: Apache-2.0
// UDP over IPv6 (RFC 768, RFC 8200 §8.1: the checksum is not optional). Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ipv4.hpp"
#include "dataplane/wire/ipv6.hpp"

namespace adit::wire {

inline constexpr std::size_t kUdpSize = 8;

struct Udp {
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  Bytes payload;
};

/// A datagram right behind the header of a packet that check_ipv6() has accepted. None: it is no UDP, its Length is below
/// its header or beyond the packet, or its checksum is missing or wrong.
[[nodiscard]] inline std::optional<Udp> parse_udp6(Bytes packet) noexcept {
  const Ipv6View header(packet.data());
  const Bytes datagram = packet.subspan(kIpv6Size, header.payload_length());
  if (header.next_header() != kIpProtocolUdp || datagram.size() < kUdpSize) {
    return std::nullopt;
  }
  const std::size_t length = load_be<std::uint16_t>(datagram.data() + 4);
  if (length < kUdpSize || length > datagram.size() || load_be<std::uint16_t>(datagram.data() + 6) == 0 ||
      upper_layer_checksum(packet.data(), datagram.first(length), kIpProtocolUdp) != 0) {
    return std::nullopt;
  }
  return Udp{.source_port = load_be<std::uint16_t>(datagram.data()),
             .destination_port = load_be<std::uint16_t>(datagram.data() + 2),
             .payload = datagram.subspan(kUdpSize, length - kUdpSize)};
}

/// Writes the IPv6 and UDP headers before `payload` octets that stand at `at` + kIpv6Size + kUdpSize already; at most
/// 65,527. Returns the packet's size.
inline std::size_t write_udp6(std::uint8_t* at, const Ipv6Header& header, std::uint16_t source_port,
                              std::uint16_t destination_port, std::size_t payload) noexcept {
  const std::size_t length = kUdpSize + payload;
  Ipv6Header whole = header;
  whole.payload_length = static_cast<std::uint16_t>(length);
  whole.next_header = kIpProtocolUdp;
  write_ipv6(at, whole);
  std::uint8_t* const udp = at + kIpv6Size;
  store_be(udp, source_port);
  store_be(udp + 2, destination_port);
  store_be(udp + 4, static_cast<std::uint16_t>(length));
  store_be<std::uint16_t>(udp + 6, 0);
  const std::uint16_t checksum = upper_layer_checksum(at, Bytes(udp, length), kIpProtocolUdp);
  store_be<std::uint16_t>(udp + 6, checksum == 0 ? 0xFFFF : checksum);
  return kIpv6Size + length;
}

}  // namespace adit::wire
