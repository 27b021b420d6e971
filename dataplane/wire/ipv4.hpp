// SPDX-License-Identifier: Apache-2.0
// IPv4, RFC 791 §3.1: the header checked as a router must (RFC 1812 §5.2.2), written, and its checksum
// (RFC 1071; incremental, RFC 1624). Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::wire {

inline constexpr std::size_t kIpv4Size = 20;
inline constexpr std::uint8_t kIpProtocolIcmp = 1;
inline constexpr std::uint8_t kIpProtocolTcp = 6;
inline constexpr std::uint8_t kIpProtocolUdp = 17;

// ---- checksum --------------------------------------------------------------------------------------------------

/// Folds a sum of 16-bit words to one's complement 16 bits.
[[nodiscard]] constexpr std::uint16_t fold_checksum(std::uint64_t sum) noexcept {
  while ((sum >> 16) != 0) {
    sum = (sum & 0xFFFF) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(sum);
}

/// The unfolded sum of big-endian words, an odd last octet padded with zero; add pseudo headers to it.
[[nodiscard]] inline std::uint64_t sum_words(Bytes octets) noexcept {
  std::uint64_t sum = 0;
  std::size_t at = 0;
  for (; at + 2 <= octets.size(); at += 2) {
    sum += load_be<std::uint16_t>(octets.data() + at);
  }
  return at < octets.size() ? sum + (std::uint64_t{octets[at]} << 8) : sum;
}

/// RFC 1071: the value for a checksum field that is zero in `octets`; 0 over octets whose checksum is right.
[[nodiscard]] inline std::uint16_t internet_checksum(Bytes octets) noexcept {
  return static_cast<std::uint16_t>(~fold_checksum(sum_words(octets)));
}

/// RFC 1624 §3, equation 3: HC' = ~(~HC + ~m + m'), the checksum after a 16-bit word changed from `before` to `after`.
[[nodiscard]] constexpr std::uint16_t update_checksum(std::uint16_t checksum, std::uint16_t before,
                                                      std::uint16_t after) noexcept {
  const std::uint64_t sum = std::uint64_t{static_cast<std::uint16_t>(~checksum)} +
                            std::uint64_t{static_cast<std::uint16_t>(~before)} + after;
  return static_cast<std::uint16_t>(~fold_checksum(sum));
}

// ---- header ----------------------------------------------------------------------------------------------------

enum class Ipv4Error : std::uint8_t {
  kTruncated,     ///< shorter than its header
  kVersion,       ///< not 4
  kHeaderLength,  ///< IHL below 5
  kTotalLength,   ///< below the header, or beyond what arrived
  kChecksum,
};

struct Ipv4Header {
  Ipv4Address source;
  Ipv4Address destination;
  std::uint16_t total_length = 0;  ///< octets of header and payload; what follows is link padding
  std::uint16_t identification = 0;
  std::uint16_t fragment_offset = 0;  ///< octets
  bool dont_fragment = false;
  bool more_fragments = false;
  std::uint8_t header_length = 0;  ///< octets, 20..60; above 20 there are options
  std::uint8_t tos = 0;
  std::uint8_t ttl = 0;
  std::uint8_t protocol = 0;

  [[nodiscard]] constexpr bool is_fragment() const noexcept { return more_fragments || fragment_offset != 0; }
  [[nodiscard]] constexpr bool has_options() const noexcept { return header_length > kIpv4Size; }
  [[nodiscard]] constexpr std::uint16_t payload_length() const noexcept {
    return static_cast<std::uint16_t>(total_length - header_length);
  }
};

/// RFC 1812 §5.2.2, in its order: (1) room for a header, (2) checksum, (3) version, (4) IHL, (5) Total Length; only the
/// checksum comes after the IHL here, which says what it covers.
[[nodiscard]] inline std::expected<Ipv4Header, Ipv4Error> parse_ipv4(Bytes packet) noexcept {
  if (packet.size() < kIpv4Size) {
    return std::unexpected(Ipv4Error::kTruncated);
  }
  const std::uint8_t* at = packet.data();
  if (at[0] >> 4 != 4) {
    return std::unexpected(Ipv4Error::kVersion);
  }
  const auto header_length = static_cast<std::uint8_t>((at[0] & 15) * 4);
  if (header_length < kIpv4Size) {
    return std::unexpected(Ipv4Error::kHeaderLength);
  }
  if (packet.size() < header_length) {
    return std::unexpected(Ipv4Error::kTruncated);
  }
  const std::uint16_t total_length = load_be<std::uint16_t>(at + 2);
  if (total_length < header_length || total_length > packet.size()) {
    return std::unexpected(Ipv4Error::kTotalLength);
  }
  if (internet_checksum(packet.first(header_length)) != 0) {
    return std::unexpected(Ipv4Error::kChecksum);
  }
  const std::uint16_t fragment = load_be<std::uint16_t>(at + 6);
  Ipv4Header header;
  header.source = Ipv4Address(load_be<std::uint32_t>(at + 12));
  header.destination = Ipv4Address(load_be<std::uint32_t>(at + 16));
  header.total_length = total_length;
  header.identification = load_be<std::uint16_t>(at + 4);
  header.fragment_offset = static_cast<std::uint16_t>((fragment & 0x1FFF) * 8);
  header.dont_fragment = (fragment & 0x4000) != 0;
  header.more_fragments = (fragment & 0x2000) != 0;
  header.header_length = header_length;
  header.tos = at[1];
  header.ttl = at[8];
  header.protocol = at[9];
  return header;
}

/// Writes kIpv4Size octets at `at`: no options, `header.header_length` ignored, checksum computed.
inline void write_ipv4(std::uint8_t* at, const Ipv4Header& header) noexcept {
  at[0] = 0x45;
  at[1] = header.tos;
  store_be<std::uint16_t>(at + 2, header.total_length);
  store_be<std::uint16_t>(at + 4, header.identification);
  store_be<std::uint16_t>(at + 6, static_cast<std::uint16_t>((header.dont_fragment ? 0x4000U : 0U) |
                                                             (header.more_fragments ? 0x2000U : 0U) |
                                                             ((header.fragment_offset / 8U) & 0x1FFFU)));
  at[8] = header.ttl;
  at[9] = header.protocol;
  store_be<std::uint16_t>(at + 10, 0);
  store_be<std::uint32_t>(at + 12, header.source.value);
  store_be<std::uint32_t>(at + 16, header.destination.value);
  store_be<std::uint16_t>(at + 10, internet_checksum(Bytes(at, kIpv4Size)));
}

/// One hop less in the header at `at`, whose TTL must be above 0, and its checksum brought along.
inline void decrement_ttl(std::uint8_t* at) noexcept {
  const std::uint16_t before = load_be<std::uint16_t>(at + 8);  // TTL and protocol share a word
  --at[8];
  store_be<std::uint16_t>(
      at + 10, update_checksum(load_be<std::uint16_t>(at + 10), before, load_be<std::uint16_t>(at + 8)));
}

}  // namespace adit::wire
