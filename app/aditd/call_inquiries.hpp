// SPDX-License-Identifier: Apache-2.0
// Asks workers what they alone know of a call (contract::ReadCall). A worker whose ring to control is full does not
// answer: it is asked again, then done without.
// Thread: control. Owner: OperatorView.
#pragma once

#include <functional>
#include <list>
#include <optional>

#include "controlplane/base/timer_wheel.hpp"
#include "dataplane/contract/messages.hpp"

namespace adit::app {

class CallInquiries {
 public:
  using Post = std::function<bool(const contract::ReadCall& question)>;  ///< false: the worker's ring is full
  using Answer = std::function<void(const std::optional<contract::CallState>& state)>;
  static constexpr std::size_t kAtOnce = 64;
  static constexpr control::Duration kPatience{100};  ///< for each of kTries
  static constexpr int kTries = 3;

  CallInquiries(control::TimerWheel& wheel, Post post) : wheel_(wheel), post_(std::move(post)) {}

  /// Calls `answer` later, or at once when too many ask already; none: the worker said nothing in time.
  void ask(const contract::CallRef& call, Answer answer);
  /// A worker answers all who asked for that call.
  void on_state(const contract::CallState& state);

 private:
  struct Pending {
    Pending(CallInquiries& owner, const contract::CallRef& asked, Answer done)
        : inquiries(owner),
          call(asked),
          answer(std::move(done)),
          timer(owner.wheel_, control::on_timer<&Pending::on_timeout>, this) {}
    void on_timeout() { inquiries.on_timeout(*this); }

    CallInquiries& inquiries;
    contract::CallRef call;
    Answer answer;
    int tries = 0;
    control::Timer timer;
  };
  void put(Pending& pending);
  void on_timeout(Pending& pending);
  void finish(std::list<Pending>::iterator pending, const std::optional<contract::CallState>& state);

  control::TimerWheel& wheel_;
  Post post_;
  std::list<Pending> pending_;
};

}  // namespace adit::app
