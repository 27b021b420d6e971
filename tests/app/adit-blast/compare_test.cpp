// SPDX-License-Identifier: Apache-2.0
// Two results side by side: the direction of each figure, what is noise, what cannot be compared, and the exit codes.
#include <gtest/gtest.h>

#include "app/adit-blast/compare/comparison.hpp"
#include "app/adit-blast/compare/comparison_output.hpp"
#include "app/adit-blast/plan/options.hpp"
#include "app/adit-blast/results/json.hpp"
#include "app/adit-blast/results/report.hpp"
#include "tests/app/adit-blast/sample_run.hpp"

namespace adit::app::blast {
namespace {

/// Of `runs` as --json would have written them.
Measured measured(const std::string& name, std::span<const RunResult> runs) {
  auto results = read_results(name, json_text(to_json(runs)));
  EXPECT_TRUE(results.has_value()) << results.error();
  return std::move(*results);
}

Measured one_run(const std::string& name, const RunResult& run) {
  return measured(name, std::span(&run, 1));
}

const ComparedQuantity& row_of(const Comparison& comparison, const std::string& name) {
  for (const ComparedQuantity& row : comparison.rows) {
    if (row.either().phase + ", " + row.either().name == name) {
      return row;
    }
  }
  ADD_FAILURE() << name;
  return comparison.rows.front();
}

TEST(Compare, AResultWithItselfIsTheSame) {
  const Measured a = one_run("a.json", sample_run());
  const Comparison comparison = compare(a, a, 10);
  EXPECT_EQ(comparison.rows.size(), 19U);
  for (const ComparedQuantity& row : comparison.rows) {
    EXPECT_EQ(row.change, Change::kSame) << row.either().name;
  }
  EXPECT_EQ(exit_code(comparison), kSuccess);
}

TEST(Compare, UpIsGoodForRatesAndBadForTimesAndLosses) {
  RunResult after = sample_run();
  after.phases[0].set_up->rate *= 1.2;
  after.phases[0].set_up->time.p99_ms *= 1.2;
  after.phases[2].throughput[0].pps *= 0.8;
  after.phases[1].traffic->up.latency.p50_ms *= 0.8;
  after.phases[1].traffic->down.lost = 1;
  after.phases[2].throughput[1].pps *= 0.95;
  const Comparison comparison = compare(one_run("a", sample_run()), one_run("b", after), 10);
  EXPECT_EQ(row_of(comparison, "1 set-up, calls up").change, Change::kBetter);
  EXPECT_EQ(row_of(comparison, "1 set-up, set-up time p99").change, Change::kWorse);
  EXPECT_EQ(row_of(comparison, "3 throughput, throughput 64").change, Change::kWorse);
  EXPECT_EQ(row_of(comparison, "2 traffic, up latency p50").change, Change::kBetter);
  EXPECT_EQ(row_of(comparison, "2 traffic, down lost").change, Change::kWorse)
      << "anything is much more than 0";
  EXPECT_EQ(row_of(comparison, "3 throughput, throughput imix").change, Change::kSame) << "5 % of 10 %";
  EXPECT_EQ(exit_code(comparison), kComplaints);
  EXPECT_EQ(
      row_of(compare(one_run("a", sample_run()), one_run("b", after), 4), "3 throughput, throughput imix")
          .change,
      Change::kWorse);
}

std::vector<RunResult> repeated(std::vector<double> rates) {
  std::vector<RunResult> runs;
  for (const double pps : rates) {
    runs.emplace_back(sample_run()).phases[2].throughput[0].pps = pps;
  }
  return runs;
}

TEST(Compare, AChangeWithinTheSpreadIsNoise) {
  const auto verdict = [](std::vector<double> before, std::vector<double> after) {
    const auto a = repeated(std::move(before)), b = repeated(std::move(after));
    return row_of(compare(measured("a", a), measured("b", b), 10), "3 throughput, throughput 64").change;
  };
  EXPECT_EQ(verdict({100, 130, 115}, {80, 98, 101}), Change::kNoise);
  EXPECT_EQ(verdict({100, 101, 102}, {80, 81, 82}), Change::kWorse);
  EXPECT_EQ(verdict({100, 101, 102}, {120, 121, 122}), Change::kBetter);
  EXPECT_EQ(verdict({100, 130, 115}, {80}), Change::kWorse) << "one run has no spread that could excuse it";
  EXPECT_EQ(verdict({100, 130, 115}, {100, 130, 116}), Change::kSame);
}

TEST(Compare, OtherScenariosAreNamed) {
  RunResult other = sample_run();
  other.plan.mppe = control::MppePolicy::kRequire;
  other.plan.phases[0].calls = 20'000;
  other.plan.server = wire::Ipv4Address(192, 0, 2, 2);  // elsewhere, but the same
  const Comparison comparison = compare(one_run("a", sample_run()), one_run("b", other), 10);
  EXPECT_EQ(comparison.obstacles,
            (std::vector<std::string>{"another scenario: mppe is prefer and require",
                                      "another scenario: phase 1: calls is 10000 and 20000"}));
  EXPECT_TRUE(comparison.rows.empty());
  EXPECT_EQ(exit_code(comparison), kCannotRun);
  other = sample_run();
  other.plan.phases.pop_back();
  EXPECT_EQ(compare(one_run("a", sample_run()), one_run("b", other), 10).obstacles,
            std::vector<std::string>{"another scenario: it has 4 and 3 phases"});
}

TEST(Compare, WhatOneLacksIsNamed) {
  RunResult interrupted = sample_run();
  interrupted.phases[2].throughput.pop_back();
  const Comparison comparison = compare(one_run("a.json", sample_run()), one_run("b.json", interrupted), 10);
  EXPECT_EQ(comparison.obstacles, std::vector<std::string>{"b.json lacks 3 throughput, throughput 1400"});
  EXPECT_EQ(row_of(comparison, "3 throughput, throughput 1400").change, Change::kMissing);
  EXPECT_EQ(exit_code(comparison), kCannotRun);
}

TEST(Compare, WhatWasInterruptedIsRefused) {
  auto runs = repeated({100, 101, 7});
  runs[2].interrupted = true;
  runs[2].complaints = {"interrupted"};
  const Measured whole = measured("a", runs);
  EXPECT_EQ(whole.runs, 2U);
  EXPECT_TRUE(comparison_text(whole, whole, compare(whole, whole, 10))
                  .starts_with("A: a, 2026-01-31T12:00:00Z, 2 runs, adit-blast 0.1.0\n"));
  EXPECT_NE(
      comparison_text(whole, whole, compare(whole, whole, 10)).find("not a success: run 3: interrupted\n"),
      std::string::npos);
  const std::string cut = json_text(to_json(std::span(runs).last(1)));
  EXPECT_EQ(read_results("x", cut).error(),
            "was interrupted: its figures are of a part of its scenario; run it again");
}

TEST(Compare, OnlyResultsAreRead) {
  EXPECT_EQ(read_results("x", "{").error(), "is not JSON, or not all of it; name a file that --json wrote");
  EXPECT_EQ(read_results("x", "[]").error(), "is not a result of adit-blast; name a file that --json wrote");
  EXPECT_EQ(read_results("x", R"({"plan": {}})").error(),
            "has no quantities: it is of an older adit-blast; run its scenario again");
  for (const char* text :
       {R"({"plan": {}, "quantities": []})", R"({"plan": {"phases": []}, "quantities": [1]})",
        R"({"plan": {"phases": []}, "quantities": [{"phase": 1}]})", R"({"plan": 5, "quantities": []})",
        R"({"plan": {"phases": 5}, "quantities": []})", R"({"plan": {"phases": [5]}, "quantities": []})",
        R"({"plan": {"phases": []}, "quantities": [], "interrupted": 1})",
        R"({"plan": {"phases": []}, "quantities": [], "complaints": [1]})",
        R"({"plan": {"phases": []}, "quantities": [], "runs": [{"interrupted": "no"}]})",
        R"({"plan": {"phases": []}, "quantities": [], "runs": [1]})"}) {
    const auto results = read_results("x", text);
    ASSERT_FALSE(results.has_value()) << text;
    EXPECT_TRUE(results.error().starts_with("is not a whole result: ")) << results.error();
  }
}

TEST(Compare, AsATable) {
  RunResult before = sample_run(), after = sample_run();
  before.phases.erase(before.phases.begin(), before.phases.begin() + 2);
  after.phases.erase(after.phases.begin(), after.phases.begin() + 2);
  after.phases[0].throughput[0].pps *= 0.8;
  after.phases[0].lost_calls = {{"the server closed the connection", 2}};
  before.complaints.clear();
  after.complaints = {"throughput: 2 calls ended without our asking", "\x1b[2J"};
  const Measured a = one_run("before.json", before), b = one_run("after.json", after);
  const std::string text = comparison_text(a, b, compare(a, b, 10));
  EXPECT_EQ(text, R"(A: before.json, 2026-01-31T12:00:00Z, one run, spread unknown, adit-blast 0.1.0
   Some CPU at 3.2 GHz, 8 cores, Linux 6.1.0
B: after.json, 2026-01-31T12:00:00Z, one run, spread unknown, adit-blast 0.1.0
   Some CPU at 3.2 GHz, 8 cores, Linux 6.1.0
   not a success: throughput: 2 calls ended without our asking
   not a success: \x1b[2J

 phase        | quantity        |             A |             B |  change | verdict
--------------+-----------------+---------------+---------------+---------+---------
 1 throughput | throughput 64   | 1,450,000 pps | 1,160,000 pps | -20.0 % | worse
 1 throughput | throughput imix | 1,120,000 pps | 1,120,000 pps |  +0.0 % | same
 1 throughput | throughput 1400 |   780,000 pps |   780,000 pps |  +0.0 % | same
 1 throughput | calls lost      |       0 calls |       2 calls |  from 0 | worse

Worse by more than 10 %:
  1 throughput, throughput 64
  1 throughput, calls lost
)");
}

TEST(Compare, AsJsonAndAsAPage) {
  RunResult after = sample_run();
  after.phases[1].traffic->down.lost = 1;
  const auto runs = repeated({100, 101});
  const Measured a = one_run("</script>", sample_run()), b = one_run("b", after);
  const auto json = comparison_json(a, b, compare(a, b, 10));
  EXPECT_EQ(json["exit_code"], 1);
  EXPECT_EQ(json["quantities"].size(), 19U);
  EXPECT_EQ(json["quantities"][11]["verdict"], "worse");
  EXPECT_TRUE(json["quantities"][11]["change_percent"].is_null()) << "from 0";
  const Measured series = measured("series", runs);
  const auto page = comparison_page(a, series, compare(a, series, 10));
  EXPECT_EQ(page["runs"].size(), 3U);
  EXPECT_EQ(page["runs"][0]["name"], "A: </script>");
  EXPECT_EQ(page["runs"][2]["name"], "B 3: series");
  const std::string html = html_report(page);
  EXPECT_EQ(html.find("</script>\""), std::string::npos) << "names cannot close the element";
}

}  // namespace
}  // namespace adit::app::blast
