// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <unistd.h>

#include <ctime>
#include <thread>

#include "app/adit/exit_code.hpp"
#include "app/adit/session_sampler.hpp"
#include "app/adit/session_verbs.hpp"
#include "app/adit/terminal.hpp"
#include "app/table.hpp"

namespace adit::app {
namespace {

constexpr std::chrono::milliseconds kRefresh{2000};
constexpr std::chrono::milliseconds kFirstRates{1000};
constexpr std::size_t kRowsOnce = 20;
constexpr std::size_t kFrame = 5;  // lines of a screen that are not rows: totals, none, titles, rule, keys

SessionSampler make_sampler(const Ask& ask, std::size_t rows) {
  return SessionSampler(ask, {.keys = {"username", "ip", "calling_sid", "uptime_seconds", "drops"},
                              .order = find_shown_column("rate"),
                              .limit = rows,
                              .rates = true});
}

std::string totals(const SessionSample& sample) {
  return fmt::format(
      "{} call{}   up {} {}   down {} {}\n", human_count(sample.calls), sample.calls == 1 ? "" : "s",
      human_rate(sample.rx_bits_per_second, "bit/s"), human_rate(sample.rx_packets_per_second, "pps"),
      human_rate(sample.tx_bits_per_second, "bit/s"), human_rate(sample.tx_packets_per_second, "pps"));
}

std::string talkers(const SessionSample& sample, std::size_t width) {
  static const ShownColumns kColumns =
      *read_shown_columns("username,ip,rx-rate,tx-rate,rx-pps,tx-pps,uptime,calling-sid,drops,sid");
  return draw_sessions_within(width, sample.rows, kColumns);
}

Json as_json(const SessionSample& sample) {
  return {{"seconds", sample.seconds},
          {"calls", sample.calls},
          {"rx_bits_per_second", sample.rx_bits_per_second},
          {"tx_bits_per_second", sample.tx_bits_per_second},
          {"rx_packets_per_second", sample.rx_packets_per_second},
          {"tx_packets_per_second", sample.tx_packets_per_second},
          {"sessions", sample.rows}};
}

std::expected<int, EarlyExit> show_once(const Invocation& invocation) {
  SessionSampler sampler = make_sampler(invocation.ask, kRowsOnce);
  if (const auto first = sampler.look(); !first) {
    return std::unexpected(failed(first.error()));
  }
  std::this_thread::sleep_for(kFirstRates);
  const auto sample = sampler.look();
  if (!sample) {
    return std::unexpected(failed(sample.error()));
  }
  const std::string text = invocation.json ? json_line(as_json(*sample))
                                           : totals(*sample) + '\n' + talkers(*sample, screen_size().columns);
  return put(text);
}

std::string clock_text() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  char text[16];
  ::localtime_r(&now, &local);
  std::strftime(text, sizeof text, "%H:%M:%S", &local);
  return text;
}

std::string screen(const SessionSample& sample, ScreenSize size) {
  std::string lines = (clock_text() + "   " + totals(sample));
  std::size_t count = 0;
  std::string text;
  for (const char each : lines + '\n' + talkers(sample, size.columns)) {
    if (each == '\n' && ++count + 1 >= size.rows) {
      break;
    }
    text += each;
  }
  return text + "\nq quits; shown are those that carry most";
}

}  // namespace

std::expected<int, EarlyExit> run_top(const Invocation& invocation) {
  if (invocation.json || invocation.words.contains("--once") || !is_on_terminal() ||
      ::isatty(STDIN_FILENO) != 1) {
    return show_once(invocation);
  }
  SessionSampler sampler = make_sampler(invocation.ask, kRowsOnce);
  Terminal terminal;
  for (auto wait = kFirstRates;; wait = kRefresh) {
    const std::size_t rows = screen_size().rows;
    sampler.set_limit(rows > kFrame ? rows - kFrame : 1);
    const auto sample = sampler.look();
    if (!sample) {
      return std::unexpected(failed(sample.error()));
    }
    terminal.draw(screen(*sample, screen_size()));
    const auto key = terminal.wait_for_key(wait);
    if (key && (*key == 'q' || *key == 'Q' || *key == '\0')) {
      return kDone;
    }
  }
}

}  // namespace adit::app
