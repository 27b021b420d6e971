// SPDX-License-Identifier: Apache-2.0
#include "app/adit-exporter/options.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace adit::app::exporter {
namespace {

Options right(const std::vector<const char*>& words) {
  const auto options = parse_options(words);
  EXPECT_TRUE(options) << options.error().text;
  return options.value_or(Options{});
}

std::string wrong(const std::vector<const char*>& words) {
  const auto options = parse_options(words);
  EXPECT_FALSE(options);
  EXPECT_EQ(options.error().code, 2);
  return options.error().text;
}

TEST(ExporterOptionsTest, LoopbackIsTheDefault) {
  const Options options = right({});
  EXPECT_EQ(to_string(options.address, options.port), "127.0.0.1:9617");
  EXPECT_TRUE(options.loopback);
  EXPECT_FALSE(options.sessions);
  EXPECT_EQ(options.socket, "");
}

TEST(ExporterOptionsTest, KnowsLoopback) {
  EXPECT_TRUE(right({"--listen", "127.9.9.9:1"}).loopback);
  EXPECT_TRUE(right({"--listen", "[::1]:1"}).loopback);
  EXPECT_FALSE(right({"--listen", "0.0.0.0:1"}).loopback);
  EXPECT_FALSE(right({"--listen", "[::]:1"}).loopback);
  EXPECT_FALSE(right({"--listen", "192.0.2.1:9617"}).loopback);
  const Options six = right({"--listen", "[2001:db8::1]:9618"});
  EXPECT_EQ(six.address, "2001:db8::1");
  EXPECT_EQ(to_string(six.address, six.port), "[2001:db8::1]:9618");
}

TEST(ExporterOptionsTest, SaysWhatToWrite) {
  for (const char* text : {"9617", "127.0.0.1", "localhost:9617", "::1:9617", "127.0.0.1:", "127.0.0.1:70000",
                           "127.0.0.1:1x", "[127.0.0.1]:1", ":9617", ""}) {
    EXPECT_EQ(wrong({"--listen", text}),
              "adit-exporter: --listen: write an address and a port, as 127.0.0.1:9617 or [::1]:9617; see "
              "adit-exporter --help\n")
        << text;
  }
  EXPECT_NE(wrong({"--sesions"}).find("--sesions"), std::string::npos);
}

TEST(ExporterOptionsTest, HelpTeaches) {
  const auto help = parse_options(std::vector<const char*>{"--help"});
  ASSERT_FALSE(help);
  EXPECT_EQ(help.error().code, 0);
  for (const char* word :
       {"127.0.0.1:9617", "/metrics", "--sessions", "ssh -L", "scrape_configs", "Exit codes"}) {
    EXPECT_NE(help.error().text.find(word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace adit::app::exporter
