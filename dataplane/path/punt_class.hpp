// SPDX-License-Identifier: Apache-2.0
// What kind of frame is passed to the kernel, and how many of each kind: control-plane policing, as in RFC 6192 §3.2. Every
// class has a rate and a ring of its own, so a flood of one leaves the others alone. Where strangers can send what calls
// depend on, as whoever asks for a call can, one source has only a part of the class; forged addresses are what remains.
// Thread: worker.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "dataplane/base/drop_reason.hpp"
#include "dataplane/call/call_index.hpp"
#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/token_bucket.hpp"

namespace adit::dataplane {

/// In the order in which control passes them on.
enum class PuntClass : std::uint8_t {
  /// What only a neighbour can send: IS-IS; OSPF, EIGRP, PIM, RIP and LDP to the link's multicast; BFD, VRRP, BGP and LDP
  /// with a TTL of 255.
  kRouting,
  kRemoteRouting,  ///< the same protocols from anywhere, so from anybody; but BFD and VRRP are kOther then
  kRoutingSyn,     ///< SYN of BGP and LDP
  kNeighbours,     ///< ARP, IPv6 neighbour discovery
  kPeers,          ///< TCP/1723 without SYN from an address that has a call, which takes no login
  kNewPeers,       ///< TCP/1723 without SYN from any other
  kNewPeersSyn,    ///< SYN to TCP/1723
  kTcp,            ///< any other TCP without SYN: management, RadSec
  kTcpSyn,
  kIcmp,
  /// UDP, fragments, other protocols and link layers. RADIUS servers' replies are here, beside strangers' UDP: where the
  /// servers are reached through another device than clients, they have the rate to themselves, but not the ring.
  kOther,
};

struct PuntShare {
  std::uint32_t per_second;  ///< frames from one device by one worker
  std::uint32_t at_once;
  std::uint32_t
      ring;  ///< frames of all workers that wait for control: a power of two, of which one is not used
  // Of each of a source's two buckets (source_buckets.hpp); 0: sources have no limit of their own.
  std::uint32_t source_per_second = 0;
  std::uint32_t source_at_once = 0;

  [[nodiscard]] constexpr wire::TokenRate rate() const { return {per_second, 1000, at_once}; }
  [[nodiscard]] constexpr wire::TokenRate source_rate() const {
    return {source_per_second, 1000, source_at_once};
  }
  /// One source leaves most of the rate, and half of the ring, to the others.
  [[nodiscard]] constexpr bool is_fair() const {
    return 2 * source_per_second <= per_second / 5 && 2 * source_at_once <= std::min(at_once, ring) / 2;
  }
};

/// Indexed by class. Control needs some 3 us a frame.
inline constexpr std::array<PuntShare, 11> kPuntShares{{
    {10'000, 1'000, 256},  // a full BGP table within seconds
    // ... within half a minute, unless the session has RFC 5082's TTL of 255
    {10'000, 1'000, 256, 1'000, 64},
    {100, 100, 64, 5, 5},
    {2'000, 500, 128},
    // 100,000 calls, and as many of them set up as control can. An address needs no login to get here, so it has a tenth:
    // behind a CGNAT's, 5,000 subscribers' echoes and their acknowledgements are some 400 a second.
    {10'000, 1'000, 256, 500, 64},
    {10'000, 1'000, 256},
    {10'000, 1'000, 256},  // the default of accept-rate
    {10'000, 1'000, 256},
    {1'000, 200, 64},
    {1'000, 200, 64},
    {5'000, 500, 128},  // RADIUS, DNS, NTP
}};
inline constexpr std::size_t kPuntClasses = kPuntShares.size();
static_assert(std::ranges::all_of(kPuntShares, [](const PuntShare& share) {
  return share.rate().fits() && share.source_rate().fits() && share.is_fair();
}));

[[nodiscard]] constexpr const PuntShare& share_of(PuntClass punt_class) noexcept {
  return kPuntShares[static_cast<std::size_t>(punt_class)];
}

/// For frames beyond the class's rate.
[[nodiscard]] constexpr DropReason reason_of(PuntClass punt_class) noexcept {
  return static_cast<DropReason>(static_cast<std::size_t>(DropReason::kPuntRouting) +
                                 static_cast<std::size_t>(punt_class));
}
static_assert(reason_of(PuntClass::kOther) == DropReason::kPuntOther &&
              static_cast<std::size_t>(PuntClass::kOther) + 1 == kPuntClasses);

struct PuntFrame {
  PuntClass punt_class = PuntClass::kOther;
  std::optional<wire::Ipv4Address> destination{};  ///< of a unicast IPv4 frame
  std::uint64_t source =
      0;  ///< IPv4 address, or the upper half of an IPv6 address: a host has all of the lower
};

/// Looks at a whole Ethernet frame; `index` tells peers from strangers.
[[nodiscard]] PuntFrame look_at(wire::Bytes frame, const CallIndex& index) noexcept;

}  // namespace adit::dataplane
