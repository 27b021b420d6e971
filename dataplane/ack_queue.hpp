// SPDX-License-Identifier: Apache-2.0
// The calls that owe their peer an acknowledgement, in the order in which it becomes due: the delay is the same for
// all, so first in is first due. A call stands in it once (CallUplink::ack_queued). Thread: worker. Owner: the worker.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "dataplane/clock.hpp"
#include "dataplane/contract/call_ref.hpp"

namespace adit::dataplane {

class AckQueue {
 public:
  struct Debt {
    contract::CallRef call;
    Milliseconds due;
  };

  explicit AckQueue(std::uint32_t calls) : debts_(std::bit_ceil(calls + 1U)) {}

  [[nodiscard]] std::size_t octets() const noexcept { return debts_.size() * sizeof(Debt); }

  /// False when full (a slot that was reused meanwhile stands twice): acknowledge at once then.
  [[nodiscard]] bool push(const Debt& debt) noexcept {
    if (tail_ - head_ == debts_.size()) {
      return false;
    }
    debts_[tail_++ & (debts_.size() - 1)] = debt;
    return true;
  }

  [[nodiscard]] std::optional<Debt> pop_due(Milliseconds now) noexcept {
    if (head_ == tail_ || !now.reached(debts_[head_ & (debts_.size() - 1)].due)) {
      return std::nullopt;
    }
    return debts_[head_++ & (debts_.size() - 1)];
  }

 private:
  std::vector<Debt> debts_;  // a power of two, never resized
  std::uint32_t head_ = 0;
  std::uint32_t tail_ = 0;
};

}  // namespace adit::dataplane
