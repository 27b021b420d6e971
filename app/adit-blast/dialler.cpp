// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/dialler.hpp"

#include <utility>

namespace adit::app::blast {

void Dialler::begin() {
  meter_.begin();
  since_ = noted_ = wanted_until_ = Clock::now();
  window_full_ = lines_busy_ = {};
  dialled_ = 0;
}

void Dialler::dial_due(const Phase& phase, std::uint64_t& budget) {
  const auto now = Clock::now();
  if (budget > 0) {
    wanted_until_ = now;
  }
  const double elapsed = std::chrono::duration<double>(now - since_).count();
  const auto due = phase.dial_rate > 0 ? static_cast<std::uint64_t>(elapsed * phase.dial_rate) : UINT64_MAX;
  for (std::uint32_t looked_at = 0; budget > 0 && dialled_ < due && fleet_.dialling() < phase.concurrency &&
                                    fleet_.idle() > 0 && looked_at < fleet_.size();
       ++looked_at) {
    Line& line = fleet_.line(next_line_);
    next_line_ = next_line_ + 1 < fleet_.size() ? next_line_ + 1 : 0;
    if (line.state() == Line::State::kIdle) {
      line.dial();
      --budget;
      ++dialled_;
    }
  }
  note_wait(phase, budget > 0 && dialled_ < due);
}

/// The time since the last look counts as what is seen now: looks are a millisecond apart, or a busy turn of the loop.
void Dialler::note_wait(const Phase& phase, bool due) {
  const auto now = Clock::now();
  const auto elapsed = now - std::exchange(noted_, now);
  if (due && fleet_.dialling() >= phase.concurrency) {
    window_full_ += elapsed;
  } else if (due && fleet_.idle() == 0) {
    lines_busy_ += elapsed;
  }
}

SetUpResult Dialler::result(const Phase& phase) const {
  SetUpResult result;
  result.dialled = dialled_;
  result.up = fleet_.counts().came_up;
  result.failures = by_text(fleet_.counts().failed);
  result.given_up = fleet_.counts().given_up;
  result.pending = fleet_.dialling();
  const auto seconds = [](Clock::duration time) { return std::chrono::duration<double>(time).count(); };
  result.seconds = seconds(Clock::now() - since_);
  result.dialling_seconds = seconds(wanted_until_ - since_);
  result.rate = result.seconds > 0 ? static_cast<double>(result.up) / result.seconds : 0;
  result.target_rate = phase.dial_rate;
  result.concurrency = phase.concurrency;
  result.time = percentiles_of(fleet_.set_up_times());
  if (result.seconds > 0) {
    result.window_full = seconds(window_full_) / result.seconds;
    result.lines_busy = seconds(lines_busy_) / result.seconds;
  }
  result.generator = meter_.since_begin();
  return result;
}

}  // namespace adit::app::blast
