// SPDX-License-Identifier: Apache-2.0
// What differs between IPv4 and IPv6 where one template serves both: how long an address is, what a prefix of it is and
// how to count through the addresses. Pure; any thread.
#pragma once

#include <concepts>
#include <cstdint>

#include "dataplane/wire/ethernet.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::wire {

template <typename Address>
concept IpAddress = std::same_as<Address, Ipv4Address> || std::same_as<Address, Ipv6Address>;

template <IpAddress Address>
struct IpFamily;

template <>
struct IpFamily<Ipv4Address> {
  using Prefix = Ipv4Prefix;
  static constexpr std::uint8_t kBits = 32;
  static constexpr EtherType kEtherType = EtherType::kIpv4;
  [[nodiscard]] static constexpr Ipv4Address first_of(const Ipv4Prefix& prefix) {
    return Ipv4Address(prefix.address.value & prefix.mask());
  }
  [[nodiscard]] static constexpr Ipv4Address last_of(const Ipv4Prefix& prefix) {
    return Ipv4Address(prefix.address.value | ~prefix.mask());
  }
  /// All zero after the last of all.
  [[nodiscard]] static constexpr Ipv4Address after(Ipv4Address address) {
    return Ipv4Address(address.value + 1);
  }
  [[nodiscard]] static constexpr std::uint16_t first_16_bits(Ipv4Address address) {
    return static_cast<std::uint16_t>(address.value >> 16);
  }
  /// The first that begins with these.
  [[nodiscard]] static constexpr Ipv4Address first_with(std::uint16_t bits) {
    return Ipv4Address(std::uint32_t{bits} << 16);
  }
};

template <>
struct IpFamily<Ipv6Address> {
  using Prefix = Ipv6Prefix;
  static constexpr std::uint8_t kBits = 128;
  static constexpr EtherType kEtherType = EtherType::kIpv6;
  [[nodiscard]] static constexpr Ipv6Address first_of(const Ipv6Prefix& prefix) {
    return Ipv6Prefix::cut(prefix.address, prefix.length);
  }
  [[nodiscard]] static constexpr Ipv6Address last_of(const Ipv6Prefix& prefix) {
    const Ipv6Address mask = Ipv6Prefix::cut({~std::uint64_t{0}, ~std::uint64_t{0}}, prefix.length);
    return {prefix.address.high | ~mask.high, prefix.address.low | ~mask.low};
  }
  /// All zero after the last of all.
  [[nodiscard]] static constexpr Ipv6Address after(const Ipv6Address& address) {
    return {address.high + (address.low == ~std::uint64_t{0} ? 1 : 0), address.low + 1};
  }
  [[nodiscard]] static constexpr std::uint16_t first_16_bits(const Ipv6Address& address) {
    return static_cast<std::uint16_t>(address.high >> 48);
  }
  [[nodiscard]] static constexpr Ipv6Address first_with(std::uint16_t bits) {
    return {std::uint64_t{bits} << 48, 0};
  }
};

template <IpAddress Address>
using PrefixOf = typename IpFamily<Address>::Prefix;

}  // namespace adit::wire
