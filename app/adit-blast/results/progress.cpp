// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/results/progress.hpp"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/adit-blast/results/numbers.hpp"
#include "app/escape.hpp"

namespace adit::app::blast {
namespace {

constexpr double kTerminalSeconds = 0.2;
constexpr double kPlainSeconds = 5;
constexpr std::size_t kUnknownWidth = 80;

// A wrapped line cannot be redrawn in place.
std::size_t width_of(std::FILE* out) {
  winsize size{};
  const bool known = ::ioctl(::fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  return (known ? size.ws_col : kUnknownWidth) - 1;
}

std::string elapsed(const PhaseProgress& phase) {
  return phase.of_seconds > 0 ? fmt::format("{:.0f} of {:.0f} s", phase.seconds, phase.of_seconds)
                              : fmt::format("{:.0f} s", phase.seconds);
}

std::string p99(const PhaseProgress& phase) {
  return phase.p99_ms > 0 ? "  p99 " + milliseconds(phase.p99_ms) : "";
}

}  // namespace

std::string progress_line(const PhaseProgress& phase, const Sample& sample) {
  std::string line = fmt::format("{:<10}  ", to_text(phase.kind));
  const std::string up = with_commas(sample.calls_up);
  switch (phase.kind) {
    case PhaseKind::kSetUp:
      line += fmt::format("{} of {} up  {}/s{}  {} failed", up, with_commas(phase.of_calls),
                          with_commas(sample.dials_per_second), p99(phase), with_commas(phase.failed));
      break;
    case PhaseKind::kTearDown:
      line += fmt::format("{} up  {}", up, elapsed(phase));
      break;
    case PhaseKind::kChurn:
      line += fmt::format("{}  {} up  {} redials/s  {} failed", elapsed(phase), up,
                          with_commas(sample.dials_per_second), with_commas(phase.failed));
      break;
    case PhaseKind::kStorm:
      line += fmt::format("{}  {} up  {} dials/s came up  {} did not", elapsed(phase), up,
                          with_commas(sample.dials_per_second), with_commas(phase.failed));
      break;
    case PhaseKind::kHold:
    case PhaseKind::kTraffic:
    case PhaseKind::kThroughput:
      line += fmt::format("{}  {} up", elapsed(phase), up);
      break;
  }
  if (phase.kind == PhaseKind::kHold && phase.failed > 0) {
    line += fmt::format("  {} calls lost", with_commas(phase.failed));
  }
  if (sample.up_pps > 0 || sample.down_pps > 0 || sample.lost > 0) {
    line += fmt::format("  up {} pps  down {} pps  {} lost", with_commas(sample.up_pps),
                        with_commas(sample.down_pps), with_commas(sample.lost));
    line += phase.kind == PhaseKind::kTraffic ? p99(phase) : "";
  }
  return phase.note.empty() ? line : line + "  " + escape_octets(phase.note);
}

Progress::Progress(std::FILE* out, bool quiet) : Progress(out, quiet, ::isatty(::fileno(out)) == 1) {}

void Progress::show(const PhaseProgress& phase, const Sample& sample) {
  const bool is_new_phase = phase.kind != shown_kind_;
  const double interval = is_terminal_ ? kTerminalSeconds : kPlainSeconds;
  if (quiet_ || (shown_at_ && !is_new_phase && sample.at - *shown_at_ < interval)) {
    return;
  }
  shown_at_ = sample.at;
  shown_kind_ = phase.kind;
  const std::string line = progress_line(phase, sample);
  if (is_terminal_) {
    fmt::print(out_, "\r\x1b[K{}", line.substr(0, width_of(out_)));
    is_drawn_ = true;
  } else {
    fmt::print(out_, "{}\n", line);
  }
  std::fflush(out_);
}

void Progress::finish() {
  if (is_drawn_) {
    std::fputs("\r\x1b[K", out_);
    std::fflush(out_);
    is_drawn_ = false;
  }
}

}  // namespace adit::app::blast
