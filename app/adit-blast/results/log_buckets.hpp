// SPDX-License-Identifier: Apache-2.0
// The buckets of a histogram of durations, of constant relative width as in HdrHistogram: one bucket for each
// of the smallest values, then 2^kSubBits buckets per power of two. It holds no counts: their type and thread
// are up to the user.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace adit::app::blast {

template <unsigned kSubBits, unsigned kOctaves>
struct LogBuckets {
  static constexpr std::size_t kPerOctave = std::size_t{1} << kSubBits;
  static constexpr std::size_t kCount = (std::size_t{kOctaves} + 1) << kSubBits;

  /// Values that are too large go into the last bucket.
  [[nodiscard]] static constexpr std::size_t index_of(std::uint64_t value) noexcept {
    if (value < kPerOctave) {
      return static_cast<std::size_t>(value);
    }
    const auto octave = static_cast<unsigned>(std::bit_width(value)) - kSubBits;  // 1 and up
    if (octave > kOctaves) {
      return kCount - 1;
    }
    const auto sub = static_cast<std::size_t>(value >> (octave - 1)) & (kPerOctave - 1);
    return (std::size_t{octave} << kSubBits) + sub;
  }
  /// The largest value that index_of() puts into this bucket.
  [[nodiscard]] static constexpr std::uint64_t upper_of(std::size_t index) noexcept {
    const auto octave = static_cast<unsigned>(index >> kSubBits);
    const std::uint64_t sub = index & (kPerOctave - 1);
    return octave == 0 ? sub : ((kPerOctave + sub + 1) << (octave - 1)) - 1;
  }
};

}  // namespace adit::app::blast
