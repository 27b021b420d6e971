// SPDX-License-Identifier: Apache-2.0
#include "app/adit-exporter/routes.hpp"

#include <gtest/gtest.h>

#include "app/adit-exporter/page.hpp"

namespace adit::app::exporter {
namespace {

TEST(ExporterRoutesTest, AStrangersNameForLoopbackIsNotOurs) {
  for (const char* own : {"", "localhost", "localhost:9617", "127.0.0.1:9617", "10.0.0.1", "[::1]:9617"}) {
    EXPECT_TRUE(is_own_host(own)) << own;
  }
  for (const char* other : {"evil.example", "evil.example:9617", "127.0.0.1.evil.example",
                            "localhost.evil.example", "1", "[::1"}) {
    EXPECT_FALSE(is_own_host(other)) << other;
  }
}

TEST(ExporterRoutesTest, ASearchIsForTheTextAsItStands) {
  const Json params = search_params("username", "a.b+(x)\\é 1", "");
  EXPECT_EQ(params["match"]["column"], "username");
  EXPECT_EQ(params["match"]["regex"], R"((?i)a\.b\+\(x\)\\é\ 1)");
  EXPECT_EQ(params["limit"], 50);
  EXPECT_EQ(search_params("username",
                          "\xff"
                          "a",
                          "")["match"]["regex"],
            R"((?i)\xffa)")
      << "an octet of its own";
  EXPECT_FALSE(params.contains("after"));
  EXPECT_FALSE(search_params("ip", "", "").contains("match"));
  EXPECT_EQ(search_params("ip", "", R"("1.8192")")["after"], "1.8192");
}

TEST(ExporterRoutesTest, ASearchIsBounded) {
  EXPECT_TRUE(search_params("password", "x", "").is_null());
  EXPECT_TRUE(search_params("username", std::string(129, 'x'), "").is_null());
  EXPECT_TRUE(search_params("username", std::string(127, '+'), "").is_null()) << "aditd takes 256 octets";
  EXPECT_TRUE(search_params("username", "x", "{").is_null());
  EXPECT_TRUE(search_params("username", "x", std::string(129, '1')).is_null());
}

TEST(ExporterRoutesTest, ThePageNeedsNobodyElse) {
  EXPECT_GT(kPage.size(), 10'000U);
  EXPECT_LT(kPage.size(), 100'000U);
  EXPECT_EQ(kPage.find("<!--"), std::string_view::npos);
  for (const char* outside : {"https://", "src=", "@import", "url(", " style=\"", "innerHTML"}) {
    EXPECT_EQ(kPage.find(outside), std::string_view::npos) << outside;
  }
  EXPECT_TRUE(kPagePolicy.starts_with("default-src 'none'; script-src 'sha256-"));
  EXPECT_EQ(kPagePolicy.find("unsafe"), std::string_view::npos);
}

}  // namespace
}  // namespace adit::app::exporter
