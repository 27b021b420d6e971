// SPDX-License-Identifier: Apache-2.0
// A command line that ends the process at once. Thread: control, at start-up.
#pragma once

#include <string>

namespace adit::app {

/// Print `text` and exit: help, version and the like with 0 to stdout, an error to stderr.
struct EarlyExit {
  int code = 0;
  std::string text;
};

}  // namespace adit::app
