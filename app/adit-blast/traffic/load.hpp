// SPDX-License-Identifier: Apache-2.0
// The offered load: rate and sizes of both directions, in the worker's terms, and the clock that says when
// the next packet is due. Values. Thread: control makes an OfferedLoad, the worker reads it; a Pace belongs
// to the worker.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "app/adit-blast/plan/plan.hpp"

namespace adit::app::blast {

struct OfferedLoad {
  static constexpr std::size_t kMaxSizes = 64;
  TrafficMode mode = TrafficMode::kCore;
  Rate up, down;
  std::array<std::uint16_t, kMaxSizes> sizes{};  ///< taken in turn, so proportions are exact
  std::uint32_t size_count = 0;
  Families families = Families::kIpv4;

  /// What the direction's n-th packet is to be.
  struct Turn {
    std::uint16_t size = 0;
    bool ipv6 = false;
  };
  /// Of mixed families, each has all sizes in the same proportions.
  [[nodiscard]] Turn at(std::uint64_t n) const noexcept {
    const std::uint64_t round = size_count % 2 == 0 ? n / size_count : 0;
    return {sizes[n % size_count],
            families == Families::kMixed ? (n + round) % 2 == 1 : families == Families::kIpv6};
  }
};

/// When packets of one direction are due. A worker that was preempted (on a shared machine) catches up with
/// at most kCatchUp of what it missed; the report states the rate that was actually offered.
class Pace {
 public:
  void start(const Rate& rate, std::uint64_t tsc, double tsc_hz) noexcept {
    unit_ = rate.unit;
    interval_ = rate.per_second > 0 ? tsc_hz / rate.per_second : 0;
    on_ = unit_ == Rate::Unit::kMaximum || interval_ > 0;
    due_ = static_cast<double>(tsc);
    catch_up_ = tsc_hz * kCatchUpSeconds;
  }
  void stop() noexcept { on_ = false; }

  /// A packet may leave at `tsc`.
  [[nodiscard]] bool is_due(std::uint64_t tsc) noexcept {
    if (!on_ || unit_ == Rate::Unit::kMaximum) {
      return on_;
    }
    const auto now = static_cast<double>(tsc);
    due_ = std::max(due_, now - catch_up_);
    return due_ <= now;
  }
  void on_sent(std::uint16_t octets) noexcept {
    due_ += unit_ == Rate::Unit::kBits ? interval_ * octets * 8 : interval_;
  }

 private:
  static constexpr double kCatchUpSeconds = 0.05;
  bool on_ = false;
  Rate::Unit unit_ = Rate::Unit::kPackets;
  double interval_ = 0;  // TSC cycles per packet, or per bit
  double due_ = 0;
  double catch_up_ = 0;
};

}  // namespace adit::app::blast
