// SPDX-License-Identifier: Apache-2.0
// Whether a run is a success, from its results alone. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "app/adit-blast/results/results.hpp"

namespace adit::app::blast {

/// In words, phase by phase: dials that failed, calls that were lost, packets that were lost or corrupted, searches that
/// found nothing. Empty: success. What an impairment lost is no complaint.
[[nodiscard]] std::vector<std::string> complaints_of(const RunResult& result);

}  // namespace adit::app::blast
