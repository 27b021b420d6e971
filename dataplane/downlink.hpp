// SPDX-License-Identifier: Apache-2.0
// The way down: IP packets for subscribers, a burst at a time, become GRE frames towards their peers. The only place
// that sends GRE: data, PPP control frames and bare acknowledgements share one sequence space per call.
// Thread: worker. Owner: Worker.
#pragma once

#include <array>
#include <span>

#include "crypto/mppe_batch.hpp"
#include "dataplane/burst.hpp"
#include "dataplane/wire/ipv4.hpp"
#include "dataplane/worker_context.hpp"

namespace adit::dataplane {

class Downlink {
 public:
  explicit Downlink(WorkerContext& context) noexcept : context_(context) {}

  enum class Arrival : std::uint8_t {
    kFromCore,      ///< a hop of ours: TTL goes down
    kFromTunnel,    ///< the way up has checked it and lowered its TTL; or we made it
    kHandedInCore,  ///< as above, from the worker that received it
    kHandedInTunnel,
  };

  /// Takes all `packets` (at most kBurst); each begins with its inner IPv4 header.
  void run(std::span<rte_mbuf* const> packets, Arrival arrival) noexcept;

  /// Sends one PPP control frame, FF 03 first, as the call's next packet.
  void send_ppp_frame(Call& call, wire::Bytes frame) noexcept;

  /// Packets of `call` were received in sequence: acknowledge them with the next data, alone when none comes in time, or
  /// at once when they are many. Ask once per burst.
  void owe_ack(Call& call) noexcept;

  /// Sends bare acknowledgements that have become due; returns how many calls were looked at.
  std::size_t pay_acks() noexcept;

 private:
  struct Packet {
    rte_mbuf* mbuf = nullptr;
    Call* call = nullptr;
    const CallIndex::Entry* entry = nullptr;
    wire::Ipv4Address destination{};  ///< inner
    std::uint16_t inner_octets = 0;
    std::uint16_t job = 0;  ///< index into jobs_, when encrypted by one
    wire::CoherencyCount count{};
    bool encrypted = false;
  };

  void find_subscribers(std::span<rte_mbuf* const> packets, Arrival arrival) noexcept;
  void check_inner(Arrival arrival) noexcept;
  void clamp_mss() noexcept;
  void encrypt() noexcept;
  void push_ppp() noexcept;
  void push_gre() noexcept;
  void push_outer() noexcept;
  void send() noexcept;
  void encrypt_in_stream(Packet& packet) noexcept;
  static void push_inner_protocol(Packet& packet) noexcept;

  bool parse_inner(Packet& packet) noexcept;
  bool find_owner(Packet& packet, Arrival arrival) noexcept;
  bool check_inner(Packet& packet, Arrival arrival) noexcept;
  void check_size(Packet& packet) noexcept;
  void cut(Packet& packet) noexcept;
  bool refresh_hop(Call& call, DropReason& why) noexcept;
  void send_bare_ack(Call& call) noexcept;
  static void push_sequenced_gre(rte_mbuf* mbuf, Call& call) noexcept;
  static void push_ip_and_ethernet(rte_mbuf* mbuf, Call& call) noexcept;
  bool drop(Packet& packet, DropReason reason) noexcept;

  WorkerContext& context_;
  Burst<Packet, kBurst> arrived_;
  Burst<Packet, kDownlinkBurst> burst_;  ///< after check_inner, which may cut packets into fragments
  ByCall<kDownlinkBurst> by_call_;
  std::array<crypto::MppeJob, kDownlinkBurst> jobs_;
  std::uint16_t job_count_ = 0;
};

}  // namespace adit::dataplane
