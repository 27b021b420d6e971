// SPDX-License-Identifier: Apache-2.0
#include "dataplane/path/kernel_path.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <utility>

#include "dataplane/base/mbuf_ring.hpp"

namespace adit::dataplane {
namespace {

rte_ring* make_ring(const char* direction, unsigned instance, std::size_t which, unsigned size,
                    unsigned flags) noexcept {
  char name[RTE_RING_NAMESIZE];
  std::snprintf(name, sizeof name, "%s_kernel_%u_%zu", direction, instance, which);
  return rte_ring_create(name, size, SOCKET_ID_ANY, flags);
}

template <std::size_t... kIndex>
auto full_buckets(std::index_sequence<kIndex...>) noexcept {
  return std::array{wire::TokenBucket(kPuntShares[kIndex].rate())...};
}

template <std::size_t... kIndex>
auto source_buckets(std::index_sequence<kIndex...>) {
  return std::array{SourceBuckets(kPuntShares[kIndex].source_rate())...};
}

unsigned next_instance() noexcept {
  static std::atomic<unsigned> instances{0};  // ring names are unique per process, and tests make many
  return instances.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

KernelRings::KernelRings() noexcept {
  const unsigned instance = next_instance();
  for (std::size_t each = 0; each < kPuntClasses; ++each) {
    to_kernel[each] = make_ring("to", instance, each, kPuntShares[each].ring, RING_F_SC_DEQ);
  }
  from_kernel = make_ring("from", instance, 0, kFromKernelRing, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

KernelRings::~KernelRings() {
  for (rte_ring* ring : to_kernel) {
    free_mbuf_ring(ring);
  }
  free_mbuf_ring(from_kernel);
}

bool KernelRings::valid() const noexcept {
  return from_kernel != nullptr && std::ranges::find(to_kernel, nullptr) == to_kernel.end();
}

Punt::Punt(KernelRings* rings, const CallIndex& index, WorkerCounters& counters, ControlSender& control)
    : rings_(rings),
      index_(index),
      counters_(counters),
      control_(control),
      buckets_(rings == nullptr ? 0 : kMaxPorts, full_buckets(std::make_index_sequence<kPuntClasses>())),
      sources_(source_buckets(std::make_index_sequence<kPuntClasses>())) {}

void Punt::send(rte_mbuf* mbuf, std::uint16_t device, const NextHops& routes, DropReason otherwise,
                Milliseconds now) noexcept {
  const PuntFrame frame = look_at({rte_pktmbuf_mtod(mbuf, const std::uint8_t*), mbuf->data_len}, index_);
  if (rings_ == nullptr || (frame.destination && !routes.is_host(*frame.destination))) {
    counters_.drop(otherwise);
    rte_pktmbuf_free(mbuf);
    return;
  }
  const auto which = static_cast<std::size_t>(frame.punt_class);
  mbuf->port = device;
  if (!sources_[which].take(frame.source, device, now.value) ||
      !buckets_[device][which].take(share_of(frame.punt_class).rate(), 1, now.value)) {
    refuse(mbuf, reason_of(frame.punt_class));
  } else if (rte_ring_enqueue(rings_->to_kernel[which], mbuf) != 0) {
    refuse(mbuf, DropReason::kPuntFull);
  } else {
    counters_.arrivals[device].punted.add();
    notice_due_ = true;
  }
}

void Punt::refuse(rte_mbuf* mbuf, DropReason reason) noexcept {
  counters_.drop(reason);
  counters_.arrivals[mbuf->port].punts_refused.add();
  rte_pktmbuf_free(mbuf);
}

void Punt::flush() noexcept {
  if (notice_due_) {
    notice_due_ = !control_.post(contract::FramesPunted{});  // the ring is full: try again in the next loop
  }
}

std::size_t Punt::receive(std::span<rte_mbuf*, kBurst> into) noexcept {
  if (rings_ == nullptr) {
    return 0;
  }
  return rte_ring_dequeue_burst(rings_->from_kernel, reinterpret_cast<void**>(into.data()), kBurst, nullptr);
}

}  // namespace adit::dataplane
