// SPDX-License-Identifier: Apache-2.0
// A token bucket for answers that a peer can provoke (Code-Reject, Protocol-Reject, renegotiation): `burst`
// at once, then one per `refill`. Sans-I/O: the caller says what time it is. Thread: control. Owner: whoever
// answers.
#pragma once

#include <algorithm>
#include <cstdint>

#include "controlplane/base/timer_wheel.hpp"

namespace adit::control {

class RateLimit {
 public:
  constexpr RateLimit(std::uint16_t burst, Duration refill)
      : refill_(refill), burst_(burst), tokens_(burst) {}

  /// Takes a token. False: none is left.
  [[nodiscard]] constexpr bool allow(Instant now) {
    const auto gained = (now - counted_) / refill_;
    if (gained > 0) {
      tokens_ = static_cast<std::uint16_t>(std::min<std::int64_t>(burst_, tokens_ + gained));
      counted_ = counted_ + refill_ * gained;
    }
    if (tokens_ == 0) {
      return false;
    }
    --tokens_;
    return true;
  }

 private:
  Duration refill_;
  Instant counted_{};
  std::uint16_t burst_;
  std::uint16_t tokens_;
};

}  // namespace adit::control
