// SPDX-License-Identifier: Apache-2.0
// Counts round trip times in buckets of a quarter octave, from 1 ms on: percentiles within 20 %.
// Thread: control. Owner: whoever embeds it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "controlplane/base/log_buckets.hpp"
#include "controlplane/base/timer_wheel.hpp"

namespace adit::control::radius {

class RoundTrips {
 public:
  void add(Duration time) {
    ++counts_[Buckets::index_of(static_cast<std::uint64_t>(std::max<Duration::rep>(time.count(), 1)))];
    ++count_;
  }
  [[nodiscard]] Duration percentile(unsigned percent) const {
    std::uint64_t left = (count_ * percent + 99) / 100;
    for (std::size_t at = 0; at < counts_.size() && left > 0; ++at) {
      if (counts_[at] >= left) {
        // For buckets wider than 1 ms, the exclusive end: 256 ms, not 255.
        const std::uint64_t end = Buckets::upper_of(at) + (at < Buckets::kPerOctave ? 0 : 1);
        return Duration{static_cast<Duration::rep>(end)};
      }
      left -= counts_[at];
    }
    return Duration{0};
  }

 private:
  using Buckets = control::LogBuckets<2, 18>;  // up to 17 minutes
  std::array<std::uint64_t, Buckets::kCount> counts_{};
  std::uint64_t count_ = 0;
};

}  // namespace adit::control::radius
