// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/reload_thread.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <asio/post.hpp>
#include <utility>

namespace adit::app {
namespace {

/// The thread inherits control's CPU, as the workers' CPUs must stay free of it; low priority lets control go
/// first.
void be_nice() {
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 19);
}

}  // namespace

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
    be_nice();
    asio::post(loop_, [done = std::move(done), result = read_()]() mutable { done(std::move(result)); });
  });
}

void ReloadThread::discard(control::UserTable users) {
  asio::post(thread_, [users = std::move(users)] { be_nice(); });
}

}  // namespace adit::app
