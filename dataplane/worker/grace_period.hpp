// SPDX-License-Identifier: Apache-2.0
// When every worker has let go of what control took away from it: a route snapshot, a device. A worker looks
// at what is published when it begins a turn of its loop, and uses that until the turn ends; the end of each
// turn is counted. The same idea as the kernel's RCU and liburcu's QSBR.
//
// The order decides. Control takes the thing away first, and looks at the counts only then: sampled before,
// the counts of workers that turn twice in between prove nothing, and a third turn may have begun with what is
// freed next. after() does both, so that no caller can do it the other way round.
//
//   control:  take away;         fence;  read the counts
//   worker:   count a turn;      fence;  look at what is published
//
// One of the two fences comes first. If it is control's, the worker no longer finds what was taken away. If it
// is the worker's, control reads a count that includes that turn. Release and acquire alone do not give this:
// the worker's count may wait in its store buffer while the loads of the next turns are done already.
// Thread: control; end_turn() in the worker. Owner: whoever took the thing away.
#pragma once

#include <rte_atomic.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace adit::dataplane {

/// The turns that each worker has completed by now.
using ReadTurns = std::function<std::vector<std::uint64_t>()>;

/// Worker: a turn is over, and nothing that it found published is in use any more. The fence costs some 20
/// cycles, once a turn. (rte_smp_mb, because GCC has no std::atomic_thread_fence under ThreadSanitizer.)
inline void end_turn(std::atomic<std::uint64_t>& turns) noexcept {
  turns.store(turns.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  rte_smp_mb();
}

class GracePeriod {
 public:
  /// `take_away` makes workers no longer find the thing, from their next turn on.
  template <typename TakeAway>
  [[nodiscard]] static GracePeriod after(TakeAway&& take_away, const ReadTurns& read_turns) {
    std::forward<TakeAway>(take_away)();
    rte_smp_mb();
    return GracePeriod(read_turns());
  }

  /// True once every worker has completed two turns more. After one it uses the thing no more. In the next it
  /// has found the successor of a snapshot, which it tells by its address (WorkerContext::begin_iteration): were
  /// the memory given out again before that, it would take a new snapshot for the old one, and keep pointers
  /// into it.
  [[nodiscard]] bool over(std::span<const std::uint64_t> turns) const {
    for (std::size_t worker = 0; worker < turns_.size(); ++worker) {
      if (turns[worker] - turns_[worker] < 2) {
        return false;
      }
    }
    return true;
  }

 private:
  explicit GracePeriod(std::vector<std::uint64_t> turns) : turns_(std::move(turns)) {}

  std::vector<std::uint64_t> turns_;  // by worker, when it began
};

}  // namespace adit::dataplane
