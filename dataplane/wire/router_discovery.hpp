// SPDX-License-Identifier: Apache-2.0
// Router Solicitations and Advertisements (RFC 4861 §4.1, §4.2, §6.1.1), with name servers and search domains (RFC 8106).
// Pure; any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/domain_name.hpp"
#include "dataplane/wire/icmpv6.hpp"
#include "dataplane/wire/ipv6.hpp"
#include "dataplane/wire/ipv6_address.hpp"
#include "dataplane/wire/neighbour.hpp"

namespace adit::wire {

inline constexpr std::size_t kRouterSolicitationSize = 8;  ///< without options

/// RFC 4861 §6.1.1. `packet` has passed check_ipv6().
[[nodiscard]] inline bool is_router_solicitation(Bytes packet) noexcept {
  return is_neighbour_discovery(packet, Icmpv6Type::kRouterSolicitation, kRouterSolicitationSize) &&
         !(Ipv6View(packet.data()).source().is_none() &&
           has_neighbour_option(packet, kRouterSolicitationSize, kSourceLinkLayerAddress));
}

/// Lifetimes in seconds.
struct PrefixInformation {
  Ipv6Prefix prefix;
  std::uint32_t valid = 0, preferred = 0;
};

/// Writes the whole IPv6 packet to `at`, with room for kRouterSolicitationPacketSize octets, to all routers. Without our
/// link-layer address, as PPP has none.
inline constexpr std::size_t kRouterSolicitationPacketSize = kIpv6Size + kRouterSolicitationSize;
inline void write_router_solicitation(std::uint8_t* at, const Ipv6Address& from) noexcept {
  std::uint8_t* const icmp = at + kIpv6Size;
  std::memset(icmp, 0, kRouterSolicitationSize);
  icmp[0] = static_cast<std::uint8_t>(Icmpv6Type::kRouterSolicitation);
  write_ipv6(at, {.source = from,
                  .destination = kAllRouters,
                  .payload_length = kRouterSolicitationSize,
                  .next_header = kIpProtocolIcmpv6,
                  .hop_limit = kNeighbourHopLimit});
  store_be(icmp + 2, upper_layer_checksum(at, Bytes(icmp, kRouterSolicitationSize), kIpProtocolIcmpv6));
}

struct RouterAdvertisement {
  std::uint8_t hop_limit = 64;
  bool managed = false;  ///< M: there are addresses by DHCPv6
  bool other = false;    ///< O: there is more by DHCPv6
  std::uint16_t router_lifetime = 0;
  std::uint32_t mtu = kIpv6MinMtu;
  std::optional<PrefixInformation> prefix{};
  std::uint32_t dns_lifetime = 0;
  std::span<const Ipv6Address> dns{};
  std::span<const std::string> domains{};
};

inline constexpr std::size_t kRouterAdvertisementSize = 16;  ///< without options
inline constexpr std::uint8_t kPrefixInformation = 3, kPrefixInformationSize = 32;
inline constexpr std::uint8_t kPrefixAutonomous = 0x40;                    ///< A of a prefix
inline constexpr std::uint8_t kRouterManaged = 0x80, kRouterOther = 0x40;  ///< M and O of an advertisement

/// Room for any advertisement: it is never fragmented.
inline constexpr std::size_t kRouterAdvertisementMaxSize = kIpv6MinMtu;

/// RFC 4861 §4.6.2. A host makes itself addresses in a /64 (A: RFC 4862 §5.5.3 needs 64 bits for the identifier). L stays
/// clear: nobody else is on a PPP link, so that a host has no one to look for there, and sends all to us, its
/// router.
inline std::uint8_t* write_prefix_information(std::uint8_t* at,
                                              const PrefixInformation& information) noexcept {
  at[0] = kPrefixInformation;
  at[1] = kPrefixInformationSize / 8;
  at[2] = information.prefix.length;
  at[3] = information.prefix.length == 64 ? kPrefixAutonomous : 0;
  store_be(at + 4, information.valid);
  store_be(at + 8, information.preferred);
  store_be<std::uint32_t>(at + 12, 0);
  store_ipv6(at + 16, information.prefix.address);
  return at + kPrefixInformationSize;
}

/// RFC 8106 §5.1: as many as `room` octets hold.
inline std::uint8_t* write_rdnss(std::uint8_t* at, std::size_t room, std::span<const Ipv6Address> servers,
                                 std::uint32_t lifetime) noexcept {
  const std::size_t count = std::min({servers.size(), room < 8 ? 0 : (room - 8) / 16, std::size_t{127}});
  if (count == 0) {
    return at;
  }
  at[0] = 25;
  at[1] = static_cast<std::uint8_t>(1 + 2 * count);
  store_be<std::uint16_t>(at + 2, 0);
  store_be(at + 4, lifetime);
  for (std::size_t i = 0; i < count; ++i) {
    store_ipv6(at + 8 + 16 * i, servers[i]);
  }
  return at + 8 + 16 * count;
}

/// RFC 8106 §5.2: as many as `room` octets, a multiple of 8, hold.
inline std::uint8_t* write_dnssl(std::uint8_t* at, std::size_t room, std::span<const std::string> domains,
                                 std::uint32_t lifetime) noexcept {
  std::size_t size = 8;
  for (const std::string& domain : domains) {
    size += size < room ? write_domain_name({at + size, room - size}, domain) : 0;
  }
  if (size == 8) {
    return at;
  }
  const std::size_t padded = (size + 7) / 8 * 8;
  std::memset(at + size, 0, padded - size);
  at[0] = 31;
  at[1] = static_cast<std::uint8_t>(padded / 8);
  store_be<std::uint16_t>(at + 2, 0);
  store_be(at + 4, lifetime);
  return at + padded;
}

/// Writes the whole IPv6 packet to `at`, which has room for kRouterAdvertisementMaxSize octets, and returns its size. Name
/// servers and domains that do not fit are left out. No option has our link-layer address, as PPP has none.
inline std::size_t write_router_advertisement(std::uint8_t* at, const Ipv6Address& from,
                                              const Ipv6Address& to,
                                              const RouterAdvertisement& advertisement) noexcept {
  std::uint8_t* const icmp = at + kIpv6Size;
  icmp[0] = static_cast<std::uint8_t>(Icmpv6Type::kRouterAdvertisement);
  icmp[1] = 0;
  store_be<std::uint16_t>(icmp + 2, 0);
  icmp[4] = advertisement.hop_limit;
  icmp[5] = static_cast<std::uint8_t>((advertisement.managed ? kRouterManaged : 0) |
                                      (advertisement.other ? kRouterOther : 0));
  store_be(icmp + 6, advertisement.router_lifetime);
  store_be<std::uint64_t>(icmp + 8, 0);  // Reachable Time and Retrans Timer: unspecified
  std::uint8_t* end = icmp + 16;
  store_be<std::uint32_t>(end, 0x0501'0000);  // RFC 4861 §4.6.4
  store_be(end + 4, advertisement.mtu);
  end += 8;
  if (advertisement.prefix) {
    end = write_prefix_information(end, *advertisement.prefix);
  }
  const auto room = [&] { return kRouterAdvertisementMaxSize - static_cast<std::size_t>(end - at); };
  end = write_rdnss(end, room(), advertisement.dns, advertisement.dns_lifetime);
  end = write_dnssl(end, room() / 8 * 8, advertisement.domains, advertisement.dns_lifetime);
  const auto size = static_cast<std::size_t>(end - icmp);
  write_ipv6(at, {.source = from,
                  .destination = to,
                  .payload_length = static_cast<std::uint16_t>(size),
                  .traffic_class = 0xC0,
                  .next_header = kIpProtocolIcmpv6,
                  .hop_limit = kNeighbourHopLimit});
  store_be(icmp + 2, upper_layer_checksum(at, Bytes(icmp, size), kIpProtocolIcmpv6));
  return kIpv6Size + size;
}

/// What a host needs of an advertisement (RFC 4861 §6.1.2): MTU, name servers and domains stay as they are by default.
/// `prefix`: the first /64 that hosts may make themselves addresses in (RFC 4862 §5.5.3). None: it is no valid one.
/// `packet` has passed check_ipv6().
[[nodiscard]] inline std::optional<RouterAdvertisement> parse_router_advertisement(Bytes packet) noexcept {
  const Ipv6View header(packet.data());
  if (!is_neighbour_discovery(packet, Icmpv6Type::kRouterAdvertisement, kRouterAdvertisementSize) ||
      !is_link_local(header.source())) {
    return std::nullopt;
  }
  const Bytes icmp = packet.subspan(kIpv6Size, header.payload_length());
  RouterAdvertisement read{.hop_limit = icmp[4],
                           .managed = (icmp[5] & kRouterManaged) != 0,
                           .other = (icmp[5] & kRouterOther) != 0,
                           .router_lifetime = load_be<std::uint16_t>(icmp.data() + 6)};
  for (std::size_t at = kRouterAdvertisementSize; at < icmp.size(); at += icmp[at + 1] * 8U) {
    const std::uint8_t* const option = icmp.data() + at;
    if (option[0] != kPrefixInformation || option[1] * 8U != kPrefixInformationSize || option[2] != 64 ||
        (option[3] & kPrefixAutonomous) == 0 || read.prefix) {
      continue;
    }
    const PrefixInformation information{
        .prefix = {.address = Ipv6Prefix::cut(load_ipv6(option + 16), 64), .length = 64},
        .valid = load_be<std::uint32_t>(option + 4),
        .preferred = load_be<std::uint32_t>(option + 8)};
    if (is_host(information.prefix.address) && information.preferred <= information.valid) {
      read.prefix = information;
    }
  }
  return read;
}

}  // namespace adit::wire
