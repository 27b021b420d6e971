// SPDX-License-Identifier: Apache-2.0
// Reassembles outer IPv4 fragments of GRE (RFC 791 §3.2; RFC 2637 §1.4 lets a peer send 1,532 octets in GRE),
// using rte_ip_frag: bounded in datagrams, in time and per source. Datagrams with overlapping fragments never
// complete, and time out. NICs hash fragments by address only, as they do GRE, so all fragments of a datagram
// arrive at one worker.
// Thread: worker. Owner: the worker.
#pragma once

#include <rte_ip_frag.h>

#include <array>
#include <cstdint>

#include "dataplane/base/clock.hpp"
#include "dataplane/base/counters.hpp"
#include "dataplane/base/limits.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::dataplane {

class Reassembly {
 public:
  /// `socket`: NUMA node. valid() is false when out of memory.
  Reassembly(int socket, WorkerCounters& counters) noexcept;
  ~Reassembly();
  Reassembly(const Reassembly&) = delete;
  Reassembly& operator=(const Reassembly&) = delete;

  [[nodiscard]] bool valid() const noexcept { return table_ != nullptr; }

  /// Takes a fragment that begins with its validated IPv4 header. If it completes the datagram, returns that
  /// in one buffer with a valid header; otherwise nullptr.
  [[nodiscard]] rte_mbuf* add(rte_mbuf* fragment, std::uint64_t tsc) noexcept;

  /// Once per loop: frees a bounded number of datagrams that did not complete in time.
  void tidy(std::uint64_t tsc) noexcept;

 private:
  /// Fragments of incomplete datagrams that one source may have. Sources with the same hash share a bucket.
  using Allowance = TokenBucket<kFragmentsPerSecond, kFragmentCapacity>;

  [[nodiscard]] static std::size_t bucket_of(wire::Ipv4Address source) noexcept;
  void free_dead() noexcept;

  WorkerCounters& counters_;
  rte_ip_frag_tbl* table_ = nullptr;
  rte_ip_frag_death_row dead_{};
  std::array<Allowance, kFragmentSources> sources_{};
  std::uint64_t tsc_per_ms_;
  bool used_ = false;
};

}  // namespace adit::dataplane
