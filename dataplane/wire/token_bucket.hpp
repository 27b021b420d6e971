// SPDX-License-Identifier: Apache-2.0
// The token bucket behind all rate limits, on every thread; the caller passes the time in milliseconds of any
// free-running clock. The rate is not stored in the bucket: a worker's rates are constants, so a bucket takes
// only eight octets of a call. Pure. Owner: whoever embeds it.
#pragma once

#include <algorithm>
#include <cstdint>

namespace adit::wire {

/// `tokens` every `milliseconds`, and at most `capacity` at once.
struct TokenRate {
  std::uint32_t tokens;
  std::uint32_t milliseconds;
  std::uint32_t capacity;
  /// A full bucket in the bucket's internal unit: a token is `milliseconds` units, a millisecond adds
  /// `tokens` units.
  [[nodiscard]] constexpr std::uint64_t full() const { return std::uint64_t{capacity} * milliseconds; }
  [[nodiscard]] constexpr bool fits() const { return milliseconds != 0 && full() <= UINT32_MAX; }
};

/// Starts full. Always pass the same rate, or one of the same `milliseconds`. The clock wraps after 49 days, so a bucket
/// idle for that long may be refilled with too little, never with too much.
class TokenBucket {
 public:
  constexpr explicit TokenBucket(const TokenRate& rate) : credit_(static_cast<std::uint32_t>(rate.full())) {}

  /// Whole tokens available now.
  [[nodiscard]] constexpr std::uint32_t available(const TokenRate& rate, std::uint32_t now) noexcept {
    const std::uint64_t gained = std::uint64_t{now - filled_at_} * rate.tokens;
    credit_ = static_cast<std::uint32_t>(std::min(credit_ + gained, rate.full()));
    filled_at_ = now;
    return credit_ / rate.milliseconds;
  }
  /// Takes all `tokens` or none.
  [[nodiscard]] constexpr bool take(const TokenRate& rate, std::uint32_t tokens, std::uint32_t now) noexcept {
    if (tokens > available(rate, now)) {
      return false;
    }
    credit_ -= tokens * rate.milliseconds;
    return true;
  }
  /// Returns tokens that were taken but not used.
  constexpr void give_back(const TokenRate& rate, std::uint32_t tokens, std::uint32_t now) noexcept {
    const std::uint64_t credit = std::uint64_t{available(rate, now) + tokens} * rate.milliseconds;
    credit_ = static_cast<std::uint32_t>(std::min(credit, rate.full()));
  }

 private:
  std::uint32_t credit_;
  std::uint32_t filled_at_ = 0;
};

}  // namespace adit::wire
