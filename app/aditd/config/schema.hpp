// SPDX-License-Identifier: Apache-2.0
// The one table of what adit.toml may contain. Reading, the check's suggestions, packaging/adit.toml and its test all
// come from it: a new setting is a field in a settings struct and a row here. Thread: control, at start-up.
#pragma once

#include <span>
#include <string_view>

#include "app/aditd/config/config.hpp"
#include "app/config_key.hpp"

namespace adit::app {

struct Section {
  std::string_view name;
  bool repeated;  ///< [[name]], one table per thing
  std::string_view help;
  std::string_view more;  ///< further tables of a repeated section, for the sample
  bool optional = false;  ///< the sample shows it commented out, all of it
};

/// In the order of the sample.
[[nodiscard]] std::span<const Section> config_sections();

[[nodiscard]] std::span<const Key<Config>> config_keys();
[[nodiscard]] std::span<const Key<dataplane::PortSettings>> port_keys();
[[nodiscard]] std::span<const Key<control::PoolSettings>> pool_keys();
[[nodiscard]] std::span<const Key<control::radius::ServerSettings>> radius_server_keys();
[[nodiscard]] std::span<const Key<control::radius::DaeClientSettings>> dae_client_keys();
[[nodiscard]] std::span<const Key<control::radius::RateMapping>> radius_rate_keys();

/// Calls `visit` with the keys of each kind of table above.
template <typename Visit>
void for_each_key_table(const Visit& visit) {
  visit(config_keys());
  visit(port_keys());
  visit(pool_keys());
  visit(radius_server_keys());
  visit(dae_client_keys());
  visit(radius_rate_keys());
}

}  // namespace adit::app
