// SPDX-License-Identifier: Apache-2.0
// adit-blast's verbs, each with one phase between set-up and tear-down, and the texts at the end of their
// help.
// Thread: control, at start-up.
#pragma once

#include <span>
#include <string>

#include "app/adit-blast/plan/plan.hpp"

namespace adit::app::blast {

struct Verb {
  const char* name;
  PhaseKind kind;
  const char* help;
  const char* examples;
};

/// All except `run`, which takes a scenario, and `compare`, which takes results, in the order of --help.
[[nodiscard]] std::span<const Verb> verbs();

/// "set-up, hold, ..., run and compare"
[[nodiscard]] std::string verbs_in_words();

extern const char* const kFooter;         ///< for adit-blast --help
extern const char* const kRunFooter;      ///< for adit-blast run --help
extern const char* const kCompareFooter;  ///< for adit-blast compare --help

}  // namespace adit::app::blast
