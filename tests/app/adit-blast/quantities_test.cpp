// SPDX-License-Identifier: Apache-2.0
// Repeats: median and spread of each figure, and what is said of a rate that differs from run to run.
#include "app/adit-blast/results/quantities.hpp"

#include <gtest/gtest.h>

#include "app/adit-blast/results/loss_curve.hpp"
#include "app/adit-blast/results/tables.hpp"
#include "app/adit-blast/results/verdict.hpp"
#include "tests/app/adit-blast/sample_run.hpp"

namespace adit::app::blast {
namespace {

Quantity rate(std::vector<double> values) {
  return {"3 throughput", "throughput 64", "pps", Better::kHigher, std::move(values)};
}

TEST(Quantities, MedianAndSpread) {
  const Quantity three = rate({90, 120, 100});
  EXPECT_DOUBLE_EQ(three.median(), 100);
  EXPECT_DOUBLE_EQ(three.least(), 90);
  EXPECT_DOUBLE_EQ(three.most(), 120);
  EXPECT_DOUBLE_EQ(three.spread_percent(), 30);
  EXPECT_DOUBLE_EQ(rate({90, 110}).median(), 100);
  EXPECT_DOUBLE_EQ(rate({90}).spread_percent(), 0);
  EXPECT_DOUBLE_EQ(rate({0, 0, 5}).spread_percent(), 0) << "of a median of 0 there is no percentage";
}

TEST(Quantities, OfARunWithABitOfEverything) {
  const RunResult run = sample_run();
  std::vector<std::string> names;
  for (const Quantity& one : quantities_of(std::span(&run, 1))) {
    names.push_back(one.phase + ", " + one.name + ": " + shown(one.median(), one.unit) + ", " +
                    std::string(to_text(one.better)));
  }
  EXPECT_EQ(names, (std::vector<std::string>{
                       "1 set-up, calls up: 2,081 calls/s, higher",
                       "1 set-up, set-up time p50: 38.3 ms, lower",
                       "1 set-up, set-up time p99: 121 ms, lower",
                       "1 set-up, dials failed: 0.12 %, lower",
                       "1 set-up, calls lost: 0 calls, lower",
                       "1 set-up, server's memory a call: 2.5 KiB, lower",
                       "2 traffic, up received: 199,997 pps, higher",
                       "2 traffic, up lost: 0.00148 %, lower",
                       "2 traffic, up latency p50: 0.31 ms, lower",
                       "2 traffic, up latency p99: 0.98 ms, lower",
                       "2 traffic, down received: 200,000 pps, higher",
                       "2 traffic, down lost: 0 %, lower",
                       "2 traffic, down latency p50: 0.22 ms, lower",
                       "2 traffic, down latency p99: 0.70 ms, lower",
                       "2 traffic, calls lost: 3 calls, lower",
                       "3 throughput, throughput 64: 1,450,000 pps, higher",
                       "3 throughput, throughput imix: 1,120,000 pps, higher",
                       "3 throughput, throughput 1400: 780,000 pps, higher",
                       "3 throughput, calls lost: 0 calls, lower",
                   }));
}

/// Equal but for the throughput of 64 octets.
std::vector<RunResult> runs_at(std::vector<double> rates) {
  std::vector<RunResult> runs;
  for (const double pps : rates) {
    RunResult& run = runs.emplace_back(sample_run());
    run.complaints.clear();
    run.remarks.clear();
    run.phases[2].throughput[0].pps = pps;
  }
  return runs;
}

TEST(Repeats, ARateThatDiffersIsRemarkedUpon) {
  const auto runs = runs_at({86'672, 165'995, 120'000});
  EXPECT_EQ(verdict_of(runs).remarks,
            std::vector<std::string>{
                "3 throughput, throughput 64: the 3 runs differ by 66.1 % (86,672 pps to 165,995 "
                "pps); a smaller difference to another result says nothing"});
  EXPECT_TRUE(verdict_of(runs_at({100'000, 105'000, 109'000})).remarks.empty());
}

TEST(Repeats, ARunThatWasCutShortCountsIfThereIsNoOther) {
  auto runs = runs_at({100'000, 101'000, 7});
  runs[2].interrupted = true;
  runs[2].phases.resize(3);
  const auto values = [&](std::span<const RunResult> some) {
    for (const Quantity& one : quantities_of(some)) {
      if (one.name == "throughput 64") {
        return one.values;
      }
    }
    return std::vector<double>{};
  };
  EXPECT_EQ(values(runs), (std::vector<double>{100'000, 101'000}));
  EXPECT_EQ(values(std::span(runs).last(1)), std::vector<double>{7});
  EXPECT_TRUE(verdict_of(runs).remarks.empty()) << "no spread that it made";
}

TEST(Losses, ARunBeginsWithNone) {
  LossCurve losses;
  losses.begin_run();
  EXPECT_EQ(losses.so_far(0), 0U);
  losses.begin_load();
  EXPECT_EQ(losses.so_far(5), 5U);
  losses.begin_load();
  EXPECT_EQ(losses.so_far(2), 7U) << "over two loads of a run";
  losses.begin_run();
  EXPECT_EQ(losses.so_far(2), 0U) << "what the counters have is of the run before";
  losses.begin_load();
  EXPECT_EQ(losses.so_far(0), 0U);
  EXPECT_EQ(losses.so_far(3), 3U);
}

TEST(Repeats, WhatSeveralRunsSayIsSaidOnce) {
  auto runs = runs_at({100'000, 100'000, 100'000});
  for (RunResult& run : runs) {
    run.remarks = {"these are pings"};
  }
  runs[0].complaints = runs[2].complaints = {"2 dials failed"};
  EXPECT_EQ(verdict_of(runs).complaints, std::vector<std::string>{"run 1, 3: 2 dials failed"});
  EXPECT_EQ(verdict_of(runs).remarks, std::vector<std::string>{"every run: these are pings"});
  EXPECT_EQ(verdict_of(std::span(runs).first(1)).complaints, std::vector<std::string>{"2 dials failed"});
}

TEST(Repeats, TheTableHasMedianAndSpread) {
  const auto runs = runs_at({86'672, 165'995, 120'000});
  const std::string tables = result_tables(runs);
  EXPECT_NE(tables.find(", 3 runs, 185 s against"), std::string::npos) << tables;
  EXPECT_NE(
      tables.find(
          " 3 throughput | throughput 64          |   120,000 pps |    86,672 pps |   165,995 pps | 66.1 %"),
      std::string::npos)
      << tables;
  EXPECT_NE(tables.find("  run 3, 3 throughput, imix: "), std::string::npos) << tables;
  EXPECT_NE(tables.find("\nSuccess, but mind:\n"), std::string::npos) << tables;
  std::istringstream in(tables);
  for (std::string line; std::getline(in, line);) {
    EXPECT_LE(line.size(), 100U) << line;
  }
}

}  // namespace
}  // namespace adit::app::blast
