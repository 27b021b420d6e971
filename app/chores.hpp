// SPDX-License-Identifier: Apache-2.0
// Work of the control thread that grows with the number of calls, done in slices: one a turn of the loop, however
// many chores there are; they take turns. Whoever adds a chore keeps each of its slices well below a millisecond.
// Thread: control. Owner: the control loop.
#pragma once

#include <deque>
#include <functional>
#include <utility>

namespace adit::app {

class Chores {
 public:
  /// Does the next slice. False: it was the last.
  using Slice = std::function<bool()>;

  void add(Slice slice) { waiting_.push_back(std::move(slice)); }

  /// Does one slice. True: there is more to do, in other turns.
  bool turn() {
    if (waiting_.empty()) {
      return false;
    }
    Slice slice = std::move(waiting_.front());
    waiting_.pop_front();
    if (slice()) {
      waiting_.push_back(std::move(slice));
    }
    return !waiting_.empty();
  }

 private:
  std::deque<Slice> waiting_;
};

}  // namespace adit::app
