// SPDX-License-Identifier: Apache-2.0
// aditd's command line: aditd [--config FILE] [--check | --prepare | --sample-config | --version | --help] [-- EAL ARGS].
// Thread: control, at start-up.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <vector>

#include "app/aditd/config/config.hpp"
#include "app/early_exit.hpp"

namespace adit::app {

struct Options {
  std::string config{kDefaultConfigPath};
  bool check = false;                 ///< check the configuration, report its problems, start nothing
  bool prepare = false;               ///< do what only root can, start nothing
  std::vector<std::string> eal_args;  ///< everything after `--`
};

/// `arguments` is without the program's name.
[[nodiscard]] std::expected<Options, EarlyExit> parse_options(std::span<const char* const> arguments);

}  // namespace adit::app
