// SPDX-License-Identifier: Apache-2.0
// When and on which machine a run was made, for its report. Thread: control.
#pragma once

#include <string>

namespace adit::app::blast {

/// "2026-01-31T12:00:00Z"
[[nodiscard]] std::string utc_now();

/// CPU model, number of CPUs, kernel.
[[nodiscard]] std::string describe_machine();

}  // namespace adit::app::blast
