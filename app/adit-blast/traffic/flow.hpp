// SPDX-License-Identifier: Apache-2.0
// What one direction of one call has received, by the sequence numbers of its probes: which are new, late or
// duplicates. Pure. Thread: worker. Owner: the traffic table.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/wire/ids.hpp"

namespace adit::app::blast {

class FlowReceiver {
 public:
  enum class Verdict : std::uint8_t {
    kNext,       ///< after everything received before it
    kReordered,  ///< new, but after a later one
    kDuplicate,
    kTooLate,  ///< more than kWindow behind: whether it was received before is no longer known
  };
  /// How far behind the latest packet of a call and direction a packet may be.
  static constexpr std::uint32_t kWindow = 256;

  Verdict on(std::uint32_t sequence) noexcept {
    const auto ahead = static_cast<std::int32_t>(sequence - next_);
    if (ahead >= 0) {
      forget(static_cast<std::uint32_t>(ahead) + 1);
      next_ = sequence + 1;
      mark(sequence);
      return Verdict::kNext;
    }
    if (ahead < -static_cast<std::int32_t>(kWindow)) {
      return Verdict::kTooLate;
    }
    if (seen(sequence)) {
      return Verdict::kDuplicate;
    }
    mark(sequence);
    return Verdict::kReordered;
  }

  [[nodiscard]] std::uint32_t received() const noexcept { return received_; }
  /// Sent before the latest one that was received, and not received.
  [[nodiscard]] std::uint32_t missing() const noexcept { return next_ - received_; }

 private:
  [[nodiscard]] std::uint64_t& word(std::uint32_t sequence) noexcept {
    return window_[sequence / 64 % window_.size()];
  }
  [[nodiscard]] bool seen(std::uint32_t sequence) noexcept {
    return (word(sequence) >> sequence % 64 & 1) != 0;
  }
  void mark(std::uint32_t sequence) noexcept {
    word(sequence) |= std::uint64_t{1} << sequence % 64;
    ++received_;
  }
  /// Moves the window on by `steps`: the positions that it newly covers have not been seen.
  void forget(std::uint32_t steps) noexcept {
    if (steps >= kWindow) {
      window_.fill(0);
      return;
    }
    for (std::uint32_t i = 0; i < steps; ++i) {
      word(next_ + i) &= ~(std::uint64_t{1} << (next_ + i) % 64);
    }
  }

  std::array<std::uint64_t, kWindow / 64> window_{};
  std::uint32_t next_ = 0;
  std::uint32_t received_ = 0;
};

}  // namespace adit::app::blast
