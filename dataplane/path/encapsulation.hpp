// SPDX-License-Identifier: Apache-2.0
// The second half of every packet's way out: inner IP packets whose call is known become GRE packets to the
// peer. Nothing else sends GRE: data, PPP control frames and bare acknowledgements share one sequence space
// per call. Used by Downlink for subscribers' packets and by adit-blast's sender for its clients'.
// Thread: worker. Owner: the class derived from it.
#pragma once

#include <array>
#include <cstdint>

#include "crypto/mppc/mppc_coder.hpp"
#include "crypto/mppe_batch.hpp"
#include "dataplane/call/burst.hpp"
#include "dataplane/path/worker_context.hpp"
#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/mppe.hpp"

namespace adit::dataplane {

class Encapsulation {
 public:
  /// Sends one PPP control frame, starting with FF 03, as the call's next packet.
  void send_ppp_frame(Call& call, wire::Bytes frame) noexcept;

  /// Sends one IPv6 packet of ours over the link, as the call's next packet, encrypted as its packets are. Not while a
  /// burst is being processed.
  void send_ipv6(Call& call, wire::Bytes packet) noexcept;

  /// Packets of `call` were received in sequence. The acknowledgement goes with the next data, in a bare
  /// acknowledgement if no data comes in time, or at once if there are many, as the context's AckPolicy says.
  /// Call once per burst.
  void owe_ack(Call& call) noexcept;

  /// Sends the bare acknowledgements that are due; returns how many calls were examined.
  std::size_t pay_acks() noexcept;

 protected:
  explicit Encapsulation(WorkerContext& context) noexcept : context_(context) {}
  ~Encapsulation() = default;

  struct Packet {
    rte_mbuf* mbuf = nullptr;  ///< starts with the inner IP header, with kMaxDownlinkHeaders of headroom
    Call* call = nullptr;      ///< refresh_hop() has found the next hop to its peer
    std::uint16_t inner_octets = 0;
    std::uint16_t job = 0;  ///< index into jobs_, if a job encrypts it
    wire::MppeHeader mppe{};
    bool encrypted = false;
    bool framed = false;   ///< by compress(), which has set `mppe` and written the inner protocol
    std::uint8_t tos = 0;  ///< of the outer header
    wire::PppProtocol protocol = wire::PppProtocol::kIpv4;  ///< or kIpv6
  };

  /// Finds the next hop to the call's peer in the current snapshot. False: `why` says what is missing.
  bool refresh_hop(Call& call, DropReason& why) noexcept;

  /// Adds a packet to the burst that the stages are to send.
  void take(const Packet& packet) noexcept {
    burst_.push(packet);
    any_compressed_ |= packet.call->identity.mppc_send != MppcUse::kNone;
    any_encrypted_ |= packet.call->identity.mppe_send != MppeUse::kNone;
  }

  // ---- the stages, in this order; they work on burst_
  void compress() noexcept;
  void encrypt() noexcept;
  void push_ppp() noexcept;
  void push_gre() noexcept;
  void push_outer() noexcept;
  void send() noexcept;

  WorkerContext& context_;
  Burst<Packet, kDownlinkBurst> burst_;

 private:
  void compress(Packet& packet) noexcept;
  crypto::MppcCompressed compress(Call& call, wire::CoherencyCount count, wire::Bytes octets) noexcept;
  void encrypt_in_stream(Packet& packet) noexcept;
  static void push_inner_protocol(Packet& packet) noexcept;
  void send_bare_ack(Call& call) noexcept;
  [[gnu::cold, gnu::noinline]] void drop_frame(Call& call, wire::Bytes frame, DropReason why) noexcept;
  void push_sequenced_gre(rte_mbuf* mbuf, Call& call) const noexcept;
  static void push_ip_and_link(rte_mbuf* mbuf, Call& call, std::uint8_t tos = 0) noexcept;

  ByCall<kDownlinkBurst> by_call_;
  std::array<crypto::MppeJob, kDownlinkBurst> jobs_;
  std::uint16_t job_count_ = 0;
  bool any_compressed_ = false;  ///< in burst_
  bool any_encrypted_ = false;
  crypto::MppcScratch scratch_;
  std::array<std::uint8_t, kMppcPlaintext + 8> compressed_;  ///< the coder writes whole words
};

}  // namespace adit::dataplane
