// SPDX-License-Identifier: Apache-2.0
// adit.toml key by key, for operators: what each is, where the file sets it, and what a file that is loaded later
// changes of what runs. Thread: any (values); RunningConfig: control.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/config_key.hpp"
#include "app/config_problems.hpp"
#include "crypto/secret.hpp"

namespace adit::app {

/// One key of a section, or of one table of a section that repeats.
struct Setting {
  std::string section;
  std::string
      table;  ///< the table's name, or its place if it has none: "aaa1", "1"; "": [section] does not repeat
  std::string key;
  std::string value;           ///< as a file writes it, "(secret)" for one that is not shown
  toml::source_position at{};  ///< where the file sets it; unset: it is a default
  ReloadEffect effect = ReloadEffect::kNextStart;
  crypto::SecretText secret{};

  /// "ppp.mru", "radius-server[aaa1].secret".
  [[nodiscard]] std::string name() const;
  [[nodiscard]] bool waits() const { return effect == ReloadEffect::kNextStart; }
  [[nodiscard]] bool is_set() const { return static_cast<bool>(at); }
  [[nodiscard]] bool same_value(const Setting& other) const;
};
/// Every key, in the order of the sample; tables in that of the file.
using Sheet = std::vector<Setting>;

/// Of one table if the section repeats; nullptr: there is none.
[[nodiscard]] const Setting* find_setting(const Sheet& sheet, std::string_view section,
                                          std::string_view table, std::string_view key);

/// What a loaded file says otherwise than what runs: in the order of the file, tables that are gone last.
struct ConfigChange {
  std::string section, table, key;
  std::optional<std::string> was;  ///< none: there is no such table yet
  std::optional<std::string> is;   ///< none: the table is gone
  ReloadEffect effect = ReloadEffect::kNextStart;

  [[nodiscard]] std::string name() const;
};

/// One key as it runs, and as it will.
struct ConfigRow {
  std::string section, table, key;
  std::optional<std::string> runs;  ///< none: a table that is not there before the next start
  std::optional<std::string> next;  ///< at the next start; none: a table that goes then
  std::uint32_t line = 0;           ///< of the file as last loaded; 0: a default
  [[nodiscard]] bool pending() const { return runs != next; }
};

/// What runs, and the file as last loaded.
class RunningConfig {
 public:
  /// `file`: the configuration's, for those who ask.
  RunningConfig(std::string file, Sheet started)
      : file_(std::move(file)), runs_(started), loaded_(std::move(started)) {}

  /// What `loaded` says otherwise than what runs.
  [[nodiscard]] std::vector<ConfigChange> changes(const Sheet& loaded) const;
  /// A reload of `loaded` has been applied, all but what waits for the next start. Returns what changes() did before.
  std::vector<ConfigChange> use(Sheet loaded);

  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] const Sheet& runs() const { return runs_; }
  [[nodiscard]] std::vector<ConfigRow> rows() const;

 private:
  std::string file_;
  Sheet runs_;
  Sheet loaded_;
};

/// A value without TOML's quotes, for logs and tables: `"10s"` is 10s, `["a", "b"]` is [a, b].
[[nodiscard]] std::string plain_value(std::string_view value);

}  // namespace adit::app
