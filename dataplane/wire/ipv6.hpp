// SPDX-License-Identifier: Apache-2.0
// IPv6, RFC 8200: the header's validation and writing, the way over extension headers to the upper layer, and the
// checksum of upper layers. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ipv4.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::wire {

inline constexpr std::size_t kIpv6Size = 40;
inline constexpr std::uint16_t kIpv6MinMtu = 1280;  ///< RFC 8200 §5: every link carries this much
inline constexpr std::uint8_t kIpProtocolIcmpv6 = 58;

// ---- header ----------------------------------------------------------------------------------------------------

enum class Ipv6Error : std::uint8_t {
  kNone,
  kTruncated,      ///< shorter than the header
  kVersion,        ///< not 6
  kPayloadLength,  ///< beyond what arrived
};

/// RFC 8200 §3: room for a header, the version, and a Payload Length within what arrived; anything after that is link
/// padding. A jumbogram (RFC 2675) passes as a packet without payload.
[[nodiscard]] inline Ipv6Error check_ipv6(Bytes packet) noexcept {
  if (packet.size() < kIpv6Size) {
    return Ipv6Error::kTruncated;
  }
  const std::uint8_t* at = packet.data();
  if (at[0] >> 4 != 6) {
    return Ipv6Error::kVersion;
  }
  return load_be<std::uint16_t>(at + 4) <= packet.size() - kIpv6Size ? Ipv6Error::kNone
                                                                     : Ipv6Error::kPayloadLength;
}

struct Ipv6Header {
  Ipv6Address source;
  Ipv6Address destination;
  std::uint32_t flow_label = 0;      ///< 20 bits
  std::uint16_t payload_length = 0;  ///< octets after the header
  std::uint8_t traffic_class = 0;
  std::uint8_t next_header = 0;
  std::uint8_t hop_limit = 0;
};

/// The fields of a header that check_ipv6() has accepted, read in place; see Ipv4View.
class Ipv6View {
 public:
  explicit Ipv6View(const std::uint8_t* at) noexcept : at_(at) {}
  [[nodiscard]] Ipv6Address source() const noexcept { return load_ipv6(at_ + 8); }
  [[nodiscard]] Ipv6Address destination() const noexcept { return load_ipv6(at_ + 24); }
  [[nodiscard]] std::uint16_t payload_length() const noexcept { return load_be<std::uint16_t>(at_ + 4); }
  /// Octets of header and payload.
  [[nodiscard]] std::uint32_t total_length() const noexcept {
    return static_cast<std::uint32_t>(kIpv6Size + payload_length());
  }
  [[nodiscard]] std::uint8_t traffic_class() const noexcept {
    return static_cast<std::uint8_t>(load_be<std::uint16_t>(at_) >> 4);
  }
  [[nodiscard]] std::uint32_t flow_label() const noexcept { return load_be<std::uint32_t>(at_) & 0xf'ffff; }
  [[nodiscard]] std::uint8_t next_header() const noexcept { return at_[6]; }
  [[nodiscard]] std::uint8_t hop_limit() const noexcept { return at_[7]; }
  /// All fields, as a value.
  [[nodiscard]] Ipv6Header header() const noexcept {
    return {.source = source(),
            .destination = destination(),
            .flow_label = flow_label(),
            .payload_length = payload_length(),
            .traffic_class = traffic_class(),
            .next_header = next_header(),
            .hop_limit = hop_limit()};
  }

 private:
  const std::uint8_t* at_;
};

/// Writes kIpv6Size octets at `at`.
inline void write_ipv6(std::uint8_t* at, const Ipv6Header& header) noexcept {
  store_be(at, 0x6000'0000U | std::uint32_t{header.traffic_class} << 20 | (header.flow_label & 0xf'ffffU));
  store_be(at + 4, std::uint32_t{header.payload_length} << 16 | std::uint32_t{header.next_header} << 8 |
                       header.hop_limit);
  store_ipv6(at + 8, header.source);
  store_ipv6(at + 24, header.destination);
}

/// Decrements the Hop Limit, which must be above 0, of the header at `at`: there is no checksum to update.
inline void decrement_hop_limit(std::uint8_t* at) noexcept {
  --at[7];
}

/// Copies the DSCP (RFC 2474) of `traffic_class` into the header at `at`; ECN is kept.
inline void set_ipv6_dscp(std::uint8_t* at, std::uint8_t traffic_class) noexcept {
  const auto word = load_be<std::uint16_t>(at);
  store_be(at, static_cast<std::uint16_t>((word & 0xf03f) | (traffic_class & 0xfc) << 4));
}

// ---- checksum of upper layers ------------------------------------------------------------------------------------

/// RFC 8200 §8.1, as internet_checksum(): to store, if the field in `upper` is zero; 0 if it is right. `header` is the
/// packet's IPv6 header, `upper` everything from the upper layer's header on. Not for a packet with a Routing header
/// that is still on its way: its final destination stands there.
[[nodiscard]] inline std::uint16_t upper_layer_checksum(const std::uint8_t* header, Bytes upper,
                                                        std::uint8_t protocol) noexcept {
  const std::uint64_t addresses = sum_words(Bytes(header + 8, 2 * kIpv6AddressSize));
  const std::uint64_t length = fold_checksum(upper.size());  // 32 bits there, two words of the sum
  return static_cast<std::uint16_t>(~fold_checksum(addresses + length + protocol + sum_words(upper)));
}

