// SPDX-License-Identifier: Apache-2.0
// Turns a parsed adit.toml into a Config, by the rows of config_sections(). Thread: control, at start-up.
#pragma once

#include <toml++/toml.h>

#include "app/aditd/config/config.hpp"
#include "app/config_problems.hpp"

namespace adit::app {

struct ReadConfig {
  Config config;
  Sheet sheet;
};

/// Reports every problem; the Config is valid only if none is an error. `document` outlives the problems'
/// places.
[[nodiscard]] ReadConfig read_config(const toml::table& document,
                                     const control::radius::ReadFile& read_dictionary, Problems& problems);

}  // namespace adit::app
