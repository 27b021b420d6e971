// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/log_writer.hpp"

#include <pthread.h>
#include <signal.h>

#include <string>
#include <utility>

namespace adit::app {

using spdlog::details::log_msg;
using spdlog::details::log_msg_buffer;

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
  {
    const std::lock_guard lock(mutex_);
    const bool record = line.logger_name == spdlog::string_view_t(kRecords.data(), kRecords.size());
    if (waiting_.size() >= (record ? kMostRecords : kMost)) {
      ++lost_;
      return;
    }
    waiting_.emplace_back(line);
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
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) {
      return;
    }
    const std::vector<log_msg_buffer> lines = std::exchange(waiting_, {});
    const std::uint64_t lost = std::exchange(lost_, 0);
    const spdlog::sink_ptr to = to_;
    lock.unlock();
    for (const log_msg_buffer& line : lines) {
      to->log(line);
    }
    if (lost != 0) {
      const std::string told = "event=log_lines_lost count=" + std::to_string(lost);
      to->log(log_msg(lines.back().logger_name, spdlog::level::err, told));
    }
    to->flush();
    lock.lock();
  }
}

}  // namespace adit::app
