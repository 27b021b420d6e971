// SPDX-License-Identifier: Apache-2.0
// The wire's basic types: call IDs, sequence and coherency numbers, IPv4 addresses.
// They let the compiler catch the classic errors of PPTP implementations: whose call ID is meant (RFC 2637
// §4.1 puts the *receiver's* in the GRE key), and `<` between numbers that wrap. Pure; any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace adit::wire {

/// A 16-bit call ID. Local: chosen by us, in the GRE keys that we receive. Peer: chosen by the peer (0 is
/// legal: Windows XP and old pptp-linux always use it), in the GRE keys that we send.
template <typename Tag>
struct CallId {
  std::uint16_t value = 0;
  constexpr CallId() = default;
  constexpr explicit CallId(std::uint16_t v) : value(v) {}
  friend constexpr bool operator==(CallId, CallId) = default;
};
using LocalCallId = CallId<struct LocalTag>;
using PeerCallId = CallId<struct PeerTag>;

/// GRE sequence or acknowledgement number, RFC 2637 §4.3: modulo 2^32, compared by signed difference.
/// There is no operator<: it would be wrong at the wrap.
struct GreSeq {
  std::uint32_t value = 0;
  constexpr GreSeq() = default;
  constexpr explicit GreSeq(std::uint32_t v) : value(v) {}
  [[nodiscard]] constexpr GreSeq next() const { return GreSeq(value + 1); }
  /// How far this number is after `other` (negative: before).
  [[nodiscard]] constexpr std::int32_t distance_from(GreSeq other) const {
    return static_cast<std::int32_t>(value - other.value);
  }
  [[nodiscard]] constexpr bool is_after(GreSeq other) const { return distance_from(other) > 0; }
  friend constexpr bool operator==(GreSeq, GreSeq) = default;
};

/// MPPE coherency count, RFC 3078 §3.1: modulo 4096.
struct CoherencyCount {
  static constexpr std::uint16_t kModulus = 4096;
  std::uint16_t value = 0;
  constexpr CoherencyCount() = default;
  constexpr explicit CoherencyCount(std::uint16_t v)
      : value(static_cast<std::uint16_t>(v & (kModulus - 1))) {}
  [[nodiscard]] constexpr CoherencyCount next() const {
    return CoherencyCount(static_cast<std::uint16_t>(value + 1));
  }
  /// Steps forward from `other` to this one, 0..4095.
  [[nodiscard]] constexpr std::uint16_t steps_from(CoherencyCount other) const {
    return static_cast<std::uint16_t>((value - other.value) & (kModulus - 1));
  }
  friend constexpr bool operator==(CoherencyCount, CoherencyCount) = default;
};

/// IPv4 address in host byte order; 0 means "none".
struct Ipv4Address {
  std::uint32_t value = 0;
  constexpr Ipv4Address() = default;
  constexpr explicit Ipv4Address(std::uint32_t v) : value(v) {}
  constexpr Ipv4Address(unsigned a, unsigned b, unsigned c, unsigned d)
      : value((a << 24) | (b << 16) | (c << 8) | d) {}
  [[nodiscard]] constexpr bool is_none() const { return value == 0; }
  friend constexpr auto operator<=>(Ipv4Address, Ipv4Address) = default;
};

/// True for an address that a single host can have: not in 0/8 ("this" network), loopback 127/8, multicast or
/// reserved 224/3.
[[nodiscard]] constexpr bool is_host(Ipv4Address address) {
  const std::uint32_t first_octet = address.value >> 24;
  return first_octet != 0 && first_octet != 127 && first_octet < 224;
}

/// 127/8: this machine itself.
[[nodiscard]] constexpr bool is_loopback(Ipv4Address address) {
  return address.value >> 24 == 127;
}

/// All addresses that share their first `length` bits.
struct Ipv4Prefix {
  Ipv4Address address;       ///< its host bits are clear
  std::uint8_t length = 32;  ///< 0..32
  [[nodiscard]] constexpr std::uint32_t mask() const {
    return static_cast<std::uint32_t>(~std::uint64_t{0} << (32 - length));
  }
  [[nodiscard]] constexpr bool contains(Ipv4Address a) const { return (a.value & mask()) == address.value; }
  [[nodiscard]] constexpr std::uint64_t size() const { return std::uint64_t{1} << (32 - length); }
  friend constexpr auto operator<=>(const Ipv4Prefix&, const Ipv4Prefix&) = default;
};

[[nodiscard]] inline std::string to_string(Ipv4Address a) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) {
    text += std::to_string((a.value >> shift) & 255);
    text += shift == 0 ? "" : ".";
  }
  return text;
}

[[nodiscard]] inline std::string to_string(const Ipv4Prefix& prefix) {
  return to_string(prefix.address) + '/' + std::to_string(prefix.length);
}

/// Strict dotted quad: four decimal octets without leading zeros, nothing else.
[[nodiscard]] constexpr std::optional<Ipv4Address> parse_ipv4(std::string_view text) {
  std::uint32_t value = 0;
  std::size_t at = 0;
  for (int octet = 0; octet < 4; ++octet) {
    if (octet > 0 && (at >= text.size() || text[at++] != '.')) {
      return std::nullopt;
    }
    const std::size_t begin = at;
    std::uint32_t number = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9' && at - begin < 3) {
      number = number * 10 + static_cast<std::uint32_t>(text[at++] - '0');
    }
    if (at == begin || number > 255 || (at - begin > 1 && text[begin] == '0')) {
      return std::nullopt;
    }
    value = (value << 8) | number;
  }
  return at == text.size() ? std::optional(Ipv4Address(value)) : std::nullopt;
}

/// The number behind a prefix' slash: digits alone, no leading zero, `most` at most.
[[nodiscard]] constexpr std::optional<std::uint8_t> parse_prefix_length(std::string_view digits,
                                                                        unsigned most) {
  unsigned length = 0;
  for (const char c : digits) {
    length = length * 10 + static_cast<unsigned>(c - '0');
    if (c < '0' || c > '9' || length > most) {
      return std::nullopt;
    }
  }
  const bool canonical = !digits.empty() && (digits.size() == 1 || digits.front() != '0');
  return canonical ? std::optional(static_cast<std::uint8_t>(length)) : std::nullopt;
}

/// "10.20.0.0/24": a strict dotted quad whose host bits are clear.
[[nodiscard]] constexpr std::optional<Ipv4Prefix> parse_prefix(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_ipv4(text.substr(0, slash));
  if (!address || slash == std::string_view::npos) {
    return std::nullopt;
  }
  const auto length = parse_prefix_length(text.substr(slash + 1), 32);
  const Ipv4Prefix prefix{.address = *address, .length = length.value_or(0)};
  return length && prefix.contains(*address) ? std::optional(prefix) : std::nullopt;
}

}  // namespace adit::wire

template <>
struct std::hash<adit::wire::Ipv4Address> {
  std::size_t operator()(adit::wire::Ipv4Address a) const noexcept {
    return std::hash<std::uint32_t>{}(a.value);
  }
};
