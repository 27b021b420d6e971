// SPDX-License-Identifier: Apache-2.0
// The ICMP messages that a router sends: "fragmentation needed" with the next hop's MTU (RFC 792, RFC 1191
// §4), "unreachable", "time exceeded in transit", and the reply to an echo request. Pure; any thread. The
// caller limits the rate.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv4.hpp"

namespace adit::wire {

/// RFC 1812 §4.3.2.3: quote as much as fits into 576 octets.
inline constexpr std::size_t kIcmpErrorMaxSize = 576;
inline constexpr std::size_t kIcmpSize = 8;

struct IcmpError {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint16_t mtu = 0;  ///< RFC 1191 §4: for "fragmentation needed" only
};
[[nodiscard]] constexpr IcmpError fragmentation_needed(std::uint16_t next_hop_mtu) noexcept {
  return IcmpError{3, 4, next_hop_mtu};
}
inline constexpr IcmpError kTimeExceeded{11, 0, 0};
inline constexpr IcmpError kNetUnreachable{3, 0, 0};   ///< RFC 1812 §4.3.3.1: no route
inline constexpr IcmpError kHostUnreachable{3, 1, 0};  ///< the same: no such host on an attached network

/// RFC 1812 §4.3.2.7: no error about an ICMP error, a later fragment, or a packet to or from an address that
/// is not a single host's. `packet` is the offending packet, `header` its parsed header.
[[nodiscard]] inline bool deserves_icmp_error(const Ipv4Header& header, Bytes packet) noexcept {
  if (header.fragment_offset != 0 || !is_host(header.source) || !is_host(header.destination)) {
    return false;
  }
  if (header.protocol != kIpProtocolIcmp) {
    return true;
  }
  if (header.payload_length() == 0 || packet.size() <= header.header_length) {
    return false;
  }
  const std::uint8_t type = packet[header.header_length];
  return type == 0 || type == 8 || (type >= 13 && type <= 18);  // echo, timestamp, information, mask: queries
}

/// Writes an IPv4 packet from `from` to `header.source` that quotes `packet`, at most kIcmpErrorMaxSize octets, which
/// `at` must have room for. Returns its size. Ask deserves_icmp_error() first.
inline std::size_t write_icmp_error(std::uint8_t* at, IcmpError error, Ipv4Address from,
                                    const Ipv4Header& header, Bytes packet) noexcept {
  constexpr std::size_t kQuoteAt = kIpv4Size + kIcmpSize;
  const std::size_t quoted =
      std::min({std::size_t{header.total_length}, packet.size(), kIcmpErrorMaxSize - kQuoteAt});
  Ipv4Header outer;
  outer.source = from;
  outer.destination = header.source;
  outer.total_length = static_cast<std::uint16_t>(kQuoteAt + quoted);
  outer.tos = 0xC0;  // RFC 1812 §4.3.2.5: precedence 6, internetwork control
  outer.ttl = 64;
  outer.protocol = kIpProtocolIcmp;
  write_ipv4(at, outer);
  std::uint8_t* icmp = at + kIpv4Size;
  icmp[0] = error.type;
  icmp[1] = error.code;
  store_be<std::uint16_t>(icmp + 2, 0);
  store_be<std::uint16_t>(icmp + 4, 0);
  store_be<std::uint16_t>(icmp + 6, error.mtu);
  std::memcpy(at + kQuoteAt, packet.data(), quoted);
  store_be<std::uint16_t>(icmp + 2, internet_checksum(Bytes(icmp, kIcmpSize + quoted)));
  return kQuoteAt + quoted;
}

/// RFC 1122 §3.2.2.6: turns an echo request into its reply, in place. `packet` is a whole IPv4 packet that
/// check_ipv4() has accepted. False, with nothing changed, if it is anything else, a fragment, has a bad ICMP
/// checksum, or has options (source routes must not be obeyed).
[[nodiscard]] inline bool turn_into_echo_reply(MutableBytes packet) noexcept {
  constexpr std::uint16_t kRequest = 8 << 8;  // type, code
  std::uint8_t* at = packet.data();
  const Ipv4View header(at);
  std::uint8_t* icmp = at + kIpv4Size;
  if (header.header_length() != kIpv4Size || header.protocol() != kIpProtocolIcmp || header.is_fragment() ||
      header.payload_length() < kIcmpSize || load_be<std::uint16_t>(icmp) != kRequest ||
      internet_checksum(Bytes(icmp, header.payload_length())) != 0) {
    return false;
  }
  store_be<std::uint16_t>(icmp, 0);
  store_be(icmp + 2, update_checksum(load_be<std::uint16_t>(icmp + 2), kRequest, 0));
  const Ipv4Address asker = header.source();
  store_be(at + 12, header.destination().value);
  store_be(at + 16, asker.value);
  const auto before = load_be<std::uint16_t>(at + 8);
  at[8] = 64;
  store_be(at + 10, update_checksum(load_be<std::uint16_t>(at + 10), before, load_be<std::uint16_t>(at + 8)));
  return true;
}

}  // namespace adit::wire
