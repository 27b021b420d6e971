// SPDX-License-Identifier: Apache-2.0
// Counts of round trip times in classes of a quarter of an octave, from 1 ms on: percentiles within 20 %.
// Thread: control. Owner: whoever embeds it.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "controlplane/base/timer_wheel.hpp"

namespace adit::control::radius {

class RoundTrips {
 public:
  void add(Duration time) {
    ++classes_[class_of(static_cast<std::uint64_t>(std::max<Duration::rep>(time.count(), 1)))];
    ++count_;
  }
  [[nodiscard]] Duration percentile(unsigned percent) const {
    std::uint64_t left = (count_ * percent + 99) / 100;
    for (std::size_t at = 0; at < classes_.size() && left > 0; ++at) {
      if (classes_[at] >= left) {
        return Duration{static_cast<Duration::rep>(upper_end(at))};
      }
      left -= classes_[at];
    }
    return Duration{0};
  }

 private:
  static std::size_t class_of(std::uint64_t ms) {
    const auto octave = static_cast<std::size_t>(std::bit_width(ms)) - 1;
    const std::size_t quarter = octave < 2 ? 0 : (ms >> (octave - 2)) & 3;
    return std::min(octave * 4 + quarter, kClasses - 1);
  }
  static std::uint64_t upper_end(std::size_t at) {
    const std::size_t octave = at / 4;
    return octave < 2 ? std::uint64_t{2} << octave >> 1 : (std::uint64_t{4} + at % 4 + 1) << (octave - 2);
  }
  static constexpr std::size_t kClasses = 80;
  std::array<std::uint64_t, kClasses> classes_{};
  std::uint64_t count_ = 0;
};

}  // namespace adit::control::radius
