// SPDX-License-Identifier: Apache-2.0
// One call as its worker knows it. The layout keeps a clear packet to two cache lines, an MPPE packet to
// three, and a rate limit and IPv6 to one more each: what both directions read | uplink | downlink | keys and rates of
// each direction | IPv6.
// Thread: the owning worker; others may read `generation` and the counters.
// Owner: the worker's CallTable.
#pragma once

#include <atomic>
#include <cstdint>

#include "crypto/mppe_batch.hpp"
#include "dataplane/base/clock.hpp"
#include "dataplane/base/counters.hpp"
#include "dataplane/base/limits.hpp"
#include "dataplane/call/call_seal.hpp"
#include "dataplane/call/gre_window.hpp"
#include "dataplane/call/key_mark.hpp"
#include "dataplane/call/mppe_session.hpp"
#include "dataplane/call/policer.hpp"
#include "dataplane/call/ppp_frame_limit.hpp"
#include "dataplane/contract/messages.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6.hpp"
#include "dataplane/wire/ppp.hpp"
#include "dataplane/wire/tunnel_mtu.hpp"

namespace adit::dataplane {

struct NextHop;  // path/neighbour_table.hpp

inline constexpr std::size_t kCacheLine = 64;

/// Finds the packets of one call within a burst in O(1) each: the burst in which the call was last seen, and
/// where in it.
struct BurstMark {
  std::uint32_t burst = 0;
  std::uint16_t last = 0;
};

/// Whether one direction is encrypted, and in which mode.
enum class MppeUse : std::uint8_t {
  kNone,
  kStateless,
  kStateful,  ///< its streams are in CallTable's StatefulMppe, not in the chains here
};

/// Whether one direction is compressed, and whether by what came before.
enum class MppcUse : std::uint8_t {
  kNone,
  kStateless,
  kStateful,  ///< its history is one of CallTable's StatefulMppc
};

/// RFC 2637 §3.2.2: (our address, the peer's, our call ID) is the session.
struct CallIdentity {
  wire::Ipv4Address local;
  wire::Ipv4Address peer;
  wire::LocalCallId local_id;
  wire::PeerCallId peer_id;
  wire::Ipv4Address subscriber;
  wire::PppCompression send_compression;
  bool ip_up = false;
  bool ipv6_up = false;               ///< see CallIpv6
  bool has_routes : 1 = false;        ///< the call index leads prefixes here, besides `subscriber`
  bool ipv6_beyond_link : 1 = false;  ///< and in IPv6, besides `link_prefix`
  bool require_mppe = false;
  bool rate_limited = false;              ///< in at least one direction: look at its Policer
  MppeUse mppe_receive = MppeUse::kNone;  ///< what the peer sends
  MppeUse mppe_send = MppeUse::kNone;     ///< what we send
  std::uint8_t trace = 0;                 ///< 0: not traced; otherwise see PacketTrace
  MppcUse mppc_receive = MppcUse::kNone;  ///< as mppe_receive, with MPPE or without
  MppcUse mppc_send = MppcUse::kNone;
};

/// How a call's packets arrive out of order, for Reorder. `next` is valid within one burst only: what it
/// counts is not committed yet, and may turn out to be forged.
struct CallOrder {
  std::uint32_t burst = 0;
  wire::GreSeq next;
  std::uint16_t window = 0;  ///< number of its ReorderWindow, from 1; 0: none
  std::uint8_t depth = 0;    ///< the most packets that have overtaken another one since the call began
  std::uint8_t credit = 0;   ///< adaptive: how many more unfilled gaps may be waited for
};

struct CallUplink {
  MppeReceiver mppe;
  PppFrameLimit ppp_frames;
  BurstMark mark;
  CallOrder order;
  bool ack_queued = false;  ///< is in the worker's queue of due acknowledgements
};

struct CallDownlink {
  GreSender sender;
  MppeSender mppe;
  std::uint16_t ip_identification = 0;
  std::uint16_t peer_mru = 1500;
  std::uint16_t port_mtu = 1500;   ///< of the port towards the peer
  std::uint16_t inner_mtu = 1456;  ///< the largest inner IP packet; see update_inner_mtu()
  BurstMark mark;
  std::uint32_t mppc_history = 0;  ///< number of its StatefulMppc, from 1; 0: none
  std::uint32_t hop_epoch = 0;     ///< snapshot that `hop` points into; 0: none
  const NextHop* hop = nullptr;    ///< towards the peer
};

/// What the packets of one side of a call may cause besides being forwarded: ICMP errors and replies, and
/// questions about neighbours. Each side has its own, so that nobody's junk uses up what others need.
struct CallBudget {
  TokenBucket<kCallIcmpPerSecond, kCallIcmpCapacity> icmp;
  TokenBucket<kCallResolvesPerSecond, kCallResolveCapacity> resolves;
};

/// When the first packet went through, by the worker's clock. Written once, so it lies off the traffic's line.
using FirstPacket = std::atomic<std::uint32_t>;

/// Inner IP packets that went through, and their octets.
struct CallTraffic {
  Counter packets;
  Counter octets;

