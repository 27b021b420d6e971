// SPDX-License-Identifier: Apache-2.0
// aditd's command line: what is taken, what is passed to EAL, and what each mistake gets.
#include "app/aditd/options.hpp"

#include <gtest/gtest.h>

namespace adit::app {
namespace {

std::expected<Options, EarlyExit> parse(std::initializer_list<const char*> arguments) {
  return parse_options(std::span(arguments.begin(), arguments.size()));
}

TEST(Options, NeedNone) {
  const auto options = parse({});
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->config, "/etc/adit/adit.toml");
  EXPECT_FALSE(options->check);
  EXPECT_TRUE(options->eal_args.empty());
}

TEST(Options, PassWhatFollowsTwoDashesToEal) {
  const auto options = parse({"--config", "lab.toml", "--check", "--", "-l", "0-1", "--check", "--", "x"});
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->config, "lab.toml");
  EXPECT_TRUE(options->check);
  EXPECT_EQ(options->eal_args, (std::vector<std::string>{"-l", "0-1", "--check", "--", "x"}));
}

TEST(Options, TakeAnEqualsSign) {
  const auto options = parse({"--config=lab.toml"});
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->config, "lab.toml");
}

TEST(Options, PrintVersionHelpAndSample) {
  const auto version = parse({"--version"});
  ASSERT_FALSE(version.has_value());
  EXPECT_EQ(version.error().code, 0);
  EXPECT_EQ(version.error().text, "aditd " ADIT_VERSION "\n");

  const auto help = parse({"--help"});
  ASSERT_FALSE(help.has_value());
  EXPECT_EQ(help.error().code, 0);
  for (const char* word :
       {"--config", "--check", "--prepare", "--sample-config", "EAL", "Exit codes", "adit show"}) {
    EXPECT_NE(help.error().text.find(word), std::string::npos) << word;
  }

  const auto sample = parse({"--sample-config"});
  ASSERT_FALSE(sample.has_value());
  EXPECT_EQ(sample.error().code, 0);
  EXPECT_EQ(sample.error().text, sample_config());
}

TEST(Options, AnswerMistakesWithOneLineAndExitCode2) {
  for (const auto& arguments :
       std::initializer_list<std::initializer_list<const char*>>{{"--confg", "x"},
                                                                 {"--config"},
                                                                 {"stray"},
                                                                 {"--check=perhaps"},
                                                                 {"--config", "a", "--config", "b"},
                                                                 {"\x1b[2J\n"},
                                                                 {""}}) {
    const auto options = parse(arguments);
    ASSERT_FALSE(options.has_value());
    EXPECT_EQ(options.error().code, 2);
    EXPECT_EQ(options.error().text.find('\n'), options.error().text.size() - 1) << options.error().text;
    EXPECT_EQ(options.error().text.find('\x1b'), std::string::npos);
    EXPECT_NE(options.error().text.find("--help"), std::string::npos);
  }
}

}  // namespace
}  // namespace adit::app
