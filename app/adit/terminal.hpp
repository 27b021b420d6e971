// SPDX-License-Identifier: Apache-2.0
// The terminal for a screen that is drawn again and again: keys without Enter, an own screen, no cursor. Whatever ends the
// program gives the terminal back as it was, signals included; Ctrl-Z lends it back meanwhile.
// Thread: main; one Terminal at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace adit::app {

struct ScreenSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

/// Standard output's; 80x24 where it is no terminal.
[[nodiscard]] ScreenSize screen_size();
/// Standard output is a terminal.
[[nodiscard]] bool is_on_terminal();

class Terminal {
 public:
  /// Only where standard input and output are a terminal.
  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// The whole screen, from its upper left corner; the rest is cleared.
  void draw(const std::string& lines);
  /// A key; nothing when the time is over or the size of the screen has changed. '\0': the terminal is gone.
  [[nodiscard]] std::optional<char> wait_for_key(std::chrono::milliseconds most);
};

}  // namespace adit::app
