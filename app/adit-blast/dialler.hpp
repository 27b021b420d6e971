// SPDX-License-Identifier: Apache-2.0
// Dials idle lines as fast as a phase wants, and counts the outcomes.
// Thread: control. Owner: the runner.
#pragma once

#include <chrono>
#include <cstdint>

#include "app/adit-blast/generator_meter.hpp"
#include "app/adit-blast/lines/fleet.hpp"
#include "app/adit-blast/results/results.hpp"

namespace adit::app::blast {

class Dialler {
 public:
  using Clock = std::chrono::steady_clock;

  /// The references must outlive it.
  Dialler(Fleet& fleet, const BlastRuntime& runtime, const BackgroundThreads& background)
      : fleet_(fleet), meter_(runtime, background) {}

  /// The phase's dial rate is counted from now on.
  void begin();
  /// Dials idle lines as long as rate, concurrency and `budget` allow; subtracts from `budget` what it
  /// dialled.
  void dial_due(const Phase& phase, std::uint64_t& budget);
  /// Since begin().
  [[nodiscard]] std::uint64_t dialled() const { return dialled_; }
  [[nodiscard]] SetUpResult result(const Phase& phase) const;

 private:
  void note_wait(const Phase& phase, bool due);

  Fleet& fleet_;
  GeneratorMeter meter_;
  Clock::time_point since_{};
  Clock::time_point noted_{};
  Clock::time_point wanted_until_{};              // when there was last something to dial
  Clock::duration window_full_{}, lines_busy_{};  // time in which a dial was due, and what it waited for
  std::uint64_t dialled_ = 0;
  std::uint32_t next_line_ = 0;  // where dial_due() starts looking for an idle line
};

}  // namespace adit::app::blast
