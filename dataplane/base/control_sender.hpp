// SPDX-License-Identifier: Apache-2.0
// Sends a worker's messages and PPP frames to control. Never blocks: a full ring is an outcome that the caller counts.
// Thread: worker. Owner: the worker; the mailbox is shared with control.
#pragma once

#include <unistd.h>

#include "dataplane/contract/mailbox.hpp"
#include "dataplane/wire/bytes.hpp"

namespace adit::dataplane {

class ControlSender {
 public:
  /// `wake_fd`: the eventfd that control sleeps on, -1: none.
  ControlSender(contract::Mailbox& mailbox, int wake_fd) noexcept : mailbox_(mailbox), wake_fd_(wake_fd) {}

  [[nodiscard]] bool post(const contract::ToControl& message) noexcept {
    const bool sent = mailbox_.to_control.push(message);
    posted_ = posted_ || sent;
    return sent;
  }
  /// False as well when `most` frames wait already.
  [[nodiscard]] bool post_frame(const contract::PppFrameIn& message, wire::Bytes frame,
                                std::uint32_t most) noexcept {
    const bool sent =
        contract::post_with_frame(mailbox_.to_control, mailbox_.frames_to_control, message, frame, most);
    posted_ = posted_ || sent;
    return sent;
  }

  /// Once per loop. The only system call of a busy worker, made only when control has announced that it
  /// is going to sleep.
  void wake_control() noexcept {
    if (!posted_) {
      return;
    }
    posted_ = false;
    // Control sets the flag, then looks at the rings once more; we publish, then look at the flag. Both use an exchange,
    // so the later of the two sees the earlier: either control finds the message, or we wake it.
    if (wake_fd_ >= 0 && mailbox_.control_sleeps.exchange(false, std::memory_order_acq_rel)) {
      const std::uint64_t one = 1;
      [[maybe_unused]] const auto written =
          ::write(wake_fd_, &one, sizeof one);  // fails only if the counter is full: control is awake then
    }
  }

 private:
  contract::Mailbox& mailbox_;
  int wake_fd_;
  bool posted_ = false;
};

}  // namespace adit::dataplane
