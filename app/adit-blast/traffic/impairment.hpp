// SPDX-License-Identifier: Apache-2.0
// A simulated bad network between us and the server, where the kernel has no netem: loses, duplicates and
// delays GRE packets that carry data, each at random, and counts exactly what it did. A delayed packet waits
// until `reorder_by` later ones of its call and direction have passed.
// Thread: worker. Owner: the worker; one object a direction.
#pragma once

#include <rte_mbuf.h>

#include <cstdint>
#include <vector>

#include "app/adit-blast/plan/plan.hpp"
#include "dataplane/base/counters.hpp"

namespace adit::app::blast {

struct ImpairmentCounters {
  dataplane::Counter lost, duplicated, reordered;
};

class LinkImpairment {
 public:
  /// `slots`: of the call table.
  LinkImpairment(const Impairment& settings, std::uint32_t slots, std::uint64_t seed, rte_mempool* pool)
      : loss_(threshold(settings.loss)),
        duplication_(threshold(settings.duplication)),
        reordering_(threshold(settings.reordering)),
        reorder_by_(settings.reorder_by),
        held_(settings.any() ? slots : 0),
        random_(seed * 2 + 1),
        pool_(pool) {}
  ~LinkImpairment() {
    for (const Held& held : held_) {
      rte_pktmbuf_free(held.mbuf);
    }
  }
  LinkImpairment(const LinkImpairment&) = delete;
  LinkImpairment& operator=(const LinkImpairment&) = delete;

  [[nodiscard]] bool active() const noexcept { return !held_.empty(); }
  [[nodiscard]] const ImpairmentCounters& counters() const noexcept { return counters_; }

  /// Takes `mbuf`, a packet of the call in `slot`, and calls emit(mbuf) for each packet that comes out now,
  /// in order.
  template <typename Emit>
  void pass(rte_mbuf* mbuf, std::uint32_t slot, Emit&& emit) noexcept {
    if (chance(loss_)) {
      counters_.lost.add();
      rte_pktmbuf_free(mbuf);
      return;
    }
    Held& held = held_[slot];
    if (held.mbuf == nullptr && chance(reordering_)) {
      held = {mbuf, reorder_by_};
      return;
    }
    rte_mbuf* twin = chance(duplication_) ? rte_pktmbuf_copy(mbuf, pool_, 0, UINT32_MAX) : nullptr;
    emit(mbuf);
    if (twin != nullptr) {
      counters_.duplicated.add();
      emit(twin);
    }
    if (held.mbuf != nullptr && --held.behind == 0) {
      counters_.reordered.add();
      emit(held.mbuf);
      held.mbuf = nullptr;
    }
  }

  /// Emits the packet that still waits for successors of the call in `slot`, when there will be none. It was
  /// delayed, not reordered.
  template <typename Emit>
  void release(std::uint32_t slot, Emit&& emit) noexcept {
    if (slot < held_.size() && held_[slot].mbuf != nullptr) {
      if (held_[slot].behind < reorder_by_) {
        counters_.reordered.add();
      }
      emit(held_[slot].mbuf);
      held_[slot].mbuf = nullptr;
    }
  }

 private:
  struct Held {
    rte_mbuf* mbuf = nullptr;
    std::uint32_t behind = 0;
  };

  [[nodiscard]] static std::uint32_t threshold(double probability) noexcept {
    return static_cast<std::uint32_t>(probability * 4294967295.0);
  }
  [[nodiscard]] bool chance(std::uint32_t threshold) noexcept {
    random_ ^= random_ << 13;  // xorshift64
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return static_cast<std::uint32_t>(random_ >> 32) < threshold;
  }

  const std::uint32_t loss_, duplication_, reordering_, reorder_by_;
  std::vector<Held> held_;  // by slot
  std::uint64_t random_;
  rte_mempool* pool_;
  ImpairmentCounters counters_;
};

}  // namespace adit::app::blast
