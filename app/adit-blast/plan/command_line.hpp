// SPDX-License-Identifier: Apache-2.0
// adit-blast's arguments, parsed (CLI11) but not interpreted: options.cpp assigns the values to their keys.
// Thread: control, at start-up.
#pragma once

#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/adit-blast/plan/compare_options.hpp"
#include "app/adit-blast/plan/verbs.hpp"
#include "app/early_exit.hpp"

namespace adit::app::blast {

struct CommandLine {
  std::map<std::string, std::string, std::less<>> given;  ///< by key, as written
  std::string scenario;
  const Verb* verb = nullptr;             ///< none: run or compare
  std::optional<CompareOptions> compare;  ///< only for compare
  std::string threshold;                  ///< of compare, as written
};

/// `words`: the arguments before `--`. An EarlyExit for --help and --version, and for wrong arguments.
[[nodiscard]] std::expected<CommandLine, EarlyExit> parse_words(std::vector<std::string> words);

}  // namespace adit::app::blast
