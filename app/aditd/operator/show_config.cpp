// SPDX-License-Identifier: Apache-2.0
// The configuration for operators: all of it, and what a reload has changed.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "app/aditd/operator/handlers.hpp"

namespace adit::app {
namespace {

constexpr std::size_t kRowsPerSlice = 64;

/// TOML's values are JSON's, too.
Json value_json(const std::optional<std::string>& value) {
  if (!value) {
    return nullptr;
  }
  Json json = Json::parse(*value, nullptr, /*allow_exceptions=*/false);
  return json.is_discarded() ? Json(plain_value(*value)) : json;
}

Json row_json(const ConfigRow& row) {
  return {{"section", row.section},        {"table", row.table},          {"key", row.key},
          {"value", value_json(row.runs)}, {"set", row.line != 0},        {"line", row.line},
          {"pending", row.pending()},      {"next", value_json(row.next)}};
}

}  // namespace

List show_config(const OperatorBackend& backend) {
  return {.head = R"({"file":)" + dump(backend.config().file()) + R"(,"settings":[)",
          .next =
              [rows = backend.config().rows(), at = std::size_t{0}](const List::Row& row) mutable {
                const std::size_t end = std::min(rows.size(), at + kRowsPerSlice);
                for (; at < end; ++at) {
                  row(dump(row_json(rows[at])));
                }
                return at < rows.size();
              },
          .tail = "]}"};
}

std::string_view effect_name(ReloadEffect effect) {
  switch (effect) {
    case ReloadEffect::kNow:
      return "applied";
    case ReloadEffect::kNewCalls:
      return "new_calls";
    case ReloadEffect::kNextStart:
      break;
  }
  return "next_start";
}

Json reload_json(const OperatorBackend::ReloadReport& report) {
  Json changes = Json::array();
  for (const ConfigChange& change : report.changes) {
    changes.push_back({{"section", change.section},
                       {"table", change.table},
                       {"key", change.key},
                       {"was", value_json(change.was)},
                       {"is", value_json(change.is)},
                       {"effect", effect_name(change.effect)}});
  }
  return {{"reloaded", !report.dry_run},
          {"users", report.users},
          {"changes", std::move(changes)},
          {"warnings", report.warnings}};
}

}  // namespace adit::app
