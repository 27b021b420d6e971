// SPDX-License-Identifier: Apache-2.0
// How often a call whose stateful stream has lost its place asks the peer for a reset (RFC 3078 §8.2). Pure. Thread: the
// call's worker. Owner: the stream.
#pragma once

#include "dataplane/base/clock.hpp"
#include "dataplane/base/limits.hpp"

namespace adit::dataplane {

class ResetRequests {
 public:
  ResetRequests() = default;
  /// The first is due at once.
  explicit ResetRequests(Milliseconds now) noexcept : asked_{now.value - kResetIntervalMs} {}

  /// A packet could not be read. True when it is time to send another Reset-Request.
  [[nodiscard]] bool due(Milliseconds now) noexcept {
    if (now.since(asked_) < kResetIntervalMs) {
      return false;
    }
    asked_ = now;
    return true;
  }

 private:
  Milliseconds asked_{};
};

}  // namespace adit::dataplane
