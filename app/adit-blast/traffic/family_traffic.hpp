// SPDX-License-Identifier: Apache-2.0
// One family's share of the traffic: between which addresses each call's packets go, and what became of them.
// Thread: worker. Owner: TrafficWorker.
#pragma once

#include <cstdint>
#include <vector>

#include "app/adit-blast/traffic/probe_family.hpp"
#include "app/adit-blast/traffic/traffic_table.hpp"

namespace adit::app::blast {

/// The addresses of one call's packets.
template <typename Family>
struct Ends {
  typename Family::Address own{};  ///< the client's inner address
  typename Family::Address
      behind{};  ///< a host's in the network behind the client; none: there is no such network
  typename Family::Address other{};  ///< that the client sends to

  /// Both of the client's in turn.
  [[nodiscard]] const typename Family::Address& client(std::uint32_t sequence) const noexcept {
    return sequence % 2 == 1 && !behind.is_none() ? behind : own;
  }
};

template <typename Family>
struct FamilyTraffic {
  explicit FamilyTraffic(std::uint32_t slots) : table(slots), ends(slots) {}

  TrafficTable table;
  std::vector<Ends<Family>> ends;  ///< indexed by slot
  std::size_t cursor_up = 0, cursor_down = 0;

  /// Call after call; nullptr: none takes part.
  [[nodiscard]] Flow* next_sender(std::size_t& cursor, std::uint32_t& slot) noexcept {
    if (table.senders.empty()) {
      return nullptr;
    }
    cursor = cursor + 1 < table.senders.size() ? cursor + 1 : 0;
    slot = table.senders[cursor];
    return &table.flows[slot];
  }
};

}  // namespace adit::app::blast
