// SPDX-License-Identifier: Apache-2.0
// The worker's time, read once per loop, and the token bucket that its limits are counted with.
// Thread: worker. Owner: whoever embeds it.
#pragma once

#include <algorithm>
#include <cstdint>

namespace adit::dataplane {

/// Milliseconds of a free-running clock; wraps after 49 days, so only differences mean something.
struct Milliseconds {
  std::uint32_t value = 0;
  [[nodiscard]] constexpr std::uint32_t since(Milliseconds earlier) const { return value - earlier.value; }
  [[nodiscard]] constexpr bool reached(Milliseconds due) const {
    return static_cast<std::int32_t>(value - due.value) >= 0;
  }
  friend constexpr Milliseconds operator+(Milliseconds at, std::uint32_t ms) { return {at.value + ms}; }
};

/// kPerSecond tokens a second, at most kCapacity together; begins full. An idle bucket may, once in 49 days, be refilled
/// less than it should: never more.
template <std::uint32_t kPerSecond, std::uint32_t kCapacity>
class TokenBucket {
  static constexpr std::uint32_t kScale =
      1000;  // thousandths of a token: a millisecond is worth kPerSecond of them
  static_assert(kCapacity <= 0xffffffff / kScale);

 public:
  /// Whole tokens there are now.
  [[nodiscard]] std::uint32_t available(Milliseconds now) noexcept {
    const std::uint64_t refill = std::uint64_t{now.since(filled_)} * kPerSecond;
    thousandths_ =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(thousandths_ + refill, kCapacity * kScale));
    filled_ = now;
    return thousandths_ / kScale;
  }
  /// All of them or none.
  [[nodiscard]] bool take(std::uint32_t tokens, Milliseconds now) noexcept {
    if (tokens > available(now)) {
      return false;
    }
    thousandths_ -= tokens * kScale;
    return true;
  }
  /// What was taken was not used.
  void give_back(std::uint32_t tokens, Milliseconds now) noexcept {
    thousandths_ = std::min((available(now) + tokens) * kScale, kCapacity * kScale);
  }

 private:
  std::uint32_t thousandths_ = kCapacity * kScale;
  Milliseconds filled_{};
};

}  // namespace adit::dataplane
