// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/worker_core.hpp"

#include <rte_cycles.h>

#include <algorithm>
#include <utility>

namespace adit::dataplane {

WorkerCore::WorkerCore(WorkerSettings settings, const WorkerShares& shares)
    : settings_(std::move(settings)),
      rings_(shares.rings),
      next_hops_(shares.next_hops),
      tsc_per_ms_(std::max<std::uint64_t>(rte_get_tsc_hz() / 1000, 1)),
      calls_(settings_.slots, settings_.socket, settings_.data_plane.stateful_mppe, settings_.mppc_histories,
             settings_.call_memory ? &*settings_.call_memory : nullptr),
      acks_(settings_.slots),
      reorder_(settings_.data_plane.reorder),
      reassembly_(settings_.socket, counters_),
      control_(shares.mailbox, settings_.control_wake_fd),
      punt_(settings_.kernel, shares.index, counters_, control_),
      handoff_(shares.rings, settings_.id, counters_),
      transmit_(settings_.ports, handoff_, counters_),
      context_{.id = settings_.id,
               .gateway = settings_.data_plane.gateway,
               .gateway_id = settings_.data_plane.gateway_id,
               .policy = settings_.data_plane.policy,
               .ack_policy = settings_.data_plane.acks,
               .pool = settings_.pool,
               .calls = calls_,
               .index = shares.index,
               .counters = counters_,
               .control = control_,
               .handoff = handoff_,
               .transmit = transmit_,
               .acks = acks_,
               .reorder = reorder_,
               .reassembly = reassembly_,
               .punt = punt_} {
  for (const WorkerPort& port : settings_.ports) {
    if (!port.rx_queues.empty()) {
      inlets_.push_back(std::make_unique<Inlet>(port.port.id, settings_.ports));
    }
    for (const std::uint16_t queue : port.rx_queues) {
      queues_.push_back({inlets_.back().get(), queue});
    }
  }
}

WorkerCore::Shortage WorkerCore::shortage() const noexcept {
  if (!rings_.valid() || settings_.id.value >= rings_.workers()) {
    return Shortage::kRings;
  }
  if (calls_.capacity() != settings_.slots) {
    return Shortage::kCalls;
  }
  return reassembly_.valid() ? Shortage::kNone : Shortage::kReassembly;
}

/// Once per iteration, at its beginning (see GracePeriod). Acquire: a port that is given back has been started.
void WorkerCore::read_paused_ports() noexcept {
  if (settings_.paused_ports != nullptr) {
    paused_ = settings_.paused_ports->load(std::memory_order_acquire);
    transmit_.pause(paused_);
  }
}

Milliseconds WorkerCore::clock() const noexcept {
  return {static_cast<std::uint32_t>(rte_rdtsc() / tsc_per_ms_)};
}

}  // namespace adit::dataplane
