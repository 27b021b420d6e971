// SPDX-License-Identifier: Apache-2.0
// Which of one worker's pairs of MPPC histories are free. A call has one, from the first time that stateful compression
// is about to be agreed on until its worker has removed it.
// O(1); memory grows with the most that were in use at once. Thread: control. Owner: ConcentratorCore.
#pragma once

#include <cstdint>
#include <vector>

namespace adit::control {

class MppcHistories {
 public:
  explicit MppcHistories(std::uint32_t capacity) : capacity_(capacity) {}

  /// A pair's number, from 1; 0: all are taken.
  [[nodiscard]] std::uint32_t take() {
    if (!free_.empty()) {
      const std::uint32_t pair = free_.back();
      free_.pop_back();
      return pair;
    }
    return ever_used_ < capacity_ ? ++ever_used_ : 0;
  }
  /// Takes the very pair that a call of another process had. False: there is none of that number. Between adoptions
  /// nothing is taken or released.
  [[nodiscard]] bool adopt(std::uint32_t pair) {
    if (pair == 0 || pair > capacity_) {
      return pair == 0;
    }
    while (ever_used_ < pair) {
      free_.push_back(++ever_used_);
    }
    return std::erase(free_, pair) == 1;
  }
  /// `pair`: 0, or taken and not released since.
  void release(std::uint32_t pair) {
    if (pair != 0) {
      free_.push_back(pair);
    }
  }
  [[nodiscard]] std::uint32_t used() const { return ever_used_ - static_cast<std::uint32_t>(free_.size()); }
  [[nodiscard]] std::uint32_t capacity() const { return capacity_; }

 private:
  std::uint32_t capacity_;
  std::uint32_t ever_used_ = 0;
  std::vector<std::uint32_t> free_;
};

}  // namespace adit::control
