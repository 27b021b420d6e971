// SPDX-License-Identifier: Apache-2.0
// The messages that control and workers exchange. Values only: trivially copyable, one cache line.
// Control -> worker: ToWorker.  Worker -> control: ToControl.  PPP frames travel in a FrameSlot beside their message.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <variant>

#include "dataplane/contract/call_ref.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::contract {

class TraceRing;  // trace_ring.hpp

/// RFC 3078 §3 session key lengths. The value is the number of bits, as in crypto::MppeKeyLength. kNone: MPPC without
/// encryption.
enum class MppeStrength : std::uint8_t { kNone = 0, k40 = 40, k56 = 56, k128 = 128 };

/// How one direction is encrypted and compressed, which CCP agrees on as one: the strength; whether a key and its
/// stream last for 256 packets (stateful, RFC 3078 §8.2) or for one, and so what compression may refer to; and whether
/// packets may be compressed (MPPC, RFC 2118).
struct MppeMode {
  MppeStrength strength = MppeStrength::k128;
  bool stateful = false;
  bool compressed = false;
  [[nodiscard]] constexpr bool encrypted() const { return strength != MppeStrength::kNone; }
  friend bool operator==(const MppeMode&, const MppeMode&) = default;
};

enum class Direction : std::uint8_t {
  kReceive,  ///< from the peer (uplink): we decrypt
  kSend,     ///< to the peer (downlink): we encrypt
};

// ---- control -> worker ---------------------------------------------------------------------------------------

/// A call begins. Sent before the Outgoing-Call-Reply, because the peer's first GRE packet may follow at
/// once. Until EnableIp the call passes PPP control frames only.
struct InstallCall {
  CallRef call;
  wire::Ipv4Address
      local;  ///< the address the peer dialled: our GRE source (RFC 2637 §3.2.2: the session triple)
  wire::Ipv4Address peer;  ///< the control connection's peer: the only GRE source accepted
  wire::LocalCallId local_id;
  wire::PeerCallId peer_id;
};

/// The peer's ID of a call that was installed without one: a caller learns it from the Outgoing-Call-Reply,
/// and the peer's first GRE packet may overtake that.
struct SetPeerCallId {
  CallRef call;
  wire::PeerCallId peer_id;
};

/// LCP opened: how the PPP headers of data packets to the peer may be compressed (what the *peer* offered in
/// its Configure-Request). On receive, both compressions are always accepted.
struct SetPppCompression {
  CallRef call;
  bool send_acfc = false;
  bool send_pfc = false;
};

/// MPPE for one direction begins with the next data packet, at coherency count 0. Keys are the RFC 3079 start
/// key and the initial session key (16 octets used for 128 bits, 8 for 40/56). Replaces any earlier state; a
/// start key that was in use never comes again. From the first one on, clear IP is refused both ways until the
/// call ends.
/// kReceive is sent before our CCP Configure-Ack (the peer may encrypt its very next packet), kSend when CCP
/// opens. The consumer wipes the ring slot.
/// With a mode that does not encrypt it is MPPC alone: there are no keys, and clear IP passes as before.
struct EnableMppe {
  CallRef call;
  Direction direction = Direction::kReceive;
  MppeMode mode{};
  std::array<std::uint8_t, 16> start_key{};
  std::array<std::uint8_t, 16> session_key{};
  /// Of the worker's pairs of MPPC histories, from 1, this call's alone until CallRemoved; 0: none, as only a mode that is
  /// stateful and compressed needs.
  std::uint32_t history = 0;
};

/// The peer has lost packets of a stateful stream, encrypted or compressed (CCP Reset-Request): the next data packet
/// restarts it, with A set. Sent after the Reset-Ack, before which Linux decrypts nothing. `repeated`: the same request again,
/// because our answer was lost.
struct FlushMppe {
  CallRef call;
  bool repeated = false;
};

/// CCP went down or LCP renegotiates: the keys are wiped, nothing is compressed any more, and of a call that has been
/// encrypted no data passes in either direction until EnableMppe comes with new ones: it is never in clear again.
struct DisableMppe {
  CallRef call;
};

/// IPCP opened: forward IP for this subscriber.
struct EnableIp {
  CallRef call;
  wire::Ipv4Address subscriber;   ///< the assigned address; other inner sources are dropped
  std::uint16_t peer_mru = 1500;  ///< the peer's MRU: the largest PPP Information field that we may send
  bool require_mppe = false;      ///< true: clear IP is neither accepted nor sent; EnableMppe sets it as well
  bool has_routes =
      false;  ///< prefixes are routed here too (see the call index); sources in them are accepted
};

/// IPv6CP opened, or what the subscriber has in IPv6 has changed: forward IPv6 for it. Independent of EnableIp.
struct EnableIpv6 {
  CallRef call;
  std::uint16_t peer_mru = 1500;      ///< as in EnableIp
  bool require_mppe = false;          ///< as in EnableIp
  bool has_routes = false;            ///< the call index leads further addresses or prefixes here
  std::uint8_t delegated_length = 0;  ///< of `delegated`, 1..64; 0: none
  std::uint64_t interface_id = 0;     ///< the peer's: it may use fe80::/64 with this, towards us alone
  std::uint64_t link_prefix = 0;      ///< the upper half of every address of its /64; 0: none
  std::uint64_t delegated = 0;        ///< the upper half of the prefix behind it
};

/// IPv6CP left Opened.
struct DisableIpv6 {
  CallRef call;
};

/// Sends an IPv6 packet of ours to the subscriber, the next FrameSlot of `frames_to_worker`: a Router Advertisement,
/// an answer by DHCPv6. It is encrypted as any packet of the subscriber's is.
struct SendIpv6 {
  CallRef call;
};

