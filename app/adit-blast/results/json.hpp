// SPDX-License-Identifier: Apache-2.0
// A run's results as JSON: what --json writes and the report embeds. Keys are snake_case with their units, and stay.
// The password is not among them. Pure; any thread.
#pragma once

#include <nlohmann/json.hpp>

#include "app/adit-blast/results/results.hpp"

namespace adit::app::blast {

[[nodiscard]] nlohmann::ordered_json to_json(const RunResult& result);

/// As a file has it: indented, with a line's end; octets that are no UTF-8 are replaced.
[[nodiscard]] std::string json_text(const RunResult& result);

}  // namespace adit::app::blast
