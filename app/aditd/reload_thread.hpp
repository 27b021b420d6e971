// SPDX-License-Identifier: Apache-2.0
// Reads the configuration anew on a thread of its own: parsing a chap-secrets of 300,000 users takes about a second, for which
// no call may have to wait. Thread: control; only the reading, and the destruction of what it replaces, run on the other one.
// Owner: the control loop.
#pragma once

#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "app/aditd/config/config.hpp"
#include "controlplane/base/event_log.hpp"

namespace adit::app {

/// An event for each note on the chap-secrets `file`.
void log_user_notes(const std::string& file, const std::vector<std::string>& notes, control::EventLog& log);

class ReloadThread {
 public:
  using Read = std::function<ConfigResult()>;
  using Done = std::function<void(ConfigResult result)>;

  /// `read` runs on the thread and must be safe there. `loop` outlives the reader.
  ReloadThread(asio::io_context& loop, Read read) : loop_(loop), read_(std::move(read)) {}
  /// Waits for what is being read; its `done` is not called unless the loop runs on.
  ~ReloadThread() = default;
  ReloadThread(const ReloadThread&) = delete;
  ReloadThread& operator=(const ReloadThread&) = delete;

  /// Reads, and calls `done` on the loop. Several are read one after the other.
  void read(Done done);
  /// Destroys `users` on the thread.
  void discard(control::UserTable users);

 private:
  asio::io_context& loop_;
  const Read read_;
  asio::thread_pool thread_{1};  // last: it is joined while the rest is still there
};

}  // namespace adit::app
