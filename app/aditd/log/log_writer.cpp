// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/log/log_writer.hpp"

#include <pthread.h>
#include <signal.h>

#include <exception>
#include <string>
#include <utility>

namespace adit::app {

using spdlog::details::log_msg;

namespace {

/// False: it throws, as a full disk makes it.
template <typename Write>
bool writes(const Write& write) {
  try {
    write();
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

LogWriter::~LogWriter() {
  if (thread_.joinable()) {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
}

void LogWriter::start() {
  // Signals are control's; but SIGSYS comes to the thread whose system call was refused.
  sigset_t all{};
  sigset_t before{};
  sigfillset(&all);
  sigdelset(&all, SIGSYS);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void LogWriter::use(spdlog::sink_ptr to) {
  const std::lock_guard lock(mutex_);
  to_ = std::move(to);
}

void LogWriter::sink_it_(const log_msg& line) {
  if (!thread_.joinable()) {
    to_->log(line);
    return;
  }
  Line copy{.time = line.time,
            .level = line.level,
            .is_record = line.logger_name == spdlog::string_view_t(kRecords.data(), kRecords.size()),
            .text = std::string(line.payload.data(), line.payload.size())};
  const std::size_t octets = sizeof copy + copy.text.size();
  {
    const std::lock_guard lock(mutex_);
    if (octets_ + octets > kMostOctets || (!copy.is_record && waiting_.size() >= kMost)) {
      ++lost_;
    } else {
      octets_ += octets;
      waiting_.push_back(std::move(copy));
    }
  }
  changed_.notify_one();
}

/// The thread flushes whenever nothing more waits.
void LogWriter::flush_() {
  if (!thread_.joinable()) {
    to_->flush();
  }
}

void LogWriter::set_formatter_(std::unique_ptr<spdlog::formatter> formatter) {
  to_->set_formatter(std::move(formatter));
}

void LogWriter::set_pattern_(const std::string& pattern) {
  to_->set_pattern(pattern);
}

void LogWriter::run() {
  std::unique_lock lock(mutex_);
  bool failed = false;
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || !waiting_.empty() || (lost_ != 0 && !failed); });
    if (waiting_.empty() && (lost_ == 0 || failed)) {
      return;
    }
    std::deque<Line> lines = std::exchange(waiting_, {});
    const std::size_t octets = octets_;
    const std::uint64_t lost = std::exchange(lost_, 0);
    const spdlog::sink_ptr to = to_;
    lock.unlock();
    const std::uint64_t unwritten = write(*to, lines, lost);
    lines.clear();
    lock.lock();
    octets_ -= octets;
    lost_ += unwritten;
    failed = unwritten != 0;
  }
}

std::uint64_t LogWriter::write(spdlog::sinks::sink& to, const std::deque<Line>& lines, std::uint64_t lost) {
  std::uint64_t unwritten = 0;
  for (const Line& line : lines) {
    const std::string_view logger = line.is_record ? kRecords : "aditd";
    const log_msg message(line.time, {}, {logger.data(), logger.size()}, line.level, line.text);
    unwritten += writes([&] { to.log(message); }) ? 0 : 1;
  }
  if (lost != 0) {
    const std::string told = "event=log_lines_lost count=" + std::to_string(lost);
    unwritten += writes([&] { to.log(log_msg("aditd", spdlog::level::err, told)); }) ? 0 : lost;
  }
  return writes([&] { to.flush(); }) ? unwritten : lines.size() + lost;
}

}  // namespace adit::app
