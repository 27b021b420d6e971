// SPDX-License-Identifier: Apache-2.0
// What a shell offers behind the words of a command line: commands, options, choices, from the table of options.
// Thread: main.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace adit::app {

/// A script for `shell`, bash or zsh, that completes the app's command line.
[[nodiscard]] std::string completion(const CLI::App& app, const std::string& shell);

}  // namespace adit::app
