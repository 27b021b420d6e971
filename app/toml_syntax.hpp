// SPDX-License-Identifier: Apache-2.0
// What is no TOML, for those who write it by hand: the key whose line it is, and what to write instead. The line itself is
// not shown: it may hold a secret. Pure; any thread.
#pragma once

#include <toml++/toml.h>

#include <string>
#include <string_view>

namespace adit::app {

struct SyntaxMistake {
  toml::source_position at;
  std::string section;  ///< the table that the line is in, as written; "": none
  std::string key;      ///< "": the line has none
  std::string wrong;
  std::string remedy;

  /// "core.workers", "port", or "TOML" where the line says neither. Escaped.
  [[nodiscard]] std::string name() const;
};

/// `text` is what toml::parse() did not take.
[[nodiscard]] SyntaxMistake explain(std::string_view text, const toml::parse_error& error);

}  // namespace adit::app
