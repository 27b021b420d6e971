// SPDX-License-Identifier: Apache-2.0
// Allocates the slots of one worker's call table: which are free, and which call is in each of the others.
// Each use of a slot has a new generation, which tells messages about its previous call from those about the
// current one.
// O(1) throughout; memory grows with the peak number of simultaneous calls. Thread: control.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "dataplane/contract/call_ref.hpp"

namespace adit::control {

template <typename Call>
class CallSlots {
 public:
  CallSlots(contract::WorkerId worker, std::uint32_t capacity) : worker_(worker), capacity_(capacity) {}

  /// Assigns a slot to `call`. None: every slot is taken.
  [[nodiscard]] std::optional<contract::CallRef> take(Call& call) {
    std::uint32_t slot = 0;
    if (!free_.empty()) {
      slot = free_.back();
      free_.pop_back();
    } else if (slots_.size() < capacity_) {
      slot = static_cast<std::uint32_t>(slots_.size());
      slots_.emplace_back();
    } else {
      return std::nullopt;
    }
    Slot& s = slots_[slot];
    s.call = &call;
    s.generation = s.generation == UINT32_MAX ? 1 : s.generation + 1;  // 0 is never valid
    ++used_;
    return contract::CallRef{worker_, slot, s.generation};
  }

  /// Assigns the very slot of `ref` to a call that another process had in it. False: it is not this worker's, is taken, or
  /// has a generation that cannot be.
  [[nodiscard]] bool adopt(const contract::CallRef& ref, Call& call) {
    if (ref.worker != worker_ || ref.slot >= capacity_ || ref.generation == 0) {
      return false;
    }
    if (slots_.size() <= ref.slot) {
      slots_.resize(ref.slot + std::size_t{1});
    }
    Slot& s = slots_[ref.slot];
    if (s.call != nullptr) {
      return false;
    }
    s.call = &call;
    s.generation = ref.generation;
    ++used_;
    return true;
  }
  /// All have been: the other slots are free. Between adoptions nothing is taken.
  void adopted_all() {
    free_.clear();
    for (std::uint32_t slot = size(); slot-- > 0;) {
      if (slots_[slot].call == nullptr) {
        free_.push_back(slot);
      }
    }
  }

  /// The call that `ref` names; nullptr when the reference is stale or invalid.
  [[nodiscard]] Call* find(const contract::CallRef& ref) const {
    if (ref.slot >= slots_.size() || slots_[ref.slot].generation != ref.generation) {
      return nullptr;
    }
    return slots_[ref.slot].call;
  }

  /// `ref` must have been taken and not released since.
  void release(const contract::CallRef& ref) {
    slots_[ref.slot].call = nullptr;
    free_.push_back(ref.slot);
    --used_;
  }

  /// The call in a slot below size(); nullptr: the slot is free. A call has the same slot for life.
  [[nodiscard]] Call* at(std::uint32_t slot) const { return slots_[slot].call; }
  /// Slots that have been in use so far.
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(slots_.size()); }

  [[nodiscard]] std::uint32_t used() const { return used_; }
  [[nodiscard]] contract::WorkerId worker() const { return worker_; }

 private:
  struct Slot {
    Call* call = nullptr;
    std::uint32_t generation = 0;
  };
  contract::WorkerId worker_;
  std::uint32_t capacity_;
  std::uint32_t used_ = 0;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace adit::control
