// SPDX-License-Identifier: Apache-2.0
// A scenario: the plan as a TOML file. The plan's keys come first, then its phases in order, a [[phase]]
// table for each, with `kind` and the keys of that kind. A phase key above the first [[phase]] is the default
// for all phases that have it.
// Thread: control, at start-up.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "app/adit-blast/plan/plan_draft.hpp"

namespace adit::app::blast {

/// Reads the text into `draft` and reports every problem in `findings`. Reads nothing but the text.
void read_scenario(std::string_view toml, Draft& draft, Findings& findings);

/// read_scenario() and finish_plan(). On failure, a line for every problem: `file:line:col: key: ...`.
[[nodiscard]] std::expected<Plan, std::vector<std::string>> parse_scenario(std::string_view toml,
                                                                           std::string_view file);

}  // namespace adit::app::blast
