// SPDX-License-Identifier: Apache-2.0
// `adit show sessions` and `adit top`: aditd's calls as a table, once or again and again. Thread: main.
#pragma once

#include <expected>

#include "app/adit/invocation.hpp"

namespace adit::app {

[[nodiscard]] std::expected<int, EarlyExit> run_show_sessions(const Invocation& invocation);
[[nodiscard]] std::string show_sessions_help();
[[nodiscard]] std::expected<int, EarlyExit> run_top(const Invocation& invocation);

}  // namespace adit::app
