// SPDX-License-Identifier: Apache-2.0
// When two names are one user's. Pure; any thread.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace adit::control {

/// ASCII letters alone: without a locale, which is for text that people read.
[[nodiscard]] inline std::string lower_case(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return lower;
}

/// The same for all spellings that are one user. `ignore_case`: [common] single-session-ignore-case.
[[nodiscard]] inline std::string user_key(std::string_view user, bool ignore_case) {
  return ignore_case ? lower_case(user) : std::string(user);
}

}  // namespace adit::control
