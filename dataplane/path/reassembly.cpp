// SPDX-License-Identifier: Apache-2.0
#include "dataplane/path/reassembly.hpp"

#include <rte_cycles.h>

#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ipv4.hpp"

namespace adit::dataplane {
namespace {

// Entries per hash bucket. In a full bucket rte_ip_frag evicts the oldest timed-out entry, or refuses the new
// one.
constexpr std::uint32_t kBucketEntries = 16;
constexpr std::uint32_t kPrefetch = 3;

}  // namespace

Reassembly::Reassembly(int socket, WorkerCounters& counters) noexcept
    : counters_(counters),
      table_(rte_ip_frag_table_create(kReassemblies / kBucketEntries, kBucketEntries, kReassemblies,
                                      rte_get_tsc_hz() * kReassemblyMs / 1000, socket)),
      tsc_per_ms_(std::max<std::uint64_t>(rte_get_tsc_hz() / 1000, 1)) {}

Reassembly::~Reassembly() {
  free_dead();
  if (table_ != nullptr) {
    rte_ip_frag_table_destroy(table_);
  }
}

std::size_t Reassembly::bucket_of(wire::Ipv4Address source) noexcept {
  return (source.value * 0x9e3779b1U) >> 16 & (kFragmentSources - 1);
}

rte_mbuf* Reassembly::add(rte_mbuf* fragment, std::uint64_t tsc) noexcept {
  auto* header = rte_pktmbuf_mtod(fragment, rte_ipv4_hdr*);
  const wire::Ipv4View view(reinterpret_cast<const std::uint8_t*>(header));
  const Milliseconds now{static_cast<std::uint32_t>(tsc / tsc_per_ms_)};
  Allowance& allowance = sources_[bucket_of(view.source())];
  if (!allowance.take(1, now)) {
    counters_.drop(DropReason::kFragmentFlood);
    rte_pktmbuf_free(fragment);
    return nullptr;
  }
  used_ = true;
  fragment->l2_len = 0;
  fragment->l3_len = view.header_length();
  rte_mbuf* whole = rte_ipv4_frag_reassemble_packet(table_, &dead_, fragment, tsc, header);
  free_dead();
  if (whole == nullptr) {
    return nullptr;
  }
  allowance.give_back(whole->nb_segs, now);
  // Our stages read one buffer, and a datagram that does not fit in one is larger than any tunnel's packet.
  if (rte_pktmbuf_linearize(whole) != 0) {
    counters_.drop(DropReason::kFragmentTooLong, whole->nb_segs);
    rte_pktmbuf_free(whole);
    return nullptr;
  }
  auto* at = rte_pktmbuf_mtod(whole, std::uint8_t*);
  wire::store_be<std::uint16_t>(at + 10, 0);
  wire::store_be(at + 10, wire::internet_checksum({at, whole->l3_len}));
  counters_.reassembled.add();
  return whole;
}

void Reassembly::tidy(std::uint64_t tsc) noexcept {
  if (used_) {
    rte_ip_frag_table_del_expired_entries(table_, &dead_, tsc);
    free_dead();
  }
}

/// Fragments of datagrams that timed out, overlapped, or found the table full.
void Reassembly::free_dead() noexcept {
  if (dead_.cnt > 0) {
    counters_.drop(DropReason::kFragmentIncomplete, dead_.cnt);
    rte_ip_frag_free_death_row(&dead_, kPrefetch);
  }
}

}  // namespace adit::dataplane
