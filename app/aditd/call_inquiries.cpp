// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/call_inquiries.hpp"

#include <algorithm>
#include <utility>

namespace adit::app {

void CallInquiries::ask(const contract::CallRef& call, Answer answer) {
  if (pending_.size() >= kAtOnce) {
    return answer(std::nullopt);
  }
  put(pending_.emplace_back(*this, call, std::move(answer)));
}

void CallInquiries::put(Pending& pending) {
  ++pending.tries;
  static_cast<void>(post_({pending.call}));  // where its ring is full, the next try may do better
  pending.timer.arm(kPatience);
}

void CallInquiries::on_timeout(Pending& pending) {
  if (pending.tries < kTries) {
    return put(pending);
  }
  finish(std::ranges::find_if(pending_, [&](const Pending& each) { return &each == &pending; }),
         std::nullopt);
}

void CallInquiries::on_state(const contract::CallState& state) {
  for (auto at = pending_.begin(); at != pending_.end();) {
    const auto next = std::next(at);
    if (at->call == state.call) {
      finish(at, state);
    }
    at = next;
  }
}

/// The answer may ask anew.
void CallInquiries::finish(std::list<Pending>::iterator pending,
                           const std::optional<contract::CallState>& state) {
  const Answer answer = std::move(pending->answer);
  pending_.erase(pending);
  answer(state);
}

}  // namespace adit::app
