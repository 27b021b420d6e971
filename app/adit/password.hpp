// SPDX-License-Identifier: Apache-2.0
// Reads a password without exposing it. Thread: main.
#pragma once

#include <optional>
#include <string>

namespace adit::app {

/// From ADIT_TEST_PASSWORD in the environment, else a line of standard input, without echo on a terminal.
/// Never from the command line, which any user can read. Nothing: end of input.
[[nodiscard]] std::optional<std::string> read_password();

}  // namespace adit::app
