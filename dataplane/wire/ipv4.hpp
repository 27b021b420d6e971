// SPDX-License-Identifier: Apache-2.0
// IPv4, RFC 791 §3.1: header validation as required of a router (RFC 1812 §5.2.2), writing headers, and the
// checksum (RFC 1071; incremental, RFC 1624). Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::wire {

inline constexpr std::size_t kIpv4Size = 20;
inline constexpr std::uint8_t kIpProtocolIcmp = 1;
inline constexpr std::uint8_t kIpProtocolTcp = 6;
inline constexpr std::uint8_t kIpProtocolUdp = 17;

// ---- checksum --------------------------------------------------------------------------------------------------

/// Folds a sum of 16-bit words to 16 bits, one's complement.
[[nodiscard]] constexpr std::uint16_t fold_checksum(std::uint64_t sum) noexcept {
  // A fixed number of folds, enough for the largest sum: a branch on whether another is needed would
  // mispredict.
  sum = (sum & 0xFFFFFFFF) + (sum >> 32);
  sum = (sum & 0xFFFFFFFF) + (sum >> 32);
  sum = (sum & 0xFFFF) + (sum >> 16);
  sum = (sum & 0xFFFF) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

/// One's complement sum of big-endian words, an odd last octet padded with zero; a pseudo header's sum may be
/// added. Sums four octets at a time in memory order and swaps the result: RFC 1071 §2(B).
[[nodiscard]] inline std::uint64_t sum_words(Bytes octets) noexcept {
  std::uint64_t sum = 0;
  const std::uint8_t* at = octets.data();
  std::size_t left = octets.size();
  for (; left >= 4; left -= 4, at += 4) {
    std::uint32_t words;
    std::memcpy(&words, at, sizeof words);
    sum += words;
  }
  if (left > 0) {
    std::uint32_t words = 0;
    std::memcpy(&words, at, left);
    sum += words;
  }
  return __builtin_bswap16(fold_checksum(sum));
}

/// RFC 1071: the checksum to store if the field in `octets` is zero; 0 if `octets` contain a correct
/// checksum.
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
  kNone,
  kTruncated,     ///< shorter than its header
  kVersion,       ///< not 4
  kHeaderLength,  ///< IHL below 5
  kTotalLength,   ///< below the header, or beyond what arrived
  kChecksum,
};

struct Ipv4Header {
  Ipv4Address source;
  Ipv4Address destination;
  std::uint16_t total_length = 0;  ///< octets of header and payload; anything after that is link padding
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

/// RFC 1812 §5.2.2: (1) room for a header, (2) checksum, (3) version, (4) IHL, (5) Total Length, in this
/// order, except that the checksum comes last because the IHL determines what it covers.
[[nodiscard]] inline Ipv4Error check_ipv4(Bytes packet) noexcept {
  if (packet.size() < kIpv4Size) {
    return Ipv4Error::kTruncated;
  }
  const std::uint8_t* at = packet.data();
  if (at[0] >> 4 != 4) {
    return Ipv4Error::kVersion;
  }
  const std::size_t header_length = (at[0] & 15U) * 4;
  if (header_length < kIpv4Size) {
    return Ipv4Error::kHeaderLength;
  }
  if (packet.size() < header_length) {
    return Ipv4Error::kTruncated;
  }
  const std::uint16_t total_length = load_be<std::uint16_t>(at + 2);
  if (total_length < header_length || total_length > packet.size()) {
    return Ipv4Error::kTotalLength;
  }
  // Nearly all headers have this size, and their sum is straight-line code.
  const bool right = header_length == kIpv4Size ? internet_checksum(packet.first<kIpv4Size>()) == 0
                                                : internet_checksum(packet.first(header_length)) == 0;
  return right ? Ipv4Error::kNone : Ipv4Error::kChecksum;
}

/// The fields of a header that check_ipv4() has accepted, read in place. For the packet path: GCC 12 keeps
/// std::expected and std::optional in memory, and reading a value back from there costs more than the
/// parsing.
class Ipv4View {
 public:
  explicit Ipv4View(const std::uint8_t* at) noexcept : at_(at) {}
  [[nodiscard]] Ipv4Address source() const noexcept { return Ipv4Address(load_be<std::uint32_t>(at_ + 12)); }
  [[nodiscard]] Ipv4Address destination() const noexcept {
    return Ipv4Address(load_be<std::uint32_t>(at_ + 16));
  }
  [[nodiscard]] std::uint16_t total_length() const noexcept { return load_be<std::uint16_t>(at_ + 2); }
  [[nodiscard]] std::uint8_t header_length() const noexcept {
    return static_cast<std::uint8_t>((at_[0] & 15) * 4);
  }
  [[nodiscard]] std::uint16_t payload_length() const noexcept {
    return static_cast<std::uint16_t>(total_length() - header_length());
  }
  [[nodiscard]] std::uint8_t tos() const noexcept { return at_[1]; }
  [[nodiscard]] std::uint8_t ttl() const noexcept { return at_[8]; }
  [[nodiscard]] std::uint8_t protocol() const noexcept { return at_[9]; }
  [[nodiscard]] bool dont_fragment() const noexcept { return (at_[6] & 0x40) != 0; }
  [[nodiscard]] bool is_fragment() const noexcept { return (load_be<std::uint16_t>(at_ + 6) & 0x3FFF) != 0; }
  [[nodiscard]] std::uint16_t fragment_offset() const noexcept {  ///< octets
    return static_cast<std::uint16_t>((load_be<std::uint16_t>(at_ + 6) & 0x1FFF) * 8);
  }
  /// All fields, as a value.
  [[nodiscard]] Ipv4Header header() const noexcept {
    Ipv4Header header;
    header.source = source();
    header.destination = destination();
    header.total_length = total_length();
    header.identification = load_be<std::uint16_t>(at_ + 4);
    header.fragment_offset = fragment_offset();
    header.dont_fragment = dont_fragment();
    header.more_fragments = (at_[6] & 0x20) != 0;
    header.header_length = header_length();
    header.tos = tos();
    header.ttl = ttl();
    header.protocol = protocol();
    return header;
  }

