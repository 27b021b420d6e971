// SPDX-License-Identifier: Apache-2.0
#include "dataplane/call/peer_table.hpp"

#include <rte_random.h>

#include <algorithm>
#include <bit>

namespace adit::dataplane {

PeerTable::PeerTable(std::uint32_t calls)
    : bits_(static_cast<unsigned>(std::bit_width(calls / (kWays / 2) | 1))),
      multiplier_(rte_rand() | 1),
      buckets_(std::size_t{1} << bits_) {}

void PeerTable::add(wire::Ipv4Address peer) noexcept {
  if (Entry* entry = find(peer); entry != nullptr) {
    entry->store(entry->load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  } else if ((entry = find_free(peer)) != nullptr) {
    entry->store(std::uint64_t{peer.value} << 32 | 1, std::memory_order_relaxed);
  } else {
    unlisted_.fetch_add(1, std::memory_order_relaxed);
  }
}

void PeerTable::remove(wire::Ipv4Address peer) noexcept {
  if (Entry* entry = find(peer); entry != nullptr) {
    const std::uint64_t value = entry->load(std::memory_order_relaxed);
    const bool last = static_cast<std::uint32_t>(value) == 1;
    entry->store(last ? 0 : value - 1, std::memory_order_relaxed);
  } else if (unlisted_.load(std::memory_order_relaxed) > 0) {
    unlisted_.fetch_sub(1, std::memory_order_relaxed);
  }
}

std::array<std::size_t, 2> PeerTable::buckets_of(wire::Ipv4Address peer) const noexcept {
  // Twice, because one product spreads addresses in a row unevenly with some multipliers.
  std::uint64_t hash = (std::uint64_t{peer.value} + 1) * multiplier_;
  hash = (hash ^ hash >> 32) * 0x9e3779b97f4a7c15;
  return {hash >> (64 - bits_), (hash << bits_) >> (64 - bits_)};
}

const PeerTable::Entry* PeerTable::find(wire::Ipv4Address peer) const noexcept {
  for (const std::size_t bucket : buckets_of(peer)) {
    for (const Entry& entry : buckets_[bucket].entries) {
      const std::uint64_t value = entry.load(std::memory_order_relaxed);
      if (value >> 32 == peer.value && value != 0) {
        return &entry;
      }
    }
  }
  return nullptr;
}

/// In the emptier of the two buckets; nullptr: both are full.
PeerTable::Entry* PeerTable::find_free(wire::Ipv4Address peer) noexcept {
  const auto is_free = [](const Entry& entry) { return entry.load(std::memory_order_relaxed) == 0; };
  const auto [first, second] = buckets_of(peer);
  const auto free_in = [&](std::size_t bucket) {
    return std::ranges::count_if(buckets_[bucket].entries, is_free);
  };
  auto& entries = buckets_[free_in(first) >= free_in(second) ? first : second].entries;
  auto* const found = std::ranges::find_if(entries, is_free);
  return found == entries.end() ? nullptr : &*found;
}

}  // namespace adit::dataplane
