// SPDX-License-Identifier: Apache-2.0
// The log: one `key=value` line per event. Values may come from peers: they are escaped and bounded here, and
// a flood of one event, or of one peer's failures, becomes a count; what audits or bills never does.
// Failures go to a second file or to syslog as well, for those who ban addresses.
//   time=2026-01-31T12:00:00.123Z level=info event=call_up sid=1f user=alice peer=192.0.2.7
// Thread: control. Owner: main.
#pragma once

#include <spdlog/logger.h>

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/aditd/config/config.hpp"
#include "app/aditd/config/machine.hpp"
#include "app/aditd/events/event_feed.hpp"
#include "app/aditd/log/failure_counts.hpp"
#include "app/aditd/log/log_writer.hpp"
#include "app/escape.hpp"
#include "controlplane/base/event_log.hpp"

namespace adit::app {

/// Of a value of what audits or bills: who reads it wants all of what an operator asked for.
inline constexpr std::size_t kMaxRecordOctets = 4096;

/// "event=call_up sid=1f user=\"a b\"": the line after time and level. Values are cut at `max_octets`.
[[nodiscard]] std::string format_event(std::string_view name, std::initializer_list<control::Field> fields,
                                       std::size_t max_octets = kMaxShownOctets);

class Log final : public control::EventLog {
 public:
  /// Any monotonic clock.
  using Clock = std::function<std::chrono::milliseconds()>;

  /// Opens the file of `settings`, or standard error. The error is one line with a remedy.
  [[nodiscard]] static std::expected<std::unique_ptr<Log>, std::string> open(const LogSettings& settings);
  /// Why `open` or a later reopen() would not succeed for this process, or what it would make; makes nothing.
  [[nodiscard]] static std::vector<Obstacle> check(const LogSettings& settings);
  /// For tests: any sinks, any clock. `failures`: for these alone; nullptr: none.
  Log(spdlog::sink_ptr sink, const LogSettings& settings, Clock clock, spdlog::sink_ptr failures = nullptr);

  /// Writes a line, unless its level is below the configured one or `name` has used up its lines for this
  /// second. Records are always written.
  void event(control::Severity severity, std::string_view name,
             std::initializer_list<control::Field> fields) override;

  /// All rows, those that are not written as well.
  [[nodiscard]] EventFeed& feed() { return feed_; }

  /// From now on another thread, with the caller's CPUs, writes the lines; see LogWriter.
  void write_behind();

  /// Logs the counts of storms that have ended. Call about once a second; checks every event name ever
  /// logged.
  void flush_suppressed();
  /// Logs every count, of what has not ended as well: before the last line.
  void tell_counts();

  /// Reopens the files, for log rotation (SIGHUP). On failure the old file stays in use, and the error is
  /// logged.
  void reopen();

 private:
  /// A count per clock second rather than wire::TokenBucket: a bucket would let twice the limit through in a
  /// storm's first second, and `suppressed` reports how many lines of one second are missing.
  struct Storm {
    std::int64_t second = 0;
    std::uint32_t written = 0;
    std::uint64_t suppressed = 0;
    spdlog::level::level_enum level = spdlog::level::info;
  };
  void end_second(std::string_view name, Storm& storm, std::int64_t second);
  /// False: a storm, and counted.
  [[nodiscard]] bool is_calm(spdlog::level::level_enum level, std::string_view name);
  [[nodiscard]] bool is_news(std::string_view name, std::initializer_list<control::Field> fields);
  void write(control::Severity severity, const std::string& line);

  LogSettings settings_;
  Clock clock_;
  std::shared_ptr<LogWriter> writer_;
  spdlog::logger logger_;
  spdlog::logger records_;                  // to the same
  std::shared_ptr<LogWriter> fail_writer_;  // nullptr: failures are not written once more
  std::optional<spdlog::logger> failures_;
  FailureCounts failure_counts_;
  EventFeed feed_;
  std::map<std::string, Storm, std::less<>> storms_;  // names are our own literals: bounded
};

}  // namespace adit::app
