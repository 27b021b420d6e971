// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/dialler.hpp"

namespace adit::app::blast {

void Dialler::begin() {
  since_ = Clock::now();
  dialled_ = 0;
}

void Dialler::dial_due(const Phase& phase, std::uint64_t& budget) {
  const double elapsed = std::chrono::duration<double>(Clock::now() - since_).count();
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
}

SetUpResult Dialler::result(const Phase& phase) const {
  SetUpResult result;
  result.dialled = dialled_;
  result.up = fleet_.counts().came_up;
  result.failures = by_text(fleet_.counts().failed);
  result.given_up = fleet_.counts().given_up;
  result.pending = fleet_.dialling();
  result.seconds = std::chrono::duration<double>(Clock::now() - since_).count();
  result.rate = result.seconds > 0 ? static_cast<double>(result.up) / result.seconds : 0;
  result.target_rate = phase.dial_rate;
  result.concurrency = phase.concurrency;
  result.time = percentiles_of(fleet_.set_up_times());
  return result;
}

}  // namespace adit::app::blast
