// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/compare/comparison.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "app/adit-blast/plan/options.hpp"

namespace adit::app::blast {
namespace {

using Json = nlohmann::ordered_json;

/// Of the plan, besides its phases: what changes what is measured. Where it is measured (server, ports, clients) may differ.
constexpr std::array kScenarioKeys = {"profile", "incoming", "auth",   "mppe",        "mppe-key-lengths",
                                      "mppc",    "payload",  "impair", "traffic-mode"};

Quantity quantity_of(const Json& json) {
  return {.phase = json.at("phase").get<std::string>(),
          .name = json.at("quantity").get<std::string>(),
          .unit = json.at("unit").get<std::string>(),
          .better = json.at("better").get<std::string>() == to_text(Better::kLower) ? Better::kLower
                                                                                    : Better::kHigher,
          .values = json.at("values").get<std::vector<double>>()};
}

bool are_objects(const Json& list) {
  return list.is_array() && std::ranges::all_of(list, [](const Json& one) { return one.is_object(); });
}

void compare_keys(const Json& before, const Json& after, const std::string& place, Comparison& comparison) {
  const auto shown_key = [](const Json& object, const std::string& key) {
    const auto found = object.find(key);
    return found == object.end() ? "nothing"
           : found->is_string()  ? found->get<std::string>()
                                 : found->dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  const auto check = [&](const std::string& key) {
    if (const std::string a = shown_key(before, key), b = shown_key(after, key); a != b) {
      comparison.obstacles.push_back("another scenario: " + place + key + " is " + a + " and " + b);
    }
  };
  if (place.empty()) {
    for (const char* key : kScenarioKeys) {
      check(key);
    }
    return;
  }
  for (const auto& [key, value] : before.items()) {
    check(key);
  }
  for (const auto& [key, value] : after.items()) {
    if (!before.contains(key)) {
      check(key);
    }
  }
}

void compare_scenarios(const Json& before, const Json& after, Comparison& comparison) {
  compare_keys(before, after, "", comparison);
  const Json& a = before.at("phases");
  const Json& b = after.at("phases");
  if (a.size() != b.size()) {
    comparison.obstacles.push_back("another scenario: it has " + std::to_string(a.size()) + " and " +
                                   std::to_string(b.size()) + " phases");
    return;
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    compare_keys(a[i], b[i], "phase " + std::to_string(i + 1) + ": ", comparison);
  }
}

double change_percent(double before, double after) {
  if (before == after) {
    return 0;
  }
  return before == 0 ? std::numeric_limits<double>::infinity() : 100 * (after - before) / before;
}

/// Repeats of either differ by as much among themselves.
bool within_spread(const Quantity& before, const Quantity& after) {
  return before.values.size() > 1 && after.values.size() > 1 &&
         std::fabs(after.median() - before.median()) <=
             std::max(before.most() - before.least(), after.most() - after.least());
}

ComparedQuantity compared(const Quantity& before, const Quantity& after, double threshold_percent) {
  ComparedQuantity row{.before = before, .after = after};
  row.change_percent = change_percent(before.median(), after.median());
  const bool rose = row.change_percent > 0;
  if (std::fabs(row.change_percent) <= threshold_percent) {
    row.change = Change::kSame;
  } else if (within_spread(before, after)) {
    row.change = Change::kNoise;
  } else {
    row.change = rose == (before.better == Better::kHigher) ? Change::kBetter : Change::kWorse;
  }
  return row;
}

const Quantity* find(const Measured& results, const Quantity& like) {
  const auto found = std::ranges::find_if(results.quantities, [&](const Quantity& one) {
    return one.phase == like.phase && one.name == like.name && one.unit == like.unit;
  });
  return found == results.quantities.end() ? nullptr : &*found;
}

std::string lacks(const Measured& results, const Quantity& what) {
  return results.name + " lacks " + what.phase + ", " + what.name;
}

}  // namespace

std::expected<Measured, std::string> read_results(std::string name, std::string_view text) {
  Measured results{.name = std::move(name),
                   .document = Json::parse(text, nullptr, false),
                   .quantities = {},
                   .complaints = {}};
  try {
    const Json& document = results.document;
    if (document.is_discarded()) {
      return std::unexpected("is not JSON, or not all of it; name a file that --json wrote");
    }
    if (!document.is_object() || !document.contains("plan")) {
      return std::unexpected("is not a result of adit-blast; name a file that --json wrote");
    }
    if (!document.contains("quantities")) {
      return std::unexpected("has no quantities: it is of an older adit-blast; run its scenario again");
    }
    if (document.value("interrupted", false)) {
      return std::unexpected("was interrupted: its figures are of a part of its scenario; run it again");
    }
    for (const Json& quantity : document.at("quantities")) {
      results.quantities.push_back(quantity_of(quantity));
      if (results.quantities.back().values.empty()) {
        return std::unexpected("is not a whole result: a quantity has no value");
      }
    }
    const Json& phases = document.at("plan").at("phases");
    const Json runs = document.value("runs", Json::array());
    if (!are_objects(phases) || !are_objects(runs)) {
      return std::unexpected("is not a whole result: its phases or runs are no lists of objects");
    }
    const auto whole =
        std::ranges::count_if(runs, [](const Json& run) { return !run.value("interrupted", false); });
    results.runs = std::max(static_cast<std::size_t>(whole), std::size_t{1});
    results.complaints = document.value("complaints", std::vector<std::string>{});
  } catch (const Json::exception& error) {
    return std::unexpected(std::string("is not a whole result: ") + error.what());
  }
  return results;
}

std::string_view to_text(Change change) {
  switch (change) {
    case Change::kSame:
      return "same";
    case Change::kNoise:
      return "noise";
    case Change::kBetter:
      return "better";
    case Change::kWorse:
      return "worse";
    case Change::kMissing:
      break;
  }
  return "missing";
}

bool Comparison::any_worse() const {
  return std::ranges::find(rows, Change::kWorse, &ComparedQuantity::change) != rows.end();
}

Comparison compare(const Measured& before, const Measured& after, double threshold_percent) {
  Comparison comparison{.threshold_percent = threshold_percent, .obstacles = {}, .rows = {}};
  compare_scenarios(before.document.at("plan"), after.document.at("plan"), comparison);
  if (!comparison.obstacles.empty()) {
    return comparison;
  }
  for (const Quantity& one : before.quantities) {
    if (const Quantity* other = find(after, one); other != nullptr) {
      comparison.rows.push_back(compared(one, *other, threshold_percent));
    } else {
      comparison.rows.push_back({.before = one, .after = {}});
      comparison.obstacles.push_back(lacks(after, one));
    }
  }
  for (const Quantity& one : after.quantities) {
    if (find(before, one) == nullptr) {
      comparison.rows.push_back({.before = {}, .after = one});
      comparison.obstacles.push_back(lacks(before, one));
    }
  }
  if (comparison.rows.empty()) {
    comparison.obstacles.emplace_back("neither has any quantity");
  }
  return comparison;
}

int exit_code(const Comparison& comparison) {
  return !comparison.obstacles.empty() ? kCannotRun : comparison.any_worse() ? kComplaints : kSuccess;
}

}  // namespace adit::app::blast
