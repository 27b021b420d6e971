// SPDX-License-Identifier: Apache-2.0
// `adit trace` within a worker: copies the packets of traced calls into the ring that control reads. What becomes of a
// packet is known later than what it was (decryption writes over it), so a record is opened with the copy, is found by
// the packet's mbuf, and is settled by whoever decides. Nothing here runs for a call whose identity.trace is 0.
// Thread: worker. Owner: WorkerContext.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstdint>
#include <optional>

#include "dataplane/base/drop_reason.hpp"
#include "dataplane/base/limits.hpp"
#include "dataplane/call/call.hpp"
#include "dataplane/contract/trace_ring.hpp"
#include "dataplane/wire/bytes.hpp"

namespace adit::dataplane {

class PacketTrace {
 public:
  using Verdict = contract::TraceVerdict;

  /// A copy of what a packet is at one layer.
  struct View {
    contract::TraceLayer layer{};
    contract::Direction direction{};
    wire::Bytes octets;
    std::optional<wire::PppProtocol> protocol{};  ///< kPpp: if it is not in `octets`
  };

  // ---- control's messages
  void begin(Call& call, const contract::BeginTrace& message) noexcept;
  /// Control is told that nothing follows. Between bursts, when no record is open.
  void end(Call& call) noexcept;
  /// The call that it was to be begun for has ended.
  static void refuse(const contract::BeginTrace& message) noexcept;
  [[nodiscard]] bool is(const Call& call, std::uint32_t number) const noexcept {
    return call.identity.trace != 0 && numbers_[seat_of(call)] == number;
  }

  // ---- the path; only for traced calls
  void at(std::uint64_t tsc) noexcept { tsc_ = tsc; }
  /// `repeated`: it was opened before, and settled as kHeld; it gets no second record if it is accepted now.
  [[gnu::cold, gnu::noinline]] void open(const Call& call, const rte_mbuf* mbuf, const View& view,
                                         bool repeated = false) noexcept;
  /// Does nothing when there was no room for the record.
  [[gnu::cold, gnu::noinline]] void settle(const rte_mbuf* mbuf, Verdict verdict,
                                           DropReason reason = {}) noexcept;
  /// Settles one layer of a packet and opens the next one.
  [[gnu::cold, gnu::noinline]] void unwrap(const Call& call, const rte_mbuf* mbuf,
                                           const View& inner) noexcept;
  /// Settles the inner packet as forwarded, and records the outer one.
  [[gnu::cold, gnu::noinline]] void wrap(const Call& call, const rte_mbuf* mbuf, const View& outer) noexcept;
  /// It is accepted although others before it were lost.
  [[gnu::cold, gnu::noinline]] void on_rekeyed(const rte_mbuf* mbuf) noexcept;
  /// Records a packet whose fate is known. Returns its number, for its other layers.
  [[gnu::cold, gnu::noinline]] std::uint32_t add(const Call& call, const View& view, Verdict verdict,
                                                 DropReason reason = {},
                                                 std::optional<std::uint32_t> packet = {}) noexcept;

  /// Once per loop, when no packet is in hand.
  void publish() noexcept {
    if (ring_ != nullptr) {
      open_count_ = 0;  // as it is: an mbuf must not be found that has become another packet's
      ring_->publish();
    }
  }

 private:
  struct Open {
    const rte_mbuf* mbuf;
    contract::TraceRecord* record;
    bool repeated;
    bool rekeyed;
  };

  static std::size_t seat_of(const Call& call) noexcept { return call.identity.trace - 1U; }
  [[nodiscard]] Open* find(const rte_mbuf* mbuf) noexcept;
  void open(const Call& call, const rte_mbuf* mbuf, const View& view, std::uint32_t packet,
            bool repeated) noexcept;
  [[nodiscard]] contract::TraceRecord* record(const Call& call, const View& view,
                                              std::uint32_t packet) noexcept;
  void close(Open& open, Verdict verdict, DropReason reason = {}) noexcept;

  contract::TraceRing* ring_ = nullptr;
  std::uint64_t tsc_ = 0;
  std::uint32_t packets_ = 0;
  std::array<std::uint32_t, contract::kTraceSeats> numbers_{};
  /// What the stages have in hand: a burst up and, from one subscriber to another, one down.
  std::array<Open, kBurst + kDownlinkBurst> open_;
  std::size_t open_count_ = 0;
};

}  // namespace adit::dataplane
