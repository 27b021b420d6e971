// SPDX-License-Identifier: Apache-2.0
// What the stages of one worker share. Thread: worker. Owner: Worker.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstdint>
#include <span>

#include "dataplane/base/clock.hpp"
#include "dataplane/base/control_sender.hpp"
#include "dataplane/base/counters.hpp"
#include "dataplane/base/settings.hpp"
#include "dataplane/base/stage_profile.hpp"
#include "dataplane/call/call_index.hpp"
#include "dataplane/call/call_table.hpp"
#include "dataplane/call/due_calls.hpp"
#include "dataplane/call/reorder_windows.hpp"
#include "dataplane/call/wrong_peers.hpp"
#include "dataplane/path/handoff.hpp"
#include "dataplane/path/kernel_path.hpp"
#include "dataplane/path/neighbour_wait.hpp"
#include "dataplane/path/next_hops.hpp"
#include "dataplane/path/packet_trace.hpp"
#include "dataplane/path/reassembly.hpp"
#include "dataplane/path/transmit.hpp"

namespace adit::dataplane {

struct WorkerContext {
  contract::WorkerId id;
  wire::Ipv4Address gateway;     ///< our end of every tunnel: the source of our ICMP errors
  std::uint64_t gateway_id = 1;  ///< the same for IPv6: the lower half of our addresses on every link
  ForwardingPolicy policy{};
  contract::AckPolicy ack_policy{};
  rte_mempool* pool = nullptr;  ///< for packets that we originate
  CallTable& calls;
  const CallIndex& index;
  WorkerCounters& counters;
  ControlSender& control;
  Handoff& handoff;
  Transmit& transmit;
  DueCalls& acks;
  ReorderWindows& reorder;
  Reassembly& reassembly;
  Punt& punt;

  std::uint64_t tsc = 0;
  Milliseconds now{};
  std::uint16_t arrival_port = 0;       ///< of the current burst
  bool arrival_punts = false;           ///< whether the kernel gets frames there that are not ours
  const NextHops* next_hops = nullptr;  ///< the snapshot for this iteration of the loop
  std::uint32_t next_hops_epoch = 0;    ///< changes with it; never 0
  TokenBucket<kIcmpPerSecond, kIcmpCapacity> icmp{};
  TokenBucket<kResolvesPerSecond, kResolveCapacity> resolves{};
  TokenBucket<kResolves6PerSecond, kResolve6Capacity> resolves6{};
  CallBudget others{};  ///< for packets from a tunnel whose call another worker owns
  NeighbourWait waiting{};
  std::uint32_t waiting_epoch = 0;  ///< of the snapshot that they were last tried with
  Milliseconds waiting_tried{};     ///< and when that was
  StageProfile* profile = nullptr;

  /// Packets from one subscriber to another, and our own ICMP errors: the worker sends them down after the
  /// burst.
  std::array<rte_mbuf*, 2 * kBurst> for_subscribers{};
  std::size_t for_subscribers_count = 0;

  WrongPeers wrong_peers{};
  PacketTrace trace{};

  /// Begins a loop iteration at `at` (TSC): sets its time and its snapshot of routes.
  void begin_iteration(std::uint64_t at, std::uint64_t tsc_per_ms, const NextHopsCell& latest) noexcept {
    static const NextHops kNoRoutes;  // until control publishes the first snapshot
    tsc = at;
    now = {static_cast<std::uint32_t>(tsc / tsc_per_ms)};
    trace.at(tsc);
    const NextHops* published = latest.load(std::memory_order_acquire);
    const NextHops* current = published != nullptr ? published : &kNoRoutes;
    if (current != next_hops || next_hops_epoch == 0) {
      next_hops = current;
      next_hops_epoch += next_hops_epoch == 0xffffffff ? 2 : 1;
    }
    if (profile != nullptr) {
      profile->begin();
    }
  }

  void drop(rte_mbuf* mbuf, DropReason reason) noexcept {
    counters.drop(reason);
    rte_pktmbuf_free(mbuf);
  }
  void drop(rte_mbuf* mbuf, Call& call, DropReason reason) noexcept {
    calls.count_drop(call, reason);
    drop(mbuf, reason);
  }
  /// A packet of the burst belongs to another worker.
  void count_steer_miss() noexcept {
    counters.steer_miss.add();
    counters.arrivals[arrival_port].steer_miss.add();
  }
  void mark(Stage stage) noexcept {
    if (profile != nullptr) {
      profile->mark(stage);
    }
  }
};

[[nodiscard]] inline std::uint8_t* data_of(rte_mbuf* mbuf) noexcept {
  return rte_pktmbuf_mtod(mbuf, std::uint8_t*);
}

/// The octets of an unsegmented packet.
[[nodiscard]] inline wire::MutableBytes octets_of(rte_mbuf* mbuf) noexcept {
  return {data_of(mbuf), mbuf->data_len};
}

}  // namespace adit::dataplane
