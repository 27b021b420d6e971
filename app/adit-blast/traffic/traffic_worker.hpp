// SPDX-License-Identifier: Apache-2.0
// The load generator's poll loop: what control asks, what the ports bring, what the offered load wants sent. It owns the
// clients' data-plane calls, as dataplane::Worker owns a concentrator's, and plays the core's side too.
// Thread: run() or poll_once() on one thread; what is said to be for any thread, any. Owner: BlastRuntime.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "app/adit-blast/traffic/client_receiver.hpp"
#include "app/adit-blast/traffic/client_sender.hpp"
#include "app/adit-blast/traffic/load.hpp"
#include "app/adit-blast/traffic/verifier.hpp"
#include "dataplane/path/ingress.hpp"
#include "dataplane/path/worker_context.hpp"
#include "dataplane/worker/call_control.hpp"

namespace adit::app::blast {

/// What control asks of the traffic, beside the calls' own messages (contract::ToWorker).
struct TrafficCommand {
  enum class Kind : std::uint8_t {
    kJoin,   ///< the call takes part
    kQuiet,  ///< it sends no more
    kLeave,  ///< it is settled: what still comes is stale
    kReset,  ///< all counts begin anew
    kLoad,   ///< offer `load` from now on; nullptr: nothing
    kSync,   ///< synced() becomes `number`
  };
  Kind kind = Kind::kSync;
  std::uint32_t slot = 0;
  std::uint32_t incarnation = 0;
  wire::Ipv4Address own{}, other{};
  std::uint64_t number = 0;
  const OfferedLoad* load = nullptr;  ///< lives as long as the worker
};
using TrafficCommands = contract::SpscRing<TrafficCommand, 16'384>;

struct TrafficWorkerSettings {
  std::uint32_t slots = 0;
  std::vector<dataplane::WorkerPort> ports;
  rte_mempool* pool = nullptr;
  contract::AckPolicy acks;
  Impairment impairment;
  std::uint64_t seed = 1;
  wire::Ipv4Address core;  ///< ours on the core side; none: there is no core side
  int control_wake_fd = -1;
};

class TrafficWorker {
 public:
  /// All references outlive the worker. Fails, in words, when there is no memory.
  static std::expected<std::unique_ptr<TrafficWorker>, std::string> create(
      TrafficWorkerSettings settings, const dataplane::CallIndex& index, contract::Mailbox& mailbox,
      TrafficCommands& commands, const dataplane::NextHopsCell& next_hops,
      const dataplane::HandoffRings& rings);
  TrafficWorker(const TrafficWorker&) = delete;
  TrafficWorker& operator=(const TrafficWorker&) = delete;

  /// Polls until stop(); returns 0.
  int run() noexcept;
  static int launch(void* worker) noexcept { return static_cast<TrafficWorker*>(worker)->run(); }
  void stop() noexcept { stopping_.store(true, std::memory_order_relaxed); }
  /// One turn at time `tsc`; true when it found work. For tests, which have their own clock.
  bool poll_once(std::uint64_t tsc) noexcept;

  // ---- any thread
  [[nodiscard]] std::uint64_t turns() const noexcept { return turns_.load(std::memory_order_acquire); }
  [[nodiscard]] const dataplane::WorkerCounters& counters() const noexcept { return counters_; }
  /// The `number` of the last kSync that was carried out: all before it was, too.
  [[nodiscard]] std::uint64_t synced() const noexcept { return synced_.load(std::memory_order_acquire); }
  /// Totals at any time; flows only while no load is offered, nothing is under way, and a kSync has confirmed it.
  [[nodiscard]] const TrafficTable& table() const noexcept { return table_; }
  [[nodiscard]] const ImpairmentCounters& impaired_up() const noexcept { return link_up_.counters(); }
  [[nodiscard]] const ImpairmentCounters& impaired_down() const noexcept { return link_down_.counters(); }

 private:
  struct Queue {
    const dataplane::Inlet* inlet;
    std::uint16_t queue;
  };
  TrafficWorker(TrafficWorkerSettings settings, const dataplane::CallIndex& index, contract::Mailbox& mailbox,
                TrafficCommands& commands, const dataplane::NextHopsCell& next_hops,
                const dataplane::HandoffRings& rings);
  std::size_t read_commands(std::uint64_t tsc) noexcept;
  void carry_out(const TrafficCommand& command, std::uint64_t tsc) noexcept;
  std::size_t poll_queue(const Queue& queue) noexcept;
  void receive_at_core(rte_mbuf* mbuf) noexcept;
  std::size_t send_up(std::uint64_t tsc) noexcept;
  std::size_t send_down(std::uint64_t tsc) noexcept;
  [[nodiscard]] Flow* next_sender(std::size_t& cursor, std::uint32_t& slot) noexcept;
  [[nodiscard]] rte_mbuf* make_probe(ProbeKind kind, const Flow& flow, std::uint32_t slot,
                                     std::uint32_t sequence, std::uint16_t size, std::uint64_t tsc) noexcept;
  [[nodiscard]] std::uint16_t next_size(std::uint32_t& cursor) noexcept;

  const TrafficWorkerSettings settings_;
  const dataplane::NextHopsCell& next_hops_;
  TrafficCommands& commands_;
  const double tsc_hz_;
  std::vector<std::unique_ptr<dataplane::Inlet>> inlets_;
  std::vector<Queue> queues_;
  dataplane::WorkerCounters counters_;
  dataplane::CallTable calls_;
  dataplane::DueCalls acks_;
  dataplane::ReorderWindows reorder_;  // off: what the link does is measured, not made good
  dataplane::Reassembly reassembly_;
  dataplane::ControlSender control_;
  dataplane::Punt punt_;
  dataplane::Handoff handoff_;
  dataplane::Transmit transmit_;
  dataplane::WorkerContext context_;
  TrafficTable table_;
  ProbeCodec codec_;
  Verifier verifier_;
  LinkImpairment link_up_, link_down_;
  ClientSender sender_;
  ClientReceiver receiver_;
  dataplane::CallControl call_control_;
  const OfferedLoad* load_ = nullptr;
  Pace pace_up_, pace_down_;
  std::size_t cursor_up_ = 0, cursor_down_ = 0;
  std::uint32_t size_up_ = 0, size_down_ = 0;
  std::array<rte_mbuf*, dataplane::kBurst> received_{};
  alignas(contract::kFalseSharingBytes) std::atomic<std::uint64_t> turns_{0};
  std::atomic<std::uint64_t> synced_{0};
  alignas(contract::kFalseSharingBytes) std::atomic<bool> stopping_{false};
};

}  // namespace adit::app::blast
