// SPDX-License-Identifier: Apache-2.0
// Printed at the end: a table for everything that was measured, at most 100 columns wide, or for several runs the
// median and the spread of what matters; the verdict comes last, where it is seen. Pure; any thread.
#pragma once

#include <span>
#include <string>

#include "app/adit-blast/results/results.hpp"

namespace adit::app::blast {

/// Of at least one run.
[[nodiscard]] std::string result_tables(std::span<const RunResult> runs);

}  // namespace adit::app::blast
