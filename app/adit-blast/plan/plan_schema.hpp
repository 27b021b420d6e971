// SPDX-License-Identifier: Apache-2.0
// The table of a plan's keys. The key `dial-rate` is --dial-rate on the command line and dial-rate in a
// scenario; reading, errors, suggestions and --help are all driven by this table. Thread: control, at
// start-up.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/adit-blast/plan/plan_draft.hpp"
#include "app/config_key.hpp"

namespace adit::app::blast {

// In Key, `section` is the heading in --help and `example` the value's name there (empty: it is a switch).
using PlanKey = Key<Draft>;

struct PhaseKey : Key<Phase> {
  std::vector<PhaseKind> kinds;  ///< the phases that have it
  [[nodiscard]] bool belongs_to(PhaseKind kind) const;
};

/// In the order of --help.
[[nodiscard]] std::span<const PlanKey> plan_keys();
[[nodiscard]] std::span<const PhaseKey> phase_keys();

[[nodiscard]] const PlanKey* find_plan_key(std::string_view name);
[[nodiscard]] const PhaseKey* find_phase_key(std::string_view name);

/// A [[phase]]'s `kind`.
[[nodiscard]] Read<PhaseKind> read_phase_kind(const toml::node& node);

/// "set-up, churn"
[[nodiscard]] std::string kinds_in_words(const PhaseKey& key);

/// Every key name, for suggestions.
[[nodiscard]] std::vector<std::string_view> key_names();

/// A value as error messages may show it: empty if the key holds a secret.
[[nodiscard]] std::string shown_value(std::string_view key, const toml::node& node);

}  // namespace adit::app::blast
