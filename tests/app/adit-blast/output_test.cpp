// SPDX-License-Identifier: Apache-2.0
// What a run shows: the live line, the tables character by character, the JSON's keys, the report's page.
#include <gtest/gtest.h>

#include <fstream>

#include "app/adit-blast/plan/plan_schema.hpp"
#include "app/adit-blast/plan/scenario.hpp"
#include "app/adit-blast/results/json.hpp"
#include "app/adit-blast/results/numbers.hpp"
#include "app/adit-blast/results/progress.hpp"
#include "app/adit-blast/results/report.hpp"
#include "app/adit-blast/results/tables.hpp"
#include "tests/app/adit-blast/sample_run.hpp"

namespace adit::app::blast {
namespace {

TEST(BlastNumbers, ReadWell) {
  EXPECT_EQ(with_commas(std::uint64_t{0}), "0");
  EXPECT_EQ(with_commas(std::uint64_t{999}), "999");
  EXPECT_EQ(with_commas(std::uint64_t{1'234'567}), "1,234,567");
  EXPECT_EQ(with_commas(1999.6), "2,000");
  EXPECT_EQ(with_commas(-1.0), "0");
  EXPECT_EQ(with_commas(NAN), "0");
  EXPECT_EQ(with_commas(INFINITY), "0");
  EXPECT_EQ(milliseconds(0), "-");
  EXPECT_EQ(milliseconds(0.0012), "0.0012 ms");
  EXPECT_EQ(milliseconds(3.14159), "3.14 ms");
  EXPECT_EQ(milliseconds(41.2), "41.2 ms");
  EXPECT_EQ(milliseconds(1239.7), "1,240 ms");
  EXPECT_EQ(percentage(0, 10), "0 %");
  EXPECT_EQ(percentage(1, 1e9), "1e-07 %");
  EXPECT_EQ(percentage(1, 3), "33.3 %");
  EXPECT_EQ(percentage(3, 0), "0 %");
  EXPECT_EQ(signed_octets(-2048), "-2.0 KiB");
  EXPECT_EQ(signed_octets(0), "+0 B");
}

TEST(BlastProgress, SaysWhatMatters) {
  Sample sample{.at = 1.5, .calls_up = 3'214, .dials_per_second = 2'130};
  EXPECT_EQ(progress_line({.kind = PhaseKind::kSetUp, .of_calls = 10'000, .p99_ms = 41, .note = {}}, sample),
            "set-up      3,214 of 10,000 up  2,130/s  p99 41.0 ms  0 failed");
  EXPECT_EQ(progress_line({.kind = PhaseKind::kHold, .seconds = 7, .of_seconds = 30, .failed = 2, .note = {}},
                          sample),
            "hold        7 of 30 s  3,214 up  2 calls lost");
  EXPECT_EQ(progress_line({.kind = PhaseKind::kTearDown, .seconds = 1, .note = {}}, sample),
            "tear-down   3,214 up  1 s");
  sample.up_pps = 20'000;
  sample.lost = 5;
  EXPECT_EQ(
      progress_line({.kind = PhaseKind::kTraffic, .seconds = 7, .of_seconds = 30, .p99_ms = 0.4, .note = {}},
                    sample),
      "traffic     7 of 30 s  3,214 up  up 20,000 pps  down 0 pps  5 lost  p99 0.40 ms");
  EXPECT_EQ(progress_line(
                {.kind = PhaseKind::kChurn, .seconds = 7, .of_seconds = 30, .failed = 1, .note = {}}, sample),
            "churn       7 of 30 s  3,214 up  2,130 redials/s  1 failed  up 20,000 pps  down 0 pps  5 lost");
  EXPECT_EQ(
      progress_line({.kind = PhaseKind::kThroughput, .seconds = 3, .note = "imix, trial 4 at 120,000 pps"},
                    Sample{}),
      "throughput  3 s  0 up  imix, trial 4 at 120,000 pps");
}

// What was written to `out` so far.
std::string content_of(std::FILE* out) {
  std::string text(static_cast<std::size_t>(std::ftell(out)), '\0');
  std::rewind(out);
  text.resize(std::fread(text.data(), 1, text.size(), out));
  return text;
}

TEST(BlastProgress, RedrawsATerminalFiveTimesASecond) {
  std::FILE* out = std::tmpfile();
  ASSERT_NE(out, nullptr);
  {
    Progress progress(out, false, true);
    for (int tick = 0; tick < 10; ++tick) {  // a tenth of a second each
      progress.show({.kind = PhaseKind::kTearDown, .note = {}}, Sample{.at = tick * 0.1001});
    }
  }
  std::string expected;
  for (int i = 0; i < 5; ++i) {
    expected += "\r\x1b[Ktear-down   0 up  0 s";
  }
  EXPECT_EQ(content_of(out), expected + "\r\x1b[K");
  std::fclose(out);
}

TEST(BlastProgress, ElsewhereIsALineEveryFiveSecondsAndAtEachPhase) {
  std::FILE* out = std::tmpfile();
  ASSERT_NE(out, nullptr);
  Progress progress(out, false, false);
  for (int second = 0; second < 11; ++second) {
    progress.show(
        {.kind = second < 8 ? PhaseKind::kHold : PhaseKind::kTearDown, .seconds = second * 1.0, .note = {}},
        Sample{.at = second * 1.0});
  }
  progress.finish();
  EXPECT_EQ(content_of(out), "hold        0 s  0 up\nhold        5 s  0 up\ntear-down   0 up  8 s\n");
  std::fclose(out);
}

TEST(BlastProgress, QuietIsQuiet) {
  std::FILE* out = std::tmpfile();
  ASSERT_NE(out, nullptr);
  Progress progress(out, true, true);
  progress.show({.note = {}}, Sample{});
  progress.finish();
  EXPECT_EQ(content_of(out), "");
  std::fclose(out);
}

constexpr std::string_view kTables =
#include "tests/app/adit-blast/golden_tables.inc"
    ;

TEST(BlastTables, ShowEverything) {
  const RunResult run = sample_run();
  const std::string tables = result_tables(std::span(&run, 1));
  EXPECT_EQ(tables, kTables);
  std::istringstream in(tables);
  for (std::string line; std::getline(in, line);) {
    EXPECT_LE(line.size(), 100U) << line;
  }
}

TEST(BlastTables, ShowNothing) {
  RunResult run;
  run.version = "0.1.0";
  run.started = "2026-01-31T12:00:00Z";
  run.plan.server = wire::Ipv4Address(192, 0, 2, 1);
  EXPECT_EQ(result_tables(std::span(&run, 1)),
            "adit-blast 0.1.0: 2026-01-31T12:00:00Z, 0 s against 192.0.2.1:1723\n\nSuccess.\n");
}

TEST(BlastTables, NoThroughputIsSaid) {
  RunResult run;
  run.phases = {sample_phase(PhaseKind::kThroughput, 0, 1, 1)};
  run.phases[0].throughput = {{"64", 0, 0, 0, {}}};
  EXPECT_NE(result_tables(std::span(&run, 1)).find("     64 | none passed |      - |"), std::string::npos)
      << result_tables(std::span(&run, 1));
}

TEST(BlastTables, AnEchoHasOneWay) {
  RunResult run;
  run.phases = {sample_phase(PhaseKind::kTraffic, 0, 1, 1)};
  run.phases[0].traffic = TrafficResult{TrafficMode::kEcho, "64", 1, sample_direction(0, 1), {}};
  const std::string tables = result_tables(std::span(&run, 1));
  EXPECT_NE(tables.find("| echo |"), std::string::npos);
  EXPECT_EQ(tables.find("| down |"), std::string::npos);
}

/// A phase of dual-stack calls, of both families.
RunResult dual_stack_run() {
  RunResult run;
  run.phases = {sample_phase(PhaseKind::kTraffic, 0, 30, 10'000)};
  run.phases[0].traffic =
      TrafficResult{TrafficMode::kCore, "imix", 30, sample_direction(89, 1), sample_direction(0, 1)};
  run.phases[0].traffic->families = {{false, sample_direction(0, 1), sample_direction(0, 1)},
                                     {true, sample_direction(89, 1), sample_direction(0, 1)}};
  run.phases[0].ipv6 = Ipv6Result{.calls = 10'000,
                                  .with_link = 9'999,
                                  .with_delegated = 9'998,
                                  .least_advertisements = 3,
                                  .most_advertisements = 4,
                                  .mean_advertisements = 3.25,
                                  .advertisements = 32'500};
  return run;
}

TEST(BlastTables, FamiliesAreToldApart) {
  const RunResult run = dual_stack_run();
  const std::string tables = result_tables(std::span(&run, 1));
  for (const char* row :
       {" 1 traffic | up IPv4   | 6,000,000 | 6,000,000 |    0 |",
        " 1 traffic | up IPv6   | 6,000,000 | 5,999,911 |   89 |",
        " 1 traffic | down IPv6 | 6,000,000 | 6,000,000 |    0 |",
        " 1 traffic | 10,000 |      9,999 |     9,998 |         3 | 3.25 |    4 |            32,500\n"}) {
    EXPECT_NE(tables.find(row), std::string::npos) << row << '\n' << tables;
  }
  EXPECT_EQ(tables.find("| up |"), std::string::npos);
}

std::vector<std::string> keys_of(const nlohmann::ordered_json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) {
    keys.push_back(key);
  }
  return keys;
}

using Keys = std::vector<std::string>;

TEST(BlastJson, KeysStay) {
  const nlohmann::ordered_json json = to_json(sample_run());
  EXPECT_EQ(keys_of(json),
            (Keys{"format", "version", "started", "machine", "seconds", "interrupted", "success",
                  "complaints", "remarks", "plan", "footprint_before", "phases", "link", "samples"}));
  EXPECT_EQ(keys_of(json["phases"][0]), (Keys{"kind", "began_seconds", "seconds", "calls_at_end", "hung_up",
                                              "lost_calls", "echoes_answered", "set_up", "footprint"}));
  EXPECT_EQ(keys_of(json["phases"][0]["set_up"]),
            (Keys{"dialled", "up", "failures", "given_up", "pending", "seconds", "dialling_seconds",
                  "calls_per_second", "target_calls_per_second", "concurrency", "time", "window_full_share",
                  "lines_busy_share", "limit", "generator"}));
  EXPECT_EQ(keys_of(json["phases"][0]["set_up"]["limit"]), (Keys{"by", "why", "text"}));
  EXPECT_EQ(keys_of(json["phases"][0]["set_up"]["generator"]),
            (Keys{"worker_busy_share", "control_busy_share", "background_busy_share", "losses"}));
  EXPECT_EQ(keys_of(json["phases"][0]["set_up"]["time"]),
            (Keys{"count", "p50_ms", "p90_ms", "p99_ms", "p99_9_ms", "max_ms", "buckets_ms"}));
  EXPECT_EQ(keys_of(json["phases"][0]["footprint"]),
            (Keys{"calls", "rss_bytes", "descriptors", "socket_bytes"}));
  EXPECT_EQ(
      keys_of(json["phases"][1]["traffic"]),
      (Keys{"mode", "sizes", "seconds", "offered_packets_per_second", "limit", "generator", "up", "down"}));
  EXPECT_EQ(keys_of(json["phases"][1]["traffic"]["up"]),
            (Keys{"sent", "received", "lost", "duplicated", "reordered", "corrupted", "sent_bytes",
                  "received_bytes", "received_packets_per_second", "received_bits_per_second", "calls",
                  "calls_silent", "calls_lossy", "latency"}));
  EXPECT_EQ(
      keys_of(json["phases"][2]["throughput"][0]),
      (Keys{"sizes", "packets_per_second", "megabits_per_second", "loss_limit", "mode", "limit", "trials"}));
  EXPECT_EQ(keys_of(json["phases"][2]["throughput"][0]["trials"][0]),
            (Keys{"offered_packets_per_second", "achieved_packets_per_second", "loss", "passed", "lost",
                  "generator"}));
  EXPECT_EQ(keys_of(json["link"]), (Keys{"impaired_lost_up", "impaired_lost_down", "impaired_duplicated_up",
                                         "impaired_duplicated_down", "impaired_reordered_up",
                                         "impaired_reordered_down", "drops", "reconnects", "rx_missed"}));
  EXPECT_EQ(keys_of(json["samples"][0]), (Keys{"at_seconds", "calls_up", "dials_per_second",
                                               "up_packets_per_second", "down_packets_per_second", "lost"}));
}

TEST(BlastJson, KeysOfFamiliesStay) {
  const nlohmann::ordered_json json = to_json(dual_stack_run());
  const auto& phase = json["phases"][0];
  EXPECT_EQ(keys_of(phase["ipv6"]), (Keys{"calls", "calls_with_link_prefix", "calls_with_delegated_prefix",
                                          "router_advertisements", "router_advertisements_per_call"}));
  EXPECT_EQ(keys_of(phase["ipv6"]["router_advertisements_per_call"]), (Keys{"least", "mean", "most"}));
  EXPECT_EQ(keys_of(phase["traffic"]["families"]), (Keys{"ipv4", "ipv6"}));
  EXPECT_EQ(keys_of(phase["traffic"]["families"]["ipv6"]), (Keys{"up", "down"}));
  EXPECT_EQ(phase["traffic"]["families"]["ipv6"]["up"]["lost"], 89);
}

TEST(BlastJson, SEC_12_TellsValuesAndNeverThePassword) {
  const std::string text = json_text(to_json(sample_run()));
  EXPECT_EQ(text.find("correct horse"), std::string::npos);
  EXPECT_EQ(text.find("password"), std::string::npos);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["success"], false);
  EXPECT_EQ(json["phases"][1]["lost_calls"].size(), 1U);
  EXPECT_EQ(json["phases"][1]["traffic"]["up"]["lost"], 89);
  EXPECT_EQ(json["plan"]["clients"], "10.99.0.0/16");
  EXPECT_EQ(json["plan"]["phases"][0]["calls"], "10000");
}

TEST(BlastJson, NothingIsJsonAsWell) {
  const auto json = nlohmann::json::parse(json_text(to_json(RunResult{})));
  EXPECT_EQ(json["success"], true);
  EXPECT_TRUE(json["phases"].is_array());
  EXPECT_FALSE(json.contains("footprint_before"));
}

TEST(BlastJson, OctetsThatAreNoUtf8DoNotStopIt) {
  RunResult run;
  run.complaints = {"\xff\xfe"};
  EXPECT_TRUE(nlohmann::json::accept(json_text(to_json(run))));
  EXPECT_NE(html_report(std::span(&run, 1)).find("</html>"), std::string::npos);
}

TEST(BlastJson, AResultHasItsQuantities) {
  const RunResult run = sample_run();
  const nlohmann::ordered_json json = to_json(std::span(&run, 1));
  EXPECT_TRUE(json.contains("phases"));
  EXPECT_FALSE(json.contains("runs"));
  EXPECT_EQ(keys_of(json["quantities"][0]), (Keys{"phase", "quantity", "unit", "better", "median", "least",
                                                  "most", "spread_percent", "values"}));
  const std::vector<RunResult> runs(3, run);
  const nlohmann::ordered_json series = to_json(runs);
  EXPECT_EQ(keys_of(series), (Keys{"format", "version", "started", "machine", "interrupted", "success",
                                   "complaints", "remarks", "plan", "quantities", "runs"}));
  EXPECT_EQ(series["runs"].size(), 3U);
  EXPECT_EQ(series["quantities"][0]["values"].size(), 3U);
  EXPECT_EQ(series["plan"]["repeat"], "1");
}

TEST(BlastJson, AnErrorIsJsonToo) {
  EXPECT_EQ(json_text(error_json("no route to 192.0.2.1", 2)),
            "{\n  \"format\": 1,\n  \"success\": false,\n  \"error\": \"no route to 192.0.2.1\",\n"
            "  \"exit_code\": 2\n}\n");
}

// The JSON inside of the page.
std::string data_of(const std::string& page) {
  constexpr std::string_view kOpens = "id=\"data\">";
  const std::size_t begin = page.find(kOpens) + kOpens.size();
  return page.substr(begin, page.find("</script>", begin) - begin);
}

TEST(BlastReport, HoldsItsDataAndNothingFromElsewhere) {
  const RunResult run = sample_run();
  const std::string page = html_report(std::span(&run, 1));
  const auto data = nlohmann::ordered_json::parse(data_of(page));
  EXPECT_EQ(data["runs"][0], to_json(run));
  EXPECT_EQ(page.find("http"), std::string::npos);
  EXPECT_EQ(page.find("src="), std::string::npos);
  EXPECT_EQ(page.find("@import"), std::string::npos);
  EXPECT_EQ(page.find("url("), std::string::npos);
  EXPECT_EQ(page.find("correct horse"), std::string::npos);
}

TEST(BlastReport, WhatPeersSayCannotEndItsElement) {
  RunResult run = sample_run();
  run.complaints = {"</script><script>alert(1)</script><!-- "};
  const std::string data = data_of(html_report(std::span(&run, 1)));
  EXPECT_EQ(data.find('<'), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(data)["runs"][0]["complaints"][0], run.complaints[0]);
}

TEST(BlastReport, TakesNoRunsAndBenchmarks) {
  EXPECT_EQ(nlohmann::json::parse(data_of(html_report(std::span<const RunResult>()))),
            nlohmann::json::parse(kReportData));
  EXPECT_NE(kReportTemplate.find(kReportData), std::string_view::npos);
}

TEST(BlastReport, TemplateIsTheFile) {
  const char* root = std::getenv("ADIT_SOURCE_ROOT");
  ASSERT_NE(root, nullptr);
  std::ifstream in(std::string(root) + "/app/adit-blast/results/report.html");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), kReportTemplate);
}

}  // namespace
}  // namespace adit::app::blast
