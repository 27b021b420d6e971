// SPDX-License-Identifier: Apache-2.0
// Printed at the end of a run: a table for everything that was measured, at most 100 columns wide; the
// verdict comes last, where it is seen. Pure; any thread.
#pragma once

#include <string>

#include "app/adit-blast/results/results.hpp"

namespace adit::app::blast {

[[nodiscard]] std::string result_tables(const RunResult& result);

}  // namespace adit::app::blast
