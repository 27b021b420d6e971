// SPDX-License-Identifier: Apache-2.0
// What a decrypted packet must look like to be believed: MPPE has no integrity check (RFC 3078 §9). Pure; any
// thread.
#pragma once

#include "dataplane/wire/ipv4.hpp"
#include "dataplane/wire/ppp.hpp"

namespace adit::dataplane {

/// Octets of a plaintext that read_mppe_plaintext() may look at: the protocol and the longest IPv4 header.
inline constexpr std::size_t kMppePlaintextHead = 2 + 60;

/// A plaintext is plausible when it is an IP packet whose lengths and header checksum are right: 2^-40 for
/// random octets. (The protocol field alone would pass in 4 of 10 cases, as any odd octet is a compressed
/// protocol.) Otherwise header_length is 0.
[[nodiscard]] inline wire::PppHeader read_mppe_plaintext(wire::Bytes plaintext) noexcept {
  const auto header = wire::parse_ppp_protocol(plaintext);
  if (!header) {
    return {};
  }
  const wire::Bytes packet = plaintext.subspan(header->header_length);
  if (header->protocol == wire::PppProtocol::kIpv4 && wire::check_ipv4(packet) == wire::Ipv4Error::kNone) {
    return *header;
  }
  constexpr std::size_t kIpv6Size = 40;
  if (header->protocol == wire::PppProtocol::kIpv6 && packet.size() >= kIpv6Size && packet[0] >> 4 == 6 &&
      wire::load_be<std::uint16_t>(packet.data() + 4) <= packet.size() - kIpv6Size) {
    return *header;
  }
  return {};
}

}  // namespace adit::dataplane
