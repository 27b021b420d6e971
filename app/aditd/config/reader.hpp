// SPDX-License-Identifier: Apache-2.0
// Turns a parsed adit.toml into a Config, by the rows of config_sections(). Thread: control, at start-up.
#pragma once

#include <toml++/toml.h>

#include "app/aditd/config/config.hpp"
#include "app/config_problems.hpp"

namespace adit::app {

struct ReadConfig {
  Config config;
  std::optional<Config> in_force{};  ///< of a reload: what of it counts before the next start
  Sheet sheet{};
};

/// Reports every problem; the Config is valid only if none is an error. `document` outlives the problems'
/// places. `running`: of a reload, what runs; what waits for the next start has to go with the rest of the file until
/// then. nullptr: a start.
[[nodiscard]] ReadConfig read_config(const toml::table& document,
                                     const control::radius::ReadFile& read_dictionary, const Config* running,
                                     Problems& problems);

}  // namespace adit::app
