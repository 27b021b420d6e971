// SPDX-License-Identifier: Apache-2.0
// What a reload does with each key: docs/reload.md is the schema's table and nothing else, and what waits for the next
// start stays as it runs in what is put in force. ADIT_WRITE_GOLDEN=1 writes the document anew.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "app/aditd/config/section.hpp"
#include "tests/app/aditd/config/config_kit.hpp"

namespace adit::app {
namespace {

using test::kGood;

std::string reload_table() {
  std::string text =
      "# What a reload does\n\n"
      "`adit reload` applies each key of adit.toml that has changed as this table says, and tells it; `adit "
      "reload --dry-run`\n"
      "tells it before. *for new calls*: connections and calls that begin from then on have the new value, "
      "the others keep the\n"
      "one that they began with. Of a file with a mistake nothing is applied.\n\n"
      "| key | a change counts |\n| --- | --- |\n";
  for (const Section& section : config_sections()) {
    for (const Key<Config>& key : section.keys) {
      text += "| `" + std::string(section.name) + '.' + std::string(key.name) + "` | " +
              std::string(to_text(key.effect)) + " |\n";
    }
  }
  return text;
}

TEST(ReloadEffects, TheDocumentIsWhatTheSchemaSays) {
  const char* root = ::getenv("ADIT_SOURCE_ROOT");
  ASSERT_NE(root, nullptr) << "run it by `meson test`, or set it to the directory that has meson.build";
  const std::string file = std::string(root) + "/docs/reload.md";
  if (::getenv("ADIT_WRITE_GOLDEN") != nullptr) {
    std::ofstream(file) << reload_table();
  }
  std::stringstream there;
  there << std::ifstream(file).rdbuf();
  EXPECT_EQ(reload_table(), there.str()) << "ADIT_WRITE_GOLDEN=1 writes it anew";
}

/// A section's tables come and go whole.
TEST(ReloadEffects, AllKeysOfATableWaitOrNone) {
  for (const Section& section : config_sections()) {
    for (const Key<Config>& key : section.keys) {
      EXPECT_TRUE(!section.repeated() || (key.effect == ReloadEffect::kNextStart) ==
                                             (section.keys.front().effect == ReloadEffect::kNextStart))
          << section.name << '.' << key.name;
    }
  }
}

ConfigResult loaded_from(const std::string& toml, const Config* running = nullptr) {
  return parse_config(toml, "t.toml", [](const std::string&) { return std::nullopt; }, running);
}

std::map<std::string, std::string> shown_values(const Config& config) {
  std::map<std::string, std::string> values;
  for (const Setting& setting : make_sheet(config, {})) {
    values.emplace(setting.name(), setting.value);
  }
  return values;
}

constexpr std::string_view kAllChanged =
    "[core]\nworkers = 3\npoll-mode = \"busy\"\nuser = \"nobody\"\nsystem-call-filter = \"log\"\n"
    "[common]\nmax-sessions = 100\nmax-starting = 7\nsingle-session = \"deny\"\n"
    "single-session-ignore-case = true\n"
    "[dpdk]\nhugepages = \"never\"\n"
    "[ppp]\nmtu = 1300\nmru = 1300\nmppe = \"allow\"\nmppe-stateful = \"allow\"\nmppc = \"stateless\"\n"
    "[auth]\nmethods = [\"mschap-v2\", \"eap\"]\ntimeout = 20\n"
    "[radius]\nnas-identifier = \"x\"\nstrip-realm = true\nacct-interim-interval = 300\ntimeout = 2\n"
    "[dns]\ndns1 = \"192.0.2.53\"\n[wins]\nwins1 = \"192.0.2.54\"\n"
    "[ipv6]\nmode = \"require\"\nra-interval = 30\n"
    "[[ipv6-pool]]\nprefix = \"2001:db8::/48\"\n"
    "[mss]\nclamp = false\n[routes]\nannounce = \"pools\"\n"
    "[shaper]\nrate = 512\nup-burst-factor = 0.5\n[log]\nlevel = \"debug\"\n";

/// Key by key: whatever the schema says of it is what comes out.
TEST(ReloadEffects, WhatWaitsStaysAsItRuns) {
  const ConfigResult ran = loaded_from(std::string(kGood));
  ASSERT_TRUE(ran.config) << test::lines_of(ran);
  const ConfigResult loaded = loaded_from(std::string(kGood) + std::string(kAllChanged), &*ran.config);
  ASSERT_TRUE(loaded.in_force) << test::lines_of(loaded);
  const auto runs = shown_values(*ran.config), file = shown_values(*loaded.config),
             in_force = shown_values(*loaded.in_force);
  std::map<ReloadEffect, int> changed;
  for (const Setting& setting : make_sheet(*loaded.config, {})) {
    const std::string name = setting.name();
    const auto was = runs.find(name);
    if (was == runs.end()) {
      EXPECT_EQ(in_force.contains(name), !setting.waits()) << name;
      continue;
    }
    const auto is = in_force.find(name);
    ASSERT_NE(is, in_force.end()) << name;
    EXPECT_EQ(is->second, setting.waits() ? was->second : file.at(name)) << name;
    changed[setting.effect] += was->second != file.at(name) ? 1 : 0;
  }
  EXPECT_GE(changed[ReloadEffect::kNow], 2);
  EXPECT_GE(changed[ReloadEffect::kNewCalls], 8);
  EXPECT_GE(changed[ReloadEffect::kNextStart], 12);
  EXPECT_EQ(loaded.in_force->data_plane.max_calls, ran.config->data_plane.max_calls);
  EXPECT_EQ(loaded.in_force->control.ipv6.mode, control::Ipv6Policy::kDeny) << "and what is derived of it";
}

/// Each is right by itself, and so is the file: what waits does not go with the rest.
TEST(ReloadEffects, WhatDoesNotGoWithWhatWaitsIsRefusedWhole) {
  const std::string servers = "[[radius-server]]\naddress = \"192.0.2.10\"\nsecret = \"one\"\n";
  const ConfigResult ran = loaded_from(std::string(kGood) + servers + "[auth]\nbackend = \"radius\"\n");
  ASSERT_TRUE(ran.config) << test::lines_of(ran);
  const std::string alone = std::string(kGood) + "[auth]\nbackend = \"local\"\n";
  EXPECT_TRUE(loaded_from(alone).config);
  const ConfigResult refused = loaded_from(alone, &*ran.config);
  EXPECT_FALSE(refused.config);
  const std::string lines = test::lines_of(refused);
  EXPECT_NE(lines.find("t.toml:15:11: auth.backend: "), std::string::npos) << lines;
  EXPECT_NE(lines.find("asks RADIUS, and there is no server"), std::string::npos) << lines;
  EXPECT_NE(lines.find("waits for the next start"), std::string::npos) << lines;
}

}  // namespace
}  // namespace adit::app
