// SPDX-License-Identifier: Apache-2.0
// adit.toml key by key, and what a reload makes of it: applied, or at the next start, and nothing in between.
#include "app/aditd/config/sheet.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "app/aditd/config/section.hpp"
#include "tests/app/aditd/config/config_kit.hpp"

namespace adit::app {
namespace {

using test::kGood;
using Lines = std::vector<std::string>;

constexpr std::string_view kServers =
    "[[radius-server]]\nname = \"aaa1\"\naddress = \"192.0.2.10\"\nsecret = \"one\"\n"
    "[[radius-server]]\naddress = \"192.0.2.11\"\nsecret = \"two\"\n";

Sheet sheet_of(const std::string& toml) {
  ConfigResult read = parse_config(toml, "t.toml");
  EXPECT_TRUE(read.config.has_value()) << test::lines_of(read);
  return std::move(read.sheet);
}

Sheet sheet_with(std::string_view more) {
  return sheet_of(std::string(kGood) + std::string(more));
}

std::string shown(const Sheet& sheet, std::string_view section, std::string_view table,
                  std::string_view key) {
  const Setting* setting = find_setting(sheet, section, table, key);
  return setting == nullptr
             ? "none"
             : setting->value + (setting->is_set() ? " line " + std::to_string(setting->at.line) : "");
}

Lines lines_of(const std::vector<ConfigChange>& changes) {
  Lines lines;
  for (const ConfigChange& change : changes) {
    lines.push_back(change.name() + ": " + change.was.value_or("-") + " -> " + change.is.value_or("-") +
                    ", " + std::string(to_text(change.effect)));
  }
  return lines;
}

Lines pending(const RunningConfig& running) {
  Lines lines;
  for (const ConfigRow& row : running.rows()) {
    if (row.pending()) {
      lines.push_back(row.section + '.' + row.key + ": " + row.runs.value_or("-") + " -> " +
                      row.next.value_or("-"));
    }
  }
  return lines;
}

TEST(Sheet, HasEveryKeyWithItsValueAndItsLine) {
  const Sheet sheet = sheet_with("[ppp]\nmtu = 1400\nlcp_echo_interval = 0\n");
  for (const Section& section : config_sections()) {
    for (const Key<Config>& key : section.keys) {
      const bool found = std::ranges::any_of(
          sheet, [&](const Setting& one) { return one.section == section.name && one.key == key.name; });
      EXPECT_EQ(found, !section.repeated() || section.name == "port" || section.name == "ip-pool" ||
                           section.name == "radius-rate")
          << section.name << '.' << key.name;
    }
  }
  EXPECT_EQ(shown(sheet, "ppp", "", "mtu"), "1400 line 15");
  EXPECT_EQ(shown(sheet, "ppp", "", "lcp-echo-interval"), "\"0s\" line 16");
  EXPECT_EQ(shown(sheet, "ppp", "", "mru"), "1436");
  EXPECT_EQ(shown(sheet, "pptp", "", "bind"), "[\"192.0.2.1\"] line 9");
  EXPECT_EQ(shown(sheet, "radius", "", "nas-ip-address"), "\"192.0.2.1\"")
      << "as it runs, not as it was left out";
}

TEST(Sheet, TablesHaveTheirNamesAndTheirOwnValues) {
  const Sheet sheet =
      sheet_with(std::string(kServers) +
                 "[[radius-server]]\nname = \"aaa1\"\naddress = \"192.0.2.12\"\nsecret = \"x\"\n");
  EXPECT_EQ(shown(sheet, "port", "access0", "role"), "\"access\" line 4");
  EXPECT_EQ(shown(sheet, "port", "core0", "role"), "\"core\" line 7");
  EXPECT_EQ(shown(sheet, "radius-server", "aaa1", "address"), "\"192.0.2.10\" line 16");
  EXPECT_EQ(shown(sheet, "radius-server", "192.0.2.11", "address"), "\"192.0.2.11\" line 19");
  EXPECT_EQ(shown(sheet, "radius-server", "aaa1#2", "address"), "\"192.0.2.12\" line 23");
  EXPECT_EQ(shown(sheet, "radius-rate", "1", "attribute"), "\"Mikrotik-Rate-Limit\"") << "the default list";
}

TEST(Sheet, SEC_12_NoSecretIsShown) {
  const Sheet sheet = sheet_with(kServers);
  EXPECT_EQ(shown(sheet, "radius-server", "aaa1", "secret"), "\"(secret)\" line 17");
  for (const Setting& setting : sheet) {
    EXPECT_EQ(setting.value.find("one"), std::string::npos) << setting.name();
    EXPECT_EQ(setting.value.find("two"), std::string::npos) << setting.name();
  }
}

TEST(Sheet, ValuesAreTomlWhateverTheyHold) {
  const Sheet sheet = sheet_with("[log]\nlog-file = \"/tmp/a \\\"b\\\" \\\\c\"\n");
  const Setting* file = find_setting(sheet, "log", "", "log-file");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->value, R"("/tmp/a \"b\" \\c")");
  EXPECT_EQ(plain_value(file->value), R"(/tmp/a "b" \c)");
  EXPECT_EQ(plain_value(R"(["a", "b"])"), "[a, b]");
}

TEST(RunningConfig, TheSameFileChangesNothing) {
  RunningConfig running("t.toml", sheet_with(kServers));
  EXPECT_EQ(lines_of(running.use(sheet_with(kServers))), Lines{});
  EXPECT_EQ(pending(running), Lines{});
}

TEST(RunningConfig, NamesWhatIsAppliedAndWhatWaits) {
  RunningConfig running("t.toml", sheet_with(kServers));
  std::string other(kServers);
  other.replace(other.find("one"), 3, "uno");
  const Sheet changed =
      sheet_with("[radius]\ntimeout = 2\nnas-identifier = \"x\"\n[shaper]\nrate = 512\n" + other);
  EXPECT_EQ(lines_of(running.use(changed)),
            (Lines{"radius.nas-identifier: \"adit\" -> \"x\", at the next start",
                   "radius.timeout: \"500ms\" -> \"2s\", now",
                   "radius-server[aaa1].secret: \"(secret)\" -> \"(secret)\", now",
                   "shaper.rate: \"\" -> \"512/512\", for new calls"}));
  EXPECT_EQ(pending(running),
            (Lines{"radius.nas-identifier: \"adit\" -> \"x\"", "shaper.rate: \"\" -> \"512/512\""}));
  EXPECT_EQ(lines_of(running.use(changed)),
            (Lines{"radius.nas-identifier: \"adit\" -> \"x\", at the next start",
                   "shaper.rate: \"\" -> \"512/512\", for new calls"}))
      << "what waits is told again, what was applied is not";
  EXPECT_EQ(lines_of(running.use(sheet_with(kServers))),
            (Lines{"radius.timeout: \"2s\" -> \"500ms\", now",
                   "radius-server[aaa1].secret: \"(secret)\" -> \"(secret)\", now"}));
  EXPECT_EQ(pending(running), Lines{}) << "taken back before it counted";
}

TEST(RunningConfig, TablesComeAndGo) {
  RunningConfig running("t.toml", sheet_with(kServers));
  const std::string second = std::string(kServers).substr(kServers.find("[[", 3));
  EXPECT_EQ(
      lines_of(running.use(sheet_with(second + "[[ip-pool]]\nname = \"b\"\nranges = [\"10.70.0.0/30\"]\n"))),
      (Lines{"ip-pool[b].name: - -> \"b\", at the next start",
             "ip-pool[b].ranges: - -> [\"10.70.0.1-10.70.0.2\"], at the next start",
             "radius-server[aaa1].name: \"aaa1\" -> -, now",
             "radius-server[aaa1].address: \"192.0.2.10\" -> -, now",
             "radius-server[aaa1].secret: \"(secret)\" -> -, now"}));
  EXPECT_EQ(pending(running),
            (Lines{"ip-pool.name: - -> \"b\"", "ip-pool.ranges: - -> [\"10.70.0.1-10.70.0.2\"]"}));
}

TEST(RunningConfig, ATableThatOnlyTheNextStartTakesAwayRunsUntilThen) {
  constexpr std::string_view kPool = "[[ip-pool]]\nname = \"b\"\nranges = [\"10.70.0.0/30\"]\n";
  RunningConfig running("t.toml", sheet_with(kPool));
  const Lines gone{"ip-pool[b].name: \"b\" -> -, at the next start",
                   "ip-pool[b].ranges: [\"10.70.0.1-10.70.0.2\"] -> -, at the next start"};
  EXPECT_EQ(lines_of(running.use(sheet_with(""))), gone);
  EXPECT_EQ(lines_of(running.use(sheet_with(""))), gone);
  EXPECT_EQ(pending(running).size(), 2U);
  EXPECT_EQ(lines_of(running.use(sheet_with(kPool))), Lines{});
}

}  // namespace
}  // namespace adit::app
