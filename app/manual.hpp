// SPDX-License-Identifier: Apache-2.0
// The manual's page of a program, and its completion for shells, from the program's own table of options: what --help
// says and what the page says cannot differ. Thread: main.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

namespace adit::app {

struct ManualPage {
  int section = 1;
  std::string_view description;  ///< of the program, paragraphs parted by an empty line
  std::string_view see_also;     ///< "aditd(8), adit.toml(5)"
};

/// Adds --manual and --completion bash|zsh, which --help does not show, to an app that has all its options and commands
/// otherwise. Both end app.parse() as --version does.
void add_manual(CLI::App& app, const ManualPage& page);

/// The head of a page in man(7): its title, NAME.
[[nodiscard]] std::string manual_head(std::string_view name, int section, std::string_view what);

/// `text` as man(7) prints it, unfilled or filled: escaped, and no line of it a request.
[[nodiscard]] std::string manual_text(std::string_view text);

}  // namespace adit::app
