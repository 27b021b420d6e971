// SPDX-License-Identifier: Apache-2.0
// `adit show sessions` and `adit top`, without aditd: words, columns and their order, rates from two looks, widths.
#include <gtest/gtest.h>

#include <deque>

#include "app/adit/fields.hpp"
#include "app/adit/session_sampler.hpp"
#include "app/adit/session_words.hpp"
#include "app/adit/shown_columns.hpp"
#include "app/escape.hpp"

namespace adit::app {
namespace {

using std::chrono_literals::operator""s;

SessionWords read(const std::vector<std::string>& words, bool watch = false) {
  const auto read = read_session_words(words, watch);
  EXPECT_TRUE(read.has_value()) << read.error();
  return read.value_or(SessionWords());
}

std::string wrong(const std::vector<std::string>& words, bool watch = false) {
  const auto read = read_session_words(words, watch);
  return read ? "nothing" : read.error();
}

TEST(SessionWords, AreAccelPppsAndAWatch) {
  const SessionWords all =
      read({"sid,rx_bytes", "match", "username", "^al", "order", "rx-bytes", "limit", "20"});
  ASSERT_EQ(all.columns.size(), 2U);
  EXPECT_EQ(all.columns[1]->name, "rx-bytes");
  EXPECT_EQ(all.match->column->name, "username");
  EXPECT_EQ(all.match->regex, "^al");
  EXPECT_EQ(all.order->name, "rx-bytes");
  EXPECT_EQ(all.limit, 20U);
  EXPECT_FALSE(all.watch);
  EXPECT_EQ(read({"match", "username", "^\xff\\d"}).match->regex, R"(^\xff\d)") << "JSON carries UTF-8 alone";
  EXPECT_EQ(read({"limit", "3", "5"}, true).watch, 5s);
  EXPECT_EQ(read({"5", "ip,rate", "order", "rate"}, true).columns.size(), 2U);
  EXPECT_EQ(read({}, true).watch, 2s);
  EXPECT_TRUE(read({}).columns.empty());
}

TEST(SessionWords, SayWhatIsWrongInOneLine) {
  EXPECT_TRUE(wrong({"sid,foo"}).starts_with("there is no column \"foo\"; there are sid, username, "))
      << wrong({"sid,foo"});
  EXPECT_TRUE(wrong({"order", "foo"}).starts_with("there is no column \"foo\""));
  EXPECT_TRUE(wrong({"match", "foo", "x"}).starts_with("there is no column \"foo\""));
  EXPECT_EQ(wrong({"match", "sid"}),
            "match is followed by a column and a regular expression: match username ^al");
  EXPECT_EQ(wrong({"match", "rate", "1"}),
            "match cannot look at rate, which aditd does not know; order rate can");
  EXPECT_EQ(wrong({"order"}), "order is followed by a column: order rx-bytes");
  EXPECT_EQ(wrong({"limit"}), "limit is followed by a number of sessions, 1 or more: limit 20");
  EXPECT_EQ(wrong({"limit", "0"}), "limit is followed by a number of sessions, 1 or more: limit 20");
  EXPECT_EQ(
      wrong({"order", "ip", "sid"}),
      "what is \"sid\"? Write: show sessions [COLUMN,...] [match COLUMN REGEX] [order COLUMN] [limit N]");
  EXPECT_EQ(wrong({"0"}, true), "--watch takes 1 to 3600 seconds");
  EXPECT_TRUE(wrong({"5"}).starts_with("there is no column \"5\""));
}

TEST(ShownColumns, OrderAddressesByTheirNumbersAndNumbersFromTheHighest) {
  const Json one = {{"ip", "10.64.0.9"}, {"username", "b"}, {"rx_bytes", 5U}};
  const Json other = {{"ip", "10.64.0.10"}, {"username", "a"}, {"rx_bytes", 7U}};
  EXPECT_TRUE(comes_first(*find_shown_column("ip"), one, other));
  EXPECT_TRUE(comes_first(*find_shown_column("username"), other, one));
  EXPECT_TRUE(comes_first(*find_shown_column("rx-bytes"), other, one));
  EXPECT_FALSE(comes_first(*find_shown_column("rate"), one, other)) << "neither has one";
}

TEST(ShownColumns, GiveWayUntilTheyFit) {
  const Json row = {{"sid", "00000000000000ff"},
                    {"username", "alice@example.com"},
                    {"ip", "100.127.255.254"},
                    {"state", "active"},
                    {"uptime_seconds", 900'000U},
                    {"rx_bytes", 5'000'000U},
                    {"tx_bytes", 7U}};
  const ShownColumns columns = *read_shown_columns("username,ip,uptime,rx-bytes,tx-bytes,state,sid");
  for (const std::size_t width : {40U, 60U, 80U, 100U, 120U}) {
    std::istringstream table(draw_sessions_within(width, {row}, columns));
    for (std::string line; std::getline(table, line);) {
      EXPECT_LE(display_width(line), width) << line;
    }
  }
  EXPECT_EQ(draw_sessions_within(80, {row}, columns),
            " username          | ip              |      uptime | rx-bytes | tx-bytes\n"
            "-------------------+-----------------+-------------+----------+----------\n"
            " alice@example.com | 100.127.255.254 | 10.10:00:00 |  4.8 MiB |      7 B\n");
  EXPECT_EQ(draw_sessions_within(80, {}, columns), "no sessions\n");
}

TEST(ShownColumns, ALongNameEndsWhereItsRowHasNoMoreRoom) {
  std::string wide;
  for (int at = 0; at < 40; ++at) {
    wide += "京";
  }
  std::vector<Json> rows;
  for (const std::string& name : {std::string(80, 'n'), wide, "e\u0301" + std::string(78, 'e'),
                                  std::string("bob"), escape_octets(std::string(64, '\xff'))}) {
    rows.push_back({{"sid", "00000000000000ff"},
                    {"username", name},
                    {"ip", "100.127.255.254"},
                    {"state", "active"},
                    {"uptime_seconds", 7U},
                    {"rx_bytes", 5'000'000U},
                    {"tx_bytes", 7U}});
  }
  const ShownColumns columns = *read_shown_columns("username,ip,uptime,rx-bytes,tx-bytes,state,sid");
  for (const std::size_t width : {40U, 60U, 80U, 100U, 120U}) {
    std::istringstream table(draw_sessions_within(width, rows, columns));
    for (std::string line; std::getline(table, line);) {
      EXPECT_LE(display_width(line), width) << line;
    }
  }
  const std::string table = draw_sessions_within(80, rows, columns);
  EXPECT_TRUE(
      table.starts_with(" username                               | ip              |   uptime | rx-bytes\n"))
      << table;
  EXPECT_NE(table.find("\n bob                                    | 100.127"), std::string::npos) << table;
  EXPECT_NE(table.find("京... "), std::string::npos) << table;
  EXPECT_NE(table.find(R"(\xff... )"), std::string::npos) << "escaped all the same: " << table;
  EXPECT_NE(draw_sessions(rows, columns).find(std::string(80, 'n')), std::string::npos)
      << "all of it in a pipe";
}

TEST(ShownColumns, RatesAreForPeople) {
  EXPECT_EQ(human_rate(0), "0");
  EXPECT_EQ(human_rate(999, "bit/s"), "999 bit/s");
  EXPECT_EQ(human_rate(1'000, "bit/s"), "1.0 kbit/s");
  EXPECT_EQ(human_rate(999'499), "999 k");
  EXPECT_EQ(human_rate(999'500), "1.0 M");
  EXPECT_EQ(human_rate(12'345'678'901, "bit/s"), "12 Gbit/s");
}

class Sampler : public testing::Test {
 protected:
  static Json row(const std::string& sid, std::uint64_t bytes) {
    return {{"sid", sid},
            {"rx_bytes", bytes},
            {"tx_bytes", 2 * bytes},
            {"rx_packets", bytes / 100},
            {"tx_packets", 0}};
  }
  static Json page(Json sessions, Json next = nullptr) {
    return {{"sessions", std::move(sessions)}, {"next", std::move(next)}};
  }
  SessionSampler sampler(SamplerWish wish) {
    return SessionSampler(
        [this](const std::string& method, const Json& params) -> std::expected<Json, CallFailure> {
          EXPECT_EQ(method, "show.sessions");
          asked_.push_back(params.dump());
          Json answer = pages_.front();
          pages_.pop_front();
          return answer;
        },
        std::move(wish), [this] { return now_; });
  }
  std::deque<Json> pages_;
  std::vector<std::string> asked_;
  SessionSampler::Clock::time_point now_{};
};

TEST_F(Sampler, MakesRatesOfTwoLooks) {
  SessionSampler sampled =
      sampler({.keys = {"username"}, .order = find_shown_column("rate"), .limit = 1, .rates = true});
  pages_ = {page({row("a", 1'000), row("b", 1'000)})};
  const SessionSample first = *sampled.look();
  EXPECT_EQ(first.calls, 2U);
  EXPECT_FALSE(first.rows[0].contains("rx_bits_per_second")) << "nobody knows yet";
  now_ += 2s;
  pages_ = {page({row("a", 1'500)}, "0.7"), page({row("b", 3'000), row("new", 9'999)})};
  const SessionSample second = *sampled.look();
  EXPECT_EQ(second.calls, 3U);
  EXPECT_EQ(second.seconds, 2.0);
  ASSERT_EQ(second.rows.size(), 1U);
  EXPECT_EQ(second.rows[0]["sid"], "b");
  EXPECT_EQ(second.rows[0]["rx_bits_per_second"], 8'000);
  EXPECT_EQ(second.rows[0]["tx_bits_per_second"], 16'000);
  EXPECT_EQ(second.rows[0]["rx_packets_per_second"], 10);
  EXPECT_EQ(second.rx_bits_per_second, 8'000U + 2'000U) << "of all calls, also of those beyond the limit";
  EXPECT_EQ(
      asked_.back(),
      R"({"after":"0.7","columns":["username","sid","rx_bytes","tx_bytes","rx_packets","tx_packets"]})");
}

TEST_F(Sampler, AsksForNoMoreThanTheLimit) {
  pages_ = {page({row("a", 1), row("b", 1)}, "0.2"), page({row("c", 1)}, "0.3")};
  EXPECT_EQ(sampler({.limit = 3}).look()->rows.size(), 3U);
  EXPECT_EQ(asked_,
            (std::vector<std::string>{R"({"after":null,"limit":3})", R"({"after":"0.2","limit":1})"}));
}

TEST_F(Sampler, KeepsTheFirstOfVeryMany) {
  for (int at = 0; at < 2; ++at) {
    Json sessions = Json::array();
    for (int number = 0; number < 4096; ++number) {
      sessions.push_back(
          row(std::to_string(at * 4096 + number), static_cast<std::uint64_t>(number * 7919 % 65'537)));
    }
    pages_.push_back(page(std::move(sessions), at < 1 ? Json("0.1") : Json()));
  }
  const SessionSample sample = *sampler({.order = find_shown_column("rx-bytes"), .limit = 10}).look();
  EXPECT_EQ(sample.calls, 8'192U);
  ASSERT_EQ(sample.rows.size(), 10U);
  for (std::size_t at = 1; at < 10; ++at) {
    EXPECT_GE(number(sample.rows[at - 1], "rx_bytes"), number(sample.rows[at], "rx_bytes"));
  }
  EXPECT_GT(number(sample.rows[9], "rx_bytes"), 65'300U);
}

TEST_F(Sampler, BearsAnAnswerOfAnotherVersion) {
  pages_ = {Json("what?")};
  EXPECT_TRUE(sampler({}).look()->rows.empty());
}

}  // namespace
}  // namespace adit::app
