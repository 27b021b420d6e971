// SPDX-License-Identifier: Apache-2.0
// Accounting's persistent state: a slot for each session reported to accounting servers, from its Start to
// the reply to its Stop. Slots are in memory that may be mapped from a file (MAP_SHARED): then they survive
// the process, however it ends. A slot has two copies of the counters, written alternately: a process killed
// while writing one leaves the other intact. All is O(1) except recover(). Pure; thread: control. Owner:
// RadiusAccounting's owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/contract/messages.hpp"
#include "dataplane/wire/bytes.hpp"

namespace adit::control::radius {

/// The state of a session at one moment.
struct SpoolUsage {
  contract::CallTotals totals{};   ///< without drops
  std::uint64_t unix_at = 0;       ///< when, in seconds since 1970
  std::uint32_t session_time = 0;  ///< seconds that IP had been up
  std::uint32_t cause = 0;         ///< RFC 2866 §5.10, once stopped
};

class Spool {
 public:
  using Slot = std::uint32_t;
  static constexpr std::size_t kSlotSize = 1024;
  static constexpr std::size_t kMaxIdentity = kSlotSize - 2 * 64 - 16;

  /// Octets of memory for this many slots.
  [[nodiscard]] static std::size_t size_for(std::uint32_t slots);
  /// `memory`: size_for() octets or more; zeros, or the contents left by an earlier Spool. Outlives the
  /// spool.
  explicit Spool(std::span<std::byte> memory);
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// Takes a slot for a new session. `identity`: the attributes common to all its records. None: all slots
  /// are in use, or `identity` is longer than kMaxIdentity.
  [[nodiscard]] std::optional<Slot> open(wire::Bytes identity, std::uint64_t unix_now);
  /// Replaces the attributes; if they are longer than kMaxIdentity, none are kept.
  void describe(Slot slot, wire::Bytes identity);
  /// Stores the counters so far.
  void note(Slot slot, const SpoolUsage& usage);
  /// Stores the final counters; the slot then waits for release().
  void stop(Slot slot, const SpoolUsage& usage);
  /// A server has taken the Stop: frees the slot.
  void release(Slot slot);
  [[nodiscard]] wire::Bytes identity(Slot slot) const;
  [[nodiscard]] SpoolUsage usage(Slot slot) const;

  /// Records that the process is alive now. Sessions that recover() finds open are taken to have ended at the
  /// last beat.
  void beat(std::uint64_t unix_now);
  /// Call once, at start-up: returns the slots whose Stop no server has taken, oldest first. Those still open
  /// when the process ended are stopped with `cause` at its last beat, with the counters noted last.
  /// Those that `lives_on` names go on instead, and are not among the slots returned.
  [[nodiscard]] std::vector<Slot> recover(
      std::uint32_t cause, const std::function<bool(Slot)>& lives_on = [](Slot) { return false; });
  struct Left {
    Slot slot;
    bool stopped;  ///< its Stop has been written
  };
  /// Before recover(): the sessions that the process has left, undamaged. O(slots).
  [[nodiscard]] std::vector<Left> left() const;

  [[nodiscard]] std::uint32_t slots() const { return slots_; }
  [[nodiscard]] std::uint32_t used() const { return slots_ - static_cast<std::uint32_t>(free_.size()); }
  /// Slots that recover() found damaged and freed.
  [[nodiscard]] std::uint32_t damaged() const { return damaged_; }

 private:
  enum class State : std::uint32_t { kFree, kOpen, kStopped };
  struct Entry;
  struct Record;
  struct Header;

  [[nodiscard]] Record& record(Slot slot) const;
  [[nodiscard]] const Entry* newest(const Record& record) const;
  [[nodiscard]] static bool is_damaged(const Record& record);
  void write(Slot slot, State state, const SpoolUsage& usage);

  std::byte* memory_;
  std::uint32_t slots_;
  std::vector<Slot> free_;  // a stack: recently used slots are in the page cache
  std::uint64_t sequence_ = 0;
  std::uint32_t damaged_ = 0;
};

}  // namespace adit::control::radius
