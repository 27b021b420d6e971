// SPDX-License-Identifier: Apache-2.0
// Ethernet II with no, one or two VLAN tags: IEEE 802.3 §3, 802.1Q §9 (TPID 8100), 802.1ad (88A8).
// Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>

#include "dataplane/wire/bytes.hpp"

namespace adit::wire {

using MacAddress = std::array<std::uint8_t, 6>;

inline constexpr std::size_t kEthernetSize = 14;
inline constexpr std::size_t kVlanTagSize = 4;

/// Any other value of 0600 and above may occur.
enum class EtherType : std::uint16_t {
  kIpv4 = 0x0800,
  kArp = 0x0806,
  kVlan = 0x8100,
  kIpv6 = 0x86DD,
  kServiceVlan = 0x88A8,
};

enum class EthernetError : std::uint8_t {
  kTruncated,
  kLengthField,  ///< an IEEE 802.3 length instead of a type (spanning tree and the like)
  kTooManyTags,  ///< more than two
};

struct EthernetHeader {
  EtherType type{};                ///< after the tags
  std::uint8_t header_length = 0;  ///< 14, 18 or 22
  std::uint8_t tags = 0;
  std::array<std::uint16_t, 2> tci{};  ///< priority, DEI and VLAN ID of each tag, outer first
};

[[nodiscard]] constexpr bool is_vlan(EtherType type) noexcept {
  return type == EtherType::kVlan || type == EtherType::kServiceVlan;
}

[[nodiscard]] inline std::expected<EthernetHeader, EthernetError> parse_ethernet(Bytes frame) noexcept {
  if (frame.size() < kEthernetSize) {
    return std::unexpected(EthernetError::kTruncated);
  }
  EthernetHeader header;
  std::size_t size = kEthernetSize;
  EtherType type{load_be<std::uint16_t>(frame.data() + 12)};
  while (is_vlan(type)) {
    if (header.tags == header.tci.size()) {
      return std::unexpected(EthernetError::kTooManyTags);
    }
    if (frame.size() < size + kVlanTagSize) {
      return std::unexpected(EthernetError::kTruncated);
    }
    header.tci[header.tags++] = load_be<std::uint16_t>(frame.data() + size);
    type = EtherType{load_be<std::uint16_t>(frame.data() + size + 2)};
    size += kVlanTagSize;
  }
  if (static_cast<std::uint16_t>(type) < 0x0600) {
    return std::unexpected(EthernetError::kLengthField);
  }
  header.type = type;
  header.header_length = static_cast<std::uint8_t>(size);
  return header;
}

/// Writes kEthernetSize octets at `at`, untagged.
inline void write_ethernet(std::uint8_t* at, const MacAddress& destination, const MacAddress& source,
                           EtherType type) noexcept {
  std::memcpy(at, destination.data(), destination.size());
  std::memcpy(at + 6, source.data(), source.size());
  store_be<std::uint16_t>(at + 12, static_cast<std::uint16_t>(type));
}

}  // namespace adit::wire