 private:
  const std::uint8_t* at_;
};

[[nodiscard]] inline std::expected<Ipv4Header, Ipv4Error> parse_ipv4(Bytes packet) noexcept {
  if (const Ipv4Error error = check_ipv4(packet); error != Ipv4Error::kNone) {
    return std::unexpected(error);
  }
  return Ipv4View(packet.data()).header();
}

/// Writes kIpv4Size octets at `at`: no options, `header.header_length` ignored, checksum computed. Summed in
/// registers: reading back octets just stored would stall on store forwarding (20 cycles a packet).
inline void write_ipv4(std::uint8_t* at, const Ipv4Header& header) noexcept {
  const std::uint32_t flags_and_offset = (header.dont_fragment ? 0x4000U : 0U) |
                                         (header.more_fragments ? 0x2000U : 0U) |
                                         ((header.fragment_offset / 8U) & 0x1FFFU);
  const std::uint32_t length = 0x45000000U | std::uint32_t{header.tos} << 16 | header.total_length;
  const std::uint32_t fragment = std::uint32_t{header.identification} << 16 | flags_and_offset;
  const std::uint32_t ttl = std::uint32_t{header.ttl} << 24 | std::uint32_t{header.protocol} << 16;
  const std::uint64_t sum =
      std::uint64_t{length} + fragment + ttl + header.source.value + header.destination.value;
  const std::uint32_t checksum = static_cast<std::uint16_t>(~fold_checksum(sum));
  store_be(at, length);
  store_be(at + 4, fragment);
  store_be(at + 8, ttl | checksum);
  store_be(at + 12, header.source.value);
  store_be(at + 16, header.destination.value);
}

/// Decrements the TTL, which must be above 0, of the header at `at` and updates its checksum.
inline void decrement_ttl(std::uint8_t* at) noexcept {
  const auto before = load_be<std::uint16_t>(at + 8);  // TTL and protocol share a word
  const auto after = static_cast<std::uint16_t>(before - 0x0100);
  const std::uint16_t checksum = update_checksum(load_be<std::uint16_t>(at + 10), before, after);
  store_be(at + 8, std::uint32_t{after} << 16 | checksum);
}

/// Copies the DSCP (RFC 2474) of `tos` into the header at `at`; ECN is kept, and the checksum is updated.
inline void set_dscp(std::uint8_t* at, std::uint8_t tos) noexcept {
  const auto before = load_be<std::uint16_t>(at);
  const auto after = static_cast<std::uint16_t>((before & 0xff03) | (tos & 0xfc));
  const std::uint16_t checksum = update_checksum(load_be<std::uint16_t>(at + 10), before, after);
  store_be(at, after);
  store_be(at + 10, checksum);
}

/// RFC 7126 §4.3 and §4.4: no loose or strict source route, and every option lies within the header. `packet`
/// has passed check_ipv4().
[[nodiscard]] inline bool are_harmless_options(Bytes packet) noexcept {
  constexpr std::uint8_t kEnd = 0, kNoOperation = 1, kLooseSourceRoute = 131, kStrictSourceRoute = 137;
  const std::size_t end = Ipv4View(packet.data()).header_length();
  for (std::size_t at = kIpv4Size; at < end && packet[at] != kEnd;) {
    if (packet[at] == kLooseSourceRoute || packet[at] == kStrictSourceRoute) {
      return false;
    }
    if (packet[at] == kNoOperation) {
      ++at;
      continue;
    }
    const std::size_t length = at + 1 < end ? packet[at + 1] : 0;
    if (length < 2 || at + length > end) {
      return false;
    }
    at += length;
  }
  return true;
}

}  // namespace adit::wire
