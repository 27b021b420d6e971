// SPDX-License-Identifier: Apache-2.0
// The words of an attribute's text, with blanks between them. Pure; any thread.
#pragma once

#include <algorithm>
#include <string_view>

namespace adit::control::radius {

inline constexpr std::string_view kBlanks = " \t";

/// Without the blanks around it.
[[nodiscard]] inline std::string_view without_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

/// Takes the next word off `text`; empty: there is none.
[[nodiscard]] inline std::string_view next_word(std::string_view& text) {
  text = without_blanks(text);
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text.remove_prefix(word.size());
  return word;
}

}  // namespace adit::control::radius
