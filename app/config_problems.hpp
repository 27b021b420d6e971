// SPDX-License-Identifier: Apache-2.0
// Collects the problems of a settings file, to report them together and in file order. Knows the position of
// each key, for checks that compare several. Thread: control, at start-up.
#pragma once

#include <toml++/toml.h>

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace adit::app {

/// One line, ready to print: `file:line:col: section.key: value "x": what is wrong; what to do`.
/// The position is left out where there is none (a missing section).
struct ConfigProblem {
  bool warning = false;  ///< the program starts anyway
  std::string line;
};

class Problems {
 public:
  explicit Problems(std::string_view file);

  /// `key` as in "pptp.bind", escaped if it comes from the file. `at` may be unset, `value` and `remedy`
  /// empty.
  void error(toml::source_position at, std::string_view key, std::string_view value, std::string_view wrong,
             std::string_view remedy);
  void warning(toml::source_position at, std::string_view key, std::string_view value, std::string_view wrong,
               std::string_view remedy);

  [[nodiscard]] bool any_error() const;
  /// Of the same file, and none so far.
  [[nodiscard]] Problems none() const;
  /// The errors of `others` as well, each with `remark` at its end.
  void add_errors(Problems others, std::string_view remark);
  /// In file order, those without a position last.
  [[nodiscard]] std::vector<ConfigProblem> take();

 private:
  struct Entry {
    toml::source_position at;
    ConfigProblem problem;
  };
  void add(bool is_warning, toml::source_position at, std::string_view key, std::string_view value,
           std::string_view wrong, std::string_view remedy);

  std::string file_;
  std::vector<Entry> entries_;
};

/// Positions of the file's keys: "pptp.bind", and "port.0.interface" in the first [[port]]. Nodes belong to
/// the parsed document, which outlives this.
class Places {
 public:
  /// Keeps the first node; false: the key was already there (as `a-b` and as `a_b`).
  bool note(const std::string& key, const toml::node& node) { return nodes_.emplace(key, &node).second; }
  void note_bad(const std::string& key) { bad_.insert(key); }

  [[nodiscard]] const toml::node* find(const std::string& key) const {
    const auto found = nodes_.find(key);
    return found == nodes_.end() ? nullptr : found->second;
  }
  /// Set by the operator, or left at its default, and valid by itself.
  [[nodiscard]] bool usable(const std::string& key) const { return !bad_.contains(key); }

 private:
  std::map<std::string, const toml::node*> nodes_;
  std::set<std::string> bad_;
};

/// Position of `key`; unset when the file does not have it.
[[nodiscard]] toml::source_position position(const Places& places, const std::string& key);
/// Position of one element of its list.
[[nodiscard]] toml::source_position element_position(const Places& places, const std::string& key,
                                                     std::size_t index);

}  // namespace adit::app
