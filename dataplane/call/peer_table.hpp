// SPDX-License-Identifier: Apache-2.0
// Which addresses have calls here, and how many: tells peers from strangers where a packet does not show a call ID
// (fragments, TCP for the kernel). An entry is one word, so readers need no lock; a lookup reads two cache lines, whatever
// the number of calls.
// Thread: control writes, any worker reads. Owner: CallIndex.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "dataplane/wire/ids.hpp"

namespace adit::dataplane {

class PeerTable {
 public:
  /// Takes 16 to 32 octets for each of `calls`.
  explicit PeerTable(std::uint32_t calls);

  // ---- control: once for each call
  void add(wire::Ipv4Address peer) noexcept;
  void remove(wire::Ipv4Address peer) noexcept;

  // ---- workers
  [[nodiscard]] bool contains(wire::Ipv4Address peer) const noexcept {
    return find(peer) != nullptr || unlisted_.load(std::memory_order_relaxed) != 0;
  }

  /// Its memory.
  [[nodiscard]] std::uint64_t octets() const noexcept { return buckets_.size() * sizeof(Bucket); }

 private:
  static constexpr std::size_t kWays = 8;
  using Entry = std::atomic<std::uint64_t>;  ///< peer << 32 | calls; 0: free
  /// A cache line. A peer has two to choose from and takes the emptier one: filled to a half on average, as they are at
  /// most, all eight ways of both are in use about once in 10^11 peers.
  struct alignas(kWays * sizeof(Entry)) Bucket {
    std::array<Entry, kWays> entries{};
  };

  [[nodiscard]] std::array<std::size_t, 2> buckets_of(wire::Ipv4Address peer) const noexcept;
  [[nodiscard]] const Entry* find(wire::Ipv4Address peer) const noexcept;
  [[nodiscard]] Entry* find(wire::Ipv4Address peer) noexcept {
    return const_cast<Entry*>(std::as_const(*this).find(peer));
  }
  [[nodiscard]] Entry* find_free(wire::Ipv4Address peer) noexcept;

  const unsigned bits_;
  const std::uint64_t multiplier_;  // secret and odd: nobody can choose addresses that share a bucket
  std::vector<Bucket> buckets_;
  /// Calls of peers that found both buckets full. Until they have ended, every address counts as a peer's: the
  /// error must not cost a subscriber anything.
  std::atomic<std::uint32_t> unlisted_{0};
};

}  // namespace adit::dataplane
