// SPDX-License-Identifier: Apache-2.0
// Ethernet II with no, one or two VLAN tags: IEEE 802.3 §3, 802.1Q §9 (TPID 8100), 802.1ad (88A8).
// Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <string>

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
  kLengthField,  ///< an IEEE 802.3 length instead of a type (spanning tree, for one)
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

inline constexpr std::uint16_t kMaxVlanId = 4094;
inline constexpr std::uint16_t kVlanIdMask = 0x0fff;

/// The VLAN of a frame: none (0), a single tag, or a customer VLAN within a service VLAN. Priority bits are
/// not included.
struct Vlan {
  std::uint16_t outer = 0;                  ///< 1..4094; 0: untagged
  std::uint16_t inner = 0;                  ///< 0: one tag only
  EtherType outer_type = EtherType::kVlan;  ///< on transmit; both are accepted on receive
  [[nodiscard]] constexpr std::size_t tags() const noexcept { return outer == 0 ? 0 : inner == 0 ? 1 : 2; }
  /// A number unique to the VLAN.
  [[nodiscard]] constexpr std::uint32_t key() const noexcept { return std::uint32_t{outer} << 16 | inner; }
};

/// "100", "200.100"; empty: untagged.
[[nodiscard]] inline std::string to_string(Vlan vlan) {
  return vlan.tags() == 0   ? ""
         : vlan.tags() == 1 ? std::to_string(vlan.outer)
                            : std::to_string(vlan.outer) + '.' + std::to_string(vlan.inner);
}

/// "02:00:5e:00:53:01"
[[nodiscard]] inline std::string to_string(const MacAddress& mac) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t octet : mac) {
    text += text.empty() ? "" : ":";
    text += kDigits[octet >> 4];
    text += kDigits[octet & 15];
  }
  return text;
}

/// The VLAN of a received frame. A tag with ID 0 carries a priority only (802.1Q §9.6).
[[nodiscard]] constexpr Vlan vlan_of(const EthernetHeader& header) noexcept {
  const auto first = static_cast<std::uint16_t>(header.tci[0] & kVlanIdMask);
  const auto second = static_cast<std::uint16_t>(header.tci[1] & kVlanIdMask);
  return first == 0 ? Vlan{.outer = second} : Vlan{.outer = first, .inner = second};
}

/// The Ethernet header of frames to one neighbour, tags included, built once and copied in front of every
/// packet: always kRoom octets, padding first, because a fixed copy of three words is cheapest.
class LinkHeader {
 public:
  static constexpr std::size_t kRoom = 24;

  LinkHeader() = default;
  LinkHeader(const MacAddress& destination, const MacAddress& source, Vlan vlan, EtherType type) noexcept {
    size_ = static_cast<std::uint8_t>(kEthernetSize + vlan.tags() * kVlanTagSize);
    std::uint8_t* at = octets_.data() + kRoom - size_;
    std::memcpy(at, destination.data(), destination.size());
    std::memcpy(at + 6, source.data(), source.size());
    at += 12;
    if (vlan.tags() > 0) {
      store_be(at, static_cast<std::uint16_t>(vlan.outer_type));
      store_be(at + 2, vlan.outer);
      at += kVlanTagSize;
    }
    if (vlan.tags() > 1) {
      store_be(at, static_cast<std::uint16_t>(EtherType::kVlan));
      store_be(at + 2, vlan.inner);
      at += kVlanTagSize;
    }
    store_be(at, static_cast<std::uint16_t>(type));
  }

  /// 14, 18 or 22.
  [[nodiscard]] std::uint8_t size() const noexcept { return size_; }
  [[nodiscard]] Bytes octets() const noexcept { return {octets_.data() + kRoom - size_, size_}; }
  [[nodiscard]] MacAddress destination() const noexcept {
    MacAddress mac{};
    std::memcpy(mac.data(), octets().data(), mac.size());
    return mac;
  }

  friend bool operator==(const LinkHeader&, const LinkHeader&) = default;

  /// Writes the header directly in front of `packet`, overwriting the kRoom octets there.
  void write_before(std::uint8_t* packet) const noexcept {
    std::memcpy(packet - kRoom, octets_.data(), kRoom);
  }

 private:
  std::array<std::uint8_t, kRoom> octets_{};
  std::uint8_t size_ = kEthernetSize;
};

}  // namespace adit::wire
