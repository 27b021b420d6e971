// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/compare/comparison_output.hpp"

#include <fmt/core.h>

#include <cmath>

#include "app/escape.hpp"
#include "app/table.hpp"

namespace adit::app::blast {
namespace {

using Json = nlohmann::ordered_json;

std::string text_at(const Json& document, const char* key) {
  const auto found = document.find(key);
  return found != document.end() && found->is_string() ? escape_octets(found->get<std::string>()) : "unknown";
}

std::string runs_in_words(const Measured& results) {
  return results.runs == 1 ? "one run, spread unknown" : fmt::format("{} runs", results.runs);
}

std::string heading(const char* letter, const Measured& results) {
  std::string text =
      fmt::format("{}: {}, {}, {}, adit-blast {}\n   {}\n", letter, escape_octets(results.name),
                  text_at(results.document, "started"), runs_in_words(results),
                  text_at(results.document, "version"), text_at(results.document, "machine"));
  for (const std::string& complaint : results.complaints) {
    text += "   not a success: " + escape_octets(complaint) + '\n';
  }
  return text;
}

std::string value_of(const std::optional<Quantity>& quantity) {
  return quantity ? shown(quantity->median(), quantity->unit) : "-";
}

std::string change_of(const ComparedQuantity& row) {
  if (row.change == Change::kMissing) {
    return "-";
  }
  return std::isinf(row.change_percent) ? "from 0" : fmt::format("{:+.1f} %", row.change_percent);
}

std::string table_of(const Comparison& comparison) {
  std::vector<std::vector<std::string>> rows;
  for (const ComparedQuantity& row : comparison.rows) {
    rows.push_back({row.either().phase, row.either().name, value_of(row.before), value_of(row.after),
                    change_of(row), std::string(to_text(row.change))});
  }
  return '\n' + draw_table({{"phase"},
                            {"quantity"},
                            {"A", Align::kRight},
                            {"B", Align::kRight},
                            {"change", Align::kRight},
                            {"verdict"}},
                           rows, "");
}

std::string verdict_of(const Comparison& comparison) {
  std::string text;
  if (!comparison.obstacles.empty()) {
    text = "\nCannot be compared:\n";
    for (const std::string& obstacle : comparison.obstacles) {
      text += "  " + escape_text(obstacle) + '\n';
    }
    return text;
  }
  const std::string threshold = fmt::format("by more than {:g} %", comparison.threshold_percent);
  if (!comparison.any_worse()) {
    return "\nNothing is worse " + threshold + ".\n";
  }
  text = "\nWorse " + threshold + ":\n";
  for (const ComparedQuantity& row : comparison.rows) {
    if (row.change == Change::kWorse) {
      text += "  " + escape_text(row.either().phase + ", " + row.either().name) + '\n';
    }
  }
  return text;
}

Json json_of(const std::optional<Quantity>& quantity) {
  if (!quantity) {
    return nullptr;
  }
  return {{"median", quantity->median()},
          {"least", quantity->least()},
          {"most", quantity->most()},
          {"runs", quantity->values.size()}};
}

void add_runs(const Measured& results, const std::string& letter, Json& runs) {
  const auto several = results.document.find("runs");
  if (several == results.document.end()) {
    runs.push_back(results.document);
    runs.back()["name"] = letter + ": " + results.name;
    return;
  }
  for (const Json& run : *several) {
    runs.push_back(run);
    runs.back()["name"] = fmt::format("{} {}: {}", letter, runs.size(), results.name);
  }
}

}  // namespace

std::string comparison_text(const Measured& before, const Measured& after, const Comparison& comparison) {
  return heading("A", before) + heading("B", after) + (comparison.rows.empty() ? "" : table_of(comparison)) +
         verdict_of(comparison);
}

Json comparison_json(const Measured& before, const Measured& after, const Comparison& comparison) {
  Json json = {{"format", 1},
               {"a", before.name},
               {"b", after.name},
               {"a_complaints", before.complaints},
               {"b_complaints", after.complaints},
               {"threshold_percent", comparison.threshold_percent},
               {"exit_code", exit_code(comparison)},
               {"obstacles", comparison.obstacles}};
  Json& rows = json["quantities"] = Json::array();
  for (const ComparedQuantity& row : comparison.rows) {
    const bool has_change = row.change != Change::kMissing && std::isfinite(row.change_percent);
    rows.push_back({{"phase", row.either().phase},
                    {"quantity", row.either().name},
                    {"unit", row.either().unit},
                    {"better", to_text(row.either().better)},
                    {"a", json_of(row.before)},
                    {"b", json_of(row.after)},
                    {"change_percent", has_change ? Json(row.change_percent) : Json(nullptr)},
                    {"verdict", to_text(row.change)}});
  }
  return json;
}

Json comparison_page(const Measured& before, const Measured& after, const Comparison& comparison) {
  Json page = {{"runs", Json::array()},
               {"benchmarks", Json::array()},
               {"comparison", comparison_json(before, after, comparison)}};
  add_runs(before, "A", page["runs"]);
  add_runs(after, "B", page["runs"]);
  return page;
}

}  // namespace adit::app::blast
