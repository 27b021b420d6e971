// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "app/escape.hpp"

namespace adit::app {
namespace {

spdlog::level::level_enum to_spdlog(control::Severity severity) {
  switch (severity) {
    case control::Severity::kDebug:
      return spdlog::level::debug;
    case control::Severity::kInfo:
      return spdlog::level::info;
    case control::Severity::kWarning:
      return spdlog::level::warn;
    case control::Severity::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string cannot_append(const std::string& file, std::string_view why) {
  return "log.log-file: value " + quote_if_needed(file) + ": " + escape_octets(why) +
         "; its directory must belong to the user that aditd runs as, do: install -d -o adit -g adit " +
         escape_octets(std::filesystem::path(file).parent_path().string()) +
         " (adit.service may write to /var/log/adit; elsewhere it needs ReadWritePaths=)";
}

std::expected<spdlog::sink_ptr, std::string> open_sink(const std::string& file) {
  if (file.empty()) {
    return std::make_shared<spdlog::sinks::stderr_sink_st>();
  }
  try {
    return std::make_shared<spdlog::sinks::basic_file_sink_st>(file);
  } catch (const spdlog::spdlog_ex& error) {
    return std::unexpected(cannot_append(file, error.what()));
  }
}

std::unique_ptr<spdlog::formatter> make_formatter() {
  return std::make_unique<spdlog::pattern_formatter>("time=%Y-%m-%dT%H:%M:%S.%eZ level=%l %v",
                                                     spdlog::pattern_time_type::utc);
}

std::chrono::milliseconds steady_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace

std::string format_event(std::string_view name, std::initializer_list<control::Field> fields) {
  std::string line = "event=" + quote_if_needed(name);
  for (const control::Field& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    line += quote_if_needed(field.value);
  }
  return line;
}

std::expected<std::unique_ptr<Log>, std::string> Log::open(const LogSettings& settings) {
  std::expected<spdlog::sink_ptr, std::string> sink = open_sink(settings.file);
  if (!sink) {
    return std::unexpected(std::move(sink.error()));
  }
  return std::make_unique<Log>(std::move(*sink), settings, &steady_now);
}

std::expected<void, std::string> Log::check(const LogSettings& settings) {
  if (settings.file.empty()) {
    return {};
  }
  const std::filesystem::path file = settings.file;
  std::filesystem::path nearest = file;  // what is missing is made in it
  std::error_code ignored;
  while (!std::filesystem::exists(nearest, ignored) && nearest.has_relative_path()) {
    nearest = nearest.parent_path();
  }
  const bool is_directory = std::filesystem::is_directory(nearest, ignored);
  if (is_directory == (nearest == file)) {
    return std::unexpected(cannot_append(settings.file, std::strerror(is_directory ? EISDIR : ENOTDIR)));
  }
  if (::access(nearest.c_str(), is_directory ? W_OK | X_OK : W_OK) != 0) {
    const int error = errno;
    return std::unexpected(cannot_append(settings.file, nearest.string() + ": " + std::strerror(error)));
  }
  return {};
}

Log::Log(spdlog::sink_ptr sink, const LogSettings& settings, Clock clock)
    : settings_(settings),
      clock_(std::move(clock)),
      writer_(std::make_shared<LogWriter>(std::move(sink))),
      logger_("aditd", writer_) {
  logger_.set_formatter(make_formatter());
  logger_.set_level(to_spdlog(settings.level));
  logger_.flush_on(spdlog::level::trace);  // each line leaves the process as soon as the writer has it
}

void Log::event(control::Severity severity, std::string_view name,
                std::initializer_list<control::Field> fields) {
  const spdlog::level::level_enum level = to_spdlog(severity);
  if (!logger_.should_log(level)) {
    return;
  }
  auto found = storms_.find(name);
  if (found == storms_.end()) {
    found = storms_.emplace(name, Storm()).first;
  }
  Storm& storm = found->second;
  end_second(name, storm, clock_().count() / 1000);
  if (settings_.max_per_second != 0 && storm.written >= settings_.max_per_second) {
    ++storm.suppressed;
    storm.level = level;
    return;
  }
  ++storm.written;
  logger_.log(level, spdlog::string_view_t(format_event(name, fields)));  // verbatim: never a format string
}

void Log::end_second(std::string_view name, Storm& storm, std::int64_t second) {
  if (storm.second == second) {
    return;
  }
  if (storm.suppressed != 0) {
    logger_.log(storm.level,
                spdlog::string_view_t(format_event(
                    "suppressed", {{"of", std::string(name)}, {"count", std::to_string(storm.suppressed)}})));
  }
  storm = {second, 0, 0, storm.level};
}

void Log::flush_suppressed() {
  const std::int64_t second = clock_().count() / 1000;
  for (auto& [name, storm] : storms_) {
    end_second(name, storm, second);
  }
}

void Log::reopen() {
  if (settings_.file.empty()) {
    return;
  }
  std::expected<spdlog::sink_ptr, std::string> sink = open_sink(settings_.file);
  if (!sink) {
    event(control::Severity::kError, "log_reopen_failed", {{"why", sink.error()}});
    return;
  }
  (*sink)->set_formatter(make_formatter());
  writer_->use(std::move(*sink));
}

}  // namespace adit::app
