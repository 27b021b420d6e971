// SPDX-License-Identifier: Apache-2.0
// The HTML report: one page that needs nothing else, for any number of runs and benchmark files. The template,
// report.html, draws whatever its JSON holds; bench/report.py fills the same one. Pure; any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "app/adit-blast/results/results.hpp"

namespace adit::app::blast {

/// report.html; the data go where kReportData stands.
extern const std::string_view kReportTemplate;
inline constexpr std::string_view kReportData = R"({"runs": [], "benchmarks": []})";

[[nodiscard]] std::string html_report(std::span<const RunResult> runs);

/// `data` is {"runs": [to_json()...], "benchmarks": [Google Benchmark's JSON...]}. Nothing in it can end its element.
[[nodiscard]] std::string html_report(const nlohmann::ordered_json& data);

}  // namespace adit::app::blast
