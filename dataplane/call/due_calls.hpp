// SPDX-License-Identifier: Apache-2.0
// A queue of calls for which something falls due. All have the same delay, so it is a plain FIFO. A call is
// in it at most once; the user keeps track of that. Thread: worker. Owner: the worker.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "dataplane/base/clock.hpp"
#include "dataplane/contract/call_ref.hpp"

namespace adit::dataplane {

class DueCalls {
 public:
  struct Entry {
    contract::CallRef call;
    Milliseconds due;
  };

  explicit DueCalls(std::uint32_t calls) : entries_(std::bit_ceil(calls + 1U)) {}

  [[nodiscard]] std::size_t octets() const noexcept { return entries_.size() * sizeof(Entry); }

  /// False when full, which happens when slots were reused while still queued: then do the work at once.
  [[nodiscard]] bool push(const Entry& entry) noexcept {
    if (tail_ - head_ == entries_.size()) {
      return false;
    }
    entries_[tail_++ & (entries_.size() - 1)] = entry;
    return true;
  }

  [[nodiscard]] std::optional<Entry> pop_due(Milliseconds now) noexcept {
    if (head_ == tail_ || !now.reached(entries_[head_ & (entries_.size() - 1)].due)) {
      return std::nullopt;
    }
    return entries_[head_++ & (entries_.size() - 1)];
  }

 private:
  std::vector<Entry> entries_;  // size is a power of two, never changed
  std::uint32_t head_ = 0;
  std::uint32_t tail_ = 0;
};

}  // namespace adit::dataplane
