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
  std::string_view what, remedy;
};
inline constexpr std::array<ScarceThing, 6> kScarceThings{{
    {"turns of accepted connections", "raise pptp.accept-rate"},
    {"descriptors", "raise LimitNOFILE or lower pptp.max-connections"},
    {"connections before login", "raise common.max-starting"},
    {"connections", "raise pptp.max-connections"},
    {"calls", "raise common.max-sessions"},
    {"call IDs", "add an address to pptp.bind"},
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
