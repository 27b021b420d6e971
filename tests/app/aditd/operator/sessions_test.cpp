// SPDX-License-Identifier: Apache-2.0
// show.sessions in pages: every call once, whatever the pages' size; what a request may name, and what it may cost.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "app/aditd/operator/rpc.hpp"
#include "app/aditd/operator/session_columns.hpp"
#include "app/escape.hpp"
#include "tests/app/aditd/operator/fake_backend.hpp"

namespace adit::app {
namespace {

using Json = nlohmann::ordered_json;

class Sessions : public testing::Test {
 protected:
  /// Two workers with every third slot in use.
  void fill(std::uint32_t calls) {
    for (std::uint32_t number = 0; number < calls; ++number) {
      SessionRow row = FakeBackend::alice();
      row.call.call.worker.value = number < calls / 2 ? 0 : 1;
      row.call.call.slot = 3 * number;
      row.call.session_id = std::to_string(number);
      row.call.session.user = (number % 10 == 0 ? "albert" : "bob") + std::to_string(number);
      row.totals.uplink_octets = number;
      backend_.rows.push_back(row);
    }
  }
  Json ask(const Json& params) {
    const Json request = {{"jsonrpc", "2.0"}, {"id", 1}, {"method", "show.sessions"}, {"params", params}};
    std::string text;
    handle_rpc(request.dump(), backend_, [&](RpcReply reply) {
      while (reply.more()) {
        const std::size_t before = backend_.listed;
        text += reply.next();
        EXPECT_LE(backend_.listed - before, control::kCallsPerSlice);
      }
    });
    return Json::parse(text);
  }
  std::vector<std::string> all_pages(Json params) {
    std::vector<std::string> sids;
    for (Json after; true;) {
      params["after"] = after;
      const std::size_t before = backend_.listed;
      const Json page = ask(params)["result"];
      EXPECT_LE(backend_.listed - before, 4096U);
      ++pages_;
      for (const Json& session : page["sessions"]) {
        sids.push_back(session["sid"]);
      }
      after = page["next"];
      if (after.is_null()) {
        return sids;
      }
    }
  }
  std::string error(const Json& params) { return ask(params)["error"]["message"]; }

