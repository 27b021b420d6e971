// SPDX-License-Identifier: Apache-2.0
// How a worker tells control about the packets of a traced call: records with copies of the packets and what became of
// them, in a ring of fixed slots. Slots are filled in any order, as the fate of a packet is known only later, and all of
// them are published at the end of the worker's turn. A full ring is counted, for each trace, and never waited for.
// Thread: the worker records, control reads. Owner: DataPlaneCore.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>

#include "dataplane/contract/messages.hpp"
#include "dataplane/contract/spsc_ring.hpp"

namespace adit::contract {

/// Traces at once, in the whole process.
inline constexpr std::size_t kTraceSeats = 4;
inline constexpr std::uint32_t kTraceRecords = 1024;
/// Of a longer packet, its first octets are recorded.
inline constexpr std::size_t kTraceOctets = 2048;

enum class TraceLayer : std::uint8_t {
  kOuter,  ///< the GRE packet, from its IPv4 header on
  kInner,  ///< the IP packet in it, decrypted
  kPpp,    ///< the PPP control frame in it
};
inline constexpr std::array<std::string_view, 3> kTraceLayers{"outer", "inner", "ppp"};

// X(enumerator, name, what it means)
#define ADIT_TRACE_VERDICTS(X)                                                            \
  X(kUnsettled, "unsettled", "")                                                          \
  X(kAccepted, "accepted", "in sequence; what it carries is the same packet's next line") \
  X(kRekeyed, "rekeyed", "accepted, after the keys of lost packets were skipped")         \
  X(kHeld, "held", "held for reordering: it overtook others")                             \
  X(kAcknowledged, "acknowledgement", "an acknowledgement and nothing else")              \
  X(kEmpty, "empty", "a sequence number without a frame")                                 \
  X(kToControl, "to_control", "a PPP frame for the control thread")                       \
  X(kForwarded, "forwarded", "forwarded")                                                 \
  X(kFragmented, "fragmented", "cut to fit the tunnel; the pieces follow")                \
  X(kSent, "sent", "sent to the peer")                                                    \
  X(kDropped, "dropped", "dropped")                                                       \
  X(kRepeated, "repeated", "")

enum class TraceVerdict : std::uint8_t {
#define X(enumerator, name, text) enumerator,
  ADIT_TRACE_VERDICTS(X)
#undef X
};

struct TraceVerdictText {
  std::string_view name;
  std::string_view text;
};

inline constexpr std::array kTraceVerdicts{
#define X(enumerator, name, text) TraceVerdictText{name, text},
    ADIT_TRACE_VERDICTS(X)
#undef X
};
#undef ADIT_TRACE_VERDICTS

[[nodiscard]] constexpr const TraceVerdictText& describe(TraceVerdict verdict) noexcept {
  return kTraceVerdicts[static_cast<std::size_t>(verdict)];
}

struct TraceRecord {
  std::uint64_t tsc;
  std::uint32_t trace;   ///< BeginTrace::number
  std::uint32_t packet;  ///< the layers of one packet share it
  TraceLayer layer;
  Direction direction;
  TraceVerdict verdict;
  std::uint8_t drop_reason;  ///< kDropped: a dataplane::DropReason
  std::uint16_t length;      ///< octets of the packet
  std::uint16_t captured;    ///< and how many of them are here
  std::array<std::uint8_t, kTraceOctets> octets;
};
static_assert(std::is_trivially_copyable_v<TraceRecord> &&
              std::is_trivially_default_constructible_v<TraceRecord>);

class TraceRing {
 public:
  /// Its memory is not touched: warm() does that, piece by piece.
  [[nodiscard]] static std::unique_ptr<TraceRing> create() {
    return std::make_unique_for_overwrite<TraceRing>();
  }

  /// Before the worker knows the ring: makes the kernel give its next pages. False: it has them all.
  [[nodiscard]] bool warm() noexcept {
    constexpr std::uint32_t kRecordsAtOnce = 64;
    for (const std::uint32_t end = warmed_ + kRecordsAtOnce; warmed_ < end && warmed_ < kTraceRecords;
         ++warmed_) {
      records_[warmed_].tsc = 0;
      records_[warmed_].octets.back() = 0;
    }
    return warmed_ < kTraceRecords;
  }

  // ---- worker
  /// nullptr: full; the caller counts it. Published with all the others.
  [[nodiscard]] TraceRecord* reserve() noexcept {
    if (reserved_ - head_seen_ == kTraceRecords) {
      head_seen_ = head_.load(std::memory_order_acquire);
      if (reserved_ - head_seen_ == kTraceRecords) {
        return nullptr;
      }
    }
    return &records_[reserved_++ & (kTraceRecords - 1)];
  }
  void count_lost(std::size_t seat) noexcept {
    std::atomic<std::uint64_t>& lost = seats_[seat].lost;
    lost.store(lost.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  void publish() noexcept { tail_.store(reserved_, std::memory_order_release); }
  void begin(std::size_t seat) noexcept { seats_[seat].lost.store(0, std::memory_order_relaxed); }
  /// All of a trace's records have been published, and none follows.
  void end(std::size_t seat, std::uint32_t number) noexcept {
    seats_[seat].ended.store(number, std::memory_order_release);
  }

  // ---- control
  [[nodiscard]] const TraceRecord* front() noexcept {
    const std::uint32_t head = head_.load(std::memory_order_relaxed);
    return head == tail_.load(std::memory_order_acquire) ? nullptr : &records_[head & (kTraceRecords - 1)];
  }
  void release() noexcept {
    head_.store(head_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }
  /// Ask before looking for records: what is in the ring then is all there will be.
  [[nodiscard]] bool ended(std::size_t seat, std::uint32_t number) const noexcept {
    return seats_[seat].ended.load(std::memory_order_acquire) == number;
  }
  [[nodiscard]] std::uint64_t lost(std::size_t seat) const noexcept {
    return seats_[seat].lost.load(std::memory_order_relaxed);
  }

 private:
  struct Seat {
    std::atomic<std::uint32_t> ended{0};
    std::atomic<std::uint64_t> lost{0};
  };
  static_assert((kTraceRecords & (kTraceRecords - 1)) == 0, "a power of two");

  alignas(kFalseSharingBytes) std::atomic<std::uint32_t> head_{0};  // written by control
  std::uint32_t warmed_ = 0;
  alignas(kFalseSharingBytes) std::atomic<std::uint32_t> tail_{0};  // written by the worker
  std::uint32_t reserved_ = 0;
  std::uint32_t head_seen_ = 0;
  std::array<Seat, kTraceSeats> seats_{};
  alignas(kFalseSharingBytes) std::array<TraceRecord, kTraceRecords> records_;
};

}  // namespace adit::contract
