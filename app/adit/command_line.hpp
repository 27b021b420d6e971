// SPDX-License-Identifier: Apache-2.0
// adit's command line, built from the rows of verbs(). Thread: main.
#pragma once

#include <chrono>
#include <expected>
#include <string>

#include "app/adit/verb.hpp"
#include "app/early_exit.hpp"

namespace adit::app {

struct CommandLine {
  std::string socket = "/run/adit/adit.sock";
  std::chrono::seconds timeout{10};
  bool json = false;
  const Verb* verb = nullptr;  ///< never null once read
  Words words;
};

/// The verb and its words, or a reason to exit at once: help, the version, a usage error.
[[nodiscard]] std::expected<CommandLine, EarlyExit> read_command_line(int argc, char** argv);

/// Whether --json or -j is among the arguments, whatever else is wrong with them: whoever asked for JSON gets errors so.
[[nodiscard]] bool wants_json(int argc, char** argv);

/// "adit: WHAT; see adit --help", and exit code 2.
[[nodiscard]] EarlyExit usage_error(std::string_view what);

}  // namespace adit::app
