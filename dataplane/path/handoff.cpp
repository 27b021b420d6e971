// SPDX-License-Identifier: Apache-2.0
#include "dataplane/path/handoff.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>

#include "dataplane/base/mbuf_ring.hpp"

namespace adit::dataplane {

HandoffRings::HandoffRings(std::span<const int> sockets) noexcept {
  static std::atomic<unsigned> instances{0};  // ring names are unique per process, and tests make many
  const unsigned instance = instances.fetch_add(1, std::memory_order_relaxed);
  for (std::size_t worker = 0; worker < sockets.size(); ++worker) {
    char name[RTE_RING_NAMESIZE];
    std::snprintf(name, sizeof name, "handoff_%u_%u", instance, static_cast<unsigned>(worker) & 0xffff);
    rings_.push_back(rte_ring_create(name, kHandoffRing, sockets[worker], RING_F_SC_DEQ));
  }
}

HandoffRings::~HandoffRings() {
  std::ranges::for_each(rings_, free_mbuf_ring);
}

bool HandoffRings::valid() const noexcept {
  return std::ranges::none_of(rings_, [](const rte_ring* ring) { return ring == nullptr; });
}

Handoff::Handoff(const HandoffRings& rings, contract::WorkerId self, WorkerCounters& counters) noexcept
    : rings_(rings), self_(self), counters_(counters), outboxes_(rings.workers()) {}

Handoff::~Handoff() {
  flush();
}

void Handoff::send(rte_mbuf* mbuf, contract::WorkerId to, HandoffKind kind) noexcept {
  if (to.value >= outboxes_.size()) {
    counters_.drop(DropReason::kHandoffStale);
    rte_pktmbuf_free(mbuf);
    return;
  }
  mbuf->hash.usr = static_cast<std::uint32_t>(kind);
  Outbox& outbox = outboxes_[to.value];
  outbox.packets[outbox.count++] = mbuf;
  pending_ = true;
  if (outbox.count == kBurst) {
    flush(to.value);
  }
}

void Handoff::flush() noexcept {
  for (std::size_t to = 0; pending_ && to < outboxes_.size(); ++to) {
    flush(to);
  }
  pending_ = false;
}

void Handoff::flush(std::size_t to) noexcept {
  Outbox& outbox = outboxes_[to];
  if (outbox.count == 0) {
    return;
  }
  const unsigned sent =
      rte_ring_enqueue_burst(rings_.of({static_cast<std::uint16_t>(to)}),
                             reinterpret_cast<void**>(outbox.packets.data()), outbox.count, nullptr);
  if (sent < outbox.count) {
    counters_.drop(DropReason::kHandoffFull, outbox.count - sent);
    rte_pktmbuf_free_bulk(outbox.packets.data() + sent, outbox.count - sent);
  }
  outbox.count = 0;
}

std::size_t Handoff::receive(std::span<rte_mbuf*, kBurst> into) noexcept {
  const std::size_t count =
      rte_ring_dequeue_burst(rings_.of(self_), reinterpret_cast<void**>(into.data()), kBurst, nullptr);
  counters_.handed_in.add(count);
  return count;
}

}  // namespace adit::dataplane
