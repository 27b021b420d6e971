// SPDX-License-Identifier: Apache-2.0
// What every worker has, whatever its stages do: calls and the tables beside them, queues in and out,
// counters. Thread: the worker, except where "any thread" is noted. Owner: the DataPlane that the worker is
// part of.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "dataplane/base/settings.hpp"
#include "dataplane/call/call_memory.hpp"
#include "dataplane/path/ingress.hpp"
#include "dataplane/path/worker_context.hpp"
#include "dataplane/worker/call_adoption.hpp"
#include "dataplane/worker/grace_period.hpp"

namespace adit::dataplane {

struct WorkerSettings {
  contract::WorkerId id;
  int socket = -1;                               ///< NUMA node of its tables; SOCKET_ID_ANY (-1): any
  std::uint32_t slots = 0;                       ///< the most calls it can have, up to kMaxCallsPerWorker
  std::uint32_t mppc_histories = 0;              ///< pairs of them, numbered from 1
  std::optional<CallTableMemory> call_memory{};  ///< where its calls stand; nothing: in DPDK's memory
  std::vector<WorkerPort> ports{};  ///< every port of the process, whether this worker polls it or not
  rte_mempool* pool = nullptr;      ///< for packets that it originates
  Settings data_plane{};
  int control_wake_fd = -1;       ///< eventfd to write when control sleeps
  KernelRings* kernel = nullptr;  ///< for ports that punt; nullptr: none do
  /// One bit per DPDK port that control is about to restart, after a GracePeriod. nullptr: never.
  const std::atomic<std::uint32_t>* paused_ports = nullptr;
};

/// What a worker shares with control and with other workers. All of it must outlive the worker.
struct WorkerShares {
  const CallIndex& index;
  contract::Mailbox& mailbox;
  const NextHopsCell& next_hops;
  const HandoffRings& rings;
};

class WorkerCore {
 public:
  WorkerCore(const WorkerCore&) = delete;
  WorkerCore& operator=(const WorkerCore&) = delete;

  // ---- any thread
  void stop() noexcept { stopping_.store(true, std::memory_order_relaxed); }
  /// Completed loop iterations, a GracePeriod's turns: at the end of each the worker holds no snapshot.
  [[nodiscard]] std::uint64_t iterations() const noexcept {
    return iterations_.load(std::memory_order_acquire);
  }
  [[nodiscard]] const WorkerCounters& counters() const noexcept { return counters_; }
  /// What its clock says now. Any thread.
  [[nodiscard]] Milliseconds clock() const noexcept;
  /// Only for CallTable::totals().
  [[nodiscard]] const CallTable& calls() const noexcept { return calls_; }
  /// Any thread may look; control forgets.
  [[nodiscard]] const WrongPeers& wrong_peers() const noexcept { return context_.wrong_peers; }
  [[nodiscard]] WrongPeers& wrong_peers() noexcept { return context_.wrong_peers; }
  /// Where its call memory holds what an earlier process has left: before run(), on control's thread. `now`: its clock.
  [[nodiscard]] CallAdoption adopt_calls(PreviousEnd end, Milliseconds now) noexcept {
    return CallAdoption(settings_.id, calls_, acks_,
                        {.end = end, .now = now, .burst = settings_.data_plane.policy.burst},
                        settings_.data_plane.acks.acknowledges);
  }
  /// That has not been done; it must not run.
  [[nodiscard]] bool awaits_adoption() const noexcept { return calls_.has_inherited(); }

  /// Octets of its reorder windows.
  [[nodiscard]] std::size_t reorder_octets() const noexcept { return reorder_.octets(); }
  /// Octets of its queue of due acknowledgements; those of its calls are CallTable::octets_per_call() times
  /// capacity.
  [[nodiscard]] std::size_t ack_octets() const noexcept { return acks_.octets(); }

  /// Before run(), or between iterations: where to count the cycles per stage; nullptr: nowhere.
  void set_profile(StageProfile* profile) noexcept { context_.profile = profile; }

 protected:
  struct Queue {
    const Inlet* inlet;
    std::uint16_t number;
  };
  /// What there was not enough DPDK memory for.
  enum class Shortage : std::uint8_t { kNone, kRings, kCalls, kReassembly };

  WorkerCore(WorkerSettings settings, const WorkerShares& shares);
  ~WorkerCore() = default;
  [[nodiscard]] Shortage shortage() const noexcept;
  void read_paused_ports() noexcept;

  const WorkerSettings settings_;
  const HandoffRings& rings_;
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
  std::array<rte_mbuf*, kBurst> received_{};
  std::array<rte_mbuf*, kBurst> upward_{};
  std::array<rte_mbuf*, kBurst> downward_{};
  alignas(contract::kFalseSharingBytes) std::atomic<std::uint64_t> iterations_{0};
  alignas(contract::kFalseSharingBytes) std::atomic<bool> stopping_{false};
};

}  // namespace adit::dataplane
