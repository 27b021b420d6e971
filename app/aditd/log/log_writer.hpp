// SPDX-License-Identifier: Apache-2.0
// Writes the log on a thread of its own: a disk that stalls, or a pipe that nobody reads, must not stop control. Lines keep their
// order; when kMost of them wait, more are lost, counted and told; records only when there are kMostOctets of all. What a full
// disk does not take is lost as well, and told with the next line that it takes. A crash loses what waits, as a rule nothing.
// Thread: control; the writing is the other's. Owner: the log.
#pragma once

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace adit::app {

class LogWriter final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  /// Some 2 MiB of usual lines; max-per-second's default lets through a second of eight events in a storm.
  static constexpr std::size_t kMost = 8192;
  /// Lines of the logger of this name audit or bill: all the room is theirs, that of 60,000 calls that end at once.
  static constexpr std::string_view kRecords = "records";
  /// Of lines that wait or are being written.
  static constexpr std::size_t kMostOctets = std::size_t{32} << 20;

  /// Until start(), lines are written where they are logged.
  explicit LogWriter(spdlog::sink_ptr to) : to_(std::move(to)) {}
  /// Writes what waits.
  ~LogWriter() override;
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  /// The thread inherits the caller's CPUs.
  void start();
  /// Later lines go to `to`; those that wait may.
  void use(spdlog::sink_ptr to);

 private:
  struct Line {
    spdlog::log_clock::time_point time;
    spdlog::level::level_enum level;
    bool is_record;
    std::string text;
  };

  void sink_it_(const spdlog::details::log_msg& line) override;
  void flush_() override;
  void set_formatter_(std::unique_ptr<spdlog::formatter> formatter) override;
  void set_pattern_(const std::string& pattern) override;
  void run();
  /// Writes `lines`, and that `lost` lines are missing. Returns how many are missing now: if the sink cannot be flushed, all
  /// of these may be.
  static std::uint64_t write(spdlog::sinks::sink& to, const std::deque<Line>& lines, std::uint64_t lost);

  std::mutex mutex_;  // of everything below
  std::condition_variable changed_;
  spdlog::sink_ptr to_;
  std::deque<Line> waiting_;  // grows without moving what is in it: control holds the mutex
  std::size_t octets_ = 0;
  std::uint64_t lost_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace adit::app
