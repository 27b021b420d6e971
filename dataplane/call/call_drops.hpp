// SPDX-License-Identifier: Apache-2.0
// Why packets of one call were dropped: the first kReasons different reasons and how often each, on one cache line that
// only a drop touches. What further reasons there are is Call::drops less the sum of these.
// Thread: the worker writes, any thread reads. Owner: CallTable.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "dataplane/base/drop_reason.hpp"

namespace adit::dataplane {

class alignas(64) CallDrops {
 public:
  static constexpr std::size_t kReasons = 8;

  void add(DropReason reason) noexcept {
    const std::uint64_t tag = std::uint64_t{static_cast<std::uint8_t>(reason)} + 1;
    for (std::atomic<std::uint64_t>& place : places_) {
      const std::uint64_t held = place.load(std::memory_order_relaxed);
      if (held == 0 || held >> kTagShift == tag) {
        place.store((tag << kTagShift) | ((held + 1) & kCount), std::memory_order_relaxed);
        return;
      }
    }
  }
  void reset() noexcept {
    for (std::atomic<std::uint64_t>& place : places_) {
      place.store(0, std::memory_order_relaxed);
    }
  }

  /// False: this memory, which an earlier process has left, names reasons that there are not.
  [[nodiscard]] bool is_sound() const noexcept {
    return std::ranges::all_of(places_, [](const std::atomic<std::uint64_t>& place) {
      const std::uint64_t held = place.load(std::memory_order_relaxed);
      return held == 0 || (held >> kTagShift) - 1 < kDropReasons;
    });
  }

  /// Calls `visit(reason, packets)` for each, in the order in which they first came.
  template <typename Visit>
  void for_each(const Visit& visit) const {
    for (const std::atomic<std::uint64_t>& place : places_) {
      if (const std::uint64_t held = place.load(std::memory_order_acquire); held != 0) {
        visit(static_cast<DropReason>((held >> kTagShift) - 1), held & kCount);
      }
    }
  }

 private:
  static constexpr unsigned kTagShift = 56;
  static constexpr std::uint64_t kCount = (std::uint64_t{1} << kTagShift) - 1;
  std::array<std::atomic<std::uint64_t>, kReasons> places_{};  // reason + 1 on top of the count; 0: free
};
static_assert(sizeof(CallDrops) == 64 && kDropReasons < 255);

}  // namespace adit::dataplane