// ---- extension headers -----------------------------------------------------------------------------------------

inline constexpr std::uint8_t kHopByHopOptions = 0;
inline constexpr std::uint8_t kRoutingHeader = 43;
inline constexpr std::uint8_t kFragmentHeader = 44;
inline constexpr std::uint8_t kAuthenticationHeader = 51;
inline constexpr std::uint8_t kDestinationOptions = 60;

/// RFC 8200 §4, RFC 4302: a header that names a next one. ESP is none, as its next header is encrypted.
[[nodiscard]] constexpr bool is_extension_header(std::uint8_t protocol) noexcept {
  constexpr std::uint64_t kAll = 1ULL << kHopByHopOptions | 1ULL << kRoutingHeader | 1ULL << kFragmentHeader |
                                 1ULL << kAuthenticationHeader | 1ULL << kDestinationOptions;
  return protocol < 64 && (kAll >> protocol & 1) != 0;
}

/// RFC 8504 §5.3 lets a node limit what it walks over; real packets have one or two, of 8 to 40 octets.
inline constexpr unsigned kMaxExtensionHeaders = 8;
inline constexpr std::size_t kMaxExtensionOctets = 256;

enum class Ipv6WalkError : std::uint8_t {
  kNone,
  kTruncated,     ///< a header runs beyond the packet
  kTooMany,       ///< more than kMaxExtensionHeaders or kMaxExtensionOctets
  kMisplaced,     ///< RFC 8200 §4.1: Hop-by-Hop Options anywhere but first
  kRoutingType0,  ///< RFC 5095 §3: a Routing header of type 0 that has segments left
};

/// What the packet carries. No std::expected, for the reason that Ipv4View tells.
struct Ipv6UpperLayer {
  Ipv6WalkError error = Ipv6WalkError::kNone;  ///< else nothing below holds
  std::uint8_t protocol = 0;    ///< kIpProtocolTcp, kIpProtocolIcmpv6, ...; 59: nothing follows
  std::uint16_t offset = 0;     ///< octets from the start of the IPv6 header to the upper layer's
  bool is_fragment = false;     ///< its upper layer is not whole
  bool later_fragment = false;  ///< and begins with the middle of it: there is no header at `offset`
};

/// The walk's slow part: the packet has extension headers.
[[nodiscard]] inline Ipv6UpperLayer walk_extension_headers(Bytes packet) noexcept {
  Ipv6UpperLayer found{.protocol = packet[6], .offset = kIpv6Size};
  const auto fail = [](Ipv6WalkError error) { return Ipv6UpperLayer{.error = error}; };
  const std::size_t end = kIpv6Size + load_be<std::uint16_t>(packet.data() + 4);
  for (unsigned headers = 0; is_extension_header(found.protocol); ++headers) {
    const std::size_t left = end - found.offset;
    const std::uint8_t* at = packet.data() + found.offset;
    if (headers == kMaxExtensionHeaders) {
      return fail(Ipv6WalkError::kTooMany);
    }
    if (found.protocol == kHopByHopOptions && headers != 0) {
      return fail(Ipv6WalkError::kMisplaced);
    }
    if (left < 8) {
      return fail(Ipv6WalkError::kTruncated);
    }
    // RFC 8200 §4.2: in units of 8 octets after the first 8; RFC 4302 §2.2: of 4 after the first 8.
    const std::size_t size = found.protocol == kFragmentHeader         ? 8
                             : found.protocol == kAuthenticationHeader ? (at[1] + 2U) * 4
                                                                       : (at[1] + 1U) * 8;
    if (size > left) {
      return fail(Ipv6WalkError::kTruncated);
    }
    if (found.offset - kIpv6Size + size > kMaxExtensionOctets) {
      return fail(Ipv6WalkError::kTooMany);
    }
    if (found.protocol == kRoutingHeader && at[2] == 0 && at[3] != 0) {
      return fail(Ipv6WalkError::kRoutingType0);
    }
    if (found.protocol == kFragmentHeader) {
      const auto field = load_be<std::uint16_t>(at + 2);
      found.later_fragment = (field & 0xfff8) != 0;
      found.is_fragment = (field & 0xfff9) != 0;  // RFC 6946: an atomic fragment is a whole packet
    }
    found.protocol = at[0];
    found.offset = static_cast<std::uint16_t>(found.offset + size);
    if (found.later_fragment) {
      return found;
    }
  }
  return found;
}

/// Over the extension headers, if there are any, of a packet that check_ipv6() has accepted.
[[nodiscard]] inline Ipv6UpperLayer find_upper_layer(Bytes packet) noexcept {
  if (!is_extension_header(packet[6])) [[likely]] {
    return {.protocol = packet[6], .offset = kIpv6Size};
  }
  return walk_extension_headers(packet);
}

}  // namespace adit::wire
