// SPDX-License-Identifier: Apache-2.0
// A password that is handed over out of sight. Thread: main.
#pragma once

#include <optional>
#include <string>

namespace adit::app {

/// Never from the command line, which everybody can read: from the environment's ADIT_TEST_PASSWORD, else a line of
/// standard input, which a terminal does not echo. None: there is no such line.
[[nodiscard]] std::optional<std::string> read_password();

}  // namespace adit::app
