// SPDX-License-Identifier: Apache-2.0
// A run's results as JSON, for --json and for the report. Keys are snake_case with their units, and do not
// change. The password is not included. Pure; any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "app/adit-blast/results/results.hpp"

namespace adit::app::blast {

[[nodiscard]] nlohmann::ordered_json to_json(const RunResult& result);

/// Of at least one run. With its `quantities`; several runs are in `runs`, in place of the keys that only a run has.
[[nodiscard]] nlohmann::ordered_json to_json(std::span<const RunResult> runs);

/// What stands in place of a result that there is not, for whoever asked for JSON.
[[nodiscard]] nlohmann::ordered_json error_json(const std::string& why, int exit_code);

/// For a file: indented, with a newline at the end; octets that are not valid UTF-8 are replaced.
[[nodiscard]] std::string json_text(const nlohmann::ordered_json& json);

}  // namespace adit::app::blast
