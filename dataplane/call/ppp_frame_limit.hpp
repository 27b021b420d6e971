// SPDX-License-Identifier: Apache-2.0
// How many PPP control frames one call may send to control. Thread: the owning worker. Owner: Call.
#pragma once

#include "dataplane/base/clock.hpp"
#include "dataplane/base/limits.hpp"

namespace adit::dataplane {

class PppFrameLimit {
 public:
  /// `dials`: IP has not been up yet. False: too many.
  [[nodiscard]] bool take(bool dials, Milliseconds now) noexcept {
    return bucket_.take(dials ? kDial : kSubscriber, 1, now.value);
  }

 private:
  static constexpr wire::TokenRate kDial{kDialFramesPerSecond, 1000, kDialFrameCapacity};
  static constexpr wire::TokenRate kSubscriber{kPppFramesPerSecond, 1000, kPppFrameCapacity};

  wire::TokenBucket bucket_{kDial};
};

}  // namespace adit::dataplane
