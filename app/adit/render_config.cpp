// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <string>
#include <utility>
#include <vector>

#include "app/adit/fields.hpp"
#include "app/adit/render.hpp"
#include "app/escape.hpp"
#include "app/table.hpp"

namespace adit::app {
namespace {

/// As adit.toml has it, without quotes; "-": there is none.
std::string value_of(const Json& object, std::string_view name) {
  const Json& value = member(object, name);
  if (value.is_array()) {
    std::string all;
    for (const Json& one : value) {
      all += (all.empty() ? "" : ", ") + (one.is_string() ? one.get<std::string>() : one.dump());
    }
    return all;
  }
  return value.is_null() ? "-" : value.is_string() ? value.get<std::string>() : value.dump();
}

/// "ppp.mru", "radius-server[aaa1].secret".
std::string name_of(const Json& change) {
  const std::string table = text(change, "table");
  return text(change, "section") + (table.empty() ? "" : '[' + table + ']') + '.' + text(change, "key");
}

std::string effect_of(const Json& change) {
  const std::string effect = text(change, "effect");
  return effect == "applied" ? "now" : effect == "new_calls" ? "for new calls" : "at the next start";
}

std::string heading_of(const Json& setting) {
  const std::string section = escape_octets(text(setting, "section"));
  const std::string table = escape_octets(text(setting, "table"));
  return table.empty() ? '[' + section + "]\n" : "[[" + section + "]] " + table + '\n';
}

/// One section's, or one table's. Only where something waits for the next start is there a column for it.
std::string draw_settings(const std::vector<const Json*>& settings) {
  bool any_pending = false;
  Rows rows;
  for (const Json* setting : settings) {
    const bool pending = flag(*setting, "pending");
    any_pending = any_pending || pending;
    const bool gone = pending && member(*setting, "next").is_null();
    const std::string line = std::to_string(number(*setting, "line"));
    rows.push_back({text(*setting, "key"), value_of(*setting, "value"),
                    gone                    ? "-"
                    : flag(*setting, "set") ? "line " + line
                                            : "default",
                    pending ? value_of(*setting, "next") : ""});
  }
  std::vector<Column> columns{{"key"}, {"value"}, {"from"}};
  if (any_pending) {
    columns.push_back({"at the next start"});
  }
  return heading_of(*settings.front()) + draw_table(columns, rows, "") + '\n';
}

}  // namespace

std::string render_config(const Json& result) {
  std::string out;
  std::size_t pending = 0;
  std::vector<const Json*> settings;
  for (const Json& setting : list(result, "settings")) {
    if (!settings.empty() && heading_of(*settings.front()) != heading_of(setting)) {
      out += draw_settings(std::exchange(settings, {}));
    }
    settings.push_back(&setting);
    pending += flag(setting, "pending") ? 1 : 0;
  }
  if (!settings.empty()) {
    out += draw_settings(settings);
  }
  return out + escape_octets(text(result, "file")) + ": " +
         (pending == 0 ? "all of it runs\n"
                       : fmt::format("{} of its keys {} for the next start\n", pending,
                                     pending == 1 ? "waits" : "wait"));
}

std::string render_reloaded(const Json& result) {
  std::string out;
  for (const Json& warning : list(result, "warnings")) {
    out += printable(warning.is_string() ? warning.get<std::string>() : "") + '\n';
  }
  Rows changes;
  for (const Json& change : list(result, "changes")) {
    changes.push_back({name_of(change), value_of(change, "was"), value_of(change, "is"), effect_of(change)});
  }
  out += draw_table({{"key"}, {"was"}, {"is"}, {"takes effect"}}, changes,
                    "the configuration says what runs already");
  return out + fmt::format("{}, with {} of chap-secrets\n",
                           flag(result, "reloaded")
                               ? "reloaded"
                               : "a dry run: nothing has changed, and a reload would be taken",
                           number(result, "users") == 1 ? "1 user" : count(result, "users") + " users");
}

}  // namespace adit::app
