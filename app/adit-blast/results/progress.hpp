// SPDX-License-Identifier: Apache-2.0
// The progress line of a run: redrawn in place on a terminal, printed every few seconds elsewhere.
// Thread: control. Owner: the runner, which may call show() as often as it likes.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "app/adit-blast/results/results.hpp"

namespace adit::app::blast {

/// What is known about the current phase, besides the Sample.
struct PhaseProgress {
  PhaseKind kind = PhaseKind::kSetUp;
  double seconds = 0;          ///< since the phase began
  double of_seconds = 0;       ///< its duration; 0: open-ended
  std::uint64_t of_calls = 0;  ///< set-up: the target
  std::uint64_t failed = 0;    ///< failed dials and lost calls
  double p99_ms = 0;           ///< set-up: of the set-up time so far; traffic: of the latency; 0: no data yet
  std::string note{};          ///< throughput: "imix, trial 4 at 120,000 pps"
};

/// "set-up      3,214 of 10,000 up  2,130/s  p99 41.0 ms  0 failed"
[[nodiscard]] std::string progress_line(const PhaseProgress& phase, const Sample& sample);

class Progress {
 public:
  /// Finds out whether `out` is a terminal. Quiet: never shows anything.
  Progress(std::FILE* out, bool quiet);
  Progress(std::FILE* out, bool quiet, bool is_terminal)
      : out_(out), quiet_(quiet), is_terminal_(is_terminal) {}
  ~Progress() { finish(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Does nothing if the line was shown less than 0.2 s ago (5 s if `out` is not a terminal), going by
  /// sample.at.
  void show(const PhaseProgress& phase, const Sample& sample);
  /// Clears the line, so that what is printed next starts on an empty one.
  void finish();

 private:
  std::FILE* out_;
  bool quiet_;
  bool is_terminal_;
  bool is_drawn_ = false;
  std::optional<double> shown_at_;
  PhaseKind shown_kind_ = PhaseKind::kSetUp;
};

}  // namespace adit::app::blast
