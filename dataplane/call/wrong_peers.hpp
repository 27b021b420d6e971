// SPDX-License-Identifier: Apache-2.0
// Where GRE with a call's key came from that was not the call's peer: the first question about a call by which
// nothing comes (a NAT or a second uplink that gives GRE another address than TCP). The last few: strangers may
// push each other out, so it explains, and decides nothing.
// Thread: one worker notes, control reads and forgets. Owner: the worker.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "dataplane/wire/ids.hpp"

namespace adit::dataplane {

class WrongPeers {
 public:
  void note(wire::Ipv4Address local, wire::LocalCallId id, wire::Ipv4Address source) noexcept {
    entries_[id.value % kEntries].store(std::uint64_t{source.value} << 32 | key(local, id),
                                        std::memory_order_relaxed);
  }
  /// A call begins: what is known of this ID is of another. Of two writers at once the later one counts, whole.
  void forget(wire::Ipv4Address local, wire::LocalCallId id) noexcept {
    std::atomic<std::uint64_t>& entry = entries_[id.value % kEntries];
    std::uint64_t known = entry.load(std::memory_order_relaxed);
    if (static_cast<std::uint32_t>(known) == key(local, id)) {
      entry.compare_exchange_strong(known, 0, std::memory_order_relaxed);
    }
  }
  [[nodiscard]] std::optional<wire::Ipv4Address> find(wire::Ipv4Address local,
                                                      wire::LocalCallId id) const noexcept {
    const std::uint64_t entry = entries_[id.value % kEntries].load(std::memory_order_relaxed);
    const wire::Ipv4Address source(static_cast<std::uint32_t>(entry >> 32));
    const bool known = static_cast<std::uint32_t>(entry) == key(local, id) && !source.is_none();
    return known ? std::optional(source) : std::nullopt;
  }

 private:
  static constexpr std::size_t kEntries = 256;

  /// The machine's addresses seldom agree in their last 16 bits, and then the log has a wrong hint.
  static std::uint32_t key(wire::Ipv4Address local, wire::LocalCallId id) noexcept {
    return local.value << 16 | id.value;
  }

  std::array<std::atomic<std::uint64_t>, kEntries> entries_{};
};

}  // namespace adit::dataplane
