// SPDX-License-Identifier: Apache-2.0
// Lowers the Maximum Segment Size option of a TCP SYN (RFC 9293 §3.7.1) so that segments fit the tunnel, for
// paths that lose "fragmentation needed". The checksum is updated (RFC 1624). Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ipv4.hpp"

namespace adit::wire {

/// Octets of IPv4 and TCP header without options: the clamp for an inner MTU is MTU - 40.
inline constexpr std::uint16_t kIpv4TcpOverhead = 40;
inline constexpr std::uint16_t kIpv6TcpOverhead = 60;  ///< of IPv6

/// `segment` is the TCP part of an IP packet that is not fragmented, or of a first fragment.
/// Returns true if it was changed: a SYN whose first MSS option exceeds `limit`. Malformed option lists are
/// left alone.
inline bool clamp_tcp_mss(MutableBytes segment, std::uint16_t limit) noexcept {
  constexpr std::size_t kTcpSize = 20;
  constexpr std::uint8_t kSyn = 0x02;
  constexpr std::uint8_t kEndOfOptions = 0;
  constexpr std::uint8_t kNoOperation = 1;
  constexpr std::uint8_t kMss = 2;
  if (segment.size() < kTcpSize || (segment[13] & kSyn) == 0) {
    return false;
  }
  const std::size_t end = std::size_t{segment[12]} / 16 * 4;
  if (end < kTcpSize || end > segment.size()) {
    return false;
  }
  for (std::size_t at = kTcpSize; at < end && segment[at] != kEndOfOptions;) {
    if (segment[at] == kNoOperation) {
      ++at;
      continue;
    }
    if (end - at < 2 || segment[at + 1] < 2 || segment[at + 1] > end - at) {
      return false;
    }
    if (segment[at] != kMss) {
      at += segment[at + 1];
      continue;
    }
    std::uint8_t* value = segment.data() + at + 2;
    if (segment[at + 1] != 4 || load_be<std::uint16_t>(value) <= limit) {
      return false;
    }
    std::uint16_t before = load_be<std::uint16_t>(value);
    std::uint16_t after = limit;
    store_be(value, limit);
    // At an odd offset the two octets belong to different words. Swapping both values accounts for that: a
    // one's complement sum does not depend on byte order.
    if (at % 2 != 0) {
      before = __builtin_bswap16(before);
      after = __builtin_bswap16(after);
    }
    std::uint8_t* checksum = segment.data() + 16;
    store_be(checksum, update_checksum(load_be<std::uint16_t>(checksum), before, after));
    return true;
  }
  return false;
}

}  // namespace adit::wire
