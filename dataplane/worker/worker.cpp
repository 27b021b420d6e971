// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/worker.hpp"

#include <algorithm>
#include <utility>

#include "dataplane/path/forward.hpp"

namespace adit::dataplane {

template class PollLoop<Worker>;

std::expected<std::unique_ptr<Worker>, std::string> Worker::create(WorkerSettings settings,
                                                                   const WorkerShares& shares) {
  std::unique_ptr<Worker> worker(new Worker(std::move(settings), shares));
  if (const Shortage shortage = worker->shortage(); shortage != Shortage::kNone) {
    return std::unexpected(worker->describe(shortage));
  }
  return worker;
}

std::string Worker::describe(Shortage shortage) const {
  const std::string who = "worker " + std::to_string(settings_.id.value);
  if (shortage == Shortage::kRings) {
    return who + ": no hand-off ring; is there DPDK memory left?";
  }
  if (shortage == Shortage::kReassembly) {
    return who + ": no memory to put fragments together; reserve more hugepages";
  }
  const bool stateful = settings_.data_plane.stateful_mppe;
  return who + ": no memory for " + std::to_string(settings_.slots) + " calls of " +
         std::to_string(CallTable::octets_per_call(stateful)) + " octets" +
         (stateful ? " (with stateful MPPE)" : "") + "; reserve more hugepages or lower max-sessions" +
         (stateful ? ", or set mppe-stateful = \"deny\"" : "") +
         (settings_.mppc_histories != 0 ? ", or lower mppc-memory" : "");
}

Worker::Worker(WorkerSettings settings, const WorkerShares& shares)
    : PollLoop(std::move(settings), shares),
      downlink_(context_),
      uplink_(context_, downlink_),
      call_control_(context_, shares.mailbox, downlink_) {}

std::size_t Worker::read_rings(std::uint64_t) noexcept {
  const std::size_t handed_in = poll_handoff();
  return handed_in + poll_kernel();
}

void Worker::on_burst(std::span<rte_mbuf* const> up, std::span<rte_mbuf* const> down) noexcept {
  if (!up.empty()) {
    uplink_.run(up, Uplink::Arrival::kFromDevice);
    send_to_subscribers();
  }
  if (!down.empty()) {
    downlink_.run(down, Downlink::Arrival::kFromCore);
    send_to_subscribers();
  }
}

std::size_t Worker::finish_iteration(std::uint64_t) noexcept {
  std::size_t work = uplink_.flush_reordered();
  forward_waiting(context_);
  reassembly_.tidy(context_.now);
  work += downlink_.pay_acks();
  send_to_subscribers();
  context_.trace.publish();
  return work;
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

/// Runs of packets of one kind are processed together, which keeps their order.
std::size_t Worker::poll_handoff() noexcept {
  const std::size_t count = handoff_.receive(received_);
  if (count > 0) {
    call_control_.read();  // as PollLoop::poll_queue() does
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

/// One pass: an ICMP error that this produces waits for the next iteration.
void Worker::send_to_subscribers() noexcept {
  const std::size_t count = std::exchange(context_.for_subscribers_count, 0);
  if (count == 0) {
    return;
  }
  const auto packets = context_.for_subscribers;  // a copy, because the downlink may add to it
  for (std::size_t begin = 0; begin < count; begin += kBurst) {
    const std::size_t size = std::min<std::size_t>(kBurst, count - begin);
    downlink_.run({packets.data() + begin, size}, Downlink::Arrival::kFromTunnel);
  }
}

}  // namespace adit::dataplane
