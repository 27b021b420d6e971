// SPDX-License-Identifier: Apache-2.0
// Why a packet was dropped: one enumerator, counter, name and text for each cause. The names are what `adit
// show drops` and the metrics print; they do not change once released. Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace adit::dataplane {

// X(enumerator, name, what an operator should know)
#define ADIT_DROP_REASONS(X)                                                                                 \
  /* ---- arrival ---- */                                                                                    \
  X(kNotIpv4, "not_ipv4", "a frame on a data port that is not IPv4: ARP, IPv6, spanning tree")               \
  X(kForeignMac, "foreign_mac", "broadcast, multicast, or for another station on the link")                  \
  X(kForeignVlan, "foreign_vlan", "with a VLAN tag that no port has, or without one where all have")         \
  /* for the kernel, beyond the rate of the frame's class, in the order of PuntClass (punt_class.hpp) */     \
  X(kPuntRouting, "punt_routing", "for the kernel, too many: of routing protocols, from neighbours")         \
  X(kPuntRemoteRouting, "punt_remote_routing",                                                               \
    "for the kernel, too many: of routing protocols, from what need not be a neighbour")                     \
  X(kPuntRoutingSyn, "punt_routing_syn", "for the kernel, too many: SYNs of routing protocols")              \
  X(kPuntNeighbours, "punt_neighbours", "for the kernel, too many: ARP and IPv6 neighbour discovery")        \
  X(kPuntPeers, "punt_peers", "for the kernel, too many: TCP/1723 of addresses that have a call")            \
  X(kPuntNewPeers, "punt_new_peers", "for the kernel, too many: TCP/1723 of addresses that have no call")    \
  X(kPuntNewPeersSyn, "punt_new_peers_syn", "for the kernel, too many: SYNs to TCP/1723")                    \
  X(kPuntTcp, "punt_tcp", "for the kernel, too many: other TCP")                                             \
  X(kPuntTcpSyn, "punt_tcp_syn", "for the kernel, too many: SYNs of other TCP")                              \
  X(kPuntIcmp, "punt_icmp", "for the kernel, too many: ICMP")                                                \
  X(kPuntOther, "punt_other", "for the kernel, too many: UDP, fragments, other protocols")                   \
  X(kPuntFull, "punt_full", "for the kernel, which does not keep up with frames of that class")              \
  X(kNotForUs, "not_for_us", "IPv4 that is neither PPTP GRE on the access side nor for a subscriber")        \
  X(kSegmented, "segmented", "frame larger than one buffer: lower the port's MTU")                           \
  X(kNoBuffer, "no_buffer", "the packet pool is empty: raise its size")                                      \
  X(kNoHeadroom, "no_headroom",                                                                              \
    "no room before the packet for our headers: the device's buffers are too tight")                         \
  /* ---- outer IPv4 and GRE, RFC 2637 §4 ---- */                                                            \
  X(kOuterHeader, "outer_header", "outer IPv4 header malformed or its checksum wrong")                       \
  X(kFragmentStranger, "fragment_stranger", "GRE in IPv4 fragments from an address that has no call")        \
  X(kFragmentIncomplete, "fragment_incomplete",                                                              \
    "GRE in IPv4 fragments of which some did not come in time, or overlapped")                               \
  X(kFragmentFlood, "fragment_flood",                                                                        \
    "unfinished IPv4 fragments of the source that has most of them, given up for newer ones")                \
  X(kFragmentTooLong, "fragment_too_long", "GRE whose IPv4 fragments together exceed one buffer")            \
  X(kGreTruncated, "gre_truncated", "GRE packet shorter than its header")                                    \
  X(kGreNotEnhanced, "gre_not_enhanced", "GRE that is not PPTP's")                                           \
  X(kGreBadFlags, "gre_bad_flags", "enhanced GRE with flags that RFC 2637 forbids")                          \
  X(kGrePayloadLength, "gre_payload_length", "GRE payload length exceeds the packet")                        \
  X(kGreNoOp, "gre_no_op", "GRE packet with neither data nor acknowledgement")                               \
  X(kUnknownCall, "unknown_call", "GRE for a call that is not installed: ended, or never was")               \
  X(kWrongPeer, "wrong_peer",                                                                                \
    "GRE for a call from another address than its control connection's: spoofing, or "                       \
    "a peer whose TCP and GRE leave through different addresses")                                            \
  X(kGreDuplicate, "gre_duplicate", "sequence number seen just before")                                      \
  X(kGreLate, "gre_late", "sequence number already passed: reordered on the way")                            \
  X(kGreJump, "gre_jump",                                                                                    \
    "unencrypted, and its sequence number far from all others: forged, or the first after a long loss")      \
  /* ---- PPP ---- */                                                                                        \
  X(kPppHeader, "ppp_header", "PPP header malformed or cut off")                                             \
  X(kPppFrameTooLong, "ppp_frame_too_long", "PPP control frame larger than 1,600 octets")                    \
  X(kPppFlood, "ppp_flood", "more PPP control frames from one call than it may send")                        \
  X(kControlRingFull, "control_ring_full", "the control thread does not keep up with PPP frames")            \
  X(kControlRingDials, "control_ring_dials",                                                                 \
    "PPP control frames of calls that have not had IP up, beyond their half of control's ring")              \
  X(kIpNotUp, "ip_not_up", "data before IPCP opened or after it closed")                                     \
  X(kIpv6NotUp, "ipv6_not_up", "IPv6 from a subscriber that has not negotiated it")                          \
  X(kClearRefused, "clear_refused", "unencrypted data from a peer that must encrypt")                        \
  X(kNoClearSent, "no_clear_sent", "data for a subscriber whose encryption is required and not up yet")      \
  /* ---- MPPE, RFC 3078 §8 ---- */                                                                          \
  X(kMppeNotUp, "mppe_not_up", "encrypted data, but no encryption was negotiated")                           \
  X(kMppeHeader, "mppe_header", "MPPE header with bits that the agreed mode cannot have")                    \
  X(kMppeLate, "mppe_late", "coherency count late or duplicate")                                             \
  X(kMppeBudget, "mppe_budget", "too many key changes to catch up: heavy loss, or forged packets")           \
  X(kMppeOutOfStep, "mppe_out_of_step",                                                                      \
    "stateful mode: packets before it were lost, so it cannot be decrypted; the peer is asked for a reset")  \
  X(kMppeImplausible, "mppe_implausible", "decrypts to nonsense: forged, damaged, or wrong keys")            \
  /* ---- inner IPv4 ---- */                                                                                 \
  X(kInnerHeader, "inner_header", "inner IPv4 header malformed or its checksum wrong")                       \
  X(kSpoofedSource, "spoofed_source", "a subscriber used a source address that is not its own")              \
  X(kMartian, "martian", "source or destination that must not be forwarded: loopback, multicast, broadcast") \
  X(kIpOptions, "ip_options", "a source route, or options malformed (RFC 7126)")                             \
  X(kBetweenSubscribers, "between_subscribers", "from one subscriber to another, which the config denies")   \
  X(kToConcentrator, "to_concentrator", "PPTP to the concentrator from inside a tunnel")                     \
  X(kToGateway, "to_gateway", "for the tunnels' gateway address, which answers pings and nothing else")      \
  X(kRateUp, "rate_up", "from a subscriber, beyond what its rate limit allows")                              \
  X(kRateDown, "rate_down", "to a subscriber, beyond what its rate limit allows")                            \
  X(kTtlExpired, "ttl_expired", "time to live used up; ICMP time exceeded was sent when the rate allowed")   \
  X(kTooBig, "too_big",                                                                                      \
    "larger than the tunnel with DF set; ICMP fragmentation needed was sent when allowed")                   \
  X(kTooManyFragments, "too_many_fragments", "would take more than 8 fragments to fit the tunnel")           \
  X(kUnknownSubscriber, "unknown_subscriber", "for an address that no call has")                             \
  /* ---- leaving ---- */                                                                                    \
  X(kNoRoute, "no_route", "the kernel has no route through a data port")                                     \
  X(kBlackhole, "blackhole", "the kernel's route sends it nowhere: blackhole, unreachable, prohibit")        \
  X(kUnresolved, "unresolved", "next hop's link address not known yet; the kernel was asked for it")         \
  X(kHandoffFull, "handoff_full", "the owning worker does not keep up")                                      \
  X(kHandoffStale, "handoff_stale", "handed to a worker that does not own the call any more")                \
  X(kTransmitFull, "transmit_full", "the device's transmit queue is full")                                   \
  X(kPortRestarts, "port_restarts", "the port is being restarted")

enum class DropReason : std::uint8_t {
#define X(enumerator, name, text) enumerator,
  ADIT_DROP_REASONS(X)
#undef X
};

struct DropReasonText {
  std::string_view name;
  std::string_view text;
};

inline constexpr std::array kDropReasonTexts{
#define X(enumerator, name, text) DropReasonText{name, text},
    ADIT_DROP_REASONS(X)
#undef X
};
#undef ADIT_DROP_REASONS

inline constexpr std::size_t kDropReasons = kDropReasonTexts.size();

[[nodiscard]] constexpr const DropReasonText& describe(DropReason reason) noexcept {
  return kDropReasonTexts[static_cast<std::size_t>(reason)];
}

}  // namespace adit::dataplane
