// SPDX-License-Identifier: Apache-2.0
// What a run has lost so far. Thread: control. Owner: the sampler.
#pragma once

#include <cstdint>
#include <utility>

namespace adit::app::blast {

/// Over the loads of a run, whose counters start from zero with each of them and stay behind it.
class LossCurve {
 public:
  void begin_run() {
    before_ = now_ = 0;
    loaded_ = false;
  }
  void begin_load() {
    before_ += std::exchange(now_, 0);
    loaded_ = true;
  }
  /// `missing`: by the counters; until the first load of a run they are those of the run before.
  std::uint64_t so_far(std::uint64_t missing) {
    now_ = loaded_ ? missing : 0;
    return before_ + now_;
  }

 private:
  std::uint64_t before_ = 0;  // of the loads before this one
  std::uint64_t now_ = 0;     // of this one
  bool loaded_ = false;
};

}  // namespace adit::app::blast