  FakeBackend backend_;
  std::size_t pages_ = 0;
};

TEST_F(Sessions, ComeOnceInPagesOfAnySize) {
  fill(1'000);
  for (const std::size_t limit : {1U, 63U, 64U, 65U, 999U, 1'000U, 1'001U}) {
    pages_ = 0;
    const auto sids = all_pages({{"columns", {"sid"}}, {"limit", limit}});
    EXPECT_EQ(sids.size(), 1'000U) << limit;
    EXPECT_EQ(std::set(sids.begin(), sids.end()).size(), 1'000U) << limit;
    EXPECT_EQ(pages_, (1'000 + limit - 1) / limit);
  }
}

TEST_F(Sessions, APageVisitsABoundedNumberOfCallsHoweverFewMatch) {
  fill(10'000);
  EXPECT_EQ(
      all_pages({{"match", {{"column", "username"}, {"regex", "^albert"}}}, {"columns", {"sid"}}}).size(),
      1'000U);
  EXPECT_EQ(pages_, 3U);
  pages_ = 0;
  EXPECT_EQ(all_pages({{"match", {{"column", "username"}, {"regex", "nobody"}}}}).size(), 0U);
  EXPECT_EQ(pages_, 3U);
}

TEST_F(Sessions, HaveTheColumnsThatAreAskedFor) {
  fill(1);
  EXPECT_EQ(ask({{"columns", {"ip", "comp", "rx_bytes", "mppe"}}})["result"].dump(),
            R"({"sessions":[{"ip":"10.64.0.2","comp":"mppe-128","rx_bytes":0,"mppe":true}],"next":null})");
  EXPECT_FALSE(ask({{"limit", 1}})["result"]["sessions"][0].contains("comp")) << "not one of the usual ones";
  EXPECT_EQ(ask(Json())["result"].size(), 1U) << "without params as ever: all, and no next";
}

TEST_F(Sessions, MatchAnyColumnAsItIsShown) {
  fill(100);
  backend_.rows[7].call.session.user = "a\nb";
  const auto matched = [&](const char* column, const char* regex) {
    return ask({{"match", {{"column", column}, {"regex", regex}}}})["result"]["sessions"].size();
  };
  EXPECT_EQ(matched("rx_bytes", "^9.$"), 10U);
  EXPECT_EQ(matched("username", R"(a\\nb)"), 1U);
  EXPECT_EQ(matched("worker", "1"), 50U);
  EXPECT_EQ(matched("comp", "mppe"), 100U);
  EXPECT_EQ(matched("mppe", "false"), 0U);
  EXPECT_EQ(matched("sid", "(?i)X|^5$"), 1U);
}

TEST_F(Sessions, MatchANameOfAnyOctetsByWhatTheTableShows) {
  const std::string kNames[] = {"caf\xe9",
                                "\xff\xfe"
                                "bob",
                                "a\nb",
                                "DOMAIN\\eve",
                                "say \"hi\"",
                                "a\u200bb",
                                "Zoë",
                                "\xc3\xa9\xff"};
  fill(std::size(kNames));
  for (std::size_t at = 0; at < std::size(kNames); ++at) {
    backend_.rows[at].call.session.user = kNames[at];
  }
  const auto matched = [&](const std::string& regex) {
    const Json answer = ask({{"match", {{"column", "username"}, {"regex", regex}}}});
    std::string sids;
    for (const Json& row : answer["result"]["sessions"]) {
      sids += row["sid"].get<std::string>();
    }
    return sids;
  };
  for (std::size_t at = 0; at < std::size(kNames); ++at) {
    EXPECT_EQ(matched('^' + escape_octets(kNames[at]) + '$'), std::to_string(at)) << kNames[at];
  }
  EXPECT_EQ(matched(R"(caf[\xe8\xe9]$)"), "0");
  EXPECT_EQ(matched(R"(\\xf[ef])"), "17") << "the text of the column, as scripts have it";
  EXPECT_EQ(matched("é"), "7") << "its octets, in a name that is no UTF-8 as a whole";
  EXPECT_EQ(matched(R"(^.\x{200b}.$)"), "5");
  EXPECT_EQ(matched(R"(\\u\{)"), "5");
  EXPECT_EQ(matched(R"(Zo\x{eb})"), "6");
}

TEST_F(Sessions, SayWhatIsWrongInOneLine) {
  fill(1);
  const std::string names = session_column_names();
  EXPECT_EQ(error({{"columns", {"sid", "name"}}}), "there is no column \"name\"; there are " + names);
  EXPECT_EQ(error({{"columns", {7}}}), "there is no column 7; there are " + names);
  EXPECT_EQ(error({{"columns", Json::array()}}), "columns must be a list of one or more of " + names);
  EXPECT_EQ(error({{"match", {{"column", "x"}, {"regex", "a"}}}}),
            "there is no column \"x\"; there are " + names);
  EXPECT_EQ(
      error({{"match", {{"column", "sid"}, {"regex", "("}}}}),
      "match: the regular expression \"(\" is not one of RE2's: missing ): (; write a backslash before a "
      "character that is meant as it stands");
  EXPECT_EQ(error({{"match", "sid"}}), R"(match must be {"column": "username", "regex": "^al"})");
  EXPECT_EQ(error({{"match", {{"column", "sid"}, {"regex", std::string(300, 'a')}}}}),
            "match: the regular expression has 300 octets, and may have 256; match a part of the column");
  EXPECT_EQ(error({{"limit", 0}}), "limit must be a number of sessions, 1 or more");
  for (const char* after : {"", ".", "1.", ".1", "1.2x", "-1.2", "99999.1"}) {
    EXPECT_EQ(error({{"after", after}}), "after must be the \"next\" of the page before") << after;
  }
  EXPECT_EQ(error({{"order", "sid"}}), "unknown param \"order\"; there are columns, match, limit and after");
}

TEST_F(Sessions, ARegexThatWouldExplodeIsRefusedOrHarmless) {
  fill(64);
  for (SessionRow& row : backend_.rows) {
    row.call.session.user = std::string(200, 'a');
  }
  for (const char* regex : {"(a*)*(a*)*(a*)*b", "((a{1,30}){1,30}){1,30}b", "(x+x+)+y", "[^a]{1000}"}) {
    const Json answer = ask({{"match", {{"column", "username"}, {"regex", regex}}}});
    EXPECT_TRUE(answer.contains("error") || answer["result"]["sessions"].empty()) << regex;
  }
}

TEST_F(Sessions, APlaceBeyondTheLastIsTheEnd) {
  fill(10);
  EXPECT_EQ(ask({{"after", "65535.4294967295"}})["result"].dump(), R"({"sessions":[],"next":null})");
}

}  // namespace
}  // namespace adit::app
