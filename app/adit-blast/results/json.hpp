// SPDX-License-Identifier: Apache-2.0
// A run's results as JSON, for --json and for the report. Keys are snake_case with their units, and do not
// change. The password is not included. Pure; any thread.
#pragma once

#include <nlohmann/json.hpp>

#include "app/adit-blast/results/results.hpp"

namespace adit::app::blast {

[[nodiscard]] nlohmann::ordered_json to_json(const RunResult& result);

/// For a file: indented, with a newline at the end; octets that are not valid UTF-8 are replaced.
[[nodiscard]] std::string json_text(const RunResult& result);

}  // namespace adit::app::blast
