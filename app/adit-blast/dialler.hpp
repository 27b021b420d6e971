// SPDX-License-Identifier: Apache-2.0
// Dials idle lines as fast as a phase wants, and says how that went.
// Thread: control. Owner: the runner.
#pragma once

#include <chrono>
#include <cstdint>

#include "app/adit-blast/lines/fleet.hpp"
#include "app/adit-blast/results/results.hpp"

namespace adit::app::blast {

class Dialler {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Dialler(Fleet& fleet) : fleet_(fleet) {}

  /// From now on the phase's rate counts.
  void begin();
  /// Dials idle lines while rate and concurrency allow and `budget` lasts; takes what it dialled off `budget`.
  void dial_due(const Phase& phase, std::uint64_t& budget);
  /// Since begin().
  [[nodiscard]] std::uint64_t dialled() const { return dialled_; }
  [[nodiscard]] SetUpResult result(const Phase& phase) const;

 private:
  Fleet& fleet_;
  Clock::time_point since_{};
  std::uint64_t dialled_ = 0;
  std::uint32_t next_line_ = 0;  // where dial_due() looks for an idle one
};

}  // namespace adit::app::blast
