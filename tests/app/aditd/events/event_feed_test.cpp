// SPDX-License-Identifier: Apache-2.0
// The window of the log's rows: numbers, order across its two halves, what is forgotten and how that is told. The clock is
// the test's. The last test prints what a row costs that nobody reads.
#include "app/aditd/events/event_feed.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <ctime>

namespace adit::app {
namespace {

using control::Severity;
using namespace std::chrono_literals;
using Time = std::chrono::system_clock::time_point;

constexpr std::uint64_t kStart = 1'700'000'000'000'000;  // microseconds

class EventFeedTest : public testing::Test {
 protected:
  EventFeed make(EventFeed::Room room) {
    return {room, [this] { return now_; }};
  }
  static void tell(EventFeed& feed, Severity severity, std::string_view name,
                   const std::string& user = "alice") {
    feed.event(severity, name, {{"user", user}, {"peer", "192.0.2.7"}});
  }
  /// Names of the rows behind `seq`, as a reader sees them.
  static std::string names_after(const EventFeed& feed, std::uint64_t seq) {
    std::string names;
    for (const EventFeed::Row* row = feed.after(seq); row != nullptr; row = feed.after(row->seq)) {
      names += (names.empty() ? "" : " ") + std::string(row->name());
    }
    return names;
  }
  Time now_{std::chrono::microseconds(kStart)};
};

TEST_F(EventFeedTest, NumbersRowsInTheirOrderWhicheverWindowHasThem) {
  EventFeed feed = make({});
  EXPECT_EQ(feed.next(), kStart + 1);
  EXPECT_EQ(feed.oldest(), feed.next()) << "there is none";
  tell(feed, Severity::kDebug, "call_dialled");
  tell(feed, Severity::kRecord, "call_up");
  tell(feed, Severity::kFailure, "auth_failed");
  tell(feed, Severity::kRecord, "call_ended");
  EXPECT_EQ(names_after(feed, 0), "call_dialled call_up auth_failed call_ended");
  EXPECT_EQ(names_after(feed, kStart + 2), "auth_failed call_ended");
  EXPECT_EQ(feed.oldest(), kStart + 1);
  EXPECT_EQ(feed.after(feed.next() - 1), nullptr);
}

TEST_F(EventFeedTest, KeepsFieldsAsTheyAreButNotEndlessOnes) {
  EventFeed feed = make({});
  const std::string octets("a\0\xff\" =", 6);
  feed.event(Severity::kFailure, "x",
             {{"user", octets},
              {"empty", ""},
              {"long", std::string(5000, 'l')},
              {.key = "why", .value = std::string(5000, 'w'), .whole = true}});
  std::vector<std::pair<std::string, std::string>> got;
  feed.after(0)->fields([&](std::string_view key, std::string_view value) {
    got.emplace_back(key, value);
    return true;
  });
  ASSERT_EQ(got.size(), 4u);
  EXPECT_EQ(got[0].second, octets);
  EXPECT_EQ(got[1].second, "");
  EXPECT_EQ(got[2].second, std::string(256, got[2].second.front()) + "...");
  EXPECT_EQ(got[3].second.size(), 5000u);
}

TEST_F(EventFeedTest, StrangersPushOutNothingThatBills) {
  EventFeed feed = make({.records = 4096, .others = 4096});
  tell(feed, Severity::kRecord, "call_up");
  tell(feed, Severity::kWarning, "radius_server_dead");
  const std::uint64_t seen = feed.next() - 1;
  for (int i = 0; i < 1000; ++i) {
    tell(feed, Severity::kFailure, "auth_failed");
  }
  EXPECT_TRUE(names_after(feed, 0).starts_with("call_up radius_server_dead auth_failed"));
  EXPECT_LE(feed.octets(), 8192u);
  const EventFeed::Missed missed = feed.missed_after(seen);
  EXPECT_GT(missed.rows, 900u);
  EXPECT_FALSE(missed.records);
  EXPECT_EQ(feed.missed_after(feed.next() - 2).rows, 0u);
}

TEST_F(EventFeedTest, WarningsThatStrangersCauseCountAsTheirs) {
  EventFeed feed = make({.records = 100'000, .others = 4096});
  tell(feed, Severity::kRecord, "call_up");
  for (int i = 0; i < 10'000; ++i) {
    tell(feed, Severity::kWarning, "dae_dropped");
    now_ += 10us;
  }
  EXPECT_TRUE(names_after(feed, 0).starts_with("call_up dae_dropped"));
}

TEST_F(EventFeedTest, SaysHowManyAreMissingAndWhetherTheyBill) {
  EventFeed feed = make({.records = 4096, .others = 1 << 20});
  for (int i = 0; i < 500; ++i) {
    tell(feed, Severity::kRecord, "call_ended");
    tell(feed, Severity::kDebug, "lcp_up");
  }
  std::uint64_t left = 0;
  for (const EventFeed::Row* row = feed.after(0); row != nullptr; row = feed.after(row->seq)) {
    ++left;
  }
  EXPECT_EQ(feed.missed_after(0).rows, 1000 - left);
  EXPECT_TRUE(feed.missed_after(0).records);
  EXPECT_EQ(feed.missed_after(feed.next() - 10).rows, 0u);
  EXPECT_FALSE(feed.missed_after(feed.next() - 10).records);
  EXPECT_GT(feed.forgotten().records, 0u);
  EXPECT_EQ(feed.forgotten().others, 0u);
}

TEST_F(EventFeedTest, TellsItsReadersUntilTheyLeave) {
  struct Counter final : EventFeed::Reader {
    void on_row() override { ++rows; }
    int rows = 0;
  } counter;
  EventFeed feed = make({});
  feed.add(counter);
  tell(feed, Severity::kInfo, "started");
  feed.remove(counter);
  tell(feed, Severity::kInfo, "reloaded");
  EXPECT_EQ(counter.rows, 1);
}

TEST_F(EventFeedTest, CostsLittleWhereNobodyReads) {
  constexpr int kRows = 100'000;
  EventFeed feed;
  struct Glance final : control::EventLog {
    void event(Severity, std::string_view, std::initializer_list<control::Field> fields) override {
      octets += fields.begin()[4].value.size();
    }
    std::size_t octets = 0;
  } glance;
  const auto took = [](control::EventLog& log) {
    const std::clock_t began = std::clock();
    for (int i = 0; i < kRows; ++i) {
      log.event(Severity::kRecord, "call_ended",
                {{"sid", "000000000000002a"},
                 {"peer", "192.0.2.7"},
                 {"local", "198.51.100.1"},
                 {"reason", "user_request"},
                 {"user", "alice@example.net"},
                 {"claimed", "alice@example.net"},
                 {"auth", "mschap-v2"},
                 {"ip", "10.64.0.2"},
                 {"why", ""},
                 {"duration", "3661.123s"},
                 {"uplink_octets", "123456789"},
                 {"downlink_octets", "1234567890"},
                 {"uplink_packets", "123456"},
                 {"downlink_packets", "1234567"},
                 {"drops", "0"}});
    }
    return static_cast<double>(std::clock() - began) * 1e9 / CLOCKS_PER_SEC / kRows;
  };
  const double made = took(glance);
  const double first = took(feed) - made;  // the process grows
  std::printf("a call_ended that nobody reads: %.0f ns, %.0f ns while the window fills, to %zu KiB\n",
              took(feed) - made, first, feed.octets() >> 10);
  EXPECT_NE(glance.octets, 0u);
  EXPECT_LE(feed.octets(), EventFeed::Room{}.records);
}

}  // namespace
}  // namespace adit::app
