// SPDX-License-Identifier: Apache-2.0
// The cross-checks of adit.toml. Thread: control, at start-up.
#pragma once

#include "app/aditd/config/config.hpp"
#include "app/config_problems.hpp"

namespace adit::app {

/// What no single key can tell: what is missing, what contradicts, what overlaps. Looks at nothing but its arguments.
void check_config(const Config& config, const Places& places, Problems& problems);

}  // namespace adit::app
