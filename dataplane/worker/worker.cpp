// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/worker.hpp"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_prefetch.h>

#include <algorithm>
#include <utility>

#include "dataplane/path/forward.hpp"
#include "dataplane/worker/idle_nap.hpp"

namespace adit::dataplane {
namespace {

/// Outer headers and the inner one lie in the first two lines (14 + 20 + 16 + 8 + 20 octets).
void prefetch_packet(rte_mbuf* mbuf) noexcept {
  const std::uint8_t* data = data_of(mbuf);
  rte_prefetch0(data);
  rte_prefetch0(data + kCacheLine);
}

}  // namespace

std::expected<std::unique_ptr<Worker>, std::string> Worker::create(WorkerSettings settings,
                                                                   const CallIndex& index,
                                                                   contract::Mailbox& mailbox,
                                                                   const NextHopsCell& next_hops,
                                                                   const HandoffRings& rings) {
  const std::string who = "worker " + std::to_string(settings.id.value);
  if (!rings.valid() || settings.id.value >= rings.workers()) {
    return std::unexpected(who + ": no hand-off ring; is there DPDK memory left?");
  }
  const std::uint32_t slots = settings.slots;
  const bool stateful = settings.data_plane.stateful_mppe;
  std::unique_ptr<Worker> worker(new Worker(std::move(settings), index, mailbox, next_hops, rings));
  if (worker->calls_.capacity() != slots || slots == 0) {
    return std::unexpected(who + ": no memory for " + std::to_string(slots) + " calls of " +
                           std::to_string(CallTable::octets_per_call(stateful)) + " octets" +
                           (stateful ? " (with stateful MPPE)" : "") +
                           "; reserve more hugepages or lower max-sessions" +
                           (stateful ? ", or set mppe-stateful = \"deny\"" : ""));
  }
  if (!worker->reassembly_.valid()) {
    return std::unexpected(who + ": no memory to put fragments together; reserve more hugepages");
  }
  return worker;
}

Worker::Worker(WorkerSettings settings, const CallIndex& index, contract::Mailbox& mailbox,
               const NextHopsCell& next_hops, const HandoffRings& rings)
    : settings_(std::move(settings)),
      next_hops_(next_hops),
      tsc_per_ms_(std::max<std::uint64_t>(rte_get_tsc_hz() / 1000, 1)),
      calls_(settings_.slots, settings_.socket, settings_.data_plane.stateful_mppe),
      acks_(settings_.slots),
      reorder_(settings_.data_plane.reorder),
      reassembly_(settings_.socket, counters_),
      control_(mailbox, settings_.control_wake_fd),
      punt_(settings_.kernel, counters_, control_),
      handoff_(rings, settings_.id, counters_),
      transmit_(settings_.ports, handoff_, counters_),
      context_{.id = settings_.id,
               .gateway = settings_.data_plane.gateway,
               .policy = settings_.data_plane.policy,
               .ack_policy = settings_.data_plane.acks,
               .pool = settings_.pool,
               .calls = calls_,
               .index = index,
               .counters = counters_,
               .control = control_,
               .handoff = handoff_,
               .transmit = transmit_,
               .acks = acks_,
               .reorder = reorder_,
               .reassembly = reassembly_,
               .punt = punt_},
      downlink_(context_),
      uplink_(context_, downlink_),
      call_control_(context_, mailbox, downlink_) {
  for (const WorkerPort& port : settings_.ports) {
    if (!port.rx_queues.empty()) {
      inlets_.push_back(std::make_unique<Inlet>(port.port.id, settings_.ports));
    }
    for (const std::uint16_t queue : port.rx_queues) {
      queues_.push_back({inlets_.back().get(), queue});
    }
  }
}

int Worker::run() noexcept {
  IdleNap nap(counters_);
  while (!stopping_.load(std::memory_order_relaxed)) {
    const std::uint64_t began = rte_rdtsc();
    if (poll_once(began)) {
      counters_.busy_cycles.add(rte_rdtsc() - began);
      nap.on_work();
    } else if (settings_.data_plane.poll_mode == PollMode::kAdaptive) {
      nap.on_idle();
    }
  }
  return 0;
}

bool Worker::poll_once(std::uint64_t tsc) noexcept {
  context_.begin_turn(tsc, tsc_per_ms_, next_hops_);
  look_for_paused_ports();
  std::size_t work = call_control_.read();
  work += poll_handoff();
  work += poll_kernel();
  for (const Queue& queue : queues_) {
    work += poll_queue(queue);
  }
  work += uplink_.flush_reordered();
  forward_waiting(context_);
  reassembly_.tidy(tsc);
  work += downlink_.pay_acks();
  send_to_subscribers();
  punt_.flush();
  handoff_.flush();
  transmit_.flush();
  control_.wake_control();
  counters_.loops.add();
  counters_.busy_loops.add(work > 0 ? 1 : 0);
  // The snapshot is not looked at any more until the next turn loads it.
  turns_.store(turns_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  return work > 0;
}

/// Acquire, and once a turn: what control sees of turns() says that the ports are left alone.
void Worker::look_for_paused_ports() noexcept {
  if (settings_.paused_ports != nullptr) {
    paused_ = settings_.paused_ports->load(std::memory_order_acquire);
    transmit_.pause(paused_);
  }
}

std::size_t Worker::poll_kernel() noexcept {
  if (settings_.id.value != 0) {
    return 0;
  }
  const std::size_t count = punt_.receive(received_);
  for (std::size_t i = 0; i < count; ++i) {
    transmit_.send(received_[i], received_[i]->port);
  }
  counters_.injected.add(count);
  return count;
}

std::size_t Worker::poll_queue(const Queue& queue) noexcept {
  const std::uint16_t device = queue.inlet->device();
  const bool paused = (paused_ & 1U << device) != 0;
  const std::uint16_t count = paused ? 0 : rte_eth_rx_burst(device, queue.queue, received_.data(), kBurst);
  if (count == 0) {
    return 0;
  }
  // Once more: control installs a call before it answers for it, so what has arrived by now may be of a call that this
  // turn has not read of yet. Without this the first LCP frame of every few dials was an unknown call's, and cost 1 s.
  call_control_.read();
  counters_.rx_packets.add(count);
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
  if (up > 0) {
    uplink_.run({upward_.data(), up}, Uplink::Arrival::kFromDevice);
    send_to_subscribers();
  }
  if (down > 0) {
    downlink_.run({downward_.data(), down}, Downlink::Arrival::kFromCore);
    send_to_subscribers();
  }
  return count;
}

/// Runs of one kind go through together, so that order is kept between them.
std::size_t Worker::poll_handoff() noexcept {
  const std::size_t count = handoff_.receive(received_);
  if (count > 0) {
    call_control_.read();  // as poll_queue() does
  }
  for (std::size_t i = 0; i < count; ++i) {
    prefetch_packet(received_[i]);
  }
  for (std::size_t begin = 0; begin < count;) {
    const HandoffKind kind = Handoff::kind_of(*received_[begin]);
    std::size_t end = begin + 1;
    while (end < count && Handoff::kind_of(*received_[end]) == kind) {
      ++end;
    }
    const std::span<rte_mbuf* const> run(received_.data() + begin, end - begin);
    switch (kind) {
      case HandoffKind::kAccessPacket:
        uplink_.run(run, Uplink::Arrival::kHandedIn);
        break;
      case HandoffKind::kCorePacket:
        downlink_.run(run, Downlink::Arrival::kHandedInCore);
        break;
      case HandoffKind::kTunnelPacket:
        downlink_.run(run, Downlink::Arrival::kHandedInTunnel);
        break;
      case HandoffKind::kTransmitFrame:
        for (rte_mbuf* mbuf : run) {
          transmit_.send(mbuf, mbuf->port);
        }
        break;
    }
    send_to_subscribers();
    begin = end;
  }
  return count;
}

/// Once: an ICMP error that this makes waits for the next turn.
void Worker::send_to_subscribers() noexcept {
  const std::size_t count = std::exchange(context_.for_subscribers_count, 0);
  if (count == 0) {
    return;
  }
  const auto packets = context_.for_subscribers;  // a copy: the way down may add to it
  for (std::size_t begin = 0; begin < count; begin += kBurst) {
    const std::size_t size = std::min<std::size_t>(kBurst, count - begin);
    downlink_.run({packets.data() + begin, size}, Downlink::Arrival::kFromTunnel);
  }
}

}  // namespace adit::dataplane
