// SPDX-License-Identifier: Apache-2.0
// The way up: GRE packets of the access side, a burst at a time, become inner IP packets towards the core (or PPP control
// frames for control). Stages in the packet's order; each packet leaves a stage to the next one, dropped by name, handed
// off to its owner, or consumed. Thread: worker. Owner: Worker.
#pragma once

#include <array>
#include <span>

#include "crypto/mppe_batch.hpp"
#include "dataplane/burst.hpp"
#include "dataplane/wire/gre.hpp"
#include "dataplane/wire/ipv4.hpp"
#include "dataplane/wire/mppe.hpp"
#include "dataplane/worker_context.hpp"

namespace adit::dataplane {

class Downlink;

class Uplink {
 public:
  Uplink(WorkerContext& context, Downlink& downlink) noexcept : context_(context), downlink_(downlink) {}

  enum class Arrival : bool { kFromDevice, kHandedIn };

  /// Takes all `packets` (at most kBurst): IPv4 with protocol 47, nothing checked but that there is room for a header.
  void run(std::span<rte_mbuf* const> packets, Arrival arrival) noexcept;

 private:
  /// What a GRE packet turned out to carry.
  enum class Content : std::uint8_t {
    kNothing,
    kControl,
    kClear,
    kEncrypted,  ///< stateless: by jobs_
    kInStream,   ///< stateful: one after the other
  };

  struct Packet {
    rte_mbuf* mbuf = nullptr;
    Call* call = nullptr;
    const CallIndex::Entry* entry = nullptr;
    std::uint8_t* at = nullptr;       ///< where the layer begins that the next stage reads
    std::uint16_t size = 0;           ///< octets from there
    wire::Ipv4Address source{};       ///< outer
    wire::Ipv4Address destination{};  ///< outer; from check_inner on the inner one
    wire::LocalCallId call_id{};
    bool has_sequence = false;
    bool has_ack = false;
    wire::GreSeq sequence{};
    wire::GreSeq ack{};
    wire::PppProtocol protocol{};
    Content content = Content::kNothing;
    wire::MppeHeader mppe{};
    std::uint16_t job = 0;  ///< kEncrypted: index into jobs_
  };

  void parse_outer(std::span<rte_mbuf* const> packets) noexcept;
  void find_calls(Arrival arrival) noexcept;
  void accept_sequence() noexcept;
  void strip_ppp() noexcept;
  void decrypt() noexcept;
  void commit() noexcept;
  void check_inner() noexcept;
  void forward() noexcept;

  bool parse_outer(Packet& packet) noexcept;
  bool classify(Packet& packet) noexcept;
  bool prepare_job(Packet& packet) noexcept;
  bool decrypt_in_stream(Packet& packet) noexcept;
  bool afford(Call& call, std::uint32_t changes) noexcept;
  bool read_plaintext(Packet& packet) noexcept;
  bool check_inner(Packet& packet) noexcept;
  bool answer_for_gateway(Packet& packet) noexcept;
  void punt(Packet& packet) noexcept;
  void forward(Packet& packet) noexcept;
  void on_mppe_failure(Call& call) noexcept;
  void on_out_of_step(Call& call, StatefulReceiver& receiver) noexcept;
  bool drop(Packet& packet, DropReason reason) noexcept;

  WorkerContext& context_;
  Downlink& downlink_;
  Burst<Packet, kBurst> burst_;
  ByCall<kBurst> by_call_;
  std::array<crypto::MppeJob, kBurst> jobs_;
  std::uint16_t job_count_ = 0;
  std::uint32_t rekeys_left_ = 0;  ///< of this burst's budget
  std::array<Call*, kBurst> committed_{};
  std::size_t committed_count_ = 0;
};

}  // namespace adit::dataplane
