// SPDX-License-Identifier: Apache-2.0
// [radius] dictionary and [[radius-rate]]: names of attributes become numbers. Thread: control, at start-up.
#pragma once

#include "app/aditd/config/config.hpp"
#include "app/config_problems.hpp"

namespace adit::app {

/// Reads the dictionaries and completes config.radius_rates by them; without any row, the default list. Looks at nothing
/// but its arguments.
void resolve_rates(Config& config, const Places& places, const control::radius::ReadFile& read,
                   Problems& problems);

}  // namespace adit::app
