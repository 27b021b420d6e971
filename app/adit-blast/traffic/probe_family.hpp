// SPDX-License-Identifier: Apache-2.0
// The two families of inner packets that probes travel in, under the same names: what differs between them is here, and
// the codec, the verifier and the worker are written once. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/wire/icmp.hpp"
#include "dataplane/wire/icmpv6.hpp"
#include "dataplane/wire/ipv4.hpp"
#include "dataplane/wire/ipv6.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::app::blast {

/// What a probe's IP header says, of either family.
template <typename Address>
struct ProbeHeader {
  Address from{}, to{};
  std::uint16_t size = 0;  ///< of the whole packet
  std::uint8_t protocol = 0;
  std::uint16_t identification = 0;  ///< IPv4 only
};

struct Ipv4Probe {
  using Address = wire::Ipv4Address;
  using View = wire::Ipv4View;
  static constexpr std::size_t kHeaderSize = wire::kIpv4Size;
  static constexpr std::uint8_t kEchoProtocol = wire::kIpProtocolIcmp;
  static constexpr std::uint8_t kEchoRequest = 8, kEchoReply = 0;
  /// RFC 768 allows it: the pattern is the stronger test.
  static constexpr bool kUdpWithoutChecksum = true;

  static void write(std::uint8_t* at, const ProbeHeader<Address>& fields) noexcept {
    wire::Ipv4Header header;
    header.source = fields.from;
    header.destination = fields.to;
    header.total_length = fields.size;
    header.identification = fields.identification;
    header.dont_fragment = true;
    header.ttl = 64;
    header.protocol = fields.protocol;
    wire::write_ipv4(at, header);
  }
  /// The transport header follows right behind, and all of it is here.
  [[nodiscard]] static bool is_plain(View header) noexcept {
    return header.header_length() == kHeaderSize && !header.is_fragment();
  }
  [[nodiscard]] static std::uint8_t protocol(View header) noexcept { return header.protocol(); }
  /// Of an echo message; its field is zero.
  [[nodiscard]] static std::uint16_t echo_checksum(const std::uint8_t*, wire::Bytes message) noexcept {
    return wire::internet_checksum(message);
  }
  [[nodiscard]] static bool is_valid(wire::Bytes packet) noexcept {
    return wire::check_ipv4(packet) == wire::Ipv4Error::kNone;
  }
};

struct Ipv6Probe {
  using Address = wire::Ipv6Address;
  using View = wire::Ipv6View;
  static constexpr std::size_t kHeaderSize = wire::kIpv6Size;
  static constexpr std::uint8_t kEchoProtocol = wire::kIpProtocolIcmpv6;
  static constexpr std::uint8_t kEchoRequest = static_cast<std::uint8_t>(wire::Icmpv6Type::kEchoRequest);
  static constexpr std::uint8_t kEchoReply = static_cast<std::uint8_t>(wire::Icmpv6Type::kEchoReply);
  static constexpr bool kUdpWithoutChecksum = false;  // RFC 8200 §8.1

  static void write(std::uint8_t* at, const ProbeHeader<Address>& fields) noexcept {
    wire::write_ipv6(at, {.source = fields.from,
                          .destination = fields.to,
                          .payload_length = static_cast<std::uint16_t>(fields.size - kHeaderSize),
                          .next_header = fields.protocol,
                          .hop_limit = 64});
  }
  [[nodiscard]] static bool is_plain(View header) noexcept {
    return !wire::is_extension_header(header.next_header());
  }
  [[nodiscard]] static std::uint8_t protocol(View header) noexcept { return header.next_header(); }
  [[nodiscard]] static std::uint16_t echo_checksum(const std::uint8_t* header, wire::Bytes message) noexcept {
    return wire::upper_layer_checksum(header, message, kEchoProtocol);
  }
  [[nodiscard]] static bool is_valid(wire::Bytes packet) noexcept {
    return wire::check_ipv6(packet) == wire::Ipv6Error::kNone;
  }
};

}  // namespace adit::app::blast
