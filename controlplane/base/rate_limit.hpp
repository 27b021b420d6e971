// SPDX-License-Identifier: Apache-2.0
// wire::TokenBucket on the control plane's clock, for replies that a peer can provoke (Code-Reject,
// Protocol-Reject, renegotiation, messages). Thread: control. Owner: whoever answers.
#pragma once

#include <cstdint>

#include "controlplane/base/timer_wheel.hpp"
#include "dataplane/wire/token_bucket.hpp"

namespace adit::control {

class RateLimit {
 public:
  /// `burst` at once, then one per `refill`.
  constexpr RateLimit(std::uint16_t burst, Duration refill)
      : RateLimit(
            {.tokens = 1, .milliseconds = static_cast<std::uint32_t>(refill.count()), .capacity = burst}) {}
  /// Requires rate.fits().
  constexpr explicit RateLimit(const wire::TokenRate& rate) : rate_(rate), bucket_(rate) {}

  /// Takes a token. False: none is left.
  [[nodiscard]] constexpr bool allow(Instant now) {
    return bucket_.take(rate_, 1, static_cast<std::uint32_t>(now.since_start.count()));
  }

 private:
  wire::TokenRate rate_;
  wire::TokenBucket bucket_;
};

}  // namespace adit::control
