// SPDX-License-Identifier: Apache-2.0
// Base64, RFC 4648 §4: octets within JSON. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace adit::app {

[[nodiscard]] std::string to_base64(std::span<const std::uint8_t> octets);

/// None: it is no base64.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text);

}  // namespace adit::app
