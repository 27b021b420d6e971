// SPDX-License-Identifier: Apache-2.0
// What a decrypted packet must look like to be believed: MPPE has no integrity check (RFC 3078 §9). Pure; any
// thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "dataplane/wire/ipv4.hpp"
#include "dataplane/wire/ppp.hpp"

namespace adit::dataplane {

/// Octets of a plaintext that read_mppe_plaintext() may look at: the protocol and the longest IPv4 header.
inline constexpr std::size_t kMppePlaintextHead = 2 + 60;

/// What IPv6 has instead of a checksum: its length, to the octet, a next header that somebody uses, and addresses that a
/// packet on a link can have (RFC 4291 §2.4, RFC 6052 §2.1). 2^-29 for random octets.
[[nodiscard]] inline bool is_plausible_ipv6(wire::Bytes packet) noexcept {
  constexpr std::size_t kIpv6Size = 40;
  if (packet.size() < kIpv6Size || packet[0] >> 4 != 6 ||
      wire::load_be<std::uint16_t>(packet.data() + 4) != packet.size() - kIpv6Size) {
    return false;
  }
  constexpr std::uint8_t kNextHeaders[] = {0,  4,  6,  17,  41,  43,  44,  46,  47,  50,  51,  58, 59,
                                           60, 88, 89, 103, 108, 112, 115, 132, 135, 136, 139, 140};
  if (std::ranges::find(kNextHeaders, packet[6]) == std::end(kNextHeaders)) {
    return false;
  }
  const auto source = wire::load_be<std::uint64_t>(packet.data() + 8);
  const auto destination = wire::load_be<std::uint64_t>(packet.data() + 24);
  constexpr auto is_unicast = [](std::uint64_t prefix) {
    return prefix >> 61 == 1 || prefix >> 57 == 0x7E || prefix == 0xFE80'0000'0000'0000 ||
           prefix >> 32 == 0x64FF9B;
  };
  return (is_unicast(source) || source == 0) && (is_unicast(destination) || destination >> 56 == 0xFF);
}

/// A plaintext is plausible when it is an IP packet whose header adds up: 2^-37 for random octets, or less, the protocol
/// and the lengths of IPv4 included. (The protocol field alone would pass in 4 of 10 cases, as any odd octet is a
/// compressed protocol. At a million forged packets a second the weakest form decides how long a key chain stands:
/// 2^-24 was 17 seconds.) Otherwise header_length is 0.
[[nodiscard]] inline wire::PppHeader read_mppe_plaintext(wire::Bytes plaintext) noexcept {
  const auto header = wire::parse_ppp_protocol(plaintext);
  if (!header) {
    return {};
  }
  const wire::Bytes packet = plaintext.subspan(header->header_length);
  const bool plausible = header->protocol == wire::PppProtocol::kIpv4
                             ? wire::check_ipv4(packet) == wire::Ipv4Error::kNone
                             : header->protocol == wire::PppProtocol::kIpv6 && is_plausible_ipv6(packet);
  return plausible ? *header : wire::PppHeader{};
}

}  // namespace adit::dataplane
