// SPDX-License-Identifier: Apache-2.0
// One event, one line, whatever the values hold; storms become counts. Written to a string, under a clock of our own.
#include "app/aditd/log/log.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <latch>
#include <mutex>
#include <regex>
#include <sstream>

namespace adit::app {
namespace {

using control::Severity;
using namespace std::chrono_literals;
using namespace std::string_literals;

LogSettings unlimited() {
  LogSettings settings;
  settings.max_per_second = 0;
  return settings;
}

class LogTest : public testing::Test {
 protected:
  std::unique_ptr<Log> make(LogSettings settings = {}) {
    return std::make_unique<Log>(std::make_shared<spdlog::sinks::ostream_sink_st>(out_), settings,
                                 [this] { return now_; });
  }
  // Lines without time, which is checked once below.
  std::vector<std::string> lines() const {
    std::istringstream in(out_.str());
    std::vector<std::string> found;
    for (std::string line; std::getline(in, line);) {
      found.push_back(line.substr(line.find(" level=") + 1));
    }
    return found;
  }

  std::ostringstream out_;
  std::chrono::milliseconds now_{1'000'000};
};

TEST_F(LogTest, WritesOneKeyValueLine) {
  make()->event(Severity::kInfo, "call_up", {{"sid", "00ff"}, {"user", "alice"}, {"peer", "192.0.2.7"}});
  const std::regex line(
      R"(time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=info event=call_up sid=00ff user=alice peer=192\.0\.2\.7\n)");
  EXPECT_TRUE(std::regex_match(out_.str(), line)) << out_.str();
}

TEST_F(LogTest, NamesEveryLevel) {
  LogSettings settings;
  settings.level = LogLevel::kDebug;
  const auto log = make(settings);
  log->event(Severity::kDebug, "a", {});
  log->event(Severity::kInfo, "b", {});
  log->event(Severity::kWarning, "c", {});
  log->event(Severity::kError, "d", {});
  EXPECT_EQ(lines(), (std::vector<std::string>{"level=debug event=a", "level=info event=b",
                                               "level=warning event=c", "level=error event=d"}));
}

TEST_F(LogTest, LeavesOutWhatIsBelowItsLevel) {
  LogSettings settings;
  settings.level = LogLevel::kWarning;
  const auto log = make(settings);
  log->event(Severity::kInfo, "quiet", {});
  log->event(Severity::kWarning, "loud", {});
  EXPECT_EQ(lines(), std::vector<std::string>{"level=warning event=loud"});
}

TEST_F(LogTest, SEC_11_HostileValuesStayOnTheirLine) {
  const auto log = make();
  log->event(Severity::kInfo, "auth_failed", {{"user", "x\nlevel=info event=call_up user=root"}});
  log->event(Severity::kInfo, "auth_failed", {{"user", "\x1b]0;title\x07"}});
  log->event(Severity::kInfo, "auth_failed", {{"user", "a\0b"s}});
  log->event(Severity::kInfo, "auth_failed", {{"user", "%n%s{}{0}"}});
  log->event(Severity::kInfo, "auth_failed", {{"user", "\xff\xfe"}});
  log->event(Severity::kInfo, "auth_failed", {{"user", "\" event=call_up user=\"root"}});
  log->event(Severity::kInfo, "auth_failed", {{"user", ""}});
  log->event(Severity::kInfo, "auth_failed", {{"user", std::string(255, 'u')}});
  log->event(Severity::kInfo, "auth_failed", {{"user", std::string(100'000, 'u')}});
  EXPECT_EQ(lines(), (std::vector<std::string>{
                         R"(level=info event=auth_failed user="x\nlevel=info event=call_up user=root")",
                         R"(level=info event=auth_failed user="\x1b]0;title\x07")",
                         R"(level=info event=auth_failed user="a\x00b")",
                         R"(level=info event=auth_failed user="%n%s{}{0}")",
                         R"(level=info event=auth_failed user="\xff\xfe")",
                         R"(level=info event=auth_failed user="\" event=call_up user=\"root")",
                         R"(level=info event=auth_failed user="")",
                         "level=info event=auth_failed user=" + std::string(255, 'u'),
                         "level=info event=auth_failed user=\"" + std::string(256, 'u') + "...\""}));
}

// ---- what audits or bills, and what fails

// What `aditd --check` prints is not cut either.
TEST_F(LogTest, WordsOfOurOwnAreWhole) {
  const std::string problem(1000, 'p');
  make()->event(Severity::kWarning, "config", {{.key = "problem", .value = problem, .whole = true}});
  EXPECT_EQ(lines(), std::vector{"level=warning event=config problem=" + problem});
}

TEST_F(LogTest, SEC_11_NoStormSuppressesWhatAuditsOrBills) {
  LogSettings settings;
  settings.max_per_second = 3;
  const auto log = make(settings);
  for (int i = 0; i < 540; ++i) {
    log->event(Severity::kRecord, "call_up", {{"peer", "192.0.2.7"}});
  }
  EXPECT_EQ(lines(), std::vector<std::string>(540, "level=info event=call_up peer=192.0.2.7"));
}

TEST_F(LogTest, WhatAuditsOrBillsIsWrittenWhateverTheLevel) {
  LogSettings settings;
  settings.level = LogLevel::kError;
  const auto log = make(settings);
  log->event(Severity::kRecord, "admin", {{"by", "uid 0"}});
  log->event(Severity::kInfo, "started", {});
  EXPECT_EQ(lines(), std::vector<std::string>{"level=info event=admin by=\"uid 0\""});
}

TEST_F(LogTest, WhatAuditsOrBillsIsNotCutWhereOtherValuesAre) {
  const auto log = make();
  const std::string asked(kMaxRecordOctets, 'x');
  log->event(Severity::kRecord, "admin", {{"params", asked}});
  log->event(Severity::kRecord, "admin", {{"params", asked + 'x'}});
  log->event(Severity::kInfo, "other", {{"params", asked}});
  EXPECT_EQ(lines(), (std::vector<std::string>{
                         "level=info event=admin params=" + asked,
                         "level=info event=admin params=\"" + asked + "...\"",
                         "level=info event=other params=\"" + std::string(kMaxShownOctets, 'x') + "...\""}));
}

TEST_F(LogTest, SEC_11_OnePeersFailuresBecomeACount) {
  const auto log = make();
  const auto fail = [&](const char* peer) {
    log->event(Severity::kFailure, "auth_failed", {{"peer", peer}, {"user", "mallory"}});
  };
  for (int i = 0; i < 500; ++i) {
    fail("192.0.2.7");
  }
  fail("192.0.2.8");
  EXPECT_EQ(lines().size(), 11u) << "the other peer's is written";
  EXPECT_EQ(lines().back(), "level=warning event=auth_failed peer=192.0.2.8 user=mallory");
  now_ += 30s;
  log->flush_suppressed();
  EXPECT_EQ(lines().size(), 11u) << "not before the minute is over";
  now_ += 31s;
  log->flush_suppressed();
  EXPECT_EQ(lines().size(), 12u);
  EXPECT_EQ(lines().back(), "level=warning event=repeated of=auth_failed peer=192.0.2.7 count=490");
  fail("192.0.2.7");
  EXPECT_EQ(lines().size(), 13u) << "written again";
}

TEST_F(LogTest, AtTheEndEveryCountIsTold) {
  LogSettings settings;
  settings.max_per_second = 3;
  const auto log = make(settings);
  constexpr std::size_t kPeers = 100;  // more than are told in one go while it runs
  for (std::size_t peer = 0; peer < kPeers; ++peer) {
    now_ += 1s;
    for (std::uint32_t i = 0; i < FailureCounts::kWritten + 2; ++i) {
      now_ += i % 3 == 0 ? 1s : 0s;
      log->event(Severity::kFailure, "auth_failed", {{"peer", "198.51.100." + std::to_string(peer)}});
    }
  }
  now_ += 1s;
  for (int i = 0; i < 8; ++i) {
    log->event(Severity::kInfo, "port", {});
  }
  log->tell_counts();
  log->event(Severity::kInfo, "stopped", {});
  const auto told = lines();
  EXPECT_EQ(std::ranges::count(told, "level=info event=suppressed of=port count=5"), 1);
  EXPECT_EQ(std::ranges::count_if(told,
                                  [](const std::string& line) {
                                    return line.starts_with("level=warning event=repeated of=auth_failed ") &&
                                           line.ends_with(" count=2");
                                  }),
            static_cast<std::ptrdiff_t>(kPeers));
  EXPECT_EQ(told.back(), "level=info event=stopped");
  log->tell_counts();
  EXPECT_EQ(lines().size(), told.size()) << "once";
}

TEST_F(LogTest, SEC_11_WhatIsRememberedOfStrangersIsBoundedAndNothingIsLostUntold) {
  LogSettings settings;
  settings.max_per_second = 1'000'000;
  const auto log = make(settings);
  for (int i = 0; i < 15; ++i) {
    log->event(Severity::kFailure, "auth_failed", {{"peer", "192.0.2.7"}});
  }
  for (std::size_t i = 0; i < FailureCounts::kRemembered; ++i) {
    log->event(Severity::kFailure, "auth_failed", {{"peer", "198.51.100." + std::to_string(i)}});
  }
  EXPECT_EQ(std::ranges::count(lines(), "level=warning event=repeated of=auth_failed peer=192.0.2.7 count=5"),
            1)
      << "forgotten, and told";
}

TEST_F(LogTest, FailuresAloneGoToTheirOwnSinkWhateverTheLevel) {
  std::ostringstream failures;
  LogSettings settings;
  settings.level = LogLevel::kError;
  Log log(
      std::make_shared<spdlog::sinks::ostream_sink_st>(out_), settings, [this] { return now_; },
      std::make_shared<spdlog::sinks::ostream_sink_st>(failures));
  log.event(Severity::kInfo, "started", {});
  log.event(Severity::kWarning, "port", {});
  log.event(Severity::kFailure, "auth_failed", {{"peer", "192.0.2.7"}, {"user", "x\npeer=198.51.100.1"}});
  EXPECT_EQ(out_.str(), "");
  const std::regex line(
      R"re(time=\S+Z level=warning event=auth_failed peer=192\.0\.2\.7 user="x\\npeer=198\.51\.100\.1"\n)re");
  EXPECT_TRUE(std::regex_match(failures.str(), line)) << failures.str();
}

TEST_F(LogTest, TheFileOfFailuresIsReopenedToo) {
  char directory[] = "/tmp/adit-log-XXXXXX";
  ASSERT_NE(::mkdtemp(directory), nullptr);
  LogSettings settings;
  settings.file = std::string(directory) + "/adit.log";
  settings.fail_file = std::string(directory) + "/fail.log";
  {
    auto log = Log::open(settings);
    ASSERT_TRUE(log) << log.error();
    (*log)->write_behind();
    (*log)->event(Severity::kFailure, "auth_failed", {{"peer", "192.0.2.7"}});
    (*log)->event(Severity::kInfo, "other", {});
    std::filesystem::rename(settings.fail_file, settings.fail_file + ".1");
    (*log)->reopen();
    (*log)->event(Severity::kFailure, "auth_failed", {{"peer", "192.0.2.8"}});
  }
  const auto text = [](const std::string& file) {
    std::ifstream in(file);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  EXPECT_NE(text(settings.fail_file).find("peer=192.0.2.8\n"), std::string::npos);
  EXPECT_EQ(text(settings.fail_file + ".1").find("other"), std::string::npos);
  EXPECT_NE(text(settings.file).find("peer=192.0.2.8\n"), std::string::npos) << "the log has all";
  std::filesystem::remove_all(directory);
}

TEST_F(LogTest, CountsAStormInsteadOfWritingIt) {
  LogSettings settings;
  settings.max_per_second = 3;
  const auto log = make(settings);
  for (int i = 0; i < 1000; ++i) {
    log->event(Severity::kWarning, "refused", {{"reason", "limit"}});
  }
  log->event(Severity::kInfo, "call_up", {});  // another event has a share of its own
  EXPECT_EQ(lines().size(), 4u);
  now_ += 1s;
  log->event(Severity::kWarning, "refused", {{"reason", "limit"}});
  const std::vector<std::string> all = lines();
  ASSERT_EQ(all.size(), 6u);
  EXPECT_EQ(all[4], "level=warning event=suppressed of=refused count=997");
  EXPECT_EQ(all[5], "level=warning event=refused reason=limit");
}

TEST_F(LogTest, FlushTellsOfAStormThatHasEnded) {
  LogSettings settings;
  settings.max_per_second = 1;
  const auto log = make(settings);
  log->event(Severity::kInfo, "refused", {});
  log->event(Severity::kInfo, "refused", {});
  log->flush_suppressed();
  EXPECT_EQ(lines().size(), 1u) << "its second is not over";
  now_ += 1s;
  log->flush_suppressed();
  log->flush_suppressed();
  EXPECT_EQ(lines(), (std::vector<std::string>{"level=info event=refused",
                                               "level=info event=suppressed of=refused count=1"}));
}

TEST_F(LogTest, WrittenBehindLinesKeepTheirOrder) {
  std::vector<std::string> wanted;
  {
    const auto log = make(unlimited());
    log->event(Severity::kInfo, "before", {});
    log->write_behind();
    wanted.emplace_back("level=info event=before");
    for (int i = 0; i < 1000; ++i) {
      log->event(Severity::kInfo, "line", {{"number", std::to_string(i)}});
      wanted.push_back("level=info event=line number=" + std::to_string(i));
    }
  }  // ends when all are written
  EXPECT_EQ(lines(), wanted);
}

/// A disk that stalls until it is released.
class StalledSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  std::latch stalled{1};
  std::latch released{1};
  std::vector<std::string> lines;

 private:
  void sink_it_(const spdlog::details::log_msg& line) override {
    if (lines.empty()) {
      stalled.count_down();
      released.wait();
    }
    lines.emplace_back(line.payload.data(), line.payload.size());
  }
  void flush_() override {}
};

TEST(LogWriterTest, AStalledDiskStopsNobodyAndWhatIsLostIsTold) {
  const auto sink = std::make_shared<StalledSink>();
  {
    Log log(sink, unlimited(), [] { return 0ms; });
    log.write_behind();
    log.event(Severity::kInfo, "first", {});
    sink->stalled.wait();
    for (std::size_t i = 0; i < LogWriter::kMost + 10; ++i) {  // would never end if it waited for the disk
      log.event(Severity::kInfo, "more", {{"number", std::to_string(i)}});
    }
    sink->released.count_down();
  }
  ASSERT_EQ(sink->lines.size(), LogWriter::kMost + 2);
  EXPECT_EQ(sink->lines.front(), "event=first");
  EXPECT_EQ(sink->lines[LogWriter::kMost], "event=more number=" + std::to_string(LogWriter::kMost - 1));
  EXPECT_EQ(sink->lines.back(), "event=log_lines_lost count=10");
}

// Every call ends, and nobody reads: control's memory is not the log's.
TEST(LogWriterTest, RecordsThatWaitAreBoundedInOctets) {
  const auto sink = std::make_shared<StalledSink>();
  const std::string value(200, 'x');
  constexpr std::size_t kEnds = 50'000;
  {
    Log log(sink, unlimited(), [] { return 0ms; });
    log.write_behind();
    log.event(Severity::kInfo, "first", {});
    sink->stalled.wait();
    for (std::size_t i = 0; i < kEnds; ++i) {
      log.event(Severity::kRecord, "call_ended",
                {{"a", value}, {"b", value}, {"c", value}, {"d", value}, {"e", value}});
    }
    sink->released.count_down();
  }
  std::size_t octets = 0;
  for (const std::string& line : sink->lines) {
    octets += line.size();
  }
  EXPECT_LE(octets, LogWriter::kMostOctets);
  EXPECT_GT(octets, LogWriter::kMostOctets * 9 / 10);
  EXPECT_GT(sink->lines.size(), LogWriter::kMost) << "other lines would have been lost by then";
  EXPECT_EQ(sink->lines.back(),
            "event=log_lines_lost count=" + std::to_string(kEnds - (sink->lines.size() - 2)));
}

/// A disk that is full until there is room. `fails` is where it is noticed: a file's buffer may take what the disk does not.
class FullSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  enum class Fails { kLog, kFlush };
  explicit FullSink(Fails fails) : fails_(fails) {}
  std::latch tried{1};
  std::atomic<bool> full{true};
  std::vector<std::string> lines;

 private:
  void sink_it_(const spdlog::details::log_msg& line) override {
    const std::string text(line.payload.data(), line.payload.size());
    if (!full) {
      lines.push_back(text);
    } else if (fails_ == Fails::kLog) {
      fail();
    }
  }
  void flush_() override {
    if (full) {
      tried.count_down();
      if (fails_ == Fails::kFlush) {
        fail();
      }
    }
  }
  [[noreturn]] static void fail() { throw spdlog::spdlog_ex("no room", ENOSPC); }
  const Fails fails_;
};

TEST(LogWriterTest, AFullDiskEndsNobodyAndWhatIsLostIsTold) {
  for (const FullSink::Fails fails : {FullSink::Fails::kLog, FullSink::Fails::kFlush}) {
    const auto sink = std::make_shared<FullSink>(fails);
    {
      Log log(sink, unlimited(), [] { return 0ms; });
      log.write_behind();
      log.event(Severity::kRecord, "lost", {});
      sink->tried.wait();
      sink->full = false;
      log.event(Severity::kInfo, "written", {});
    }
    EXPECT_EQ(sink->lines, (std::vector<std::string>{"event=written", "event=log_lines_lost count=1"}));
  }
}

TEST(LogWriterTest, AFileOnAFullDiskEndsNobody) {
  LogSettings settings;
  settings.file = "/dev/full";
  auto log = Log::open(settings);
  ASSERT_TRUE(log) << log.error();
  (*log)->write_behind();
  (*log)->event(Severity::kInfo, "lost", {});
  log->reset();
}

TEST_F(LogTest, ZeroMeansNoLimit) {
  LogSettings settings;
  settings.max_per_second = 0;
  const auto log = make(settings);
  for (int i = 0; i < 5000; ++i) {
    log->event(Severity::kInfo, "e", {});
  }
  EXPECT_EQ(lines().size(), 5000u);
}

class LogFileTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/adit-log-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  static std::size_t count_lines(const std::filesystem::path& file) {
    std::ifstream in(file);
    return static_cast<std::size_t>(std::count(std::istreambuf_iterator<char>(in), {}, '\n'));
  }
  std::filesystem::path directory_;
};

TEST_F(LogFileTest, ReopensAfterRotation) {
  LogSettings settings;
  settings.file = directory_ / "adit.log";
  auto log = Log::open(settings);
  ASSERT_TRUE(log.has_value());
  (*log)->event(Severity::kInfo, "before", {});
  std::filesystem::rename(directory_ / "adit.log", directory_ / "adit.log.1");
  (*log)->event(Severity::kInfo, "between", {});
  (*log)->reopen();
  (*log)->event(Severity::kInfo, "after", {});
  EXPECT_EQ(count_lines(directory_ / "adit.log.1"), 2u);
  EXPECT_EQ(count_lines(directory_ / "adit.log"), 1u);
}

TEST_F(LogFileTest, SaysAllOfWhyItIsNotReopened) {
  const std::filesystem::path place = directory_ / std::string(200, 'd');
  LogSettings settings;
  settings.file = place / "adit.log";
  auto log = Log::open(settings);
  ASSERT_TRUE(log.has_value());
  std::filesystem::rename(place, directory_ / "before");
  std::ofstream(place) << "no directory";
  (*log)->reopen();
  std::ifstream in(directory_ / "before" / "adit.log");
  const std::string line{std::istreambuf_iterator<char>(in), {}};
  EXPECT_NE(line.find("event=log_reopen_failed why="), std::string::npos) << line;
  EXPECT_TRUE(line.ends_with("ReadWritePaths=)\"\n")) << line;
}

TEST_F(LogFileTest, SaysWhyAFileCannotBeOpened) {
  LogSettings settings;
  settings.file = "/proc/nowhere/adit.log";
  const auto log = Log::open(settings);
  ASSERT_FALSE(log.has_value());
  EXPECT_NE(log.error().find("log.log-file: value /proc/nowhere/adit.log: "), std::string::npos)
      << log.error();
  EXPECT_EQ(log.error().find('\n'), std::string::npos);
}

TEST_F(LogFileTest, IsCheckedWithoutBeingMade) {
  const auto check = [](const std::string& file) {
    LogSettings settings;
    settings.file = file;
    return Log::check(settings);
  };
  EXPECT_TRUE(check("").empty());
  EXPECT_TRUE(check(directory_ / "adit.log").empty());
  const auto made = check(directory_ / "new" / "er" / "adit.log");
  ASSERT_EQ(made.size(), 1U);
  EXPECT_FALSE(made[0].fault);
  EXPECT_EQ(made[0].wrong, "there is no directory " + (directory_ / "new" / "er").string());
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
  std::ofstream(directory_ / "file") << "x";
  EXPECT_TRUE(check(directory_ / "file").empty());
  EXPECT_TRUE(check(directory_).at(0).fault);
  const auto refused = check(directory_ / "file" / "adit.log");
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_TRUE(refused[0].fault);
  EXPECT_EQ(refused[0].section + '.' + refused[0].key, "log.log-file");
  EXPECT_NE(refused[0].remedy.find("do: install -d -o adit -g adit " + (directory_ / "file").string() + " "),
            std::string::npos)
      << refused[0].remedy;
}

}  // namespace
}  // namespace adit::app
