// SPDX-License-Identifier: Apache-2.0
#include "app/adit-exporter/exposition.hpp"

#include <sstream>

#include "tests/app/golden.hpp"

namespace adit::app::exporter {
namespace {

/// What both formats make of the families of a question.
std::string exposed(const std::string& question) {
  const Json families = Json::parse(question, nullptr, /*allow_exceptions=*/false);
  const auto whole = [&](Format format) {
    std::istringstream exposition(expose(families, format) + std::string(end_of(format)));
    std::string text;
    for (std::string line; std::getline(exposition, line);) {
      text += "| " + line + '\n';  // a line of the transcript that begins with # is a comment
    }
    return text;
  };
  return "--- text\n" + whole(Format::kText) + "--- OpenMetrics\n" + whole(Format::kOpenMetrics);
}

TEST(ExpositionTest, IsAsBefore) {
  hold_to_golden("tests/app/adit-exporter/golden/exposition.txt", "> ", exposed);
}

TEST(ExpositionTest, OpenMetricsIsForWhoeverNamesIt) {
  EXPECT_EQ(format_of(""), Format::kText);
  EXPECT_EQ(format_of("text/html,*/*;q=0.8"), Format::kText);
  EXPECT_EQ(
      format_of(
          "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
          "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
      Format::kOpenMetrics);
  EXPECT_EQ(content_type(Format::kText), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(content_type(Format::kOpenMetrics), "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

TEST(ExpositionTest, TheSeriesOfBothFormatsAreTheSame) {
  const Json families =
      Json::parse(R"([{"name":"a","type":"counter","samples":[{"labels":{"b":"c"},"value":1}]},
    {"name":"d","type":"info","samples":[{"labels":{"e":"f"}}]},
    {"name":"g_seconds","type":"histogram","unit":"seconds","samples":[{"buckets":[[1,2]],"count":3,"sum":4.5}]}])");
  const auto series = [&](Format format) {
    std::string lines;
    std::istringstream text(expose(families, format));
    for (std::string line; std::getline(text, line);) {
      lines += line.starts_with('#') ? "" : line + '\n';
    }
    return lines;
  };
  EXPECT_EQ(series(Format::kText), series(Format::kOpenMetrics));
  EXPECT_EQ(series(Format::kText),
            "a_total{b=\"c\"} 1\nd_info{e=\"f\"} 1\ng_seconds_bucket{le=\"1.0\"} "
            "2\ng_seconds_bucket{le=\"+Inf\"} 3\n"
            "g_seconds_count 3\ng_seconds_sum 4.5\n");
}

}  // namespace
}  // namespace adit::app::exporter
