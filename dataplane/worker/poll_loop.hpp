// SPDX-License-Identifier: Apache-2.0
// The loop that every worker runs: read control, poll rings and devices, deliver, flush, count, back off when
// idle. What the concentrator and the load generator do with packets differs; that is the `Stages`, bound at
// compile time:
//
//   class Worker final : public PollLoop<Worker>          with PollLoop as a friend, and
//     CallControl call_control_;                          reads what control asks
//     std::size_t read_rings(std::uint64_t tsc)           rings besides the mailbox: how much there was
//     void on_burst(up, down)                             a burst from a device, sorted; takes all of it
//     std::size_t finish_iteration(std::uint64_t tsc)          what falls due by itself: how much that was
//
// It makes no system call (except to sleep when idle and to wake a sleeping control thread), takes no lock,
// allocates nothing and logs nothing. Thread: run() and poll_once() on one thread.
#pragma once

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_prefetch.h>

#include "dataplane/worker/idling.hpp"
#include "dataplane/worker/worker_core.hpp"

namespace adit::dataplane {

/// Outer headers and the inner one lie in the first two cache lines (14 + 20 + 16 + 8 + 20 octets).
inline void prefetch_packet(rte_mbuf* mbuf) noexcept {
  const std::uint8_t* data = data_of(mbuf);
  rte_prefetch0(data);
  rte_prefetch0(data + kCacheLine);
}

template <typename Stages>
class PollLoop : public WorkerCore {
 public:
  /// Polls until stop(); returns 0. For rte_eal_remote_launch: launch(worker).
  int run() noexcept;
  static int launch(void* worker) noexcept { return static_cast<Stages*>(worker)->run(); }

  /// One iteration at time `tsc`; true if it found work. For tests and benchmarks, which supply their own
  /// clock.
  bool poll_once(std::uint64_t tsc) noexcept;

 protected:
  using WorkerCore::WorkerCore;
  ~PollLoop() = default;

 private:
  Stages& stages() noexcept { return static_cast<Stages&>(*this); }
  std::size_t poll_queue(const Queue& queue) noexcept;
};

template <typename Stages>
int PollLoop<Stages>::run() noexcept {
  IdleBackoff backoff(counters_, tsc_per_ms_);
  while (!stopping_.load(std::memory_order_relaxed)) {
    const std::uint64_t began = rte_rdtsc();
    if (poll_once(began)) {
      const std::uint64_t ended = rte_rdtsc();
      counters_.busy_cycles.add(ended - began);
      backoff.on_work(ended);
    } else if (settings_.data_plane.poll_mode == PollMode::kAdaptive) {
      backoff.on_idle(began);
    }
  }
  return 0;
}

template <typename Stages>
bool PollLoop<Stages>::poll_once(std::uint64_t tsc) noexcept {
  context_.begin_iteration(tsc, tsc_per_ms_, next_hops_);
  read_paused_ports();
  std::size_t work = stages().call_control_.read();
  work += stages().read_rings(tsc);
  for (const Queue& queue : queues_) {
    work += poll_queue(queue);
  }
  work += stages().finish_iteration(tsc);
  punt_.flush();
  handoff_.flush();
  transmit_.flush();
  control_.wake_control();
  counters_.loops.add();
  counters_.busy_loops.add(work > 0 ? 1 : 0);
  end_turn(iterations_);
  return work > 0;
}

template <typename Stages>
std::size_t PollLoop<Stages>::poll_queue(const Queue& queue) noexcept {
  const std::uint16_t device = queue.inlet->device();
  const bool paused = (paused_ & 1U << device) != 0;
  const std::uint16_t count = paused ? 0 : rte_eth_rx_burst(device, queue.number, received_.data(), kBurst);
  if (count == 0) {
    return 0;
  }
  // Read again: control installs a call before it answers, so a packet that has arrived by now may belong to
  // a call that this iteration has not read about yet. Without this, the first LCP frame of one in every few
  // dials found no call, which cost a restart timer.
  stages().call_control_.read();
  counters_.rx_packets.add(count);
  counters_.histograms.rx_burst.observe(count);
  counters_.arrivals[device].packets.add(count);
  context_.arrival_port = device;
  context_.arrival_punts = queue.inlet->punts();
  for (std::uint16_t i = 0; i < count; ++i) {
    prefetch_packet(received_[i]);
  }
  std::size_t up = 0;
  std::size_t down = 0;
  for (std::uint16_t i = 0; i < count; ++i) {
    rte_mbuf* mbuf = received_[i];
    DropReason why{};
    switch (classify(*mbuf, *queue.inlet, context_.index, why)) {
      case Way::kUp:
        upward_[up++] = mbuf;
        break;
      case Way::kDown:
        downward_[down++] = mbuf;
        break;
      case Way::kKernel:
        punt_.send(mbuf, device, *context_.next_hops, why, context_.now);
        break;
      case Way::kNeither:
        context_.drop(mbuf, why);
        break;
    }
  }
  context_.mark(Stage::kReceive);
  stages().on_burst({upward_.data(), up}, {downward_.data(), down});
  return count;
}

}  // namespace adit::dataplane
