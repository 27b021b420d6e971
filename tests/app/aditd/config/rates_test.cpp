// SPDX-License-Identifier: Apache-2.0
// [radius] dictionary and [[radius-rate]]: a vendor's attributes become rate limits by config alone.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "tests/app/aditd/config/config_kit.hpp"

namespace adit::app {
namespace {

using control::radius::RateDirection;
using control::radius::RateForm;
using control::radius::RateMapping;
using control::radius::ValueType;

constexpr std::string_view kOnePort = R"([[port]]
interface = "access0"
role = "both"
[pptp]
bind = ["192.0.2.1"]
[ip]
gw-ip-address = "10.64.0.1"
[[ip-pool]]
ranges = ["10.64.0.2-10.64.255.254"]
)";

constexpr std::string_view kAcme = R"(
VENDOR Acme 32473
BEGIN-VENDOR Acme
ATTRIBUTE Acme-Down 1 integer
ATTRIBUTE Acme-Up 2 string
END-VENDOR Acme
)";

ConfigResult parse_with(std::string_view more) {
  const std::map<std::string, std::string, std::less<>> files = {
      {"/d/acme", std::string(kAcme)},
      {"/d/other", "ATTRIBUTE Acme-Down 3 short Acme\n"},
      {"/d/bad", "\nATTRIBUTE Acme-\x1b 1 integr\n"},
      {"/d/includes", "$INCLUDE gone\n"},
  };
  const auto read = [&files](const std::string& path) {
    const auto found = files.find(path);
    return found != files.end() ? std::optional(found->second) : std::nullopt;
  };
  return parse_config(std::string(kOnePort) + std::string(more), "t.toml", read);
}

std::string problems_with(std::string_view more) {
  return test::lines_of(parse_with(more));
}

using Row = std::tuple<std::string, std::uint32_t, int, ValueType, RateForm, RateDirection>;

std::vector<Row> rows(const ConfigResult& result) {
  std::vector<Row> rows;
  for (const RateMapping& mapping : result.config.value_or(Config()).radius_rates) {
    rows.emplace_back(mapping.attribute, mapping.vendor, mapping.number, mapping.type, mapping.form,
                      mapping.direction);
  }
  return rows;
}

TEST(ConfigRates, WithoutAnyTheDefaultList) {
  const ConfigResult result = parse_with("");
  ASSERT_TRUE(result.config);
  ASSERT_EQ(result.config->radius_rates.size(), 5U);
  EXPECT_EQ(result.config->radius_rates[0].attribute, "Mikrotik-Rate-Limit");
  EXPECT_EQ(result.config->radius_rates[4].attribute, "Filter-Id");
}

TEST(ConfigRates, AVendorOfADictionaryInTheOrderOfTheFile) {
  const ConfigResult result = parse_with(R"([radius]
dictionary = ["/d/acme"]
[[radius-rate]]
attribute = "acme-down"
form = "kbit"
direction = "down"
[[radius-rate]]
attribute = "Acme-Up"
form = "bit"
direction = "up"
[[radius-rate]]
attribute = "Mikrotik-Rate-Limit"
form = "mikrotik"
)");
  EXPECT_TRUE(result.problems.empty()) << result.problems[0].line;
  EXPECT_EQ(rows(result),
            (std::vector<Row>{
                {"Acme-Down", 32473, 1, ValueType::kInteger, RateForm::kKbit, RateDirection::kDown},
                {"Acme-Up", 32473, 2, ValueType::kString, RateForm::kBit, RateDirection::kUp},
                {"Mikrotik-Rate-Limit", 14988, 8, ValueType::kString, RateForm::kMikrotikText,
                 RateDirection::kBoth},
            }));
}

TEST(ConfigRates, LaterDictionariesWin) {
  const ConfigResult result = parse_with(R"([radius]
dictionary = ["/d/acme", "/d/other"]
[[radius-rate]]
attribute = "Acme-Down"
form = "kbit"
direction = "both"
)");
  EXPECT_TRUE(result.problems.empty()) << result.problems[0].line;
  EXPECT_EQ(
      rows(result),
      (std::vector<Row>{{"Acme-Down", 32473, 3, ValueType::kShort, RateForm::kKbit, RateDirection::kBoth}}));
}

TEST(ConfigRates, MistakesInDictionaries) {
  EXPECT_EQ(problems_with("[radius]\ndictionary = [\"/d/acme\", \"/d/bad\"]\n"),
            "t.toml:11:26: radius.dictionary: /d/bad:2: an attribute's name has more than 128 characters, or "
            "one that is not printable ASCII; choose another");
  EXPECT_EQ(problems_with("[radius]\ndictionary = [\"/d/gone\"]\n"),
            "t.toml:11:15: radius.dictionary: /d/gone: no such file; create it, or name another");
  EXPECT_EQ(
      problems_with("[radius]\ndictionary = [\"/d/includes\"]\n"),
      "t.toml:11:15: radius.dictionary: /d/includes:1: $INCLUDE \"gone\": no such file; name one that is "
      "there, or use $INCLUDE-");
  EXPECT_EQ(
      problems_with("[radius]\ndictionary = [\"/d/gone\"]\n"
                    "[[radius-rate]]\nattribute = \"Acme-Down\"\nform = \"kbit\"\ndirection = \"up\"\n"),
      "t.toml:11:15: radius.dictionary: /d/gone: no such file; create it, or name another")
      << "names that it may have had are not complained about";
  EXPECT_EQ(problems_with("[radius]\ndictionary = \"/d/acme\"\n"),
            "t.toml:11:14: radius.dictionary: value \"/d/acme\": is not a list; write "
            "[\"/etc/adit/dictionary.acme\"]");
}

TEST(ConfigRates, AttributesOfADictionaryAreSuggested) {
  EXPECT_EQ(problems_with("[radius]\ndictionary = [\"/d/acme\"]\n"
                          "[[radius-rate]]\nattribute = \"Acme-Dwn\"\nform = \"kbit\"\ndirection = \"up\"\n"),
            "t.toml:13:13: radius-rate.attribute: value \"Acme-Dwn\": is in no dictionary; did you mean "
            "\"Acme-Down\"?");
}

}  // namespace
}  // namespace adit::app
