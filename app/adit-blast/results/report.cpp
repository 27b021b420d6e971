// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/results/report.hpp"

#include <utility>

#include "app/adit-blast/results/json.hpp"

namespace adit::app::blast {

std::string html_report(const nlohmann::ordered_json& data) {
  std::string text;
  for (const char c : data.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)) {
    // Only strings contain '<', and there the escape means the same; with it neither </script> nor <!-- can
    // occur.
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  std::string page(kReportTemplate);
  if (const std::size_t at = page.find(kReportData); at != std::string::npos) {
    page.replace(at, kReportData.size(), text);
  }
  return page;
}

std::string html_report(std::span<const RunResult> runs) {
  nlohmann::ordered_json data = {{"runs", nlohmann::ordered_json::array()},
                                 {"benchmarks", nlohmann::ordered_json::array()}};
  for (const RunResult& run : runs) {
    data["runs"].push_back(to_json(run));
  }
  if (runs.size() > 1) {
    nlohmann::ordered_json series = to_json(runs);
    series.erase("runs");
    data["repeats"] = std::move(series);
  }
  return html_report(data);
}

}  // namespace adit::app::blast
