// SPDX-License-Identifier: Apache-2.0
// adit-blast's command line: adit-blast VERB [options] [-- EAL ARGS], adit-blast run SCENARIO.toml [options], or
// adit-blast compare A.json B.json [options]. The options of all but the last are the keys of plan_schema.hpp. Thread:
// control, at start-up.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <variant>

#include "app/adit-blast/plan/compare_options.hpp"
#include "app/adit-blast/plan/plan.hpp"
#include "app/early_exit.hpp"

namespace adit::app::blast {

/// adit-blast's exit codes.
inline constexpr int kSuccess = 0;
inline constexpr int kComplaints = 1;  ///< it ran, but the result is not a success; something is worse
inline constexpr int kCannotRun = 2;   ///< usage, or a failure to start

using Command = std::variant<Plan, CompareOptions>;

/// `arguments`: without the program's name. Reads the scenario and password files that they name, and the
/// environment variable ADIT_BLAST_PASSWORD.
[[nodiscard]] std::expected<Command, EarlyExit> parse_options(std::span<const char* const> arguments);

/// The value of --json, whatever else is wrong with the arguments: whoever asked for JSON gets errors as JSON. Empty:
/// none.
[[nodiscard]] std::string json_destination(std::span<const char* const> arguments);

}  // namespace adit::app::blast
