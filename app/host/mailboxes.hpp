// SPDX-License-Identifier: Apache-2.0
// Control's end of the mailboxes: reads what workers have posted, and sleeps without missing a message.
// Thread: control. Owner: the process's runtime; outlives its workers.
#pragma once

#include <asio/io_context.hpp>
#include <chrono>
#include <expected>
#include <span>
#include <string>
#include <variant>

#include "crypto/secret.hpp"
#include "dataplane/contract/mailbox.hpp"
#include "dataplane/ports/unique_fd.hpp"

namespace adit::app {

/// Passes up to `most` of the worker's messages to `take(message, frame)`; only a PppFrameIn has a frame.
/// True if there were any: the caller then looks again before it sleeps.
template <typename Take>
bool read_messages(contract::Mailbox& box, int most, const Take& take) {
  int taken = 0;
  for (; taken < most; ++taken) {
    const contract::ToControl* message = box.to_control.front();
    if (message == nullptr) {
      break;
    }
    if (std::holds_alternative<contract::PppFrameIn>(*message)) {
      contract::FrameSlot* slot = box.frames_to_control.front();
      take(*message, std::span<const std::uint8_t>(slot->octets.data(), slot->length));
      crypto::wipe(slot->octets.data(), slot->length);  // a PAP frame contains a password
      box.frames_to_control.release();
    } else {
      take(*message, std::span<const std::uint8_t>());
    }
    box.to_control.release();
  }
  return taken > 0;
}

/// The eventfd that workers write when control sleeps.
class WorkerWake {
 public:
  [[nodiscard]] static std::expected<WorkerWake, std::string> open();
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Reads the eventfd, so that it is no longer readable.
  void clear();

 private:
  dataplane::UniqueFd fd_;
};

/// Runs handlers that are ready, in the order in which they became so, at most as many as one turn of a control
/// loop may take: peers that always have something to read must not keep it from timers, signals and workers.
void run_ready(asio::io_context& io);

/// Sleeps until a handler of `io` is ready, a worker has posted (`io` must be waiting for the WorkerWake), or
/// `wait` has passed; then as run_ready().
void run_until_posted(asio::io_context& io, std::span<contract::Mailbox* const> mailboxes,
                      std::chrono::milliseconds wait);

}  // namespace adit::app
