// SPDX-License-Identifier: Apache-2.0
// What admission can run out of, and what the operator can do about it: one row each.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace adit::control {

enum class Scarce : std::uint8_t { kTurns, kDescriptors, kStarting, kConnections, kSlots, kCallIds };

struct ScarceThing {
  std::string_view name;  ///< metrics'
  std::string_view what, remedy;
};
inline constexpr std::array<ScarceThing, 6> kScarceThings{{
    {"accept_rate", "turns of accepted connections", "raise pptp.accept-rate"},
    {"descriptors", "descriptors", "raise LimitNOFILE or lower pptp.max-connections"},
    {"max_starting", "connections before login", "raise common.max-starting"},
    {"max_connections", "connections", "raise pptp.max-connections"},
    {"max_sessions", "calls", "raise common.max-sessions"},
    {"call_ids", "call IDs", "add an address to pptp.bind"},
}};

using ScarceSet = std::bitset<kScarceThings.size()>;

/// A column of the rows in `set`, for the log.
[[nodiscard]] inline std::string join(const ScarceSet& set, std::string_view ScarceThing::* column) {
  std::string text;
  for (std::size_t i = 0; i < kScarceThings.size(); ++i) {
    if (set[i]) {
      text += (text.empty() ? "" : ", ");
      text += kScarceThings[i].*column;
    }
  }
  return text;
}

}  // namespace adit::control