/// Changes a call's rate limits in place. Octets of inner IP per second; 0: no limit.
struct UpdateLimits {
  CallRef call;
  std::uint64_t up = 0;
  std::uint64_t down = 0;
};

/// IPCP left Opened: stop forwarding, keep the call for PPP control frames.
struct DisableIp {
  CallRef call;
};

/// Sends one PPP control frame, the next FrameSlot of `frames_to_worker`. It starts with FF 03 and is sent
/// unchanged (LCP must carry FF 03; it does no harm to the others).
struct SendPppFrame {
  CallRef call;
};

/// A call ends. The worker answers CallRemoved with the final counters; only then may slot, call ID and
/// address be reused.
struct RemoveCall {
  CallRef call;
};

/// Records the call's packets in `ring`, this worker's, until EndTrace or the call's end, which TraceRing::ended() tells.
struct BeginTrace {
  CallRef call;
  TraceRing* ring = nullptr;
  std::uint32_t number = 0;  ///< of the trace; none is used twice
  std::uint8_t seat = 0;     ///< below kTraceSeats; nobody else's until this trace has ended
};

struct EndTrace {
  CallRef call;
  std::uint32_t number = 0;
};

/// Asks for a CallState, for an operator who looks at the call. There is no answer when the call is gone or the ring to
/// control is full: whoever asks asks again, or does without.
struct ReadCall {
  CallRef call;
};

using ToWorker = std::variant<InstallCall, SetPeerCallId, SetPppCompression, EnableMppe, FlushMppe,
                              DisableMppe, EnableIp, EnableIpv6, UpdateLimits, DisableIp, DisableIpv6,
                              SendPppFrame, SendIpv6, BeginTrace, EndTrace, RemoveCall, ReadCall>;

// ---- worker -> control ---------------------------------------------------------------------------------------

/// A PPP control frame arrived in sequence; the next FrameSlot of `frames_to_control` holds it, from the PPP
/// protocol field on (Address/Control stripped, protocol expanded to 2 octets). Protocol 0057 is an IPv6 packet whose
/// header has been checked: a Router Solicitation, or DHCPv6.
struct PppFrameIn {
  CallRef call;
};

/// Counts inner IP packets and their octets, from the call's installation to its removal.
struct CallTotals {
  std::uint64_t uplink_packets = 0;
  std::uint64_t uplink_octets = 0;
  std::uint64_t downlink_packets = 0;
  std::uint64_t downlink_octets = 0;
  std::uint64_t drops = 0;
};

/// How long ago a call carried its first packet each way; nothing where it has carried none.
struct FirstPackets {
  std::optional<std::uint32_t> uplink_ms{}, downlink_ms{};
};

struct CallRemoved {
  CallRef call;
  CallTotals totals;
};

/// Nothing that the peer encrypts can be decrypted: the key chains have diverged. Control has LCP make new
/// keys, and ends the call where that does not help: a tunnel that is up but passes no traffic helps nobody.
struct MppeDesynchronised {
  CallRef call;
};

/// Packets of a stateful stream were lost, and those after them cannot be decrypted: control asks the peer to
/// restart it (CCP Reset-Request). Repeated at most every kResetIntervalMs until the stream restarts.
struct MppeOutOfStep {
  CallRef call;
};

/// What a worker alone knows of a call: where its two GRE sequence spaces are, RFC 2637 §4.2-4.3, what waits to be put in
/// order, and the MPPE packets that were good. The answer to ReadCall.
struct CallState {
  CallRef call;
  std::uint32_t next_sequence = 0;  ///< of what we send
  std::uint32_t in_flight = 0;      ///< of that, not acknowledged
  std::uint32_t received = 0;       ///< the last number taken
  std::uint32_t acknowledged = 0;   ///< the last one that we acknowledged
  std::uint32_t receive_key = 0;    ///< MPPE: the number of the last good packet's key
  std::uint16_t inner_mtu = 0;      ///< the largest IP packet that goes down whole
  std::uint16_t reorder_held = 0;   ///< packets that wait for one before them
  std::uint8_t reorder_depth = 0;   ///< the most that have overtaken another one
  std::uint8_t unacknowledged = 0;  ///< received since our last acknowledgement, up to 255
  bool has_received = false, has_acknowledged = false;
};

/// A packet had no usable next hop; control asks the kernel to resolve it. Rate-limited by the worker.
struct ResolveNextHop {
  wire::Ipv4Address destination;
  bool towards_peers = false;  ///< through the access side's routes
};

/// The same, by an IPv6 route of the core side.
struct ResolveNextHop6 {
  wire::Ipv6Address destination;
};

/// Frames for the kernel are waiting in its ring (dataplane/path/kernel_path.hpp), outside the mailboxes.
struct FramesPunted {};

using ToControl = std::variant<PppFrameIn, CallRemoved, MppeDesynchronised, MppeOutOfStep, ResolveNextHop,
                               ResolveNextHop6, FramesPunted, CallState>;

static_assert(std::is_trivially_copyable_v<ToWorker> && sizeof(ToWorker) <= 64);
static_assert(std::is_trivially_copyable_v<ToControl> && sizeof(ToControl) <= 64);

/// The largest PPP control frame that crosses: RFC 1661 §6.1 lets a peer send 1,500 octets whatever MRU we asked for.
inline constexpr std::uint16_t kMaxPppFrame = 1600;

struct FrameSlot {
  std::uint16_t length = 0;
  std::array<std::uint8_t, kMaxPppFrame> octets{};
};

}  // namespace adit::contract
