// SPDX-License-Identifier: Apache-2.0
#include "dataplane/path/kernel_path.hpp"

#include <atomic>
#include <cstdio>
#include <optional>

#include "dataplane/base/mbuf_ring.hpp"
#include "dataplane/wire/ethernet.hpp"
#include "dataplane/wire/ipv4.hpp"

namespace adit::dataplane {
namespace {

constexpr std::uint8_t kIpProtocolOspf = 89;

rte_ring* make_ring(const char* direction, unsigned instance, unsigned flags) noexcept {
  char name[RTE_RING_NAMESIZE];
  std::snprintf(name, sizeof name, "kernel_%s_%u", direction, instance);
  return rte_ring_create(name, kPuntRing, SOCKET_ID_ANY, flags);
}

struct Frame {
  PuntClass punt_class = PuntClass::kOther;
  std::optional<wire::Ipv4Address> destination{};  ///< of a unicast IPv4 frame
};

Frame look_at(wire::Bytes octets) noexcept {
  const auto header = wire::parse_ethernet(octets);
  if (!header) {
    return {};
  }
  if (header->type == wire::EtherType::kArp) {
    return {.punt_class = PuntClass::kArp};
  }
  if (header->type != wire::EtherType::kIpv4 || octets.size() < header->header_length + wire::kIpv4Size) {
    return {};
  }
  const wire::Ipv4View ip(octets.data() + header->header_length);
  Frame frame;
  if ((ip.protocol() == wire::kIpProtocolTcp || ip.protocol() == kIpProtocolOspf) && !ip.is_fragment()) {
    frame.punt_class = PuntClass::kTransport;
  }
  if ((octets[0] & 1) == 0) {
    frame.destination = ip.destination();
  }
  return frame;
}

unsigned next_instance() noexcept {
  static std::atomic<unsigned> instances{0};  // ring names are unique per process, and tests make many
  return instances.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

KernelRings::KernelRings() noexcept {
  const unsigned instance = next_instance();
  to_kernel = make_ring("to", instance, RING_F_SC_DEQ);
  from_kernel = make_ring("from", instance, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

KernelRings::~KernelRings() {
  free_mbuf_ring(to_kernel);
  free_mbuf_ring(from_kernel);
}

void Punt::send(rte_mbuf* mbuf, std::uint16_t device, const NextHops& routes, DropReason otherwise,
                Milliseconds now) noexcept {
  const Frame frame = look_at({rte_pktmbuf_mtod(mbuf, const std::uint8_t*), mbuf->data_len});
  if (rings_ == nullptr || (frame.destination && !routes.is_host(*frame.destination))) {
    counters_.drop(otherwise);
    rte_pktmbuf_free(mbuf);
    return;
  }
  if (!limits_[static_cast<std::size_t>(frame.punt_class)].take(1, now)) {
    counters_.drop(DropReason::kPuntLimit);
    counters_.arrivals[device].punts_refused.add();
    rte_pktmbuf_free(mbuf);
    return;
  }
  counters_.arrivals[device].punted.add();
  mbuf->port = device;
  frames_[count_++] = mbuf;
  if (count_ == frames_.size()) {
    hand_over();
  }
}

void Punt::hand_over() noexcept {
  const unsigned sent =
      rte_ring_enqueue_burst(rings_->to_kernel, reinterpret_cast<void**>(frames_.data()), count_, nullptr);
  for (unsigned lost = sent; lost < count_; ++lost) {
    counters_.drop(DropReason::kPuntFull);
    counters_.arrivals[frames_[lost]->port].punts_refused.add();
    rte_pktmbuf_free(frames_[lost]);
  }
  count_ = 0;
  notice_due_ = true;
}

void Punt::flush() noexcept {
  if (count_ > 0) {
    hand_over();
  }
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
