// SPDX-License-Identifier: Apache-2.0
// An unfinished plan: the values from argv, the environment and a scenario file so far, where each was
// written, and what is wrong with it. finish_plan() turns it into a Plan. Thread: control, at start-up.
#pragma once

#include <toml++/toml.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/adit-blast/plan/plan.hpp"
#include "app/adit-blast/plan/plan_values.hpp"
#include "app/config_problems.hpp"

namespace adit::app::blast {

struct Draft {
  Plan plan;
  Endpoint server;
  dataplane::PortSettings core;
  std::string password_file;
};

/// Where a value was written, and how.
struct Origin {
  std::string name;   ///< "--calls", "calls", "phase.calls", "ADIT_BLAST_PASSWORD"
  std::string value;  ///< as shown to the user; never that of a password
  toml::source_position at{0, 0};
  bool in_file = false;
};

/// All problems of argv and of the scenario file, each with its location. Keys are "server", or
/// "phase.0.calls" for the first phase.
class Findings {
 public:
  /// `file` is the scenario's name; empty: there is none.
  explicit Findings(std::string_view file) : argv_("adit-blast"), file_(file), has_file_(!file.empty()) {}

  /// The latest note counts, because argv is read after the file.
  void note(const std::string& key, Origin origin) { origins_[key] = std::move(origin); }
  void forget(const std::string& key) { origins_.erase(key); }
  [[nodiscard]] bool has(const std::string& key) const { return origins_.contains(key); }

  /// About a key that was noted, or one that is missing. In the texts {key} becomes `--key` for argv and
  /// `key` for a file.
  void error(const std::string& key, std::string_view wrong, std::string_view remedy);
  void error(const Origin& origin, std::string_view wrong, std::string_view remedy);

  [[nodiscard]] bool any() const { return argv_.any_error() || file_.any_error(); }
  /// The command line's first, then the file's, in file order.
  [[nodiscard]] std::vector<std::string> take();

 private:
  Problems argv_;
  Problems file_;
  bool has_file_;
  std::map<std::string, Origin> origins_;
};

/// A phase with the defaults of its kind.
[[nodiscard]] Phase default_phase(PhaseKind kind);

/// Fills in what was left open, appends the tear-down, and looks for contradictions. Empty if there is any
/// problem.
[[nodiscard]] std::optional<Plan> finish_plan(Draft draft, Findings& findings);

}  // namespace adit::app::blast
