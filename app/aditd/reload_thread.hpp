// SPDX-License-Identifier: Apache-2.0
// Loads the configuration on a separate thread: parsing a chap-secrets of 300,000 users takes about a second,
// and no call may wait for that. Thread: control; only reading, and destroying the data it replaces, run on
// the other.
// Owner: the control loop.
#pragma once

#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/aditd/config/config.hpp"
#include "controlplane/base/event_log.hpp"

namespace adit::app {

/// Logs the warnings about a configuration in use, as `aditd --check` prints them.
void log_warnings(const std::vector<ConfigProblem>& problems, control::EventLog& log);

class ReloadThread {
 public:
  using Read = std::function<ConfigResult()>;
  using Done = std::function<void(ConfigResult result)>;

  /// `read` runs on the thread and must be safe there. `loop` outlives the reader.
  ReloadThread(asio::io_context& loop, Read read) : loop_(loop), read_(std::move(read)) {}
  /// Waits for a read in progress; its `done` is called only if the loop keeps running.
  ~ReloadThread() = default;
  ReloadThread(const ReloadThread&) = delete;
  ReloadThread& operator=(const ReloadThread&) = delete;

  /// Reads, then calls `done` on the loop. Several reads run one after the other.
  void read(Done done);
  /// Destroys `users` on the thread.
  void discard(control::UserTable users);
  /// The same of what may have a list of a million revocations; logins in progress may keep it for longer.
  void discard(std::shared_ptr<const crypto::TlsCredentials> credentials);

 private:
  asio::io_context& loop_;
  const Read read_;
  asio::thread_pool thread_{1};  // last: joined while the other members still exist
};

}  // namespace adit::app
