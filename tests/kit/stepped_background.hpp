// SPDX-License-Identifier: Apache-2.0
// Background work that is done when the test says so, on its own thread: run() and finished() apart, so that whatever may
// happen between them can be made to happen.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

#include "controlplane/base/background.hpp"

namespace adit::test {

class SteppedBackground final : public control::Background {
 public:
  bool start(std::shared_ptr<control::BackgroundWork> work) override {
    if (waiting.size() >= most) {
      return false;
    }
    waiting.push_back(std::move(work));
    return true;
  }
  /// What a thread does with the oldest work.
  void run_one() {
    running = std::move(waiting.front());
    waiting.pop_front();
    running->run();
  }
  /// What control does with it then.
  void finish_one() { std::exchange(running, nullptr)->finished(); }
  bool turn() {
    if (waiting.empty()) {
      return false;
    }
    run_one();
    finish_one();
    return true;
  }

  std::deque<std::shared_ptr<control::BackgroundWork>> waiting;
  std::shared_ptr<control::BackgroundWork> running;
  std::size_t most = 100;
};

}  // namespace adit::test
