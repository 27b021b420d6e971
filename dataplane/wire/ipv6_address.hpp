// SPDX-License-Identifier: Apache-2.0
// IPv6 addresses and prefixes (RFC 4291), and how they are written (RFC 5952). Pure; any thread.
#pragma once

#include <arpa/inet.h>

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::wire {

/// In host byte order, by halves: on a link the first names the network, the second the interface. All zero means "none".
struct Ipv6Address {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  [[nodiscard]] constexpr bool is_none() const { return (high | low) == 0; }
  friend constexpr auto operator<=>(const Ipv6Address&, const Ipv6Address&) = default;
};

inline constexpr std::size_t kIpv6AddressSize = 16;

[[nodiscard]] inline Ipv6Address load_ipv6(const std::uint8_t* at) noexcept {
  return {load_be<std::uint64_t>(at), load_be<std::uint64_t>(at + 8)};
}

inline void store_ipv6(std::uint8_t* at, const Ipv6Address& address) noexcept {
  store_be(at, address.high);
  store_be(at + 8, address.low);
}

/// RFC 4291 §2.5.6: the address on the link itself of the interface with this identifier.
[[nodiscard]] constexpr Ipv6Address link_local(std::uint64_t interface_id) {
  return {0xfe80'0000'0000'0000, interface_id};
}
/// fe80::/10
[[nodiscard]] constexpr bool is_link_local(const Ipv6Address& address) {
  return address.high >> 54 == 0xfe80 >> 6;
}
/// ff00::/8
[[nodiscard]] constexpr bool is_multicast(const Ipv6Address& address) {
  return address.high >> 56 == 0xff;
}
/// RFC 4291 §2.7.1: the group that a neighbour solicitation for `address` is sent to.
[[nodiscard]] constexpr Ipv6Address solicited_node(const Ipv6Address& address) {
  return {0xff02'0000'0000'0000, 0x1'ff00'0000 | (address.low & 0xff'ffff)};
}
inline constexpr Ipv6Address kAllNodes{0xff02'0000'0000'0000, 1};
inline constexpr Ipv6Address kAllRouters{0xff02'0000'0000'0000, 2};
inline constexpr Ipv6Address kAllDhcpAgents{0xff02'0000'0000'0000, 0x1'0002};  ///< RFC 8415 §7.1

/// RFC 4291 §2.4, RFC 6890: may be a host's beyond its link. Not the unspecified address, loopback, IPv4-mapped,
/// link-local or multicast.
[[nodiscard]] constexpr bool is_host(const Ipv6Address& address) {
  const bool reserved = address.high == 0 && address.low >> 48 == 0;  // ::, ::1 and the rest of ::/80
  const bool mapped = address.high == 0 && address.low >> 32 == 0xffff;
  return !reserved && !mapped && !is_link_local(address) && !is_multicast(address);
}

/// All addresses that share their first `length` bits.
struct Ipv6Prefix {
  Ipv6Address address;        ///< its host bits are clear
  std::uint8_t length = 128;  ///< 0..128
  [[nodiscard]] static constexpr Ipv6Address cut(const Ipv6Address& a, std::uint8_t length) {
    const auto ones = [](int bits) {
      return bits <= 0 ? 0 : bits >= 64 ? ~std::uint64_t{0} : ~(~std::uint64_t{0} >> bits);
    };
    return {a.high & ones(length), a.low & ones(length - 64)};
  }
  [[nodiscard]] constexpr bool contains(const Ipv6Address& a) const { return cut(a, length) == address; }
  [[nodiscard]] constexpr bool contains(const Ipv6Prefix& other) const {
    return other.length >= length && contains(other.address);
  }
  friend constexpr auto operator<=>(const Ipv6Prefix&, const Ipv6Prefix&) = default;
};

/// RFC 5952.
[[nodiscard]] inline std::string to_string(const Ipv6Address& address) {
  std::array<std::uint8_t, kIpv6AddressSize> octets;
  store_ipv6(octets.data(), address);
  std::array<char, INET6_ADDRSTRLEN> text;
  return inet_ntop(AF_INET6, octets.data(), text.data(), text.size());
}

[[nodiscard]] inline std::string to_string(const Ipv6Prefix& prefix) {
  return to_string(prefix.address) + '/' + std::to_string(prefix.length);
}

/// Any form of RFC 4291 §2.2, nothing else around it.
[[nodiscard]] inline std::optional<Ipv6Address> parse_ipv6_address(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> copy{};
  std::array<std::uint8_t, kIpv6AddressSize> octets;
  if (text.size() >= copy.size() || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  std::memcpy(copy.data(), text.data(), text.size());
  return inet_pton(AF_INET6, copy.data(), octets.data()) == 1 ? std::optional(load_ipv6(octets.data()))
                                                              : std::nullopt;
}

/// "2001:db8::/48", with host bits clear.
[[nodiscard]] inline std::optional<Ipv6Prefix> parse_ipv6_prefix(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_ipv6_address(text.substr(0, slash));
  if (!address || slash == std::string_view::npos) {
    return std::nullopt;
  }
  const auto length = parse_prefix_length(text.substr(slash + 1), 128);
  const Ipv6Prefix prefix{.address = *address, .length = length.value_or(0)};
  return length && prefix.contains(*address) ? std::optional(prefix) : std::nullopt;
}

/// "fe80::1:2:3:4" and the like in text: "1:2:3:4", as accel-ppp and RADIUS write an interface identifier.
[[nodiscard]] inline std::string interface_id_text(std::uint64_t identifier) {
  std::string text;
  for (int shift = 48; shift >= 0; shift -= 16) {
    static constexpr char kDigits[] = "0123456789abcdef";
    const auto group = static_cast<unsigned>(identifier >> shift & 0xffff);
    for (int nibble = 12; nibble >= 0; nibble -= 4) {
      if (nibble == 0 || group >> nibble != 0) {
        text += kDigits[group >> nibble & 15];
      }
    }
    text += shift == 0 ? "" : ":";
  }
  return text;
}

}  // namespace adit::wire

template <>
struct std::hash<adit::wire::Ipv6Address> {
  std::size_t operator()(const adit::wire::Ipv6Address& a) const noexcept {
    return std::hash<std::uint64_t>{}((a.high ^ a.low * 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9);
  }
};
template <>
struct std::hash<adit::wire::Ipv6Prefix> {
  std::size_t operator()(const adit::wire::Ipv6Prefix& prefix) const noexcept {
    return std::hash<adit::wire::Ipv6Address>{}(prefix.address) ^ prefix.length;
  }
};
