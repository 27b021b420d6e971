// SPDX-License-Identifier: Apache-2.0
// Streams over a real socket: the events, how a reader that sleeps, is killed or comes back fares, and what the read-only
// socket refuses. aditd's side runs on its own thread; waits end by what comes.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <set>
#include <thread>

#include "app/adit/stream.hpp"
#include "app/aditd/operator/method.hpp"
#include "tests/app/aditd/operator/socket_fixture.hpp"

namespace adit::app {
namespace {

using control::Severity;

class StreamTest : public ControlSocketTest {
 protected:
  void SetUp() override {
    ControlSocketTest::SetUp();
    ASSERT_TRUE(start().has_value());
  }
  StreamClient subscribe(const Json& params) {
    auto stream = StreamClient::open(settings_.socket, "events", params, 10s);
    EXPECT_TRUE(stream.has_value()) << stream.error().text;
    return std::move(*stream);
  }
  void tell(int rows, Severity severity = Severity::kRecord, std::string_view name = "call_up",
            const std::string& user = "alice") {
    on_thread([&] {
      for (int i = 0; i < rows; ++i) {
        backend_.feed_.event(severity, name, {{"user", user}, {"peer", "192.0.2.7"}, {"drops", "7"}});
      }
      return 0;
    });
  }
  static std::uint64_t seq_of(const std::expected<Json, StreamEnd>& event) {
    return event ? (*event)["params"].value("seq", std::uint64_t{0}) : 0;
  }
  std::uint64_t origin() { return backend_.feed_.origin(); }
};

TEST_F(StreamTest, TellsWhatHappensAsJsonOfTheLogsFields) {
  StreamClient stream = subscribe({});
  EXPECT_EQ(stream.answer()["next"], origin() + 1);
  EXPECT_EQ(stream.answer()["missed"], 0);
  tell(1, Severity::kFailure, "auth_failed", "al\xff ice");
  auto event = stream.next();
  ASSERT_TRUE(event);
  EXPECT_EQ((*event)["method"], "event");
  Json params = (*event)["params"];
  EXPECT_EQ(params["time"].get<std::string>().size(), 24u);
  params["time"] = "";
  EXPECT_EQ(params.dump(), R"({"seq":)" + std::to_string(origin() + 1) +
                               R"(,"time":"","level":"warning","event":"auth_failed","user":"al\\xff ice",)"
                               R"("peer":"192.0.2.7","drops":7})");
}

TEST_F(StreamTest, AReaderThatComesBackMissesNothingAndGetsNothingTwice) {
  std::set<std::uint64_t> seen;
  std::uint64_t last = origin();
  for (int life = 0; life < 5; ++life) {
    StreamClient stream = subscribe({{"after", last}});
    EXPECT_EQ(stream.answer()["missed"], 0);
    tell(400);
    for (int i = 0; i < 250; ++i) {  // and is killed with others under way
      last = seq_of(stream.next());
      EXPECT_TRUE(seen.insert(last).second) << last;
    }
  }
  StreamClient stream = subscribe({{"after", last}, {"follow", false}});
  for (auto event = stream.next(); event && (*event)["method"] == "event"; event = stream.next()) {
    EXPECT_TRUE(seen.insert(seq_of(event)).second);
  }
  EXPECT_FALSE(stream.next()) << "it is over";
  EXPECT_EQ(seen.size(), 2000u);
  EXPECT_EQ(*seen.rbegin(), origin() + 2000);
}

TEST_F(StreamTest, FiltersByNameUserPeerAndLevel) {
  tell(3, Severity::kDebug, "lcp_up");
  tell(1, Severity::kRecord, "call_up", "bob");
  tell(1, Severity::kRecord, "call_up", "alice");
  tell(1, Severity::kRecord, "call_ended", "bob");
  const auto count = [&](const Json& filter) {
    StreamClient stream = subscribe({{"after", 0}, {"follow", false}, {"filter", filter}});
    std::size_t events = 0;
    for (auto event = stream.next(); event && (*event)["method"] == "event"; event = stream.next()) {
      ++events;
    }
    return events;
  };
  EXPECT_EQ(count(Json::object()), 6u);
  EXPECT_EQ(count({{"event", "call_up"}}), 2u);
  EXPECT_EQ(count({{"event", {"call_up", "call_ended"}}, {"user", "bob"}}), 2u);
  EXPECT_EQ(count({{"level", "info"}}), 3u);
  EXPECT_EQ(count({{"peer", "192.0.2.8"}}), 0u);
  EXPECT_EQ(count({{"peer", "192.0.2.7"}, {"user", "alice"}, {"event", {"call_up"}}}), 1u);
}

TEST_F(StreamTest, ANumberOfAnotherProcessBeginsAnew) {
  tell(2);
  for (const std::uint64_t foreign : {std::uint64_t{17}, origin() - 1, origin() + 3}) {
    StreamClient stream = subscribe({{"after", foreign}, {"follow", false}});
    EXPECT_EQ(stream.answer()["restarted"], true) << foreign;
    EXPECT_EQ(seq_of(stream.next()), origin() + 1);
  }
  EXPECT_EQ(subscribe({{"after", origin() + 2}}).answer()["restarted"], false);
  EXPECT_EQ(subscribe({{"after", 0}}).answer()["restarted"], false);
}

TEST_F(StreamTest, AReaderThatSleepsCostsNothingAndIsCutOffOnceTheWindowHasPassed) {
  StreamClient sleeper = subscribe({});
  const std::size_t room = EventFeed::Room{}.others;
  std::size_t told = 0;
  while (backend_.feed_.forgotten().others == 0) {
    tell(5'000, Severity::kFailure, "auth_failed", std::string(250, 'x'));
    told += 5'000;
  }
  EXPECT_LE(backend_.feed_.octets(), room);
  tell(5'000, Severity::kFailure, "auth_failed", std::string(250, 'x'));
  EXPECT_TRUE(call("version").has_value()) << "others are served";
  std::uint64_t last = origin();
  auto event = sleeper.next();
  for (; event && (*event)["method"] == "event"; event = sleeper.next()) {
    EXPECT_EQ(seq_of(event), last + 1);
    last = seq_of(event);
  }
  ASSERT_TRUE(event);
  EXPECT_EQ((*event)["method"], "cut_off");
  EXPECT_EQ((*event)["params"]["next"], last + 1);
  EXPECT_FALSE(sleeper.next());
  StreamClient back = subscribe({{"after", last}});
  EXPECT_GT(back.answer()["missed"], 0);
  EXPECT_EQ(back.answer()["missed_records"], false);
}

TEST_F(StreamTest, ReadersAreNotTurnedOutForNewClientsButAreOnlySoMany) {
  std::vector<StreamClient> readers;
  for (std::size_t i = 0; i < ControlSocket::kMaxStreams; ++i) {
    readers.push_back(subscribe({}));
  }
  const auto more = StreamClient::open(settings_.socket, "events", {}, 10s);
  ASSERT_FALSE(more.has_value());
  EXPECT_EQ(more.error().text, "aditd refused: too many clients read streams already; end one of them");
  for (std::size_t i = 0; i < 2 * ControlSocket::kMaxClients; ++i) {
    ASSERT_TRUE(call("version").has_value());
  }
  tell(1);
  for (StreamClient& reader : readers) {
    EXPECT_EQ(seq_of(reader.next()), origin() + 1);
  }
  readers.clear();
  while (clients() > 1) {
  }
  EXPECT_TRUE(StreamClient::open(settings_.socket, "events", {}, 10s).has_value());
}

TEST_F(StreamTest, AnotherRequestOnItsConnectionIsRefused) {
  const UniqueFd client = connect_raw(settings_.socket);
  send_text(client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"events\"}\n" + std::string(kVersionRequest));
  EXPECT_NE(read_line(client).find("\"result\""), std::string::npos);
  EXPECT_NE(read_line(client).find("ask on another"), std::string::npos);
  tell(1);
  EXPECT_NE(read_line(client).find("\"method\":\"event\""), std::string::npos);
}

TEST_F(StreamTest, WhatItSaidLastReachesItsReader) {
  StreamClient stream = subscribe({});
  tell(10);
  on_thread([this] {
    for (int i = 0; i < 20; ++i) {
      backend_.feed_.event(Severity::kInfo, "draining", {});
    }
    socket_.reset();
    return 0;
  });
  std::size_t events = 0;
  for (auto event = stream.next(); event; event = stream.next()) {
    ++events;
  }
  EXPECT_EQ(events, 30u);
}

TEST_F(StreamTest, WrongParamsSayWhatIsRight) {
  for (const char* params : {R"({"after":-1})", R"({"after":"x"})", R"({"filter":[]})",
                             R"({"filter":{"users":"a"}})", R"({"filter":{"event":[1]}})",
                             R"({"filter":{"level":"loud"}})", R"({"follow":1})", R"([1])", R"("x")"}) {
    const auto stream = StreamClient::open(settings_.socket, "events", Json::parse(params), 10s);
    ASSERT_FALSE(stream.has_value()) << params;
    EXPECT_EQ(stream.error().kind, CallFailure::Kind::kRefused) << stream.error().text;
  }
}

TEST_F(StreamTest, WhoDoesNotReadWhatItCausesIsCutOffAndNamed) {
  const UniqueFd client = connect_raw(settings_.socket);
  send_text(client, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"events\"}\n");
  EXPECT_NE(read_line(client).find("\"result\""), std::string::npos);
  std::string requests;
  for (std::size_t octets = 0; octets < 2 * StreamSink::kMaxUnsent; octets += rpc_has_stream().size()) {
    requests += "{}\n";
  }
  send_text(client, requests);
  for (int turns = 0; clients() != 0 && turns < 60'000; ++turns) {
    std::this_thread::sleep_for(1ms);  // reading meanwhile would be a race with aditd
  }
  EXPECT_EQ(clients(), 0u);
  while (!read_line(client).empty()) {
  }
  stop();
  ASSERT_EQ(backend_.noted.size(), 1u);
  EXPECT_NE(backend_.noted[0].find("events  cut off: it reads too slowly"), std::string::npos)
      << backend_.noted[0];
}

class ReadOnlySocketTest : public ControlSocketTest {
 protected:
  void SetUp() override {
    ControlSocketTest::SetUp();
    access_ = Access::kRead;
    ASSERT_TRUE(start().has_value());
    path_ = read_only_path(settings_);
  }
  std::string path_;
};

TEST_F(ReadOnlySocketTest, IsBesideTheOtherForItsGroup) {
  EXPECT_EQ(path_, (directory_ / "run" / "adit-read.sock").string());
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0660u);
  EXPECT_EQ(read_only_path({.socket = "/run/x", .group = {}, .read_only_socket = {}, .read_only_group = {}}),
            "/run/x-read.sock");
  EXPECT_EQ(
      read_only_path({.socket = "/run/x", .group = {}, .read_only_socket = "/y", .read_only_group = {}}),
      "/y");
}

TEST_F(ReadOnlySocketTest, AnswersOnlyWhatChangesNothing) {
  std::string refused;
  for (const Method& method : methods()) {
    const bool shows = method.name.starts_with("show.") || method.name == "version" ||
                       method.name == "events" || method.name == "explain";
    const bool asks_of_one = method.name == "show.session" || method.name == "explain";
    const auto answer = call_aditd(path_, std::string(method.name),
                                   asks_of_one ? Json{{"by", "username"}, {"value", "alice"}} : Json(), 10s);
    EXPECT_EQ(answer.has_value(), shows) << method.name;
    if (!answer) {
      EXPECT_EQ(answer.error().text, "aditd refused: this socket is read-only: " + std::string(method.name) +
                                         " is for cli.socket");
    }
  }
  EXPECT_TRUE(backend_.terminated.empty());
}

TEST_F(ReadOnlySocketTest, TellsEventsToo) {
  auto stream = StreamClient::open(path_, "events", {}, 10s);
  ASSERT_TRUE(stream.has_value()) << stream.error().text;
  on_thread([this] {
    backend_.feed_.event(Severity::kInfo, "reloaded", {});
    return 0;
  });
  EXPECT_TRUE(stream->next());
}

}  // namespace
}  // namespace adit::app
