// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/log/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>

#include <syslog.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "app/escape.hpp"

namespace adit::app {
namespace {

spdlog::level::level_enum to_spdlog(control::Severity severity) {
  switch (severity) {
    case control::Severity::kDebug:
      return spdlog::level::debug;
    case control::Severity::kInfo:
    case control::Severity::kRecord:
      return spdlog::level::info;
    case control::Severity::kWarning:
    case control::Severity::kFailure:
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

Obstacle cannot_append(std::string_view key, const std::string& file, std::string_view why) {
  return {
      .section = "log",
      .table = "",
      .key = std::string(key),
      .value = quote_if_needed(file),
      .wrong = escape_octets(why),
      .remedy = "its directory must belong to the user that aditd runs as, do: install -d -o adit -g adit " +
                escape_octets(std::filesystem::path(file).parent_path().string()) +
                " (adit.service may write to /var/log/adit; elsewhere it needs ReadWritePaths=)"};
}

constexpr std::string_view kFileKey = "log-file", kFailFileKey = "log-fail-file";

std::expected<spdlog::sink_ptr, std::string> open_file(std::string_view key, const std::string& file) {
  try {
    return std::make_shared<spdlog::sinks::basic_file_sink_st>(file);
  } catch (const spdlog::spdlog_ex& error) {
    const Obstacle found = cannot_append(key, file, error.what());
    return std::unexpected(found.section + '.' + found.key + ": value " + found.value + ": " + found.wrong +
                           "; " + found.remedy);
  }
}

std::expected<spdlog::sink_ptr, std::string> open_sink(const LogSettings& settings) {
  if (settings.file.empty()) {
    return std::make_shared<spdlog::sinks::stderr_sink_st>();
  }
  return open_file(kFileKey, settings.file);
}

/// nullptr: failures are not written once more.
std::expected<spdlog::sink_ptr, std::string> open_fail_sink(const LogSettings& settings) {
  std::vector<spdlog::sink_ptr> sinks;  // syslog first: a file on a full disk throws
  if (settings.fail_syslog) {
    sinks.push_back(
        std::make_shared<spdlog::sinks::syslog_sink_st>("aditd", LOG_PID | LOG_NDELAY, LOG_AUTHPRIV, true));
  }
  if (!settings.fail_file.empty()) {
    auto file = open_file(kFailFileKey, settings.fail_file);
    if (!file) {
      return file;
    }
    sinks.push_back(std::move(*file));
  }
  if (sinks.size() < 2) {
    return sinks.empty() ? nullptr : sinks.front();
  }
  return std::make_shared<spdlog::sinks::dist_sink_st>(std::move(sinks));
}

std::optional<Obstacle> check_file(std::string_view key, const std::string& name) {
  if (name.empty()) {
    return std::nullopt;
  }
  const std::filesystem::path file = name;
  std::filesystem::path nearest = file;  // what is missing is made in it
  std::error_code ignored;
  while (!std::filesystem::exists(nearest, ignored) && nearest.has_relative_path()) {
    nearest = nearest.parent_path();
  }
  const bool is_directory = std::filesystem::is_directory(nearest, ignored);
  if (is_directory == (nearest == file)) {
    return cannot_append(key, name, std::strerror(is_directory ? EISDIR : ENOTDIR));
  }
  if (::access(nearest.c_str(), is_directory ? W_OK | X_OK : W_OK) != 0) {
    const int error = errno;
    return cannot_append(key, name, nearest.string() + ": " + std::strerror(error));
  }
  if (nearest != file && nearest != file.parent_path()) {
    Obstacle found = cannot_append(key, name, "there is no directory " + file.parent_path().string());
    found.remedy = "aditd makes it when it starts; correct the path if there should be one";
    found.fault = false;
    return found;
  }
  return std::nullopt;
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

std::string format_event(std::string_view name, std::initializer_list<control::Field> fields,
                         std::size_t max_octets) {
  std::string line = "event=" + quote_if_needed(name);
  for (const control::Field& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    line += quote_if_needed(field.value, field.whole ? field.value.size() : max_octets);
  }
  return line;
}

std::expected<std::unique_ptr<Log>, std::string> Log::open(const LogSettings& settings) {
  std::expected<spdlog::sink_ptr, std::string> sink = open_sink(settings);
  if (!sink) {
    return std::unexpected(std::move(sink.error()));
  }
  std::expected<spdlog::sink_ptr, std::string> failures = open_fail_sink(settings);
  if (!failures) {
    return std::unexpected(std::move(failures.error()));
  }
  return std::make_unique<Log>(std::move(*sink), settings, &steady_now, std::move(*failures));
}

std::vector<Obstacle> Log::check(const LogSettings& settings) {
  std::vector<Obstacle> found;
  for (const auto& [key, file] :
       {std::pair(kFileKey, settings.file), std::pair(kFailFileKey, settings.fail_file)}) {
    if (auto obstacle = check_file(key, file)) {
      found.push_back(std::move(*obstacle));
    }
  }
  return found;
}

Log::Log(spdlog::sink_ptr sink, const LogSettings& settings, Clock clock, spdlog::sink_ptr failures)
    : settings_(settings),
      clock_(std::move(clock)),
      writer_(std::make_shared<LogWriter>(std::move(sink))),
      logger_("aditd", writer_),
      records_(std::string(LogWriter::kRecords), writer_),
      failure_counts_([this](std::string_view event, std::string_view peer, std::uint64_t count) {
        write(control::Severity::kFailure, format_event("repeated", {{"of", std::string(event)},
                                                                     {"peer", std::string(peer)},
                                                                     {"count", std::to_string(count)}}));
      }) {
  if (failures != nullptr) {
    fail_writer_ = std::make_shared<LogWriter>(std::move(failures));
    failures_.emplace("failures", fail_writer_);
  }
  for (spdlog::logger* logger : {&logger_, &records_, failures_ ? &*failures_ : &records_}) {
    logger->set_formatter(make_formatter());
    logger->set_level(to_spdlog(settings.level));
    logger->flush_on(spdlog::level::trace);  // each line leaves the process as soon as the writer has it
  }
  records_.set_level(spdlog::level::trace);
  if (failures_) {
    failures_->set_level(spdlog::level::trace);
  }
}

void Log::write_behind() {
  writer_->start();
  if (fail_writer_ != nullptr) {
    fail_writer_->start();
  }
}

void Log::event(control::Severity severity, std::string_view name,
                std::initializer_list<control::Field> fields) {
  using control::Severity;
  feed_.event(severity, name, fields);
  if (severity == Severity::kRecord) {
    return write(severity, format_event(name, fields, kMaxRecordOctets));
  }
  const spdlog::level::level_enum level = to_spdlog(severity);
  if (!logger_.should_log(level) && !(severity == Severity::kFailure && failures_)) {
    return;
  }
  if (severity == Severity::kFailure && !is_news(name, fields)) {
    return;
  }
  if (is_calm(level, name)) {
    write(severity, format_event(name, fields));
  }
}

void Log::write(control::Severity severity, const std::string& line) {
  const spdlog::level::level_enum level = to_spdlog(severity);
  const spdlog::string_view_t verbatim(line);  // never a format string
  (severity == control::Severity::kRecord ? records_ : logger_).log(level, verbatim);
  if (severity == control::Severity::kFailure && failures_) {
    failures_->log(level, verbatim);
  }
}

bool Log::is_news(std::string_view name, std::initializer_list<control::Field> fields) {
  const auto peer = std::ranges::find(fields, std::string_view("peer"), &control::Field::key);
  return settings_.max_per_second == 0 || peer == fields.end() ||
         failure_counts_.admit(name, peer->value, clock_());
}

bool Log::is_calm(spdlog::level::level_enum level, std::string_view name) {
  auto found = storms_.find(name);
  if (found == storms_.end()) {
    found = storms_.emplace(name, Storm()).first;
  }
  Storm& storm = found->second;
  end_second(name, storm, clock_().count() / 1000);
  if (settings_.max_per_second != 0 && storm.written >= settings_.max_per_second) {
    ++storm.suppressed;
    storm.level = level;
    return false;
  }
  ++storm.written;
  return true;
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
  failure_counts_.flush(clock_());
}

void Log::tell_counts() {
  constexpr std::int64_t kOver = -1;  // no second
  for (auto& [name, storm] : storms_) {
    end_second(name, storm, kOver);
  }
  failure_counts_.tell_all();
}

void Log::reopen() {
  const auto reopen_one = [this](LogWriter& writer, std::expected<spdlog::sink_ptr, std::string> sink) {
    if (!sink) {
      return event(control::Severity::kError, "log_reopen_failed",
                   {{.key = "why", .value = sink.error(), .whole = true}});
    }
    (*sink)->set_formatter(make_formatter());
    writer.use(std::move(*sink));
  };
  if (!settings_.file.empty()) {
    reopen_one(*writer_, open_sink(settings_));
  }
  if (!settings_.fail_file.empty()) {
    reopen_one(*fail_writer_, open_fail_sink(settings_));
  }
}

}  // namespace adit::app
