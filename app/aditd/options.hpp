// SPDX-License-Identifier: Apache-2.0
// aditd's command line: aditd [--config FILE] [--check | --sample-config | --version | --help] [-- EAL ARGS].
// Thread: control, at start-up.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <vector>

#include "app/aditd/config.hpp"

namespace adit::app {

struct Options {
  std::string config{kDefaultConfigPath};
  bool check = false;                 ///< read and check the configuration, say what is wrong, start nothing
  std::vector<std::string> eal_args;  ///< all that followed `--`
};

/// The process is to print `text` and leave: help, version and the sample with 0 to stdout, else an error to stderr.
struct EarlyExit {
  int code = 0;
  std::string text;
};

/// `arguments` without the program's name.
[[nodiscard]] std::expected<Options, EarlyExit> parse_options(std::span<const char* const> arguments);

}  // namespace adit::app
