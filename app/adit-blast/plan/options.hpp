// SPDX-License-Identifier: Apache-2.0
// adit-blast's command line: adit-blast VERB [options] [-- EAL ARGS], or adit-blast run SCENARIO.toml [options].
// The options are the keys of plan_schema.hpp. Thread: control, at start-up.
#pragma once

#include <expected>
#include <span>

#include "app/adit-blast/plan/plan.hpp"
#include "app/early_exit.hpp"

namespace adit::app::blast {

/// adit-blast's exit codes.
inline constexpr int kSuccess = 0;
inline constexpr int kComplaints = 1;  ///< it ran, but the result is not a success
inline constexpr int kCannotRun = 2;   ///< usage, or a failure to start

/// `arguments`: without the program's name. Reads the scenario and password files that they name, and the
/// environment variable ADIT_BLAST_PASSWORD.
[[nodiscard]] std::expected<Plan, EarlyExit> parse_options(std::span<const char* const> arguments);

}  // namespace adit::app::blast
