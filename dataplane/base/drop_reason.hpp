// SPDX-License-Identifier: Apache-2.0
// Why a packet was dropped: one enumerator, counter, name and text for each cause. The names are what `adit
// show drops` and the metrics print; they do not change once released. Pure; any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace adit::dataplane {

// X(enumerator, name, what an operator should know, what to do)
#define ADIT_DROP_REASONS(X)                                                                                 \
  /* ---- arrival ---- */                                                                                    \
  X(kNotIpv4, "not_ipv4", "a frame on a data port that is no IP to forward: ARP, spanning tree",             \
    "none is needed; on a port that DPDK owns, the kernel's path takes ARP and the rest")                    \
  X(kForeignMac, "foreign_mac", "broadcast, multicast, or for another station on the link",                  \
    "none is needed; many of them mean a switch that floods")                                                \
  X(kForeignVlan, "foreign_vlan", "with a VLAN tag that no port has, or without one where all have",         \
    "give a [[port]] that VLAN, or take it off the switch's port")                                           \
  /* for the kernel, beyond the rate of the frame's class, in the order of PuntClass (punt_class.hpp) */     \
  X(kPuntRouting, "punt_routing", "for the kernel, too many: of routing protocols, from neighbours",         \
    "see which neighbour sends so much; the limit protects the kernel")                                      \
  X(kPuntRemoteRouting, "punt_remote_routing",                                                               \
    "for the kernel, too many: of routing protocols, from what need not be a neighbour",                     \
    "see who sends routing protocols from afar; filter it before it arrives")                                \
  X(kPuntRoutingSyn, "punt_routing_syn", "for the kernel, too many: SYNs of routing protocols",              \
    "see who opens BGP connections so fast; filter it before it arrives")                                    \
  X(kPuntNeighbours, "punt_neighbours", "for the kernel, too many: ARP and IPv6 neighbour discovery",        \
    "look for a loop or a scan on the link")                                                                 \
  X(kPuntPeers, "punt_peers", "for the kernel, too many: TCP/1723 of addresses that have a call",            \
    "see which client floods its control connection")                                                        \
  X(kPuntNewPeers, "punt_new_peers", "for the kernel, too many: TCP/1723 of addresses that have no call",    \
    "see who floods TCP/1723, and filter it before it arrives")                                              \
  X(kPuntNewPeersSyn, "punt_new_peers_syn", "for the kernel, too many: SYNs to TCP/1723",                    \
    "a SYN flood or a storm of dials: filter it before it arrives, or wait")                                 \
  X(kPuntTcp, "punt_tcp", "for the kernel, too many: other TCP",                                             \
    "see who sends TCP to this machine over a data port")                                                    \
  X(kPuntTcpSyn, "punt_tcp_syn", "for the kernel, too many: SYNs of other TCP",                              \
    "see who scans this machine over a data port")                                                           \
  X(kPuntIcmp, "punt_icmp", "for the kernel, too many: ICMP", "see who pings this machine so often")         \
  X(kPuntOther, "punt_other", "for the kernel, too many: UDP, fragments, other protocols",                   \
    "see who sends UDP or other protocols to this machine over a data port")                                 \
  X(kPuntFull, "punt_full", "for the kernel, which does not keep up with frames of that class",              \
    "give the kernel more CPU, or filter what is sent to it")                                                \
  X(kNotForUs, "not_for_us", "IPv4 that is neither PPTP GRE on the access side nor for a subscriber",        \
    "correct the routes that lead it here")                                                                  \
  X(kSegmented, "segmented", "frame larger than one buffer: lower the port's MTU",                           \
    "lower the port's mtu, and turn off what makes frames larger (GRO, LRO)")                                \
  X(kNoBuffer, "no_buffer", "the packet pool is empty: raise its size",                                      \
    "see which pool is empty, and when: adit show stat")                                                     \
  X(kNoHeadroom, "no_headroom",                                                                              \
    "no room before the packet for our headers: the device's buffers are too tight",                         \
    "report the device and its driver")                                                                      \
  /* ---- outer IPv4 and GRE, RFC 2637 §4 ---- */                                                            \
  X(kOuterHeader, "outer_header", "outer IPv4 header malformed or its checksum wrong",                       \
    "look for a damaged line or a forger between client and server")                                         \
  X(kFragmentStranger, "fragment_stranger", "GRE in IPv4 fragments from an address that has no call",        \
    "none is needed; it is refused before it costs anything")                                                \
  X(kFragmentIncomplete, "fragment_incomplete",                                                              \
    "GRE in IPv4 fragments of which some did not come in time, or overlapped",                               \
    "lower the client's MTU, so that its GRE is not fragmented")                                             \
  X(kFragmentFlood, "fragment_flood",                                                                        \
    "unfinished IPv4 fragments of the source that has most of them, given up for newer ones",                \
    "see who sends fragments: adit show drops beside a capture")                                             \
  X(kFragmentTooLong, "fragment_too_long", "GRE whose IPv4 fragments together exceed one buffer",            \
    "lower the client's MTU")                                                                                \
  X(kGreTruncated, "gre_truncated", "GRE packet shorter than its header",                                    \
    "look for a damaged line or a forger between client and server")                                         \
  X(kGreNotEnhanced, "gre_not_enhanced", "GRE that is not PPTP's",                                           \
    "keep other GRE tunnels off the access side's address")                                                  \
  X(kGreBadFlags, "gre_bad_flags", "enhanced GRE with flags that RFC 2637 forbids",                          \
    "see which client sends it; it is not PPTP as RFC 2637 has it")                                          \
  X(kGrePayloadLength, "gre_payload_length", "GRE payload length exceeds the packet",                        \
    "look for a damaged line, or a middlebox that cuts packets")                                             \
  X(kGreNoOp, "gre_no_op", "GRE packet with neither data nor acknowledgement",                               \
    "none is needed; see which client sends it if they are many")                                            \
  X(kUnknownCall, "unknown_call", "GRE for a call that is not installed: ended, or never was",               \
    "none is needed right after a call; many mean clients that have not noticed its end, or a scan")         \
  X(kWrongPeer, "wrong_peer",                                                                                \
    "GRE for a call from another address than its control connection's: spoofing, or a peer whose TCP "      \
    "and GRE leave through different addresses",                                                             \
    "have the NAT or the router before the client give TCP and GRE one address")                             \
  X(kGreDuplicate, "gre_duplicate", "sequence number seen just before",                                      \
    "look for a link that duplicates, or a forger")                                                          \
  X(kGreLate, "gre_late", "sequence number already passed: reordered on the way",                            \
    "find what reorders (ECMP by packet, Wi-Fi); [pptp] reorder puts packets into order")                    \
  X(kGreJump, "gre_jump",                                                                                    \
    "unencrypted, and its sequence number far from all others: forged, or the first after a long loss",      \
    "none is needed; encrypted packets after it bring the call back")                                        \
  /* ---- PPP ---- */                                                                                        \
  X(kPppHeader, "ppp_header", "PPP header malformed or cut off",                                             \
    "see which client sends it; it is not PPP as RFC 1661 has it")                                           \
  X(kPppFrameTooLong, "ppp_frame_too_long", "PPP control frame larger than 1,600 octets",                    \
    "see which client sends it; no negotiation needs so much")                                               \
  X(kPppFlood, "ppp_flood", "more PPP control frames from one call than it may send",                        \
    "see which client repeats itself so fast")                                                               \
  X(kControlRingFull, "control_ring_full", "the control thread does not keep up with PPP frames",            \
    "give the control thread a CPU of its own; a storm of dials passes")                                     \
  X(kControlRingDials, "control_ring_dials",                                                                 \
    "PPP control frames of calls that have not had IP up, beyond their half of control's ring",              \
    "a storm of dials: wait, or lower [pptp] accept-rate")                                                   \
  X(kIpNotUp, "ip_not_up", "data before IPCP opened or after it closed",                                     \
    "none is needed at the begin and end of a call; else see why IPCP is not open: adit explain")            \
  X(kIpv6NotUp, "ipv6_not_up", "IPv6 from a subscriber that has not negotiated it",                          \
    "none is needed; turn IPv6 off at the client to be rid of it")                                           \
  X(kClearRefused, "clear_refused", "unencrypted data from a peer that must encrypt",                        \
    "have the client encrypt, or relax [ppp] mppe")                                                          \
  X(kNoClearSent, "no_clear_sent", "data for a subscriber whose encryption is required and not up yet",      \
    "see why encryption is not up: adit explain")                                                            \
  /* ---- MPPE, RFC 3078 §8 ---- */                                                                          \
  X(kMppeNotUp, "mppe_not_up", "encrypted data, but no encryption was negotiated",                           \
    "none is needed right after CCP; else see what the client negotiated: adit explain")                     \
  X(kMppeHeader, "mppe_header", "MPPE header with bits that the agreed mode cannot have",                    \
    "see which client sends it; it encrypts in a mode that was not agreed")                                  \
  X(kMppeLate, "mppe_late", "coherency count late or duplicate",                                             \
    "find what reorders (ECMP by packet, Wi-Fi); [pptp] reorder puts packets into order")                    \
  X(kMppeBudget, "mppe_budget", "too many key changes to catch up: heavy loss, or forged packets",           \
    "look for heavy loss on the way, or a forger")                                                           \
  X(kMppeOutOfStep, "mppe_out_of_step",                                                                      \
    "stateful mode: packets before it were lost, so it cannot be decrypted; the peer is asked for a "        \
    "reset",                                                                                                 \
    "look for loss on the way, or turn off stateful MPPE: [ppp] mppe-stateful")                              \
  X(kMppeImplausible, "mppe_implausible", "decrypts to nonsense: forged, damaged, or wrong keys",            \
    "look for a forger or a damaged line; the call gets new keys by itself")                                 \
  /* ---- MPPC, RFC 2118 ---- */                                                                             \
  X(kMppcNotAgreed, "mppc_not_agreed", "compressed data, but no compression was negotiated",                 \
    "see what the client negotiated: adit explain; [ppp] mppc allows compression")                           \
  X(kMppcMalformed, "mppc_malformed",                                                                        \
    "does not decompress: damaged or forged, or of a peer that compresses otherwise",                        \
    "see which client sends it, and look for a forger or a damaged line; or deny [ppp] mppc")                \
  X(kMppcTooLong, "mppc_too_long", "decompresses to more than 1,500 octets: forged, or a length bomb",       \
    "see which client sends it, and look for a forger")                                                      \
  X(kMppcOutOfStep, "mppc_out_of_step",                                                                      \
    "stateful compression: packets before it were lost, so it cannot be decompressed; the peer is asked "    \
    "for a reset",                                                                                           \
    "look for loss on the way, or turn off stateful compression: [ppp] mppc")                                \
  /* ---- inner IPv4 ---- */                                                                                 \
  X(kInnerHeader, "inner_header", "inner IP header malformed, or an IPv4 header's checksum wrong",           \
    "see which subscriber sends it")                                                                         \
  X(kSpoofedSource, "spoofed_source", "a subscriber used a source address that is not its own",              \
    "give the subscriber its networks by routes (chap-secrets, Framed-Route), or find the spoofer")          \
  X(kMartian, "martian", "source or destination that must not be forwarded: loopback, multicast, broadcast", \
    "none is needed")                                                                                        \
  X(kIpOptions, "ip_options",                                                                                \
    "a source route, or options or extension headers malformed or too many (RFC 7126, RFC 8504)",            \
    "none is needed")                                                                                        \
  X(kLinkMulticast, "link_multicast", "IPv6 that stays on the link and asks nothing of us: MLD, mDNS",       \
    "none is needed")                                                                                        \
  X(kBetweenSubscribers, "between_subscribers", "from one subscriber to another, which the config denies",   \
    "[ip] subscriber-to-subscriber allows it")                                                               \
  X(kToConcentrator, "to_concentrator", "PPTP to the concentrator from inside a tunnel",                     \
    "have the client route the server's own address outside the tunnel")                                     \
  X(kToGateway, "to_gateway", "for the tunnels' gateway address, which answers pings and nothing else",      \
    "none is needed; the gateway's address offers no service")                                               \
  X(kRateUp, "rate_up", "from a subscriber, beyond what its rate limit allows",                              \
    "none is needed; adit shaper change raises the limit")                                                   \
  X(kRateDown, "rate_down", "to a subscriber, beyond what its rate limit allows",                            \
    "none is needed; adit shaper change raises the limit")                                                   \
  X(kTtlExpired, "ttl_expired", "time to live used up; ICMP time exceeded was sent when the rate allowed",   \
    "look for a routing loop if they are many")                                                              \
  X(kTooBig, "too_big",                                                                                      \
    "larger than the tunnel, and IPv6 or with DF set; its sender was told by ICMP when allowed",             \
    "see that ICMP fragmentation needed, or packet too big, reaches senders; [mss] clamp helps TCP")         \
  X(kTooManyFragments, "too_many_fragments", "would take more than 8 fragments to fit the tunnel",           \
    "have the sender send smaller packets")                                                                  \
  X(kUnknownSubscriber, "unknown_subscriber", "for an address that no call has",                             \
    "none is needed after a call; else withdraw the route of unused pool addresses")                         \
  /* ---- leaving ---- */                                                                                    \
  X(kNoRoute, "no_route", "the kernel has no route through a data port",                                     \
    "give the kernel a route through a data port: ip route get")                                             \
  X(kBlackhole, "blackhole", "the kernel's route sends it nowhere: blackhole, unreachable, prohibit",        \
    "take the blackhole route away, if it is not meant")                                                     \
  X(kUnresolved, "unresolved", "next hop's link address not known yet; the kernel was asked for it",         \
    "see whether the next hop answers ARP")                                                                  \
  X(kHandoffFull, "handoff_full", "the owning worker does not keep up",                                      \
    "see which worker is busy: adit show workers, adit show steering")                                       \
  X(kHandoffStale, "handoff_stale", "handed to a worker that does not own the call any more",                \
    "none is needed; it happens as a call ends")                                                             \
  X(kTransmitFull, "transmit_full", "the device's transmit queue is full",                                   \
    "see whether the link is full or down: adit show ports")                                                 \
  X(kPortRestarts, "port_restarts", "the port is being restarted",                                           \
    "none is needed; it lasts as long as the restart")

enum class DropReason : std::uint8_t {
#define X(enumerator, name, text, remedy) enumerator,
  ADIT_DROP_REASONS(X)
#undef X
};

struct DropReasonText {
  std::string_view name;
  std::string_view text;    ///< what it means
  std::string_view remedy;  ///< what to do, if anything
};

inline constexpr std::array kDropReasonTexts{
#define X(enumerator, name, text, remedy) DropReasonText{name, text, remedy},
    ADIT_DROP_REASONS(X)
#undef X
};
#undef ADIT_DROP_REASONS

inline constexpr std::size_t kDropReasons = kDropReasonTexts.size();
static_assert(std::ranges::none_of(kDropReasonTexts, [](const DropReasonText& reason) {
  return reason.name.empty() || reason.text.empty() || reason.remedy.empty();
}));

[[nodiscard]] constexpr const DropReasonText& describe(DropReason reason) noexcept {
  return kDropReasonTexts[static_cast<std::size_t>(reason)];
}

}  // namespace adit::dataplane
