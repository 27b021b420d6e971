// SPDX-License-Identifier: Apache-2.0
#include "app/host/mailboxes.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace adit::app {

std::expected<WorkerWake, std::string> WorkerWake::open() {
  WorkerWake wake;
  wake.fd_ = dataplane::UniqueFd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (wake.fd_.get() < 0) {
    return std::unexpected(std::string("cannot make an eventfd: ") + std::strerror(errno));
  }
  return wake;
}

void WorkerWake::clear() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto taken = ::read(fd_.get(), &count, sizeof count);  // EAGAIN: nothing to clear
}

namespace {

// With 2 KiB of a connection, or 16 accepted ones, a handler: well below a millisecond.
constexpr int kHandlersPerTurn = 64;

}  // namespace

void run_ready(asio::io_context& io) {
  for (int run = 0; run < kHandlersPerTurn && io.poll_one() > 0; ++run) {
  }
}

void run_until_posted(asio::io_context& io, std::span<contract::Mailbox* const> mailboxes,
                      std::chrono::milliseconds wait) {
  for (contract::Mailbox* box : mailboxes) {
    box->control_sleeps.exchange(true, std::memory_order_acq_rel);
  }
  // A worker that posted before it could see the flag does not wake us, so look once more.
  for (contract::Mailbox* box : mailboxes) {
    if (!box->to_control.empty()) {
      wait = std::chrono::milliseconds{0};
    }
  }
  if (wait <= std::chrono::milliseconds{0} || io.run_one_for(wait) > 0) {
    run_ready(io);
  }
  for (contract::Mailbox* box : mailboxes) {
    box->control_sleeps.store(false, std::memory_order_relaxed);
  }
}

}  // namespace adit::app
