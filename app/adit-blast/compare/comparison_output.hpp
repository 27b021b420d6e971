// SPDX-License-Identifier: Apache-2.0
// A comparison for people and for machines. Pure; any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "app/adit-blast/compare/comparison.hpp"

namespace adit::app::blast {

/// A table of at most 100 columns where the names allow, then the verdict.
[[nodiscard]] std::string comparison_text(const Measured& before, const Measured& after,
                                          const Comparison& comparison);

/// Keys are snake_case with their units, and do not change. A change from 0 is null.
[[nodiscard]] nlohmann::ordered_json comparison_json(const Measured& before, const Measured& after,
                                                     const Comparison& comparison);

/// For html_report(): the comparison, and all runs of both.
[[nodiscard]] nlohmann::ordered_json comparison_page(const Measured& before, const Measured& after,
                                                     const Comparison& comparison);

}  // namespace adit::app::blast
