// SPDX-License-Identifier: Apache-2.0
// [radius] dictionary and [[radius-rate]]: resolves attribute names to numbers. Thread: control, at start-up.
#pragma once

#include "app/aditd/config/config.hpp"
#include "app/config_problems.hpp"

namespace adit::app {

/// Reads the dictionaries and resolves config.radius_rates with them; without any row, uses the default list.
/// Depends only on its arguments.
void resolve_rates(Config& config, const Places& places, const control::radius::ReadFile& read,
                   Problems& problems);

}  // namespace adit::app
