// SPDX-License-Identifier: Apache-2.0
// The HTML report: one self-contained page for any number of runs. The template, report.html, draws whatever its
// JSON contains; bench/report.py fills the same template and adds what draws benchmarks. Pure; any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "app/adit-blast/results/results.hpp"

namespace adit::app::blast {

/// report.html; the data replaces kReportData.
extern const std::string_view kReportTemplate;
inline constexpr std::string_view kReportData = R"({"runs": [], "benchmarks": []})";

[[nodiscard]] std::string html_report(std::span<const RunResult> runs);

/// `data` is {"runs": [to_json()...], "benchmarks": []}, and may have "repeats": the result of
/// to_json() for several runs, without these; and "comparison": comparison_json(). Nothing in it can close its <script>.
[[nodiscard]] std::string html_report(const nlohmann::ordered_json& data);

}  // namespace adit::app::blast
