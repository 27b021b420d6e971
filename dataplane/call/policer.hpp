// SPDX-License-Identifier: Apache-2.0
// Rate limit of one direction of a call: a token bucket of octets (rte_meter's, RFC 2697 without an excess
// burst). wire::TokenBucket would not do: its milliseconds are too coarse for octets, and its 32 bits limit a
// burst to 4 MB.
// Thread: the call's worker. Owner: the call.
#pragma once

#include <rte_meter.h>

#include <algorithm>
#include <cstdint>

#include "dataplane/base/limits.hpp"

namespace adit::dataplane {

class Policer {
 public:
  /// Octets of inner IP per second; 0: no limit. The bucket starts full, with `burst_ms` at the limit.
  void set(std::uint64_t octets_per_second, std::uint32_t burst_ms) noexcept {
    rate_ = octets_per_second;
    if (rate_ != 0) {
      rte_meter_srtcm_params params{
          .cir = octets_per_second,
          .cbs = std::max<std::uint64_t>(octets_per_second * burst_ms / 1000, kPolicerLeastBurst),
          .ebs = 0};
      rte_meter_srtcm_profile_config(&profile_, &params);
      rte_meter_srtcm_config(&meter_, &profile_);
    }
  }
  /// As set() has it.
  [[nodiscard]] std::uint64_t rate() const noexcept { return rate_; }
  [[nodiscard]] bool pass(std::uint64_t tsc, std::uint32_t octets) noexcept {
    return rate_ == 0 ||
           rte_meter_srtcm_color_blind_check(&meter_, &profile_, tsc, octets) == RTE_COLOR_GREEN;
  }

 private:
  rte_meter_srtcm meter_{};
  rte_meter_srtcm_profile profile_{};
  std::uint64_t rate_ = 0;
};

}  // namespace adit::dataplane
