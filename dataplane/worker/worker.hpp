// SPDX-License-Identifier: Apache-2.0
// One worker: the poll loop over its mailbox, its hand-off ring and its device queues. It owns its calls and everything
// on their packets' way; it makes no system call (but an idle nap and a wake-up of a sleeping control thread), takes no
// lock, allocates nothing and logs nothing.
// Thread: run() or poll_once() on one thread; what is said to be for any thread, any. Owner: aditd.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/path/downlink.hpp"
#include "dataplane/path/ingress.hpp"
#include "dataplane/path/uplink.hpp"
#include "dataplane/path/worker_context.hpp"
#include "dataplane/worker/call_control.hpp"

namespace adit::dataplane {

struct WorkerSettings {
  contract::WorkerId id;
  int socket = -1;                  ///< NUMA node of its tables, SOCKET_ID_ANY (-1): wherever there is room
  std::uint32_t slots = 0;          ///< calls at most, up to kMaxCallsPerWorker
  std::vector<WorkerPort> ports{};  ///< every port of the process, polled by this worker or not
  rte_mempool* pool = nullptr;      ///< for the packets that it originates
  Settings data_plane{};
  int control_wake_fd = -1;       ///< eventfd to write when control sleeps
  KernelRings* kernel = nullptr;  ///< for ports that punt; nullptr: there is none
  /// A bit per DPDK port that control is about to restart: it waits until turns() has grown by 2. nullptr: never.
  const std::atomic<std::uint32_t>* paused_ports = nullptr;
};

class Worker {
 public:
  /// Everything passed by reference outlives the worker and is shared: `index`, `next_hops` and `mailbox` with control,
  /// `rings` with the other workers. Fails, in words, when there is no memory.
  static std::expected<std::unique_ptr<Worker>, std::string> create(WorkerSettings settings,
                                                                    const CallIndex& index,
                                                                    contract::Mailbox& mailbox,
                                                                    const NextHopsCell& next_hops,
                                                                    const HandoffRings& rings);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Polls until stop(); returns 0. For rte_eal_remote_launch: launch(worker).
  int run() noexcept;
  static int launch(void* worker) noexcept { return static_cast<Worker*>(worker)->run(); }
  /// Any thread.
  void stop() noexcept { stopping_.store(true, std::memory_order_relaxed); }

  /// One turn at time `tsc`; true when it found work. For tests and benchmarks, which have their own clock.
  bool poll_once(std::uint64_t tsc) noexcept;

  /// Any thread: turns of the loop so far; each ends at a point where the worker holds no snapshot.
  [[nodiscard]] std::uint64_t turns() const noexcept { return turns_.load(std::memory_order_acquire); }
  /// Any thread.
  [[nodiscard]] const WorkerCounters& counters() const noexcept { return counters_; }
  /// Any thread: CallTable::totals() only.
  [[nodiscard]] const CallTable& calls() const noexcept { return calls_; }

  /// Octets of its windows for packets out of order.
  [[nodiscard]] std::size_t reorder_octets() const noexcept { return reorder_.octets(); }
  /// Octets of its debts of acknowledgements; those of its calls are CallTable::octets_per_call() times capacity.
  [[nodiscard]] std::size_t ack_octets() const noexcept { return acks_.octets(); }

  /// Before run(), or between turns: where to count the cycles of each stage; nullptr: nowhere.
  void set_profile(StageProfile* profile) noexcept { context_.profile = profile; }

 private:
  struct Queue {
    const Inlet* inlet;
    std::uint16_t queue;
  };

  Worker(WorkerSettings settings, const CallIndex& index, contract::Mailbox& mailbox,
         const NextHopsCell& next_hops, const HandoffRings& rings);
  std::size_t poll_queue(const Queue& queue) noexcept;
  std::size_t poll_handoff() noexcept;
  std::size_t poll_kernel() noexcept;
  void look_for_paused_ports() noexcept;
  void send_to_subscribers() noexcept;

  const WorkerSettings settings_;
  const NextHopsCell& next_hops_;
  const std::uint64_t tsc_per_ms_;
  std::vector<std::unique_ptr<Inlet>> inlets_;
  std::vector<Queue> queues_;
  std::uint32_t paused_ = 0;
  WorkerCounters counters_;
  CallTable calls_;
  DueCalls acks_;
  ReorderWindows reorder_;
  Reassembly reassembly_;
  ControlSender control_;
  Punt punt_;
  Handoff handoff_;
  Transmit transmit_;
  WorkerContext context_;
  Downlink downlink_;
  Uplink uplink_;
  CallControl call_control_;
  std::array<rte_mbuf*, kBurst> received_{};
  std::array<rte_mbuf*, kBurst> upward_{};
  std::array<rte_mbuf*, kBurst> downward_{};
  alignas(contract::kFalseSharingBytes) std::atomic<std::uint64_t> turns_{0};
  alignas(contract::kFalseSharingBytes) std::atomic<bool> stopping_{false};
};

}  // namespace adit::dataplane
