// SPDX-License-Identifier: Apache-2.0
// The PPP header inside GRE: RFC 1661 §2, without HDLC flags, escapes and FCS (RFC 2637 §4).
// [FF 03] [protocol: 2 octets, or 1 with Protocol-Field-Compression] payload.
// Both compressions are always accepted, negotiated or not; the caller decides whether we send them. Pure;
// any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>

#include "dataplane/wire/bytes.hpp"

namespace adit::wire {

/// Protocol numbers that we use (RFC 1661 §2). Any other 16-bit value may occur.
enum class PppProtocol : std::uint16_t {
  kIpv4 = 0x0021,
  kIpv6 = 0x0057,
  kMppe = 0x00FD,  ///< RFC 3078: compressed (here: encrypted) datagram
  kIpcp = 0x8021,
  kIpv6cp = 0x8057,
  kCcp = 0x80FD,
  kLcp = 0xC021,
  kPap = 0xC023,
  kChap = 0xC223,
  kEap = 0xC227,
};

enum class PppError : std::uint8_t {
  kTruncated,          ///< the header does not end within the frame
  kAddressAndControl,  ///< FF (All-Stations) without control 03 (Unnumbered Information)
};

struct PppHeader {
  PppProtocol protocol{};
  std::uint8_t header_length = 0;  ///< 1..4: where the payload begins
};

/// The protocol field alone, which is the first thing in an MPPE plaintext (RFC 3078 §3).
[[nodiscard]] inline std::expected<PppHeader, PppError> parse_ppp_protocol(Bytes octets) noexcept {
  if (octets.empty()) {
    return std::unexpected(PppError::kTruncated);
  }
  // RFC 1661 §6.5: an odd first octet is a complete, compressed protocol field.
  if ((octets[0] & 1) != 0) {
    return PppHeader{PppProtocol{octets[0]}, 1};
  }
  if (octets.size() < 2) {
    return std::unexpected(PppError::kTruncated);
  }
  return PppHeader{PppProtocol{load_be<std::uint16_t>(octets.data())}, 2};
}

/// The whole header. RFC 1661 §6.6: a leading FF can only be the Address field, as protocol 00FF is reserved.
[[nodiscard]] inline std::expected<PppHeader, PppError> parse_ppp(Bytes frame) noexcept {
  std::size_t skip = 0;
  if (!frame.empty() && frame[0] == 0xFF) {
    if (frame.size() < 2) {
      return std::unexpected(PppError::kTruncated);
    }
    if (frame[1] != 0x03) {
      return std::unexpected(PppError::kAddressAndControl);
    }
    skip = 2;
  }
  auto header = parse_ppp_protocol(frame.subspan(skip));
  if (header) {
    header->header_length = static_cast<std::uint8_t>(header->header_length + skip);
  }
  return header;
}

/// parse_ppp() for the packet path (see Ipv4View for why): header_length 0 instead of an error.
[[nodiscard]] inline PppHeader peek_ppp(Bytes frame) noexcept {
  const bool has_address = frame.size() >= 2 && frame[0] == 0xFF && frame[1] == 0x03;
  const Bytes rest = frame.subspan(has_address ? 2 : 0);
  const std::uint8_t skipped = has_address ? 2 : 0;
  if (rest.empty() || (!has_address && rest[0] == 0xFF)) {
    return {};
  }
  if ((rest[0] & 1) != 0) {
    return {PppProtocol{rest[0]}, static_cast<std::uint8_t>(skipped + 1)};
  }
  if (rest.size() < 2) {
    return {};
  }
  return {PppProtocol{load_be<std::uint16_t>(rest.data())}, static_cast<std::uint8_t>(skipped + 2)};
}

/// RFC 1661 §2: network-layer data is below 4000; the rest (LCP, authentication, NCPs) is control.
[[nodiscard]] constexpr bool is_control(PppProtocol protocol) noexcept {
  return static_cast<std::uint16_t>(protocol) >= 0x4000;
}

/// RFC 3078 §3: MPPE encrypts 0021 to 00FA only; anything else in a plaintext is forged or garbled.
[[nodiscard]] constexpr bool is_mppe_payload(PppProtocol protocol) noexcept {
  return static_cast<std::uint16_t>(protocol) >= 0x0021 && static_cast<std::uint16_t>(protocol) <= 0x00FA;
}

/// What the peer allows us to omit (RFC 1661 §6.5, §6.6).
struct PppCompression {
  bool address_and_control = false;
  bool protocol = false;
};

/// LCP is never compressed (RFC 1661 §6.6), and PFC is for protocols below 0100 only.
[[nodiscard]] constexpr std::size_t ppp_header_size(PppProtocol protocol,
                                                    PppCompression compression) noexcept {
  const bool bare = compression.address_and_control && protocol != PppProtocol::kLcp;
  const bool short_protocol = compression.protocol && static_cast<std::uint16_t>(protocol) < 0x100;
  return (bare ? 0U : 2U) + (short_protocol ? 1U : 2U);
}

/// Writes the protocol field alone (the first octets of an MPPE plaintext) and returns its size, 1 or 2.
inline std::size_t write_ppp_protocol(std::uint8_t* at, PppProtocol protocol, bool compress) noexcept {
  const auto value = static_cast<std::uint16_t>(protocol);
  if (compress && value < 0x100) {
    at[0] = static_cast<std::uint8_t>(value);
    return 1;
  }
  store_be<std::uint16_t>(at, value);
  return 2;
}

/// Writes ppp_header_size() octets at `at`, which must have room, and returns how many.
inline std::size_t write_ppp(std::uint8_t* at, PppProtocol protocol, PppCompression compression) noexcept {
  std::size_t size = 0;
  if (!compression.address_and_control || protocol == PppProtocol::kLcp) {
    store_be<std::uint16_t>(at, 0xFF03);
    size = 2;
  }
  return size + write_ppp_protocol(at + size, protocol, compression.protocol);
}

}  // namespace adit::wire
