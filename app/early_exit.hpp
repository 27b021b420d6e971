// SPDX-License-Identifier: Apache-2.0
// What a command line asked for that ends the process at once. Thread: control, at start-up.
#pragma once

#include <string>

namespace adit::app {

/// The process is to print `text` and leave: help, version and the like with 0 to stdout, else an error to stderr.
struct EarlyExit {
  int code = 0;
  std::string text;
};

}  // namespace adit::app
