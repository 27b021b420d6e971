// SPDX-License-Identifier: Apache-2.0
// Records in memory that outlives the process (a memfd, shared and without a file), for the process that comes after it. A
// record has two copies, written in turn: a process that is killed while it writes one leaves the other whole. The next
// process only reads the store and keeps one of its own, so what goes wrong there can be tried again from the same records.
// write() and erase() are O(1) in the number of records and allocate nothing. Thread: control. Owner: the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dataplane/wire/bytes.hpp"

namespace adit::control {

class StateStore {
 public:
  using Slot = std::uint32_t;
  /// `octets`: the longest record.
  struct Shape {
    std::uint32_t slots = 0;
    std::uint32_t octets = 0;
  };

  /// Octets of memory for `shape`. Of sparse memory only what is written takes any.
  [[nodiscard]] static std::size_t octets_for(const Shape& shape);
  /// An empty store. `memory`: octets_for(shape) zeros or more, aligned to 8; outlives the store. `clock_zero`: the time on
  /// a clock of the machine's, in milliseconds, that Instants in the records count from.
  StateStore(std::span<std::byte> memory, const Shape& shape, std::int64_t clock_zero);
  StateStore(const StateStore&) = delete;
  StateStore& operator=(const StateStore&) = delete;

  /// A place for one more record; none: all are taken.
  [[nodiscard]] std::optional<Slot> take();
  /// Gives the place back, with its record.
  void release(Slot slot);
  /// Replaces the record. False: it is longer than the shape allows, or empty, and the former one is gone: it would be
  /// believed though it is no longer true.
  [[nodiscard]] bool write(Slot slot, wire::Bytes record);

  [[nodiscard]] std::uint32_t used() const { return used_; }
  [[nodiscard]] std::uint32_t slots() const { return shape_.slots; }

 private:
  void write_copy(Slot slot, wire::Bytes record);

  std::byte* memory_;
  Shape shape_;
  std::vector<Slot> free_;            // given back
  std::vector<std::uint8_t> newest_;  // by slot: the copy that counts
  std::vector<std::uint64_t> made_;   // by slot: when its place was taken, as a number that grows
  std::uint32_t used_ = 0;
  std::uint32_t ever_used_ = 0;
  std::uint64_t sequence_ = 0;
};

/// What a process has left in a store, read by the next one. Changes nothing.
class StateReader {
 public:
  /// `memory` outlives the reader. An error: it is no store, one of another version, or not all of it.
  [[nodiscard]] static std::expected<StateReader, std::string> open(std::span<const std::byte> memory);

  /// The records, in the order in which their places were taken. O(records), once.
  [[nodiscard]] const std::vector<wire::Bytes>& records() const { return records_; }
  /// Places of which no copy is whole: their record is lost.
  [[nodiscard]] std::uint32_t damaged() const { return damaged_; }
  [[nodiscard]] std::int64_t clock_zero() const { return clock_zero_; }

 private:
  std::vector<wire::Bytes> records_;
  std::uint32_t damaged_ = 0;
  std::int64_t clock_zero_ = 0;
};

}  // namespace adit::control
