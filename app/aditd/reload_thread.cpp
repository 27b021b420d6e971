// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/reload_thread.hpp"

#include <asio/post.hpp>
#include <utility>

#include "app/host/process/priority.hpp"

namespace adit::app {

void log_warnings(const std::vector<ConfigProblem>& problems, control::EventLog& log) {
  for (const ConfigProblem& problem : problems) {
    if (problem.warning) {
      log.event(control::Severity::kWarning, "config",
                {{.key = "problem", .value = problem.line, .whole = true}});
    }
  }
}

void ReloadThread::read(Done done) {
  asio::post(thread_, [this, done = std::move(done)]() mutable {
    let_control_go_first();
    asio::post(loop_, [done = std::move(done), result = read_()]() mutable { done(std::move(result)); });
  });
}

void ReloadThread::discard(control::UserTable users) {
  asio::post(thread_, [users = std::move(users)] { let_control_go_first(); });
}

void ReloadThread::discard(std::shared_ptr<const crypto::TlsCredentials> credentials) {
  asio::post(thread_, [credentials = std::move(credentials)] { let_control_go_first(); });
}

}  // namespace adit::app
