// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker.hpp"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_prefetch.h>
#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <utility>

#include "dataplane/ingress.hpp"

namespace adit::dataplane {
namespace {

const NextHops kNoRoutes;  // until control publishes its first snapshot

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
  const bool stateful = settings.stateful_mppe;
  std::unique_ptr<Worker> worker(new Worker(std::move(settings), index, mailbox, next_hops, rings));
  if (worker->calls_.capacity() != slots || slots == 0) {
    return std::unexpected(who + ": no memory for " + std::to_string(slots) + " calls of " +
                           std::to_string(CallTable::octets_per_call(stateful)) + " octets" +
                           (stateful ? " (with stateful MPPE)" : "") +
                           "; reserve more hugepages or lower max-sessions" +
                           (stateful ? ", or set mppe-stateful = \"deny\"" : ""));
  }
  return worker;
}

Worker::Worker(WorkerSettings settings, const CallIndex& index, contract::Mailbox& mailbox,
               const NextHopsCell& next_hops, const HandoffRings& rings)
    : settings_(std::move(settings)),
      next_hops_(next_hops),
      tsc_per_ms_(std::max<std::uint64_t>(rte_get_tsc_hz() / 1000, 1)),
      calls_(settings_.slots, settings_.socket, settings_.stateful_mppe),
      acks_(settings_.slots),
      control_(mailbox, settings_.control_wake_fd),
      handoff_(rings, settings_.id, counters_),
      transmit_(settings_.ports, handoff_, counters_),
      context_{.id = settings_.id,
               .gateway = settings_.gateway,
               .clamp_mss = settings_.clamp_mss,
               .pool = settings_.pool,
               .calls = calls_,
               .index = index,
               .counters = counters_,
               .control = control_,
               .handoff = handoff_,
               .transmit = transmit_,
               .acks = acks_},
      downlink_(context_),
      uplink_(context_, downlink_),
      call_control_(context_, mailbox, downlink_) {
  for (const WorkerPort& port : settings_.ports) {
    if (port.port.id < kMaxPorts) {
      context_.port_mtu[port.port.id] = port.port.mtu;
    }
    for (const std::uint16_t queue : port.rx_queues) {
      queues_.push_back({&port.port, queue});
    }
  }
}

int Worker::run() noexcept {
  // An idle nap of 20 us is one of 70 with the kernel's default slack.
  prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
  std::uint32_t idle_turns = 0;
  while (!stopping_.load(std::memory_order_relaxed)) {
    const std::uint64_t began = rte_rdtsc();
    if (poll_once(began)) {
      counters_.busy_cycles.add(rte_rdtsc() - began);
      idle_turns = 0;
    } else if (!settings_.busy_poll) {
      rest(++idle_turns);
    }
  }
  return 0;
}

bool Worker::poll_once(std::uint64_t tsc) noexcept {
  take_snapshot(tsc);
  std::size_t work = call_control_.read();
  work += poll_handoff();
  for (const Queue& queue : queues_) {
    work += poll_queue(queue);
  }
  work += downlink_.pay_acks();
  send_to_subscribers();
  handoff_.flush();
  transmit_.flush();
  control_.wake_control();
  counters_.loops.add();
  counters_.busy_loops.add(work > 0 ? 1 : 0);
  // The snapshot is not looked at any more until the next turn loads it.
  turns_.store(turns_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  return work > 0;
}

void Worker::take_snapshot(std::uint64_t tsc) noexcept {
  context_.now = {static_cast<std::uint32_t>(tsc / tsc_per_ms_)};
  const NextHops* published = next_hops_.load(std::memory_order_acquire);
  const NextHops* current = published != nullptr ? published : &kNoRoutes;
  if (current != context_.next_hops || context_.next_hops_epoch == 0) {
    context_.next_hops = current;
    context_.next_hops_epoch += context_.next_hops_epoch == 0xffffffff ? 2 : 1;
  }
  if (context_.profile != nullptr) {
    context_.profile->begin();
  }
}

std::size_t Worker::poll_queue(const Queue& queue) noexcept {
  const std::uint16_t count = rte_eth_rx_burst(queue.port->id, queue.queue, received_.data(), kBurst);
  if (count == 0) {
    return 0;
  }
  counters_.rx_packets.add(count);
  for (std::uint16_t i = 0; i < count; ++i) {
    prefetch_packet(received_[i]);
  }
  std::size_t up = 0;
  std::size_t down = 0;
  for (std::uint16_t i = 0; i < count; ++i) {
    rte_mbuf* mbuf = received_[i];
    DropReason why{};
    switch (classify(*mbuf, *queue.port, context_.index, why)) {
      case Way::kUp:
        upward_[up++] = mbuf;
        break;
      case Way::kDown:
        downward_[down++] = mbuf;
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

/// The longer nothing came, the longer the nap: a microsecond more each time, up to kMaxIdleSleepUs.
void Worker::rest(std::uint32_t idle_turns) noexcept {
  if (idle_turns <= kIdleLoopsBeforeSleep) {
    return;
  }
  counters_.sleeps.add();
  const std::uint32_t nap_us = std::min(idle_turns - kIdleLoopsBeforeSleep, kMaxIdleSleepUs);
  const timespec nap{.tv_sec = 0, .tv_nsec = static_cast<long>(nap_us) * 1000};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, nullptr);
}

}  // namespace adit::dataplane
