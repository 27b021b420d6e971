// SPDX-License-Identifier: Apache-2.0
// What the stages of one worker share. Thread: worker. Owner: Worker.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstdint>
#include <span>

#include "dataplane/ack_queue.hpp"
#include "dataplane/call_index.hpp"
#include "dataplane/call_table.hpp"
#include "dataplane/clock.hpp"
#include "dataplane/control_line.hpp"
#include "dataplane/counters.hpp"
#include "dataplane/handoff.hpp"
#include "dataplane/next_hops.hpp"
#include "dataplane/stage_profile.hpp"
#include "dataplane/transmit.hpp"

namespace adit::dataplane {

struct WorkerContext {
  contract::WorkerId id;
  wire::Ipv4Address gateway;  ///< our end of every tunnel: the source of our ICMP errors
  bool clamp_mss = true;
  rte_mempool* pool = nullptr;  ///< for packets that we originate
  CallTable& calls;
  const CallIndex& index;
  WorkerCounters& counters;
  ControlLine& control;
  Handoff& handoff;
  Transmit& transmit;
  AckQueue& acks;

  Milliseconds now{};
  const NextHops* next_hops = nullptr;  ///< the snapshot of this turn of the loop
  std::uint32_t next_hops_epoch = 0;    ///< changes with it; never 0
  std::array<std::uint16_t, kMaxPorts> port_mtu{};
  TokenBucket<kIcmpPerSecond, kIcmpCapacity> icmp{};
  TokenBucket<kResolvesPerSecond, kResolveCapacity> resolves{};
  StageProfile* profile = nullptr;

  /// Packets from one subscriber of ours to another, or ICMP errors of ours: the worker sends them down after the burst.
  std::array<rte_mbuf*, 2 * kBurst> for_subscribers{};
  std::size_t for_subscribers_count = 0;

  void drop(rte_mbuf* mbuf, DropReason reason) noexcept {
    counters.drop(reason);
    rte_pktmbuf_free(mbuf);
  }
  void drop(rte_mbuf* mbuf, Call& call, DropReason reason) noexcept {
    call.drops.add();
    drop(mbuf, reason);
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
