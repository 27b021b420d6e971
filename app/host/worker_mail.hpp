// SPDX-License-Identifier: Apache-2.0
// Control's end of the mailboxes: their memory, and how control sleeps without missing what a worker posts.
// Thread: control. Owner: the process' runtime; outlives its workers.
#pragma once

#include <asio/io_context.hpp>
#include <chrono>
#include <expected>
#include <span>
#include <string>

#include "dataplane/contract/mailbox.hpp"
#include "dataplane/ports/unique_fd.hpp"

namespace adit::app {

/// The eventfd that workers write when control sleeps.
class WorkerWake {
 public:
  [[nodiscard]] static std::expected<WorkerWake, std::string> open();
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Makes it quiet again.
  void clear();

 private:
  dataplane::UniqueFd fd_;
};

/// Runs handlers of `io` until one has run, a worker has posted (the WorkerWake must be waited for on `io`), or `wait`
/// is over.
void run_until_mail(asio::io_context& io, std::span<contract::Mailbox* const> mailboxes,
                    std::chrono::milliseconds wait);

}  // namespace adit::app
