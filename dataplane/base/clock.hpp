// SPDX-License-Identifier: Apache-2.0
// The worker's clock, read once per loop, and the token bucket behind its rate limits.
// Thread: worker. Owner: whoever embeds it.
#pragma once

#include <cstdint>

#include "dataplane/wire/token_bucket.hpp"

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

/// A wire::TokenBucket whose rate is a constant of the program: kPerSecond tokens a second, at most kCapacity at once.
template <std::uint32_t kPerSecond, std::uint32_t kCapacity>
class TokenBucket {
  static constexpr wire::TokenRate kRate{kPerSecond, 1000, kCapacity};
  static_assert(kRate.fits());

 public:
  /// Whole tokens available now.
  [[nodiscard]] std::uint32_t available(Milliseconds now) noexcept {
    return bucket_.available(kRate, now.value);
  }
  /// Takes all `tokens` or none.
  [[nodiscard]] bool take(std::uint32_t tokens, Milliseconds now) noexcept {
    return bucket_.take(kRate, tokens, now.value);
  }
  /// Returns tokens that were taken but not used.
  void give_back(std::uint32_t tokens, Milliseconds now) noexcept {
    bucket_.give_back(kRate, tokens, now.value);
  }

 private:
  wire::TokenBucket bucket_{kRate};
};

}  // namespace adit::dataplane