  void count(std::uint32_t inner_octets, FirstPacket& first, Milliseconds now) noexcept {
    if (packets.read() == 0) [[unlikely]] {
      first.store(now.value, std::memory_order_relaxed);
    }
    packets.add();
    octets.add(inner_octets);
  }
};

/// What the subscriber has in IPv6 besides its /64. Whatever further addresses and prefixes are its own, the call index
/// knows.
struct CallIpv6 {
  std::uint64_t delegated = 0;       ///< of the prefix behind it, its bits under `delegated_mask`
  std::uint64_t delegated_mask = 0;  ///< 0: none
  std::uint64_t interface_id = 0;    ///< of its link-local address
  bool has_routes = false;           ///< the call index leads others here
  TokenBucket<kIpv6MessagesPerSecond, kIpv6MessageCapacity> messages;  ///< to control

  [[nodiscard]] bool is_delegated(const wire::Ipv6Address& address) const noexcept {
    return (address.high & delegated_mask) == delegated && delegated_mask != 0;
  }
};

struct Call {
  std::atomic<std::uint32_t> generation{0};  ///< 0: the slot is free
  CallIdentity identity;
  GreReceiver window;             ///< moved by the uplink; the downlink carries its acknowledgements
  std::uint64_t link_prefix = 0;  ///< the upper half of every address of its /64; 0: none
  alignas(kCacheLine) CallUplink uplink;
  CallTraffic uplink_traffic;
  alignas(kCacheLine) CallDownlink downlink;
  CallTraffic downlink_traffic;
  alignas(kCacheLine) crypto::MppeChain receive_chain;
  KeyMark receive_mark;      ///< of receive_chain
  CallBudget uplink_budget;  ///< for packets from the subscriber
  FirstPacket first_uplink{0};
  Counter uplink_saved;  ///< octets that MPPC kept off the line, of uplink_traffic's
  alignas(kCacheLine) crypto::MppeChain send_chain;
  KeyMark send_mark;           ///< of send_chain
  CallBudget downlink_budget;  ///< for packets from the core to the subscriber
  FirstPacket first_downlink{0};
  Counter downlink_saved;  ///< likewise
  alignas(kCacheLine) Policer uplink_rate;
  alignas(kCacheLine) Policer downlink_rate;
  alignas(kCacheLine) CallIpv6 ipv6;
  Counter uplink_ipv6_packets;  ///< of uplink_traffic's
  Counter drops;
  std::uint32_t seal = 0;  ///< see SealedChange

  /// Whether the address is in its /64.
  [[nodiscard]] bool is_on_link(const wire::Ipv6Address& address) const noexcept {
    return address.high == link_prefix && link_prefix != 0;
  }

  /// IP of neither family has been up yet: so far, this may be anybody. A subscriber whose LCP begins anew does not dial.
  [[nodiscard]] bool dials() const noexcept {
    return identity.subscriber.is_none() && ipv6.interface_id == 0;
  }
};

static_assert(sizeof(Call) == 8 * kCacheLine, "each of the eight on one line");

inline void update_inner_mtu(Call& call) noexcept {
  const CallIdentity& identity = call.identity;
  call.downlink.inner_mtu = wire::inner_mtu(
      call.downlink.port_mtu, call.downlink.peer_mru, identity.send_compression,
      identity.mppe_send != MppeUse::kNone || identity.mppc_send != MppcUse::kNone || identity.require_mppe);
}

}  // namespace adit::dataplane
