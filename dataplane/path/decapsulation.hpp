// SPDX-License-Identifier: Apache-2.0
// The first half of every GRE packet's way in: outer headers, sequence, PPP, MPPE, MPPC. What comes out is an inner
// IP packet attributed to the call, or a PPP control frame, which goes to control. Used by Uplink for
// subscribers' packets and by adit-blast's receiver for the server's. Each stage passes a packet on to the
// next, drops it with a reason, hands it off to its owner, or consumes it. Thread: worker. Owner: the class
// derived from it.
#pragma once

#include <array>
#include <expected>
#include <span>

#include "crypto/mppc/mppc_decoder.hpp"
#include "crypto/mppe_batch.hpp"
#include "dataplane/call/burst.hpp"
#include "dataplane/call/reorder.hpp"
#include "dataplane/path/worker_context.hpp"
#include "dataplane/wire/gre.hpp"
#include "dataplane/wire/mppe.hpp"

namespace adit::dataplane {

class Encapsulation;

class Decapsulation {
 public:
  enum class Arrival : bool { kFromDevice, kHandedIn };

 protected:
  /// `encapsulation`: for the same calls; it sends the acknowledgements.
  Decapsulation(WorkerContext& context, Encapsulation& encapsulation) noexcept
      : context_(context),
        encapsulation_(encapsulation),
        reorder_(context.reorder, context.calls, context.id, context.counters) {}
  ~Decapsulation() = default;

  /// What a GRE packet turned out to carry.
  enum class Content : std::uint8_t {
    kNothing,
    kControl,
    kClear,
    kFramed,     ///< by MPPC without MPPE, compressed or not
    kEncrypted,  ///< stateless: decrypted in batches as jobs_
    kInStream,   ///< stateful: decrypted one after another
  };

  struct Packet {
    rte_mbuf* mbuf = nullptr;
    Call* call = nullptr;
    const CallIndex::Entry* entry = nullptr;
    std::uint8_t* at = nullptr;  ///< the header that the next stage reads
    std::uint16_t size =
        0;  ///< octets from there on; of the whole inner packet, without padding, after check_inner
    wire::Ipv4Address outer_source{};
    wire::Ipv4Address outer_destination{};
    wire::LocalCallId call_id{};
    bool has_sequence = false;
    bool has_ack = false;
    wire::GreSeq sequence{};
    wire::GreSeq ack{};
    wire::PppProtocol protocol{};
    Content content = Content::kNothing;
    wire::MppeHeader mppe{};    ///< from kFramed on
    bool decompressed = false;  ///< from kFramed on: it was compressed, and now holds its plaintext
    DropReason unreadable{};    ///< why it is not, if it was tried
    std::uint16_t line_size = 0, plain_size = 0;  ///< of one that is: octets before and after
    std::uint16_t job = 0;                        ///< kEncrypted: index into jobs_
    std::uint32_t key = 0;  ///< kEncrypted: the number of the key that it is tried with, see MppeReceiver
    std::uint8_t outer_tos = 0;
  };

  // ---- the stages, in this order; they work on burst_
  void parse_outer(std::span<rte_mbuf* const> packets) noexcept;
  void find_calls(Arrival arrival) noexcept;
  void accept_sequence() noexcept;
  /// Fills the burst with held packets that may proceed because those before them are committed; they
  /// continue with strip_ppp. False: there are none.
  bool release_held() noexcept;
  /// Gives up on gaps whose timeout has passed; release_held() then releases. Returns how many calls were
  /// examined.
  std::size_t expire_gaps() noexcept { return reorder_.expire_gaps(context_.now); }
  void strip_ppp() noexcept;
  void decrypt() noexcept;
  void decompress() noexcept;
  void commit() noexcept;

  bool drop(Packet& packet, DropReason reason) noexcept;
  /// Passes the packet to control in the form of contract::PppFrameIn, if the call may send so many. Consumes it.
  void to_control(Packet& packet) noexcept;

  WorkerContext& context_;
  Encapsulation& encapsulation_;
  Burst<Packet, kBurst> burst_;

 private:
  bool parse_outer(Packet& packet) noexcept;
  [[gnu::cold, gnu::noinline]] bool reassemble(Packet& packet) noexcept;
  bool accept_sequence(Packet& packet) noexcept;
  bool put_in_order(Packet& packet) noexcept;
  bool discard(Packet& packet, GreReceiver::Verdict verdict) noexcept;
  void append(const Reorder::Released& released) noexcept;
  bool strip_ppp(Packet& packet) noexcept;
  bool prepare_job(Packet& packet) noexcept;
  void add_job(Packet& packet, std::uint32_t changes) noexcept;
  bool afford(Call& call, std::uint32_t changes, bool agreed) noexcept;
  bool commit(Packet& packet) noexcept;
  bool commit_encrypted(Packet& packet) noexcept;
  [[gnu::cold, gnu::noinline]] bool commit_framed(Packet& packet) noexcept;
  bool refuse_header(Packet& packet, wire::MppeError error) noexcept;
  bool decompress(Packet& packet) noexcept;
  bool decompress_by_history(Packet& packet, const StatefulMppc& history) noexcept;
  bool is_plausible(Packet& packet, const std::expected<std::size_t, crypto::MppcFault>& size) noexcept;
  void put_plaintext(Packet& packet) noexcept;
  void enter(StatefulMppc& history, Packet& packet) noexcept;
  [[gnu::cold, gnu::noinline]] void count_compressed(const Packet& packet) noexcept;
  bool reveal(Packet& packet) noexcept;
  static bool read_plaintext(Packet& packet) noexcept;
  [[gnu::cold, gnu::noinline]] bool try_other_keys(Packet& packet) noexcept;
  void crypt_again(Packet& packet, const std::array<std::uint8_t, 16>& from, std::uint32_t changes) noexcept;
  bool decrypt_in_stream(Packet& packet) noexcept;
  void on_recovery(const Packet& packet) noexcept;
  bool refuse(Packet& packet, DropReason reason) noexcept;
  bool refuse_late(Packet& packet) noexcept;
  // ---- adit trace
  [[gnu::cold, gnu::noinline]] void trace_arrival(const Packet& packet) noexcept;
  [[gnu::cold, gnu::noinline]] void trace_content(const Packet& packet) noexcept;
  void on_mppe_failure(Call& call, wire::GreSeq sequence) noexcept;
  void ask_for_reset(Call& call, wire::GreSeq sequence) noexcept;

  Reorder reorder_;
  bool releasing_ = false;  ///< the packets of burst_ have been held
  ByCall<kBurst> by_call_;
  /// One call's jobs of this burst.
  struct Run {
    const Call* call = nullptr;
    std::uint16_t first = 0;
    std::uint32_t changes = 0;  ///< of its farthest job
  };

  std::array<crypto::MppeJob, kBurst> jobs_;
  std::array<Packet*, kBurst> tried_;  ///< whose jobs they are, during decrypt
  std::uint16_t job_count_ = 0;
  Run run_;
  std::uint32_t rekeys_left_ = 0;  ///< of this burst's budget for key changes
  TokenBucket<kDoubtfulRekeysPerSecond, kDoubtfulRekeyCapacity> doubtful_rekeys_;
  crypto::MppeChain trial_;
  bool any_encrypted_ = false;   ///< in burst_
  bool any_compressed_ = false;  ///< in burst_, and not by a history
  std::size_t plaintext_size_ = 0;
  std::array<std::uint8_t, kMppcPlaintext> plaintext_;  ///< of one packet, while it is tried
  std::array<Call*, kBurst> committed_{};
  std::size_t committed_count_ = 0;
};

}  // namespace adit::dataplane
