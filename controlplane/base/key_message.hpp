// SPDX-License-Identifier: Apache-2.0
// EnableMppe on its way to a worker: the keys are copied once, straight into the message, and wiped when it
// goes out of scope. Whoever queues the message wipes that copy too; the worker wipes the ring's slot
// (dataplane/worker/call_control.cpp).
// Thread: any. Owner: the caller; on the stack.
#pragma once

#include <algorithm>

#include "crypto/secret.hpp"
#include "dataplane/contract/messages.hpp"

namespace adit::control {

class KeyMessage {
 public:
  /// `history`: see contract::EnableMppe.
  KeyMessage(const contract::CallRef& call, contract::Direction direction, contract::MppeMode mode,
             const crypto::Secret<16>& start_key, const crypto::Secret<16>& session_key,
             std::uint32_t history = 0)
      : message_(std::in_place_type<contract::EnableMppe>) {
    auto& enable = std::get<contract::EnableMppe>(message_);
    enable.call = call;
    enable.direction = direction;
    enable.mode = mode;
    enable.history = history;
    std::ranges::copy(start_key.bytes(), enable.start_key.begin());
    std::ranges::copy(session_key.bytes(), enable.session_key.begin());
  }
  ~KeyMessage() { crypto::wipe(&message_, sizeof message_); }
  KeyMessage(const KeyMessage&) = delete;
  KeyMessage& operator=(const KeyMessage&) = delete;

  [[nodiscard]] const contract::ToWorker& message() const { return message_; }

 private:
  contract::ToWorker message_;
};

}  // namespace adit::control
