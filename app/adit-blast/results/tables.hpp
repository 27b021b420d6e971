// SPDX-License-Identifier: Apache-2.0
// What a person reads at a run's end: a table for each thing that was measured, at most 100 columns wide, and what is
// wrong last, where the eye is. Pure; any thread.
#pragma once

#include <string>

#include "app/adit-blast/results/results.hpp"

namespace adit::app::blast {

[[nodiscard]] std::string result_tables(const RunResult& result);

}  // namespace adit::app::blast
