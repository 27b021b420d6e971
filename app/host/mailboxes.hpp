// SPDX-License-Identifier: Apache-2.0
// Control's end of the mailboxes: how it reads what workers have posted, and how it sleeps without missing what they post.
// Thread: control. Owner: the process' runtime; outlives its workers.
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

/// Hands what the worker has posted, `most` messages at most, to `take(message, frame)`; only a PppFrameIn has a frame.
/// True when there was something: the caller looks again before it sleeps.
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
      crypto::wipe(slot->octets.data(), slot->length);  // with PAP it holds a password
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
  /// Takes the count off it, so that it is readable no more.
  void clear();

 private:
  dataplane::UniqueFd fd_;
};

/// Runs handlers of `io` until one has run, a worker has posted (the WorkerWake must be waited for on `io`), or `wait`
/// is over.
void run_until_posted(asio::io_context& io, std::span<contract::Mailbox* const> mailboxes,
                      std::chrono::milliseconds wait);

}  // namespace adit::app
