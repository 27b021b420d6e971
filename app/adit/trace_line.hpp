// SPDX-License-Identifier: Apache-2.0
// A traced packet in a few words. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "app/adit/fields.hpp"

namespace adit::app {

/// "10.64.0.2 > 198.51.100.2 ICMP echo request"; `layer`: "outer", "inner" or "ppp".
[[nodiscard]] std::string packet_in_words(std::string_view layer, std::span<const std::uint8_t> octets);

/// A notification "packet" as a line: "22:01:02.123456 up   inner ... 84: forwarded".
[[nodiscard]] std::string trace_line(const Json& packet, std::span<const std::uint8_t> octets);

/// "dropped, spoofed_source: a subscriber used a source address that is not its own"
[[nodiscard]] std::string verdict_in_words(const Json& packet);

}  // namespace adit::app
